"""Durable jobs: run once, kept alive, written down."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from celery import current_app, shared_task
from django.db import OperationalError
from pytest_django import Settings

from clients import jobs as durable
from clients.jobs import enqueue_on_commit
from clients.models import Job
from common import clock, jobs
from common.errors import InvalidParameter, StoreUnavailable
from core.jobs import run_job, sweep_jobs

calls: list[dict[str, object]] = []


@shared_task(name="core.tests.works")
def works(**arguments: object) -> None:
    calls.append(arguments)


@shared_task(name="core.tests.fails")
def fails(*, kind: str) -> None:
    raise {"transient": StoreUnavailable, "final": InvalidParameter, "bug": ZeroDivisionError}[kind]


@pytest.fixture(autouse=True)
def no_calls() -> None:
    calls.clear()


def test_every_job_name_is_a_registered_task() -> None:
    current_app.loader.import_default_modules()
    assert [name for name in jobs.ALL if name not in current_app.tasks] == []


def test_a_job_runs_its_task_with_its_arguments_and_is_done(db: None) -> None:
    job = enqueue_on_commit("core.tests.works", user_id=7)
    assert run_job(job_id=str(job.pk))
    job.refresh_from_db()
    assert (calls, job.state, job.attempts) == ([{"user_id": 7}], "done", 1)


def test_a_second_message_for_the_same_job_does_nothing(db: None) -> None:
    job = enqueue_on_commit("core.tests.works")
    assert run_job(job_id=str(job.pk))
    assert not run_job(job_id=str(job.pk))
    assert len(calls) == 1


def test_a_job_that_was_deleted_is_nothing_to_do(db: None) -> None:
    job = enqueue_on_commit("core.tests.works")
    Job.objects.all().delete()
    assert not run_job(job_id=str(job.pk))


@pytest.mark.parametrize(
    ("kind", "state", "code"),
    [
        ("transient", "queued", "store_unavailable"),
        ("bug", "queued", "internal_error"),
        ("final", "failed", "invalid_parameter"),
    ],
)
def test_a_failure_is_written_down_and_tried_again_only_where_it_may_pass(
    db: None, kind: str, state: str, code: str
) -> None:
    job = enqueue_on_commit("core.tests.fails", kind=kind)
    run_job(job_id=str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.error_code) == (state, code)


@pytest.mark.django_db(transaction=True)
def test_a_long_job_is_kept_alive(settings: Settings) -> None:
    settings.JOB_STALE_SECONDS = 0.2
    beats: list[bool] = []

    @shared_task(name="core.tests.long")
    def long_job(job_id: str) -> None:
        started = Job.objects.get(pk=job_id).heartbeat_at
        deadline = clock.now() + timedelta(seconds=10)
        while clock.now() < deadline and not beats:
            if Job.objects.get(pk=job_id).heartbeat_at != started:
                beats.append(True)

    job = enqueue_on_commit("core.tests.long")
    Job.objects.filter(pk=job.pk).update(arguments={"job_id": str(job.pk)})
    run_job(job_id=str(job.pk))
    assert beats == [True]


@pytest.mark.django_db(transaction=True)
def test_a_database_that_misses_one_heartbeat_hears_the_next(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JOB_STALE_SECONDS = 0.2
    real, heard = durable.heartbeat, threading.Event()
    failures = [OperationalError("the database is away")]

    def heartbeat(job: Job, *, now: datetime) -> bool:
        if failures:
            raise failures.pop()
        heard.set()
        return real(job, now=now)

    monkeypatch.setattr(durable, "heartbeat", heartbeat)

    @shared_task(name="core.tests.waits")
    def waits() -> None:
        heard.wait(10)

    run_job(job_id=str(enqueue_on_commit("core.tests.waits").pk))
    assert heard.is_set()


def test_the_sweeper_gives_the_job_of_a_dead_worker_to_another(db: None, settings: Settings) -> None:
    job = enqueue_on_commit("core.tests.works")
    silent = clock.now() - timedelta(seconds=settings.JOB_STALE_SECONDS + 1)
    Job.objects.filter(pk=job.pk).update(state="running", attempts=1, heartbeat_at=silent)
    assert sweep_jobs() == 1
    assert run_job(job_id=str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("done", 2)


def test_the_sweeper_leaves_a_living_workers_job_alone(db: None) -> None:
    job = enqueue_on_commit("core.tests.works")
    Job.objects.filter(pk=job.pk).update(state="running", attempts=1, heartbeat_at=clock.now())
    assert sweep_jobs() == 0
