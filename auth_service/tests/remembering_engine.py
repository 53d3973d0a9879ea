"""A real engine that looks at each picture once: a hundred replays of one film ask for the same again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from core.engine.types import (
    Box,
    Capability,
    DetectedFace,
    EmbeddingContract,
    Embeddings,
    FaceEngine,
    Image,
    LandmarkLayout,
    PackSummary,
)


class RememberingEngine:
    """Says what the engine behind it says, always of the whole picture."""

    def __init__(self, engine: FaceEngine) -> None:
        self._engine = engine
        self._faces: dict[bytes, list[DetectedFace]] = {}
        self._embeddings: dict[bytes, Embeddings] = {}

    @property
    def contract(self) -> EmbeddingContract:
        return self._engine.contract

    @property
    def capabilities(self) -> frozenset[Capability]:
        return self._engine.capabilities

    @property
    def landmark_layout(self) -> LandmarkLayout:
        return self._engine.landmark_layout

    def detect(
        self, image: Image, *, search: Box | None = None, input_size: int | None = None
    ) -> list[DetectedFace]:
        key = _digest(image)
        if key not in self._faces:
            self._faces[key] = self._engine.detect(image, input_size=input_size)
        return self._faces[key]

    def align(self, image: Image, face: DetectedFace) -> Image:
        return self._engine.align(image, face)

    def embed(self, crops: Sequence[Image]) -> Embeddings:
        keys = [_digest(crop) for crop in crops]
        for key, crop in zip(keys, crops, strict=True):
            if key not in self._embeddings:
                self._embeddings[key] = self._engine.embed([crop])
        return np.concatenate([self._embeddings[key] for key in keys])

    def live_probability(self, image: Image, face: DetectedFace, *, turn: int | None = None) -> float | None:
        return self._engine.live_probability(image, face, turn=turn)

    def summary(self) -> PackSummary:
        return self._engine.summary()

    def close(self) -> None:
        """The engine behind it is not ours to close."""


def _digest(image: Image) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(image).tobytes(), digest_size=16).digest()
