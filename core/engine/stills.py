"""Faces in photographs, where time allows a second, finer look."""

from __future__ import annotations

from core.engine.types import DetectedFace, FaceEngine, Image

_SIDES_PX = (640, 1280)


def find_faces_in_photo(engine: FaceEngine, image: Image) -> list[DetectedFace]:
    """Faces, largest first, at the coarsest scale that shows any; empty when none does."""
    for side_px in _SIDES_PX:
        faces = engine.detect(image, input_size=side_px)
        if faces:
            return faces
    return []
