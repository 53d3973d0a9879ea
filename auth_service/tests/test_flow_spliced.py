"""A picture of the enrolled person where a check may be expected, another live person in between: refused."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from auth_service.flows import EnrollmentFlow, FixedSchedule, Phase, Refused, SessionFlow, VerificationFlow
from auth_service.flows.spot_checks import FLASH_CHECKS, SpotChecks
from auth_service.tests.flow_cast import TRAITS, Someone, script_for
from core.liveness.observation import FrameObservation
from core.liveness.policy import Level
from core.liveness.reasons import Reason
from core.liveness.script import PALETTE, StepKind, flash_step, motion_step
from core.tests.liveness_cast import alike

VICTIM, IMPOSTOR = 1, 2


def splice(shows_picture: Callable[[int], bool]) -> Someone:
    """The impostor does the challenge; the victim's picture is shown while framing, at the end, and on the
    frames of a step, counted from 1, that ``shows_picture`` names."""
    shown: dict[str, int] = {"step": 0, "frame": 0}

    def habit(observation: FrameObservation, flow: SessionFlow) -> FrameObservation:
        state = flow.current()
        step = state.step.id if state.step else 0
        shown["frame"] = shown["frame"] + 1 if step == shown["step"] else 1
        shown["step"] = step
        face = observation.face
        picture = state.phase is not Phase.CHALLENGE or shows_picture(shown["frame"])
        if face is None or face.embedding is None or not picture:
            return observation
        of_victim = alike(VICTIM, seed=round(observation.captured_at * 1000))
        return replace(observation, face=replace(face, embedding=of_victim))

    return Someone(who=IMPOSTOR, habits=habit)


SPLICES: dict[str, Callable[[int], bool]] = {
    "first frame of a step": lambda frame: frame <= 1,
    "first three": lambda frame: frame <= 3,
    "every second": lambda frame: frame % 2 == 0,
    "two of three": lambda frame: frame % 3 != 0,
}


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("splicing", list(SPLICES))
def test_who_splices_is_found_out(splicing: str, level: Level) -> None:
    accepted = 0
    for seed in range(12):
        flow = VerificationFlow(script=script_for(seed, level=level), traits=TRAITS, rng=random.Random(seed))
        end = splice(SPLICES[splicing]).play(flow)
        if isinstance(end, Refused):
            assert end.reasons[0] is Reason.IDENTITY_CHANGED
        else:
            accepted += 1
    # A picture in two of three frames leaves little to be lit; what this cast shows is lit all the same.
    assert accepted <= (1 if splicing == "two of three" else 0)


@pytest.mark.parametrize("flow_class", [VerificationFlow, EnrollmentFlow])
def test_an_honest_person_stands_every_check(flow_class: type[SessionFlow]) -> None:
    for seed in range(12):
        flow = flow_class(script=script_for(seed), traits=TRAITS, rng=random.Random(seed))
        assert not isinstance(Someone().play(flow), Refused)


def test_a_face_in_the_colours_of_the_screen_is_no_sample() -> None:
    person = Someone()
    lit: set[float] = set()

    def habit(observation: FrameObservation, _flow: SessionFlow) -> FrameObservation:
        if observation.face is not None and observation.face.light is not None:
            lit.add(observation.captured_at)
        return observation

    person.habits = habit
    end = person.play(EnrollmentFlow(script=script_for(), traits=TRAITS))

    assert not isinstance(end, Refused)
    assert lit
    assert lit.isdisjoint(sample.captured_at for sample in end.samples)


@pytest.mark.parametrize("back", [90.0, 0.0])
def test_a_frame_dated_back_ends_the_session(back: float) -> None:
    frames: list[FrameObservation] = []

    def habit(observation: FrameObservation, flow: SessionFlow) -> FrameObservation:
        frames.append(observation)
        if flow.current().phase is not Phase.CHALLENGE or len(frames) < 15:
            return observation
        return replace(observation, captured_at=frames[-2].captured_at - back)

    end = Someone(habits=habit).play(VerificationFlow(script=script_for(), traits=TRAITS))

    assert isinstance(end, Refused)
    assert end.reasons[0] is Reason.FRAME_TIMING
    assert end.liveness.signals["backwards"] == 1.0


def asked(checks: SpotChecks, *, seconds: float, moves: tuple[float, float] = (9.0, 9.0)) -> list[float]:
    times = [number / 8 for number in range(int(seconds * 8))]
    return [at for at in times if checks.take_due(at, moved=moves[0] <= at < moves[1])]


def test_a_flash_is_checked_in_each_quarter() -> None:
    step = flash_step(PALETTE[:5], step_id=1)
    for seed in range(50):
        found = asked(SpotChecks(step, rng=random.Random(seed)), seconds=step.window_seconds + 0.5)
        quarters = [int(at / (step.window_seconds / FLASH_CHECKS)) for at in found]
        assert len(found) == FLASH_CHECKS
        assert all(abs(quarter - place) <= 1 for place, quarter in enumerate(quarters))


def test_a_movement_is_checked_early_and_while_it_is_made() -> None:
    step = motion_step(StepKind.TURN_LEFT, step_id=1)
    for seed in range(50):
        found = asked(SpotChecks(step, rng=random.Random(seed)), seconds=2.5, moves=(1.5, 2.2))
        assert len(found) == 2
        assert found[0] <= 1.375
        assert 1.5 <= found[1] <= 1.75


def test_checks_cannot_be_foreseen() -> None:
    step = motion_step(StepKind.TURN_LEFT, step_id=1)
    drawn = {tuple(asked(SpotChecks(step, rng=random.Random(seed)), seconds=2.5)) for seed in range(50)}
    assert len(drawn) >= 8


def test_a_live_sessions_checks_are_unknown_and_a_recordings_always_the_same() -> None:
    script = script_for()
    windows = tuple((float(number), number + 0.9) for number in range(len(script.steps)))
    recorded = [
        VerificationFlow(script=script, traits=TRAITS, fixed_schedule=FixedSchedule(windows=windows))
        for _ in range(2)
    ]
    live = [VerificationFlow(script=script, traits=TRAITS) for _ in range(2)]

    assert recorded[0]._rng.random() == recorded[1]._rng.random()
    assert live[0]._rng.random() != live[1]._rng.random()
