"""What the flows say to whoever runs them: progress, samples, and how a session ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from core.engine.types import Embedding, Image
from core.liveness.pose import Pose
from core.liveness.reasons import Reason
from core.liveness.script import StepKind
from core.liveness.timeline import Timeline
from core.liveness.verdict import LivenessVerdict
from core.quality import FaceQuality


class Phase(StrEnum):
    FRAMING = "framing"
    CHALLENGE = "challenge"
    FINISHING = "finishing"


class Hint(StrEnum):
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    MOVE_CLOSER = "move_closer"
    MOVE_BACK = "move_back"
    CENTER_FACE = "center_face"
    LOOK_STRAIGHT = "look_straight"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    HOLD_STILL = "hold_still"
    WRONG_DIRECTION = "wrong_direction"
    KEEP_GOING = "keep_going"


FACE_THE_CAMERA = "face_the_camera"
HOLD_STILL = "hold_still"
PROCESSING = "processing"


@dataclass(frozen=True, slots=True)
class StepView:
    """The step on screen. ``colors``: hex texts of a flash, else None; ``attempt`` counts from 1."""

    id: int
    kind: StepKind
    index: int
    total: int
    window_seconds: float
    colors: tuple[str, ...] | None
    color_seconds: float | None
    attempt: int


@dataclass(frozen=True, slots=True)
class FaceBox:
    """Fractions of the frame's width and height."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class InProgress:
    phase: Phase
    step: StepView | None
    instruction: str
    """``face_the_camera``, ``hold_still``, ``processing`` or the value of the step's kind."""
    hint: Hint | None
    progress: float
    """0..1, never falls within a session."""
    face: FaceBox | None


@dataclass(frozen=True, slots=True)
class Sample:
    """A frontal, sharp frame of the person, fit for a template."""

    sequence: int
    captured_at: float
    embedding: Embedding = field(compare=False)
    crop: Image = field(compare=False)
    quality: FaceQuality
    pose: Pose


@dataclass(frozen=True, slots=True)
class Accepted:
    samples: tuple[Sample, ...]
    """Best first."""
    liveness: LivenessVerdict
    timeline: Timeline


@dataclass(frozen=True, slots=True)
class Refused:
    reasons: tuple[Reason, ...]
    """The true cause first; never empty."""
    liveness: LivenessVerdict
    timeline: Timeline


Update = InProgress | Accepted | Refused
