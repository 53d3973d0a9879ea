"""Private files: photos of people, kept outside what any web server publishes."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.core.files.storage import FileSystemStorage
from django.utils.deconstruct import deconstructible

if TYPE_CHECKING:
    from clients.models import ClientUser, FaceSample


@deconstructible(path="clients.storage.PrivateStorage")
class PrivateStorage(FileSystemStorage):
    """Files under ``MEDIA_ROOT``, readable by the server's own account only."""

    def __init__(self) -> None:
        super().__init__(file_permissions_mode=0o600, directory_permissions_mode=0o700)

    def url(self, name: str | None) -> str:
        raise ValueError("Private files have no public address.")


def client_directory(client_id: str) -> str:
    return f"clients/{client_id}"


# Random names: a path must not tell whose photo it is, and must not be guessable.
def old_photo_path(user: ClientUser, _filename: str) -> str:
    return f"{client_directory(user.client_id)}/photos/{uuid.uuid4().hex}.jpg"


def sample_path(sample: FaceSample, _filename: str) -> str:
    return f"{client_directory(sample.client_id)}/samples/{uuid.uuid4().hex}.jpg"
