"""Old photos: taken in, cleared, and what was read from them."""

from __future__ import annotations

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction

from clients.audit import SYSTEM, Actor, record_audit
from clients.choices import OldPhotoState
from clients.jobs import enqueue_on_commit
from clients.models import ClientUser, Job
from clients.services.files import remove_after_commit, removed_on_failure
from clients.services.users import lock_user
from common.errors import Conflict
from common.images import clean_photo
from common.jobs import EXTRACT_OLD_PHOTO
from common.templates import Template

_EXTRACTION_COLUMNS = (
    "old_photo_state",
    "old_photo_reason",
    "cached_old_photo_embedding",
    "old_photo_contract",
    "updated_at",
)
_PHOTO_COLUMNS = ("old_profile_photo", *_EXTRACTION_COLUMNS)


def set_old_photo(*, user: ClientUser, data: bytes, actor: Actor = SYSTEM) -> ClientUser:
    """Replace the old photo with an upright JPEG without metadata; its face is extracted in the background.

    Raises InvalidImage, ImageTooLarge or NotFound, leaving the former photo in place.
    """
    photo = clean_photo(data, max_bytes=settings.MAX_IMAGE_BYTES, max_pixels=settings.MAX_IMAGE_PIXELS)
    written: list[str] = []
    with removed_on_failure(written), transaction.atomic():
        locked = lock_user(user)
        _drop_file(locked)
        locked.old_profile_photo.save("photo.jpg", ContentFile(photo.jpeg), save=False)
        written.append(str(locked.old_profile_photo.name))
        locked.forget_old_photo_embedding(state=OldPhotoState.PENDING)
        locked.save(update_fields=_PHOTO_COLUMNS)
        _audit(locked, action="user.old_photo_set", actor=actor)
    return locked


def clear_old_photo(*, user: ClientUser, actor: Actor = SYSTEM) -> ClientUser:
    """Remove the old photo and what was read from it. Safe to repeat. Raises NotFound."""
    with transaction.atomic():
        locked = lock_user(user)
        if not locked.old_profile_photo:
            return locked
        _drop_file(locked)
        locked.old_profile_photo = ""
        locked.forget_old_photo_embedding(state=OldPhotoState.NONE)
        locked.save(update_fields=_PHOTO_COLUMNS)
        _audit(locked, action="user.old_photo_cleared", actor=actor)
    return locked


def request_old_photo_extraction(*, user: ClientUser) -> Job:
    """Read the old photo again. Raises Conflict when there is none, NotFound when the person is gone."""
    with transaction.atomic():
        locked = lock_user(user)
        if not locked.old_profile_photo:
            raise Conflict("This person has no old photo.")
        locked.forget_old_photo_embedding(state=OldPhotoState.PENDING)
        locked.save(update_fields=_EXTRACTION_COLUMNS)
        return enqueue_extraction(locked)


def enqueue_extraction(user: ClientUser) -> Job:
    return enqueue_on_commit(
        EXTRACT_OLD_PHOTO, client=user.client, dedupe_key=f"old-photo:{user.pk}", user_id=user.pk
    )


def _drop_file(user: ClientUser) -> None:
    if user.old_profile_photo:
        remove_after_commit([str(user.old_profile_photo.name)])


def _audit(user: ClientUser, *, action: str, actor: Actor) -> None:
    record_audit(
        action=action,
        actor=actor,
        client=user.client,
        target_kind="user",
        target_id=user.external_user_id,
    )


def record_old_photo_template(*, user_id: int, photo_name: str, template: Template) -> bool:
    """Keep what was read from the photo file ``photo_name``. False: the photo was replaced meanwhile."""
    with transaction.atomic():
        user = _lock_with_photo(user_id=user_id, photo_name=photo_name)
        if user is None:
            return False
        user.cache_old_photo_embedding(template)
        user.save(update_fields=_EXTRACTION_COLUMNS)
    return True


def record_old_photo_unusable(*, user_id: int, photo_name: str, reason: str) -> bool:
    """Note why the photo file ``photo_name`` gives no template. False: it was replaced meanwhile."""
    with transaction.atomic():
        user = _lock_with_photo(user_id=user_id, photo_name=photo_name)
        if user is None:
            return False
        user.forget_old_photo_embedding(state=OldPhotoState.UNUSABLE, reason=reason)
        user.save(update_fields=_EXTRACTION_COLUMNS)
    return True


def _lock_with_photo(*, user_id: int, photo_name: str) -> ClientUser | None:
    rows = ClientUser.objects.select_for_update(of=("self",)).select_related("client")
    return rows.filter(pk=user_id, old_profile_photo=photo_name).exclude(old_profile_photo="").first()
