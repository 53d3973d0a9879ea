"""What one analysed frame tells the flow, and what the flow may ask of the next one."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.engine.types import Box, Embedding, Image, Landmarks
from core.liveness.pose import HeadFit
from core.liveness.sensor_noise import NoiseSample
from core.quality import FaceQuality


@dataclass(frozen=True, slots=True)
class FrameRequest:
    """What the flow wants from the next frame beyond the face itself."""

    embed: bool = False
    """Compute the embedding (and keep the aligned crop) when a usable face is there."""
    passive: bool = False
    """Run the passive liveness model where the pack has one."""
    light: bool = False
    """Measure how the face and the wall are lit (during a flash)."""
    search: Box | None = None
    """Where the face was, in pixels."""


@dataclass(frozen=True, slots=True)
class SurroundingFlow:
    """Median shift since the last frame, in eye distances, of the face and of the ring around it."""

    face: tuple[float, float]
    ring: tuple[float, float]
    face_points: int
    ring_points: int


@dataclass(frozen=True, slots=True)
class LightSample:
    """How the frame is lit, linear light, BGR."""

    skin: NDArray[np.float32]
    """Shape (3,), mean of forehead and cheeks, 0..1."""
    surroundings: NDArray[np.float32]
    """Shape (3,), mean of the upper corners, 0..1; NaN where the face leaves no corner."""
    log_map: NDArray[np.float32]
    """Shape (n, n, 3), log light in a frame fixed to the eyes."""


@dataclass(frozen=True, slots=True)
class FaceView:
    """The largest face of one frame."""

    box: Box
    landmarks: Landmarks
    head: HeadFit
    quality: FaceQuality
    second_face_ratio: float | None
    """Area of the next largest face over this one's, 0 where there is none; None where only the surroundings
    of the last box were searched."""
    passive_asked: bool = False
    """The flow asked for the passive models' opinion of this frame."""
    live_probability: float | None = None
    """None where it was not asked for, no model is there, or one of them declines this face."""
    embedding: Embedding | None = field(default=None, compare=False)
    crop: Image | None = field(default=None, compare=False)
    """The aligned crop the embedding was made from."""
    flow: SurroundingFlow | None = None
    light: LightSample | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class FrameObservation:
    """One analysed frame. Of its pixels only the aligned crop of an embedded face is kept."""

    sequence: int
    captured_at: float
    """Seconds on the client's own clock."""
    digest: bytes
    """16 bytes of BLAKE2b over the JPEG."""
    width: int
    height: int
    face: FaceView | None
    nearest_earlier: float | None
    """Mean grey difference (0..255, means removed) of the head region to the most similar frame at least 0.4
    s older; None for the first frames."""
    received_at: float | None = None
    """Seconds on the server's clock, where known."""
    noise: NoiseSample | None = None
    """None for the first frame, and where the room's corners are too dark or too bright to show any."""
