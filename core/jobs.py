"""Runs durable jobs: claim, keep alive, call the task of that name, write down how it went."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from clients import jobs as durable
from clients.models import Job
from common import clock
from common.errors import FaceAppError

logger = logging.getLogger(__name__)

FINISHED_JOBS_KEPT = timedelta(days=7)


def run_job(*, job_id: str) -> bool:
    """Run one job if it is there to be run. False: another worker has it, or it is done or gone."""
    job = durable.claim_job(job_id, now=clock.now())
    if job is None:
        return False
    try:
        with _kept_alive(job):
            current_app.tasks[job.name](**job.arguments)
    except FaceAppError as error:
        durable.fail_job(job, code=error.code, message=error.message, now=clock.now(), retry=error.retryable)
    except Exception as error:  # a worker's own edge: the row says that it failed, the log says why
        logger.exception("job failed", extra={"job_id": job_id, "job": job.name})
        durable.fail_job(job, code="internal_error", message=type(error).__name__, now=clock.now())
    else:
        durable.finish_job(job, now=clock.now())
    return True


def sweep_jobs() -> int:
    """Send lost and abandoned jobs again and drop old finished ones. Returns how many were sent."""
    now = clock.now()
    sent = sum(durable.requeue_stale_job(job, now=now) for job in durable.list_stale_jobs(now=now))
    durable.purge_finished_jobs(before=now - FINISHED_JOBS_KEPT)
    return sent


@contextmanager
def _kept_alive(job: Job) -> Iterator[None]:
    """Heartbeats from a thread of its own, so that a long inference does not look like a dead worker."""
    stopped = threading.Event()

    def beat() -> None:
        try:
            while not stopped.wait(settings.JOB_STALE_SECONDS / 4):
                close_old_connections()
                try:
                    durable.heartbeat(job, now=clock.now())
                except DatabaseError:
                    # A database that is away for a moment: the next beat tells before the job counts as lost.
                    logger.warning("heartbeat not written", extra={"job_id": str(job.pk)}, exc_info=True)
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name="job-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
