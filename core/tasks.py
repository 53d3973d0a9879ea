"""Addresses for background work: load, call, be safe to repeat. Arguments are ids, never data."""

from __future__ import annotations

from celery import shared_task

from clients.choices import OldPhotoState
from clients.models import ClientUser
from clients.services.files import purge_expired_images, purge_orphan_files
from clients.services.photos import enqueue_extraction
from common import clock, jobs
from core import jobs as runner
from core.engine.registry import get_engine
from core.old_photo_extractor import OldPhotoEmbeddingExtractor


@shared_task(name=jobs.RUN_JOB)
def run_job(*, job_id: str) -> None:
    """Run one durable job. A second message for the same job does nothing."""
    runner.run_job(job_id=job_id)


@shared_task(name=jobs.SWEEP_JOBS)
def sweep_jobs() -> None:
    """Send lost jobs again."""
    runner.sweep_jobs()


@shared_task(name=jobs.PURGE_FILES)
def purge_private_files() -> None:
    """Remove pictures that outlived their client's policy, and files that lost their row."""
    purge_expired_images(now=clock.now())
    purge_orphan_files(now=clock.now())


@shared_task(name=jobs.EXTRACT_OLD_PHOTO)
def extract_old_photo_embedding_task(user_id: int, *, force: bool = False) -> None:
    """Extract one old photo's embedding. A user deleted meanwhile is no failure."""
    user = ClientUser.objects.filter(pk=user_id).first()
    if user is None:
        return
    OldPhotoEmbeddingExtractor().extract_from_client_user(user, force=force)


@shared_task(name=jobs.PRELOAD_ENROLLMENT_USER)
def preload_enrollment_user(user_id: int) -> None:
    """Have everything an enrollment session of this user needs ready before it starts."""
    extract_old_photo_embedding_task(user_id)


@shared_task(name=jobs.BULK_EXTRACT_OLD_PHOTOS)
def bulk_extract_old_photo_embeddings(client_id: str | None = None) -> int:
    """Queue an extraction for every photo not yet read under the active contract. Returns how many.

    A photo found unusable stays so until it is replaced or its extraction is asked for by hand.
    """
    photos = ClientUser.objects.exclude(old_profile_photo="").exclude(old_photo_state=OldPhotoState.UNUSABLE)
    due = photos.exclude(old_photo_contract=get_engine().contract.key, old_photo_state=OldPhotoState.READY)
    if client_id:
        due = due.filter(client_id=client_id)
    queued = 0
    for user in due.select_related("client").iterator(chunk_size=500):
        enqueue_extraction(user)
        queued += 1
    return queued


@shared_task(name=jobs.WARM_UP_FACE_ENGINE)
def warm_up_face_engine() -> None:
    """Load the engine in this process."""
    get_engine()
