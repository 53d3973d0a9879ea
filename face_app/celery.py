"""The Celery application. With a broker it is an ordinary one; without, its queue is a folder."""

from __future__ import annotations

import os

from celery import Celery
from django.conf import settings

from common import jobs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "face_app.settings")


def _configure(app: Celery) -> None:
    app.conf.update(
        task_ignore_result=True,
        task_acks_late=True,
        task_track_started=True,
        worker_prefetch_multiplier=1,
        worker_redirect_stdouts=False,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        # Jobs carry ids, nothing else: JSON is enough and cannot execute.
        accept_content=["json"],
        task_serializer="json",
        beat_schedule={
            "sweep-jobs": {"task": jobs.SWEEP_JOBS, "schedule": settings.JOB_SWEEP_SECONDS},
            "expire-sessions": {"task": jobs.EXPIRE_SESSIONS, "schedule": 60.0},
            "purge-files": {"task": jobs.PURGE_FILES, "schedule": 3600.0},
            "purge-traces": {"task": jobs.PURGE_TRACES, "schedule": 3600.0},
        },
    )
    if settings.CELERY_BROKER_URL:
        app.conf.update(broker_url=settings.CELERY_BROKER_URL)
        return
    from face_app import folder_queue  # noqa: PLC0415  registers its transport with kombu

    folder_queue.configure(app, settings.DATA_DIR / "queue")


app = Celery("facegate")
_configure(app)
app.autodiscover_tasks(["core", "auth_service"])
app.set_default()
