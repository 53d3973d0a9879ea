"""Names of background jobs, so that an app can ask for work of an app above it without importing it."""

from __future__ import annotations

from typing import Final

RUN_JOB: Final = "core.tasks.run_job"
EXTRACT_OLD_PHOTO: Final = "core.tasks.extract_old_photo_embedding_task"
BULK_EXTRACT_OLD_PHOTOS: Final = "core.tasks.bulk_extract_old_photo_embeddings"
PRELOAD_ENROLLMENT_USER: Final = "core.tasks.preload_enrollment_user"
WARM_UP_FACE_ENGINE: Final = "core.tasks.warm_up_face_engine"
SWEEP_JOBS: Final = "core.tasks.sweep_jobs"
PURGE_FILES: Final = "core.tasks.purge_private_files"
DELIVER_WEBHOOK: Final = "auth_service.tasks.deliver_webhook"
EXPIRE_SESSIONS: Final = "auth_service.tasks.expire_sessions"
PURGE_TRACES: Final = "auth_service.tasks.purge_traces"

ALL: Final = (
    RUN_JOB,
    EXTRACT_OLD_PHOTO,
    BULK_EXTRACT_OLD_PHOTOS,
    PRELOAD_ENROLLMENT_USER,
    WARM_UP_FACE_ENGINE,
    SWEEP_JOBS,
    PURGE_FILES,
    DELIVER_WEBHOOK,
    EXPIRE_SESSIONS,
    PURGE_TRACES,
)
