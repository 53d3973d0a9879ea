"""Did the head do what was asked, in its window, and nothing else?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.engine.types import LandmarkLayout
from core.liveness.script import StepKind

Series = NDArray[np.float64]

MIN_FRAMES = 4
"""Fewer frames in a window judge nothing: at 5 frames a second a window holds 12."""
_SMOOTH = np.array([0.25, 0.5, 0.25])


@dataclass(frozen=True, slots=True)
class MotionThresholds:
    """The movement that counts as done. Degrees; ``closer`` is growth of the head's scale."""

    turn: float
    look: float
    closer: float
    wrong_turn: float = 10.0
    """An opposite turn from which the answer is wrong, whatever followed."""
    wrong_look: float = 8.0
    wrong_closer: float = 0.10


# From the synthetic sessions: with a mouth the smallest genuine peak of a turn is 16.8 degrees and the
# largest of a tilted or slid print 7.8. Without one they are 12.5 and 24: dlib's points take a tilted print
# for a turn, so the plane test must tell the two apart, and a turn must be wide enough for it (its limit is
# reached at 14 degrees): better asked again than refused as flat.
THRESHOLDS: dict[LandmarkLayout, MotionThresholds] = {
    LandmarkLayout.EYES_NOSE_MOUTH: MotionThresholds(turn=13.0, look=6.0, closer=0.15),
    LandmarkLayout.EYE_CORNERS_NOSE: MotionThresholds(turn=15.0, look=5.0, closer=0.15),
}


@dataclass(frozen=True, slots=True)
class Movement:
    """A window's movement relative to the person's own frontal frames; equally long series."""

    yaw: Series
    pitch: Series
    growth: Series
    """Scale over frontal scale, minus 1."""


@dataclass(frozen=True, slots=True)
class Followed:
    """``score``: the asked movement over its threshold, 1 or more is done; ``wrong``: another movement was
    made instead; ``returned``: the last frame is near frontal again."""

    score: float
    wrong: bool
    returned: bool

    @property
    def done(self) -> bool:
        return self.score >= 1.0 and not self.wrong


def asked(kind: StepKind, movement: Movement, *, thresholds: MotionThresholds) -> Series:
    """The asked movement over its threshold, smoothed, frame by frame."""
    series = {
        StepKind.TURN_LEFT: movement.yaw / thresholds.turn,
        StepKind.TURN_RIGHT: -movement.yaw / thresholds.turn,
        StepKind.LOOK_UP: movement.pitch / thresholds.look,
        StepKind.LOOK_DOWN: -movement.pitch / thresholds.look,
        StepKind.CLOSER: movement.growth / thresholds.closer,
    }
    return smoothed(series[kind])


def judge_motion(kind: StepKind, movement: Movement, *, thresholds: MotionThresholds) -> Followed | None:
    """None with too few frames. A single frame's jump never counts: the second highest smoothed value
    does."""
    if len(movement.yaw) < MIN_FRAMES:
        return None
    done = asked(kind, movement, thresholds=thresholds)
    score = float(np.sort(done)[-2])
    # A head that was there before it was asked did not answer; two frames, because one may be late.
    if score >= 1.0 and float(done[:2].min()) >= 1.0:
        score = 0.0
    wrong = _opposite(kind, movement, thresholds=thresholds) or (
        score < 0.6 and _another(kind, movement, thresholds=thresholds)
    )
    return Followed(score=score, wrong=wrong, returned=bool(done[-1] < 0.6))


def smoothed(series: Series) -> Series:
    # np.pad says the same, and takes as long as the rest of a judgement.
    padded = np.concatenate((series[:1], series, series[-1:]))
    result: Series = np.convolve(padded, _SMOOTH, "valid")
    return result


def _opposite(kind: StepKind, movement: Movement, *, thresholds: MotionThresholds) -> bool:
    yaw, pitch, growth = (smoothed(part) for part in (movement.yaw, movement.pitch, movement.growth))
    against = {
        StepKind.TURN_LEFT: float((-yaw).max()) / thresholds.wrong_turn,
        StepKind.TURN_RIGHT: float(yaw.max()) / thresholds.wrong_turn,
        StepKind.LOOK_UP: float((-pitch).max()) / thresholds.wrong_look,
        StepKind.LOOK_DOWN: float(pitch.max()) / thresholds.wrong_look,
        StepKind.CLOSER: float((-growth).max()) / thresholds.wrong_closer,
    }
    return against[kind] >= 1.0


def _another(kind: StepKind, movement: Movement, *, thresholds: MotionThresholds) -> bool:
    """A clear movement along another axis while the asked one was hardly made."""
    axes = {
        "yaw": (np.abs(smoothed(movement.yaw)) / thresholds.turn, (StepKind.TURN_LEFT, StepKind.TURN_RIGHT)),
        # A look is read less surely than a turn; ask for more of it before calling it another movement.
        "pitch": (
            np.abs(smoothed(movement.pitch)) / (1.5 * thresholds.look),
            (StepKind.LOOK_UP, StepKind.LOOK_DOWN),
        ),
        "growth": (np.abs(smoothed(movement.growth)) / thresholds.closer, (StepKind.CLOSER,)),
    }
    return any(float(np.sort(size)[-2]) >= 1.0 for size, kinds in axes.values() if kind not in kinds)


def strayed(movement: Movement, *, thresholds: MotionThresholds) -> bool:
    """A clear turn or approach in a window that asked for stillness (the flash)."""
    if len(movement.yaw) < MIN_FRAMES:
        return False
    turned = float(np.sort(np.abs(smoothed(movement.yaw)))[-2]) / thresholds.turn
    grown = float(np.sort(np.abs(smoothed(movement.growth)))[-2]) / thresholds.closer
    return max(turned, grown) >= 1.0
