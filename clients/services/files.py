"""Private files follow their rows: written before the commit that names them, removed after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from clients.choices import ImageRetention
from clients.models import Client, ClientUser, FaceSample
from clients.storage import PrivateStorage, client_directory

ORPHAN_AGE = timedelta(hours=1)
_FOLDERS = ("photos", "samples")


def remove_after_commit(names: Iterable[str]) -> None:
    """A removal before the commit could not be undone by a rollback."""
    storage = PrivateStorage()
    for name in names:
        transaction.on_commit(partial(storage.delete, name), robust=True)


@contextmanager
def removed_on_failure(names: list[str]) -> Iterator[None]:
    """Remove the files put into ``names`` if the block fails, whose rows were rolled back with it."""
    storage = PrivateStorage()
    try:
        yield
    except BaseException:
        for name in names:
            storage.delete(name)
        raise


def purge_orphan_files(*, now: datetime) -> int:
    """Remove files that no row names, left by a process killed at the wrong moment; returns how many.

    Files younger than an hour are left: their transaction may not have committed yet.
    """
    storage = PrivateStorage()
    removed = 0
    for name in _list_files(storage):
        if now - storage.get_modified_time(name) > ORPHAN_AGE and not _is_named(name):
            storage.delete(name)
            removed += 1
    return removed


def _list_files(storage: PrivateStorage) -> Iterator[str]:
    if not storage.exists("clients"):
        return
    for client_id in storage.listdir("clients")[0]:
        for folder in _FOLDERS:
            path = f"{client_directory(client_id)}/{folder}"
            if storage.exists(path):
                yield from (f"{path}/{name}" for name in storage.listdir(path)[1])


def _is_named(name: str) -> bool:
    return (
        ClientUser.objects.filter(old_profile_photo=name).exists()
        or FaceSample.objects.filter(image=name).exists()
    )


def purge_expired_images(*, now: datetime) -> int:
    """Remove kept sample images that outlived their client's policy; the templates stay."""
    removed = 0
    for client in Client.objects.all():
        kept_days = 0 if client.image_retention == ImageRetention.NONE else client.retention_days
        expired = FaceSample.objects.filter(
            client=client, created_at__lt=now - timedelta(days=kept_days)
        ).exclude(image="")
        with transaction.atomic():
            samples = list(expired.select_for_update())
            remove_after_commit(str(sample.image.name) for sample in samples)
            FaceSample.objects.filter(pk__in=[sample.pk for sample in samples]).update(image="")
        removed += len(samples)
    return removed
