"""Jobs: one row per work, sent after commit, owned by one worker at a time."""

from __future__ import annotations

import socket
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from clients import jobs
from clients.choices import JobState
from clients.models import Job
from common import clock
from common.jobs import RUN_JOB

NAME = "core.tasks.some_work"


def queue(**options: Any) -> Job:
    return jobs.enqueue_on_commit(NAME, **options)


def start(job: Job) -> Job:
    claimed = jobs.claim_job(job.pk, now=clock.now())
    assert claimed is not None
    return claimed


@pytest.mark.django_db
def test_message_goes_out_after_commit_and_carries_only_the_id(
    sent_jobs: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = queue(user_id=5)
        assert sent_jobs == []
    assert sent_jobs == [(RUN_JOB, {"job_id": str(job.pk)})]
    assert job.arguments == {"user_id": 5}


@pytest.mark.django_db(transaction=True)
def test_rollback_leaves_neither_row_nor_message(sent_jobs: Any) -> None:
    with pytest.raises(ValueError, match="undo"), transaction.atomic():
        queue()
        raise ValueError("undo")
    assert not Job.objects.exists()
    assert sent_jobs == []


@pytest.mark.django_db(transaction=True)
def test_message_really_lies_in_the_folder_queue(queue_folder: Any) -> None:
    job = queue()
    messages = [path.read_text() for path in (queue_folder / "messages").iterdir()]
    assert any(RUN_JOB in message for message in messages)
    assert Job.objects.get(pk=job.pk).state == JobState.QUEUED


@pytest.mark.django_db(transaction=True)
def test_unreachable_broker_does_not_fail_the_request(queue_folder: Path, caplog: Any) -> None:
    messages, aside = queue_folder / "messages", queue_folder / "aside"
    messages.rename(aside)
    messages.write_text("a file where the folder was")
    try:
        job = queue()
    finally:
        messages.unlink()
        aside.rename(messages)
    assert Job.objects.get(pk=job.pk).state == JobState.QUEUED
    assert "job message not sent" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_dead_broker_holds_a_request_for_less_than_a_second(settings: Any, caplog: Any) -> None:
    from celery import Celery

    from face_app.celery import app

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = Celery("dead", broker=f"redis://127.0.0.1:{unused.getsockname()[1]}/0", set_as_current=True)
    dead.set_current()
    try:
        started = time.monotonic()
        job = queue()
        assert time.monotonic() - started < 1
    finally:
        app.set_current()
        dead.close()
    assert Job.objects.get(pk=job.pk).state == JobState.QUEUED
    assert "job message not sent" in caplog.text


@pytest.mark.django_db
def test_same_work_is_not_queued_twice() -> None:
    first, second = queue(dedupe_key="a"), queue(dedupe_key="a")
    assert first.pk == second.pk
    assert queue(dedupe_key="b").pk != first.pk
    assert queue().pk != queue().pk


@pytest.mark.django_db
def test_work_asked_for_while_it_runs_is_queued_again() -> None:
    first = queue(dedupe_key="a")
    start(first)
    assert queue(dedupe_key="a").pk != first.pk


@pytest.mark.django_db
def test_asking_again_pulls_a_waiting_retry_forward() -> None:
    later = queue(dedupe_key="a", run_after=clock.now() + timedelta(hours=1))
    queue(dedupe_key="a")
    assert jobs.claim_job(later.pk, now=clock.now()) is not None


@pytest.mark.django_db
def test_job_that_is_not_due_cannot_be_claimed() -> None:
    job = queue(run_after=clock.now() + timedelta(minutes=5))
    assert jobs.claim_job(job.pk, now=clock.now()) is None
    assert jobs.claim_job(job.pk, now=clock.now() + timedelta(minutes=6)) is not None


@pytest.mark.django_db
@pytest.mark.parametrize("job_id", ["00000000-0000-4000-8000-000000000000"])
def test_unknown_job_cannot_be_claimed(job_id: str) -> None:
    assert jobs.claim_job(job_id, now=clock.now()) is None


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_exactly_one_claims_a_job() -> None:
    for _ in range(5):
        job = queue()
        barrier = threading.Barrier(4)
        won: list[Job] = []

        def claim(job: Job = job, barrier: threading.Barrier = barrier, won: list[Job] = won) -> None:
            barrier.wait()
            try:
                claimed = jobs.claim_job(job.pk, now=clock.now())
                if claimed:
                    won.append(claimed)
            finally:
                connection.close()

        threads = [threading.Thread(target=claim) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        assert Job.objects.get(pk=job.pk).attempts == 1


@pytest.mark.django_db(transaction=True)
def test_two_threads_asking_for_the_same_work_leave_one_row() -> None:
    barrier, made = threading.Barrier(2), []

    def ask() -> None:
        barrier.wait()
        try:
            made.append(queue(dedupe_key="same").pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 2
    assert len(set(made)) == 1
    assert Job.objects.count() == 1


@pytest.mark.django_db
def test_finished_job_is_done_and_never_runs_again() -> None:
    job = start(queue())
    assert jobs.finish_job(job, now=clock.now())
    assert jobs.claim_job(job.pk, now=clock.now()) is None
    assert Job.objects.get(pk=job.pk).finished_at is not None


@pytest.mark.django_db
def test_failed_attempt_waits_longer_each_time_until_none_is_left() -> None:
    job, now = queue(max_attempts=3), clock.now()
    waits = []
    for _ in range(2):
        running = jobs.claim_job(job.pk, now=now)
        assert running is not None
        assert jobs.fail_job(running, code="engine_unavailable", message="busy", now=now)
        job.refresh_from_db()
        assert job.state == JobState.QUEUED
        waits.append((job.run_after - now).total_seconds())
        now = job.run_after
    assert waits == [5, 10]
    last = jobs.claim_job(job.pk, now=now)
    assert last is not None
    jobs.fail_job(last, code="engine_unavailable", message="busy", now=now)
    job.refresh_from_db()
    assert (job.state, job.error_code, job.attempts) == (JobState.FAILED, "engine_unavailable", 3)


@pytest.mark.django_db
def test_failure_that_cannot_pass_is_not_tried_again() -> None:
    job = start(queue())
    jobs.fail_job(job, code="invalid_image", message="no", now=clock.now(), retry=False)
    assert Job.objects.get(pk=job.pk).state == JobState.FAILED


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 5), (1, 5), (2, 10), (5, 80), (40, 3600)])
def test_back_off_doubles_up_to_an_hour(attempts: int, seconds: float) -> None:
    assert jobs.retry_delay_seconds(attempts) == seconds


@pytest.mark.django_db
def test_retry_gives_way_to_the_same_work_queued_anew() -> None:
    old = start(queue(dedupe_key="a"))
    queue(dedupe_key="a")
    assert jobs.fail_job(old, code="busy", message="", now=clock.now())
    old.refresh_from_db()
    assert (old.state, old.error_code) == (JobState.FAILED, "superseded")


@pytest.mark.django_db
def test_silent_worker_loses_its_job_and_can_no_longer_write(settings: Any) -> None:
    lost = start(queue())
    later = clock.now() + timedelta(seconds=settings.JOB_STALE_SECONDS + 1)
    stale = jobs.list_stale_jobs(now=later)
    assert [job.pk for job in stale] == [lost.pk]
    assert jobs.requeue_stale_job(stale[0], now=later)
    again = jobs.claim_job(lost.pk, now=later)
    assert again is not None
    assert not jobs.heartbeat(lost, now=later)
    assert not jobs.finish_job(lost, now=later)
    assert not jobs.fail_job(lost, code="x", message="", now=later)
    assert jobs.finish_job(again, now=later)


@pytest.mark.django_db
def test_heartbeat_keeps_a_long_job_and_shows_progress(settings: Any) -> None:
    job = start(queue())
    later = clock.now() + timedelta(seconds=settings.JOB_STALE_SECONDS + 1)
    assert jobs.heartbeat(job, now=later, progress_done=3, progress_total=10)
    assert jobs.list_stale_jobs(now=later) == []
    row = Job.objects.get(pk=job.pk)
    assert (row.progress_done, row.progress_total) == (3, 10)


@pytest.mark.django_db
def test_lost_message_is_sent_again_once_per_sweep(
    settings: Any, sent_jobs: Any, django_capture_on_commit_callbacks: Any
) -> None:
    job = queue()
    assert jobs.list_stale_jobs(now=clock.now()) == []
    later = clock.now() + timedelta(seconds=settings.JOB_SWEEP_SECONDS + 1)
    stale = jobs.list_stale_jobs(now=later)
    with django_capture_on_commit_callbacks(execute=True):
        assert jobs.requeue_stale_job(stale[0], now=later)
        assert not jobs.requeue_stale_job(stale[0], now=later)
    assert sent_jobs == [(RUN_JOB, {"job_id": str(job.pk)})]
    assert jobs.list_stale_jobs(now=later) == []


@pytest.mark.django_db
def test_job_that_kills_every_worker_ends_as_failed(settings: Any) -> None:
    job = start(queue(max_attempts=1))
    later = clock.now() + timedelta(seconds=settings.JOB_STALE_SECONDS + 1)
    assert jobs.requeue_stale_job(job, now=later)
    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.FAILED, "worker_lost")


@pytest.mark.django_db
def test_only_old_finished_jobs_are_purged() -> None:
    waiting, done = queue(), start(queue())
    jobs.finish_job(done, now=clock.now())
    assert jobs.purge_finished_jobs(before=clock.now() - timedelta(days=1)) == 0
    assert jobs.purge_finished_jobs(before=clock.now() + timedelta(seconds=1)) == 1
    assert list(Job.objects.all()) == [waiting]
