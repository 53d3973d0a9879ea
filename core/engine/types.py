"""What an engine sees and promises: boxes, faces, the embedding contract, the `FaceEngine` protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from common.templates import Embedding

Image = NDArray[np.uint8]
"""Shape (height, width, 3), BGR, 0-255, upright."""

Landmarks = NDArray[np.float32]
"""Shape (5, 2), pixels (x, y) of the image the face was found in."""

Embeddings = NDArray[np.float32]
"""Shape (n, dimension), each row of L2 norm 1."""


class Capability(StrEnum):
    """What a pack can see beyond a box and five points; challenges are chosen from these."""

    POSE = "pose"
    EYES = "eyes"
    ATTRIBUTES = "attributes"
    PASSIVE_LIVENESS = "passive_liveness"


class LandmarkLayout(StrEnum):
    """Which five points a detector gives, in image order (left = smaller x of an upright face)."""

    EYES_NOSE_MOUTH = "eyes_nose_mouth"
    """left eye, right eye, nose tip, left mouth corner, right mouth corner (SCRFD, ArcFace template)"""
    EYE_CORNERS_NOSE = "eye_corners_nose"
    """left eye outer, left inner, right inner, right outer, nose base (dlib); left = image left"""


@dataclass(frozen=True, slots=True)
class Box:
    """A face box in pixels; may reach beyond the image."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def area(self) -> float:
        return max(0.0, self.width) * max(0.0, self.height)

    @property
    def center(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class DetectedFace:
    box: Box
    confidence: float
    """Detector confidence in [0, 1]."""
    landmarks: Landmarks


@dataclass(frozen=True, slots=True)
class EmbeddingContract:
    """The identity of what makes an embedding; vectors of different contracts are never compared."""

    model_id: str
    digest: str
    """SHA-256 over the weights' digest and the preprocessing, lower-case hex: whatever shapes a vector."""
    dimension: int
    preprocessing: str
    """A short canonical text of alignment and normalisation, such as ``arcface112 rgb (x-127.5)/127.5``."""

    @property
    def key(self) -> str:
        """Stable text stored with every template, at most 96 characters."""
        return f"{self.model_id}:{self.dimension}:{self.digest[:16]}"


@dataclass(frozen=True, slots=True)
class PackSummary:
    name: str
    detector: str
    recognizer: str
    licence: str
    commercial_use: bool
    note: str
    provider: str
    """onnxruntime execution provider in use, or ``dlib``."""
    models: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of every model file in use, by its name."""
    passive: tuple[str, ...] = ()
    """Kinds of passive liveness models in use."""
    passive_unusable: Mapping[str, str] = field(default_factory=dict)
    """Kinds that are installed but that this pack cannot feed, each with the reason: not measured."""


class FaceEngine(Protocol):
    """One loaded model pack. Thread-safe; made once per process by `core.engine.registry`."""

    @property
    def contract(self) -> EmbeddingContract: ...

    @property
    def capabilities(self) -> frozenset[Capability]: ...

    @property
    def landmark_layout(self) -> LandmarkLayout: ...

    def detect(
        self, image: Image, *, search: Box | None = None, input_size: int | None = None
    ) -> list[DetectedFace]:
        """Faces, largest first.

        ``search`` is the box of the last frame's face: the engine may look around it first and falls
        back to the whole image when nothing is there. ``input_size`` is the longest side in pixels
        the detector sees (None: the pack's default for webcam frames).
        """
        ...

    def align(self, image: Image, face: DetectedFace) -> Image:
        """The upright crop that `embed` takes, e.g. (112, 112, 3)."""
        ...

    def embed(self, crops: Sequence[Image]) -> Embeddings:
        """One row per aligned crop. An empty sequence gives shape (0, dimension)."""
        ...

    def live_probability(self, image: Image, face: DetectedFace, *, turn: int | None = None) -> float | None:
        """Passive liveness in [0, 1], on the scale of `core.engine.passive.model` whatever the model; None
        where the pack has no such model or the model cannot judge this face (a crop beyond the image).

        ``turn``: of each kind only that network of the rotation; a session that counts the frames it asks
        for gets the mean of all networks at the cost of one. None runs all.
        """
        ...

    def summary(self) -> PackSummary: ...

    def close(self) -> None:
        """Release threads and processes. Idempotent."""
        ...


__all__ = [
    "Box",
    "Capability",
    "DetectedFace",
    "Embedding",
    "EmbeddingContract",
    "Embeddings",
    "FaceEngine",
    "Image",
    "LandmarkLayout",
    "Landmarks",
    "PackSummary",
]
