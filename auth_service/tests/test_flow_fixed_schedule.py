"""Under a fixed schedule the windows are the recording's: nothing is retried, nothing ends early."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from auth_service.flows import (
    Accepted,
    FixedSchedule,
    InProgress,
    Refused,
    SessionFlow,
    StepView,
    VerificationFlow,
)
from auth_service.tests.flow_cast import TRAITS, Someone, script_for, with_face, without_face
from core.liveness.observation import FrameObservation
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
from core.liveness.traits import PackTraits
from core.tests.liveness_cast import alike

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


def replay(
    made: Script, person: Someone, *, frames_until: float | None = None, traits: PackTraits = TRAITS
) -> Accepted | Refused:
    schedule = windows(made)
    flow = VerificationFlow(script=made, traits=traits, fixed_schedule=schedule)
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


def test_nobody_in_a_recording_can_be_asked_to_move_back_for_a_model_that_declines() -> None:
    near = Someone(habits=lambda observation, _: with_face(observation, live_probability=None))
    made = script(StepKind.TURN_LEFT, StepKind.FLASH, StepKind.LOOK_UP)

    end = replay(made, near, traits=replace(TRAITS, has_passive_model=True))

    assert isinstance(end, Accepted), end.reasons
    assert end.liveness.reached is None


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


def recorded(live: SessionFlow) -> tuple[Script, FixedSchedule]:
    """What a recorder keeps of a live flow that has ended."""
    steps = live.steps_run
    flash = next((record for record in steps if record.step.kind is StepKind.FLASH), None)
    return Script(level=Level.STANDARD, steps=tuple(record.step for record in steps)), FixedSchedule(
        windows=tuple((record.start, record.end) for record in steps),
        replaced=frozenset(index for index, record in enumerate(steps) if record.replaced),
        color_starts=flash.color_starts if flash else None,
        framing=live.framing,
    )


def play_twice(
    person: Someone, *, seed: int, level: Level = Level.STANDARD
) -> tuple[Accepted | Refused, Accepted | Refused, FixedSchedule]:
    """A live session, and the same frames replayed by what was recorded of it at ``level``."""
    frames: list[FrameObservation] = []

    def keep(observation: FrameObservation, flow: SessionFlow) -> FrameObservation:
        frames.append(habits(observation, flow))
        return frames[-1]

    habits, person.habits = person.habits, keep
    live = VerificationFlow(script=script_for(seed), traits=TRAITS)
    first = person.play(live)
    made, schedule = recorded(live)
    again = VerificationFlow(
        script=replace(made, level=level),
        traits=TRAITS,
        fixed_schedule=schedule,
        frame_budget=len(frames) + 1,
    )
    for observation in frames:
        update = again.advance(observation)
        if not isinstance(update, InProgress):
            return first, update, schedule
    return first, again.conclude(), schedule


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_recorded_live_session_is_judged_again_by_the_same_numbers(seed: int) -> None:
    live, again, schedule = play_twice(Someone(), seed=seed)

    assert isinstance(live, Accepted)
    assert isinstance(again, Accepted), again.reasons
    assert again.liveness.signals == pytest.approx(live.liveness.signals, nan_ok=True)
    assert schedule.replaced == frozenset()


def test_who_came_before_the_person_counts_in_neither() -> None:
    """Framing begins anew after an interruption; the recording tells from where."""

    def first_somebody_else(observation: FrameObservation, flow: SessionFlow) -> FrameObservation:
        if observation.captured_at < 100.2:
            other = alike(9, seed=1) if observation.face and observation.face.embedding is not None else None
            return with_face(observation, embedding=other)
        return without_face(observation) if observation.captured_at < 100.5 else observation

    live, again, schedule = play_twice(Someone(habits=first_somebody_else), seed=3)

    assert isinstance(live, Accepted)
    assert isinstance(again, Accepted), again.reasons
    assert schedule.framing is not None
    assert schedule.framing[0] >= 100.5
    assert again.liveness.signals == pytest.approx(live.liveness.signals, nan_ok=True)


def missing_the_first(step: StepView, number: int) -> str | None:
    return None if number == 1 else step.kind.value


def test_a_step_that_was_replaced_live_is_replaced_again() -> None:
    live, again, schedule = play_twice(Someone(answers=missing_the_first), seed=2)

    assert schedule.replaced == {0}
    assert isinstance(live, Accepted)
    assert isinstance(again, Accepted), again.reasons
    assert again.liveness.signals == pytest.approx(live.liveness.signals, nan_ok=True)


def test_a_level_without_retries_grants_none_to_a_recording_either() -> None:
    live, again, _ = play_twice(Someone(answers=missing_the_first), seed=2, level=Level.STRICT)

    assert isinstance(live, Accepted)
    assert isinstance(again, Refused)
    assert Reason.CHALLENGE_NOT_FOLLOWED in again.reasons


def test_who_misses_the_spare_too_is_refused_twice_for_the_same() -> None:
    live, again, schedule = play_twice(Someone(answers=lambda *_: None), seed=2)

    assert isinstance(live, Refused)
    assert isinstance(again, Refused)
    assert again.reasons == live.reasons
    assert schedule.replaced == {0}


def test_who_leaves_in_the_middle_of_a_step_is_refused_twice_for_the_same() -> None:
    leaves = Someone(habits=lambda seen, _: without_face(seen) if seen.captured_at > 102.5 else seen)
    live, again, schedule = play_twice(leaves, seed=2)

    assert isinstance(live, Refused)
    assert isinstance(again, Refused)
    assert again.reasons == live.reasons
    assert Reason.NO_FACE in again.reasons
    assert schedule.windows[-1][1] > 102.5


def test_a_recording_without_a_step_is_refused() -> None:
    flow = VerificationFlow(
        script=Script(level=Level.STANDARD, steps=()), traits=TRAITS, fixed_schedule=FixedSchedule(windows=())
    )
    for number in range(12):
        assert isinstance(Someone().film(flow, 100 + number / 8), InProgress)

    end = flow.conclude()

    assert isinstance(end, Refused)
    assert end.reasons[0] is Reason.LOW_QUALITY
