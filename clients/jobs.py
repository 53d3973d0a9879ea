"""Durable background work: a row in the database is the truth, a broker message only carries its id.

A job runs at least once: whoever claims it by compare-and-set owns it until it finishes, fails, or stops
sending heartbeats. ``attempts`` is the fencing token: a worker that lost its job to the sweeper can no longer
write to it. Convention: a job about one person has ``user_id`` (the row's id) among its arguments, so
that deleting the person deletes the job.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from celery import current_app
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from kombu.exceptions import OperationalError

from clients.choices import JobState
from clients.models import Client, Job
from common import clock
from common.jobs import RUN_JOB

logger = logging.getLogger(__name__)

DEFAULT_MAX_ATTEMPTS = 5
FIRST_RETRY_SECONDS = 5.0
LONGEST_RETRY_SECONDS = 3600.0
SWEEP_LIMIT = 200
# A request waits for this: once more on a dropped connection, then leave it to the sweeper.
_SEND_POLICY = {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}
_CLOCK_SKEW = timedelta(seconds=2)


def enqueue_on_commit(
    name: str,
    *,
    client: Client | None = None,
    dedupe_key: str = "",
    max_attempts: int = DEFAULT_MAX_ATTEMPTS,
    run_after: datetime | None = None,
    **arguments: object,
) -> Job:
    """Write the job in the caller's transaction and tell the broker once it is committed.

    A job of the same ``name`` and ``dedupe_key`` that is still queued is returned in place of a second one. A
    broker that cannot be reached never fails the caller: the sweeper picks the row up.
    """
    due = run_after or clock.now()
    with transaction.atomic():
        job = _find_queued(name=name, dedupe_key=dedupe_key)
        if job is None:
            job = _create(
                name=name,
                client=client,
                dedupe_key=dedupe_key,
                max_attempts=max_attempts,
                run_after=due,
                arguments=arguments,
            )
        if job.run_after > due:
            job.run_after = due
            job.save(update_fields=["run_after"])
        _send_on_commit(job, delay_seconds=(due - clock.now()).total_seconds())
    return job


def _find_queued(*, name: str, dedupe_key: str) -> Job | None:
    """Lock the queued twin: claimed before our commit, it would run without seeing what we wrote."""
    if not dedupe_key:
        return None
    twins = Job.objects.select_for_update().filter(name=name, dedupe_key=dedupe_key, state=JobState.QUEUED)
    return twins.first()


def _create(*, name: str, dedupe_key: str, **columns: object) -> Job:
    try:
        with transaction.atomic():
            return Job.objects.create(name=name, dedupe_key=dedupe_key, **columns)
    except IntegrityError:
        # Another transaction committed the same work between our look and our insert.
        twin = _find_queued(name=name, dedupe_key=dedupe_key)
        if twin is None:
            return Job.objects.create(name=name, dedupe_key=dedupe_key, **columns)
        return twin


def _send_on_commit(job: Job, *, delay_seconds: float = 0.0) -> None:
    job_id = job.pk
    transaction.on_commit(lambda: _send(job_id, delay_seconds=delay_seconds), robust=True)


def _send(job_id: UUID, *, delay_seconds: float) -> None:
    countdown = delay_seconds if delay_seconds > 0 else None
    try:
        current_app.send_task(
            RUN_JOB, kwargs={"job_id": str(job_id)}, countdown=countdown, retry_policy=_SEND_POLICY
        )
    except (OperationalError, OSError):
        logger.warning("job message not sent; the sweeper will", extra={"job_id": str(job_id)}, exc_info=True)


def claim_job(job_id: UUID | str, *, now: datetime) -> Job | None:
    """Take a queued job that is due. None when there is nothing to do: gone, taken, done or too early."""
    claimed = Job.objects.filter(pk=job_id, state=JobState.QUEUED, run_after__lte=now + _CLOCK_SKEW).update(
        state=JobState.RUNNING, attempts=F("attempts") + 1, heartbeat_at=now
    )
    return Job.objects.select_related("client").filter(pk=job_id).first() if claimed else None


def heartbeat(
    job: Job, *, now: datetime, progress_done: int | None = None, progress_total: int | None = None
) -> bool:
    """Say that the work goes on. False: the job is no longer ours, stop."""
    changes: dict[str, object] = {"heartbeat_at": now}
    if progress_done is not None:
        changes["progress_done"] = progress_done
    if progress_total is not None:
        changes["progress_total"] = progress_total
    return _update_owned(job, **changes)


def finish_job(job: Job, *, now: datetime) -> bool:
    """Mark as done. False: the job was taken over or deleted meanwhile, and nothing was written."""
    return _update_owned(job, state=JobState.DONE, finished_at=now, error_code="", error_message="")


def fail_job(
    job: Job,
    *,
    code: str,
    message: str,
    now: datetime,
    retry: bool = True,
    delay_seconds: float | None = None,
) -> bool:
    """Record a failed attempt; with ``retry`` and attempts left, queue the next one after a back-off.

    ``code`` and ``message`` never hold biometric data, keys or names. False: no longer our job.
    """
    failure = {"error_code": code[:64], "error_message": message[:500]}
    if not retry or job.attempts >= job.max_attempts:
        return _update_owned(job, state=JobState.FAILED, finished_at=now, **failure)
    delay = retry_delay_seconds(job.attempts) if delay_seconds is None else delay_seconds
    return _requeue_owned(job, now=now, run_after=now + timedelta(seconds=delay), failure=failure)


def retry_delay_seconds(attempts: int) -> float:
    """Back-off before the next attempt: 5, 10, 20, ... seconds, at most an hour."""
    return float(min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** max(0, attempts - 1)))


def list_stale_jobs(*, now: datetime, limit: int = SWEEP_LIMIT) -> list[Job]:
    """Due jobs whose message seems lost, and running ones whose worker went silent; longest waiting first."""
    unheard = Q(state=JobState.QUEUED, run_after__lte=now - timedelta(seconds=settings.JOB_SWEEP_SECONDS))
    silent = Q(state=JobState.RUNNING, heartbeat_at__lte=now - timedelta(seconds=settings.JOB_STALE_SECONDS))
    return list(Job.objects.filter(unheard | silent).order_by("run_after", "id")[:limit])


def requeue_stale_job(job: Job, *, now: datetime) -> bool:
    """Send a stale job's message again. False: somebody moved it in the meantime.

    The due time moves to ``now``, so that one sweep does not repeat what the last one sent. A job that
    loses its worker on every attempt ends as failed with ``worker_lost``.
    """
    if job.state == JobState.QUEUED:
        with transaction.atomic():
            moved = Job.objects.filter(pk=job.pk, state=JobState.QUEUED, run_after=job.run_after).update(
                run_after=now
            )
            if moved:
                _send_on_commit(job)
        return bool(moved)
    failure = {"error_code": "worker_lost", "error_message": "The worker stopped during this job."}
    if job.attempts >= job.max_attempts:
        return _update_owned(job, state=JobState.FAILED, finished_at=now, **failure)
    return _requeue_owned(job, now=now, run_after=now, failure=failure)


def purge_finished_jobs(*, before: datetime) -> int:
    """Delete finished rows older than ``before``; returns how many."""
    finished = Job.objects.filter(state__in=[JobState.DONE, JobState.FAILED], finished_at__lt=before)
    return finished.delete()[0]


def _requeue_owned(job: Job, *, now: datetime, run_after: datetime, failure: dict[str, str]) -> bool:
    try:
        with transaction.atomic():
            requeued = _update_owned(
                job, state=JobState.QUEUED, run_after=run_after, heartbeat_at=None, **failure
            )
            if requeued:
                _send_on_commit(job, delay_seconds=(run_after - now).total_seconds())
            return requeued
    except IntegrityError:
        # The same work was queued anew while this attempt ran; that row will do it.
        return _update_owned(
            job, state=JobState.FAILED, finished_at=now, **{**failure, "error_code": "superseded"}
        )


def _update_owned(job: Job, **changes: object) -> bool:
    owned = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempts=job.attempts)
    if not owned.update(**changes):
        return False
    for column, value in changes.items():
        setattr(job, column, value)
    return True
