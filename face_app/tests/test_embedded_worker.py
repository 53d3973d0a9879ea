"""Jobs in the web process: done by threads, and not given up when the worker breaks down."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

from face_app import embedded_worker, folder_queue
from face_app.embedded_worker import EmbeddedWorker

Done = dict[str, threading.Event]


@pytest.fixture
def done() -> Done:
    return {"first": threading.Event(), "second": threading.Event()}


@pytest.fixture
def app(tmp_path: Path, done: Done) -> Celery:
    """Knows the task ``note`` before any worker asks what there is."""
    app = Celery("embedded", set_as_current=False)
    app.conf.update(worker_redirect_stdouts=False, worker_hijack_root_logger=False)
    folder_queue.configure(app, tmp_path / "queue")

    @app.task(name="note")
    def note(which: str) -> None:
        done[which].set()

    return app


@pytest.fixture
def worker(app: Celery, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedWorker]:
    monkeypatch.setattr(embedded_worker, "RESTART_SECONDS", 0.1)
    running = EmbeddedWorker(app, concurrency=1)
    running.start()
    yield running
    running.stop()


def test_jobs_are_done_in_this_process_also_after_the_worker_broke_down(
    app: Celery, worker: EmbeddedWorker, done: Done
) -> None:
    app.send_task("note", args=["first"])
    assert done["first"].wait(20)
    worker._worker.stop()
    app.send_task("note", args=["second"])
    assert done["second"].wait(20)
