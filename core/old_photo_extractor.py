"""The embedding of a person's old photo: from the database when it is there, else extracted once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
from django.conf import settings

from clients.choices import OldPhotoState
from clients.models import ClientUser
from clients.services import record_old_photo_template, record_old_photo_unusable
from common.errors import FaceAppError, FaceNotFound, InvalidImage, LowQuality, MultipleFaces
from common.templates import Embedding, Template
from core.async_processing import get_processor
from core.engine.registry import get_engine
from core.engine.types import DetectedFace, FaceEngine, Image
from core.imaging import decode_image

logger = logging.getLogger(__name__)

MIN_FACE_PX = 40
"""Below this an aligned crop holds too little of the person to compare with."""
DOMINANT_AREA_RATIO = 3.0
"""The largest face is the subject when no other has a third of its area."""
_ROTATIONS = (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One detection strategy, cheaper and stricter ones first."""

    name: str
    image: Image
    input_size: int


class OldPhotoEmbeddingExtractor:
    """Safe to run twice and at the same time: the later writer stores the same result."""

    def __init__(self, engine: FaceEngine | None = None) -> None:
        self._engine = engine or get_engine()

    def extract_from_client_user(self, user: ClientUser, *, force: bool = False) -> Template | None:
        """The old photo's template, or None; the user's row then says why there is none.

        Uses what the database holds when it was made under the active contract. A photo that was changed
        meanwhile is left to its own job. Raises TransientError subclasses only.
        """
        contract = self._engine.contract.key
        if not force and user.old_photo_state == OldPhotoState.UNUSABLE:
            return None
        if not force and user.old_photo_state == OldPhotoState.READY and user.old_photo_contract == contract:
            return user.get_cached_old_photo_embedding()
        photo_name = user.old_profile_photo.name
        if not photo_name:
            return None
        try:
            # Only the models' part: a database connection opened on an inference thread is nobody's to close,
            # and once the server has dropped it, it stays broken.
            embedding = get_processor().run_sync(lambda: self._extract(user))
            template = Template(embedding=embedding, contract=contract)
        except FaceAppError as error:
            if error.retryable:
                raise
            record_old_photo_unusable(user_id=user.pk, photo_name=photo_name, reason=error.code)
            logger.info("old photo unusable", extra={"user_id": user.pk, "reason": error.code})
            return None
        kept = record_old_photo_template(user_id=user.pk, photo_name=photo_name, template=template)
        return template if kept else None

    def _extract(self, user: ClientUser) -> Embedding:
        try:
            with user.old_profile_photo.open("rb") as photo:
                data = photo.read()
        except FileNotFoundError as error:
            raise InvalidImage("The photo's file is missing.") from error
        image = decode_image(data, max_bytes=settings.MAX_IMAGE_BYTES, max_pixels=settings.MAX_IMAGE_PIXELS)
        for attempt in _strategies(image):
            faces = self._engine.detect(attempt.image, input_size=attempt.input_size)
            if faces:
                crop = self._engine.align(attempt.image, _choose_subject(faces))
                embedding: Embedding = self._engine.embed([crop])[0]
                return embedding
        raise FaceNotFound


def _strategies(image: Image) -> Iterator[_Attempt]:
    yield _Attempt("usual", image, 640)
    yield _Attempt("fine", image, 1280)
    if max(image.shape[:2]) < 480:
        enlarged = cv2.resize(image, None, fx=2.0, fy=2.0, interpolation=cv2.INTER_CUBIC)
        yield _Attempt("enlarged", enlarged, 960)
    for rotation in _ROTATIONS:
        yield _Attempt("rotated", cv2.rotate(image, rotation), 640)


def _choose_subject(faces: list[DetectedFace]) -> DetectedFace:
    subject = faces[0]
    if len(faces) > 1 and faces[1].box.area * DOMINANT_AREA_RATIO > subject.box.area:
        raise MultipleFaces
    if min(subject.box.width, subject.box.height) < MIN_FACE_PX:
        raise LowQuality("The face in the photo is too small.")
    return subject
