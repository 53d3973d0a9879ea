"""The old photo of a person, read by the real engine."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from django.db import connection
from pytest_django import Settings
from skimage import data as pictures

from clients.choices import OldPhotoState
from clients.models import ClientUser
from clients.services import set_old_photo
from core.async_processing import close_processor, get_processor
from core.old_photo_extractor import OldPhotoEmbeddingExtractor

pytestmark = pytest.mark.django_db(transaction=True)


def jpeg_of(image: np.ndarray) -> bytes:
    return bytes(cv2.imencode(".jpg", image)[1])


@pytest.fixture
def astronaut() -> bytes:
    return jpeg_of(cv2.cvtColor(pictures.astronaut(), cv2.COLOR_RGB2BGR)[:340, 60:393])


def test_a_photo_of_a_face_gives_a_template(user: ClientUser, astronaut: bytes) -> None:
    user = set_old_photo(user=user, data=astronaut)
    template = OldPhotoEmbeddingExtractor().extract_from_client_user(user)
    user.refresh_from_db()
    assert template is not None
    assert user.old_photo_state == OldPhotoState.READY
    kept = user.get_cached_old_photo_embedding()
    assert kept is not None
    assert float(kept.embedding @ template.embedding) == pytest.approx(1)


def test_a_photo_without_a_face_is_unusable_and_says_why(user: ClientUser) -> None:
    user = set_old_photo(user=user, data=jpeg_of(np.full((240, 240, 3), 90, np.uint8)))
    assert OldPhotoEmbeddingExtractor().extract_from_client_user(user) is None
    user.refresh_from_db()
    assert (user.old_photo_state, user.old_photo_reason) == (OldPhotoState.UNUSABLE, "face_not_found")


def test_reading_a_photo_opens_no_database_connection_on_an_inference_thread(
    user: ClientUser, astronaut: bytes, settings: Settings
) -> None:
    settings.FACE_ENGINE_WORKER_THREADS = 1
    close_processor()
    try:
        OldPhotoEmbeddingExtractor().extract_from_client_user(set_old_photo(user=user, data=astronaut))
        assert get_processor().stats().done == 1
        assert get_processor().run_sync(lambda: connection.connection) is None
    finally:
        close_processor()
