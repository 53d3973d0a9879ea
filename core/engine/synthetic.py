"""A deterministic engine for unit tests: it finds drawn markers instead of faces.

A marker is a filled rectangle with blue = 255, green = the person's number, red = 1; everything else in
an image must not have that blue and red. `registry` refuses it wherever settings do not allow it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import cv2
import numpy as np

from core.engine.types import (
    Box,
    Capability,
    DetectedFace,
    EmbeddingContract,
    Embeddings,
    Image,
    LandmarkLayout,
    PackSummary,
)

DIMENSION = 64
_CROP_SIDE_PX = 16
_MIN_SIDE_PX = 8
_LANDMARKS = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]], dtype=np.float32)


def draw_marker(image: Image, box: Box, *, identity: int) -> Image:
    """A copy of ``image`` with the face of person ``identity`` (0-255) in it."""
    if not 0 <= identity <= 255:
        raise ValueError("identity is not in 0-255")
    marked = image.copy()
    marked[int(box.top) : int(box.bottom), int(box.left) : int(box.right)] = (255, identity, 1)
    return marked


class SyntheticEngine:
    """See `FaceEngine`. Needs lossless images: JPEG changes the markers' colours."""

    @property
    def contract(self) -> EmbeddingContract:
        digest = hashlib.sha256(b"synthetic").hexdigest()
        return EmbeddingContract("synthetic", digest, DIMENSION, "marker colour")

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset({Capability.POSE})

    @property
    def landmark_layout(self) -> LandmarkLayout:
        return LandmarkLayout.EYES_NOSE_MOUTH

    def detect(
        self, image: Image, *, search: Box | None = None, input_size: int | None = None
    ) -> list[DetectedFace]:
        mask = ((image[:, :, 0] == 255) & (image[:, :, 2] == 1)).astype(np.uint8)
        count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
        faces = []
        for left, top, width, height, _area in stats[1:count].tolist():
            if min(width, height) < _MIN_SIDE_PX:
                continue
            corner, size = np.array([left, top], np.float32), np.array([width, height], np.float32)
            box = Box(left, top, left + width, top + height)
            faces.append(DetectedFace(box, 0.99, corner + _LANDMARKS * size))
        return sorted(faces, key=lambda face: face.box.area, reverse=True)

    def align(self, image: Image, face: DetectedFace) -> Image:
        x, y = (int(value) for value in face.box.center)
        return np.full((_CROP_SIDE_PX, _CROP_SIDE_PX, 3), image[y, x], dtype=np.uint8)

    def embed(self, crops: Sequence[Image]) -> Embeddings:
        rows = [np.random.default_rng(int(crop[0, 0, 1])).standard_normal(DIMENSION) for crop in crops]
        raw = np.array(rows, dtype=np.float32).reshape(len(rows), DIMENSION)
        unit: Embeddings = raw / np.linalg.norm(raw, axis=1, keepdims=True)
        return unit

    def live_probability(self, image: Image, face: DetectedFace, *, turn: int | None = None) -> float | None:
        return None

    def summary(self) -> PackSummary:
        return PackSummary(
            name="synthetic",
            detector="drawn markers",
            recognizer="marker colour",
            licence="MIT",
            commercial_use=True,
            note="unit tests only",
            provider="none",
        )

    def close(self) -> None:
        """Nothing to release."""
