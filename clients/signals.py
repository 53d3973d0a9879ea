"""What must follow a row wherever it is saved or deleted: extraction of a new photo, removal of files."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import receiver

from clients.choices import OldPhotoState
from clients.models import ClientUser, FaceSample
from clients.services.files import remove_after_commit
from clients.services.photos import enqueue_extraction

_CHANGED = "_old_photo_changed"


@receiver(pre_save, sender=ClientUser, dispatch_uid="clients.notice_old_photo")
def notice_old_photo(
    instance: ClientUser, raw: bool, update_fields: Collection[str] | None, **_: Any
) -> None:
    """Compare with the stored name: what was loaded into ``instance`` may be long out of date."""
    saves_photo = update_fields is None or "old_profile_photo" in update_fields
    if raw or not saves_photo or "old_profile_photo" in instance.get_deferred_fields():
        setattr(instance, _CHANGED, False)
        return
    stored = ""
    if instance.pk is not None:
        known = ClientUser.objects.filter(pk=instance.pk)
        stored = known.values_list("old_profile_photo", flat=True).first() or ""
    photo = instance.old_profile_photo
    # A file not yet committed gets its stored name only during the save.
    uncommitted = bool(photo) and not photo._committed  # type: ignore[attr-defined]
    changed = uncommitted or (photo.name or "") != stored
    setattr(instance, _CHANGED, changed)
    if changed:
        state = OldPhotoState.PENDING if photo else OldPhotoState.NONE
        instance.forget_old_photo_embedding(state=state)


@receiver(post_save, sender=ClientUser, dispatch_uid="clients.extract_old_photo")
def extract_old_photo(instance: ClientUser, update_fields: Collection[str] | None, **_: Any) -> None:
    if not getattr(instance, _CHANGED, False):
        return
    setattr(instance, _CHANGED, False)
    if update_fields is not None:
        # The caller's list may lack the columns that fell with the photo.
        ClientUser.objects.filter(pk=instance.pk).update(
            old_photo_state=instance.old_photo_state,
            old_photo_reason="",
            cached_old_photo_embedding=None,
            old_photo_contract="",
        )
    if instance.old_profile_photo:
        enqueue_extraction(instance)


@receiver(post_delete, sender=ClientUser, dispatch_uid="clients.remove_old_photo")
def remove_old_photo(instance: ClientUser, **_: Any) -> None:
    """Cascades come by here too, which no service sees."""
    if instance.old_profile_photo:
        remove_after_commit([str(instance.old_profile_photo.name)])


@receiver(post_delete, sender=FaceSample, dispatch_uid="clients.remove_sample_image")
def remove_sample_image(instance: FaceSample, **_: Any) -> None:
    if instance.image:
        remove_after_commit([str(instance.image.name)])
