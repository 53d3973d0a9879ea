"""What the page is told of a flow's state."""

from __future__ import annotations

from core.liveness.observation import FrameObservation

from .framing import GOOD_FRAMES, crowd_hint
from .steps import RunningStep, StepState
from .types import FACE_THE_CAMERA, HOLD_STILL, PROCESSING, Hint, Phase, StepView

_FRAMING_PART, _CHALLENGE_PART, _FINISHING_PART = 0.2, 0.7, 0.1
_ON_THE_WAY = 0.3
"""Part of the asked movement from which a person is told to go on."""


def part_done(
    phase: Phase, *, framed: int, running: RunningStep | None, steps: int, finished: float
) -> float:
    """0..1; ``finished``: part of the finishing frames taken."""
    if phase is Phase.FRAMING:
        return _FRAMING_PART * min(1.0, framed / GOOD_FRAMES)
    if phase is Phase.FINISHING:
        return _FRAMING_PART + _CHALLENGE_PART + _FINISHING_PART * min(1.0, finished)
    index = running.index if running is not None else 0
    return _FRAMING_PART + _CHALLENGE_PART * index / max(1, steps)


def instruction(phase: Phase, *, running: RunningStep | None, finished: bool) -> str:
    if running is not None:
        return running.step.kind.value
    if phase is Phase.FRAMING:
        return FACE_THE_CAMERA
    return PROCESSING if finished else HOLD_STILL


def step_view(running: RunningStep | None, *, total: int) -> StepView | None:
    if running is None:
        return None
    step = running.step
    return StepView(
        id=step.id,
        kind=step.kind,
        index=running.index,
        total=total,
        window_seconds=step.window_seconds,
        colors=tuple(color.hex for color in step.colors) if running.is_flash else None,
        color_seconds=step.color_seconds,
        attempt=running.attempt,
    )


def challenge_hint(observation: FrameObservation, state: StepState | None) -> Hint | None:
    face = observation.face
    if face is None:
        return Hint.NO_FACE
    crowded = crowd_hint(face)
    followed = state.followed if state is not None else None
    if crowded is not None or followed is None:
        return crowded
    if followed.wrong:
        return Hint.WRONG_DIRECTION
    if followed.done:
        return Hint.LOOK_STRAIGHT
    return Hint.KEEP_GOING if followed.score >= _ON_THE_WAY else None
