"""Everything a session has shown so far, as the verdict reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.engine.types import Landmarks
from core.liveness.follow import Movement
from core.liveness.injection import DeviceReport
from core.liveness.observation import FaceView, FrameObservation
from core.liveness.script import ScriptStep


class Outcome(StrEnum):
    FOLLOWED = "followed"
    NOT_FOLLOWED = "not_followed"
    WRONG = "wrong"
    SHOWN = "shown"
    """A flash: its answer is weighed at the end, so that nobody learns from when it is refused."""
    NOT_MEASURED = "not_measured"


@dataclass(frozen=True, slots=True)
class Baseline:
    """The person's own frontal view: medians over the frames of framing."""

    yaw: float
    pitch: float
    scale: float
    landmarks: Landmarks
    """Of the frame nearest to the medians."""


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step as it ran. ``color_starts``: when each colour was shown, seconds on the capture clock."""

    step: ScriptStep
    start: float
    end: float
    outcome: Outcome
    replaced: bool = False
    """Not followed, and answered by a spare step instead."""
    color_starts: tuple[float, ...] = ()
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Evidence:
    frames: tuple[FrameObservation, ...]
    baseline: Baseline | None
    """None while nobody has looked into the camera."""
    challenge_start: float | None
    steps: tuple[StepRecord, ...]
    device: DeviceReport | None = None
    """What the page told of its camera; None where it told nothing."""


def baseline_of(faces: Sequence[FaceView]) -> Baseline:
    """Raises ValueError for none."""
    if not faces:
        raise ValueError("a baseline needs at least one frontal face")
    poses = np.array([(face.head.pose.yaw, face.head.pose.pitch) for face in faces])
    yaw, pitch = (float(value) for value in np.median(poses, axis=0))
    nearest = int(np.abs(poses - (yaw, pitch)).sum(axis=1).argmin())
    return Baseline(
        yaw=yaw,
        pitch=pitch,
        scale=float(np.median([face.head.scale for face in faces])),
        landmarks=faces[nearest].landmarks,
    )


@dataclass(frozen=True, slots=True)
class Window:
    """The frames with a face within one step."""

    faces: tuple[FaceView, ...]
    times: NDArray[np.float64]
    movement: Movement


def window_of(
    frames: Sequence[FrameObservation],
    *,
    baseline: Baseline,
    start: float,
    end: float,
) -> Window:
    seen = [(frame.captured_at, frame.face) for frame in frames if start <= frame.captured_at < end]
    faces = tuple(face for _, face in seen if face is not None)
    times = np.array([at for at, face in seen if face is not None], dtype=np.float64)
    yaw = np.array([face.head.pose.yaw - baseline.yaw for face in faces], dtype=np.float64)
    pitch = np.array([face.head.pose.pitch - baseline.pitch for face in faces], dtype=np.float64)
    growth = np.array([face.head.scale / baseline.scale - 1.0 for face in faces], dtype=np.float64)
    return Window(faces=faces, times=times, movement=Movement(yaw=yaw, pitch=pitch, growth=growth))
