"""An engine that notes how much processor time detection and embedding take."""

from __future__ import annotations

from collections.abc import Sequence
from time import process_time

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


class MeteredEngine:
    """See `FaceEngine`; answers as ``engine`` does. Seconds since the last `reset`; for one thread."""

    def __init__(self, engine: FaceEngine) -> None:
        self._engine = engine
        self.detecting = 0.0
        self.embedding = 0.0
        """Aligning included."""

    def reset(self) -> None:
        self.detecting = self.embedding = 0.0

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
        began = process_time()
        faces = self._engine.detect(image, search=search, input_size=input_size)
        self.detecting += process_time() - began
        return faces

    def align(self, image: Image, face: DetectedFace) -> Image:
        began = process_time()
        crop = self._engine.align(image, face)
        self.embedding += process_time() - began
        return crop

    def embed(self, crops: Sequence[Image]) -> Embeddings:
        began = process_time()
        embeddings = self._engine.embed(crops)
        self.embedding += process_time() - began
        return embeddings

    def live_probability(self, image: Image, face: DetectedFace, *, turn: int | None = None) -> float | None:
        return self._engine.live_probability(image, face, turn=turn)

    def summary(self) -> PackSummary:
        return self._engine.summary()

    def close(self) -> None:
        """The engine is another's to close."""
