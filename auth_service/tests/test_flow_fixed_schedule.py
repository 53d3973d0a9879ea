"""Under a fixed schedule the windows are the recording's: nothing is retried, nothing ends early."""

from __future__ import annotations

import random

import pytest

from auth_service.flows import Accepted, FixedSchedule, InProgress, Refused, VerificationFlow
from auth_service.tests.flow_cast import TRAITS, Someone
from core.liveness.policy import Level
from core.liveness.reasons import Reason
from core.liveness.script import (
    FlashColor,
    Script,
    ScriptStep,
    StepKind,
    draw_colors,
    flash_step,
    motion_step,
)

COLORS = draw_colors(random.Random(4))


def script(*kinds: StepKind, colors: tuple[FlashColor, ...] = COLORS) -> Script:
    steps: list[ScriptStep] = [
        flash_step(colors, step_id=number) if kind is StepKind.FLASH else motion_step(kind, step_id=number)
        for number, kind in enumerate(kinds, start=1)
    ]
    return Script(level=Level.STANDARD, steps=tuple(steps))


def windows(made: Script, *, start: float = 101.0) -> FixedSchedule:
    spans, at = [], start
    for step in made.steps:
        spans.append((at, at + step.window_seconds))
        at += step.window_seconds
    return FixedSchedule(windows=tuple(spans))


def replay(made: Script, person: Someone, *, frames_until: float | None = None) -> Accepted | Refused:
    schedule = windows(made)
    flow = VerificationFlow(script=made, traits=TRAITS, fixed_schedule=schedule)
    end, at = (frames_until or schedule.windows[-1][1] + 0.3), 100.0
    while at < end:
        update = person.film(flow, at)
        if not isinstance(update, InProgress):
            return update
        at += 0.125
    return flow.conclude()


def test_a_recording_that_answers_its_script_is_accepted() -> None:
    end = replay(script(StepKind.TURN_LEFT, StepKind.FLASH, StepKind.LOOK_UP), Someone())

    assert isinstance(end, Accepted), end.reasons


def test_unseen_kinds_are_passed_over_and_count_for_nothing() -> None:
    end = replay(script(StepKind.BLINK, StepKind.TURN_LEFT, StepKind.SMILE, StepKind.FLASH), Someone())

    assert isinstance(end, Accepted), end.reasons
    assert end.liveness.signals["follow_steps"] == 1.0


def test_nothing_is_retried() -> None:
    person = Someone(answers=lambda step, shown: None if shown == 1 else step.kind.value)
    end = replay(script(StepKind.TURN_LEFT, StepKind.LOOK_UP, StepKind.FLASH), person)

    assert isinstance(end, Refused)
    assert end.reasons == (Reason.CHALLENGE_NOT_FOLLOWED,)
    assert all(step.attempt == 1 for step in person.steps)


def test_a_recording_that_breaks_off_is_refused() -> None:
    end = replay(script(StepKind.TURN_LEFT, StepKind.FLASH), Someone(), frames_until=103.0)

    assert isinstance(end, Refused)
    assert Reason.CHALLENGE_NOT_FOLLOWED in end.reasons


def test_a_recording_without_a_face_at_its_start_is_refused() -> None:
    made = script(StepKind.TURN_LEFT)
    flow = VerificationFlow(script=made, traits=TRAITS, fixed_schedule=windows(made, start=99.0))
    end = Someone().film(flow, 100.0)

    assert isinstance(end, Refused)


def test_an_empty_recording_is_refused() -> None:
    made = script(StepKind.TURN_LEFT)
    flow = VerificationFlow(script=made, traits=TRAITS, fixed_schedule=windows(made))

    assert isinstance(flow.conclude(), Refused)


def test_a_schedule_must_fit_the_script() -> None:
    made = script(StepKind.TURN_LEFT, StepKind.FLASH)
    with pytest.raises(ValueError, match="one window"):
        VerificationFlow(script=made, traits=TRAITS, fixed_schedule=FixedSchedule(windows=((1.0, 2.0),)))
    with pytest.raises(ValueError, match="ends after"):
        FixedSchedule(windows=((2.0, 1.0),))
