"""Framing tells one plain thing at a time and starts only from a few good frames in a row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from auth_service.flows import (
    Accepted,
    EnrollmentFlow,
    FaceBox,
    Hint,
    InProgress,
    Phase,
    Refused,
    SessionFlow,
    VerificationFlow,
)
from auth_service.flows.framing import face_box, framing_hint, near_frontal
from auth_service.tests.flow_cast import TRAITS, Someone, script_for, with_face, without_face
from core.liveness.evidence import baseline_of
from core.liveness.observation import FaceView, FrameObservation
from core.liveness.policy import Level
from core.liveness.pose import Pose
from core.liveness.reasons import Reason
from core.tests.liveness_cast import face_view, head_points, observe


def hint(face: FaceView | None, *, previous: FaceView | None = None) -> Hint | None:
    return framing_hint(observe(1.0, face), previous=previous)


def test_a_good_frame_has_no_hint() -> None:
    assert hint(face_view(head_points())) is None


@pytest.mark.parametrize(
    ("face", "expected"),
    [
        (None, Hint.NO_FACE),
        (face_view(head_points(), second=0.4), Hint.SEVERAL_FACES),
        (face_view(head_points(scale=4)), Hint.MOVE_CLOSER),
        (face_view(head_points(scale=26)), Hint.MOVE_BACK),
        (face_view(head_points(center=(530, 240))), Hint.CENTER_FACE),
        (face_view(head_points(center=(320, 90))), Hint.CENTER_FACE),
        (face_view(head_points(), brightness=20), Hint.TOO_DARK),
        (face_view(head_points(), brightness=245), Hint.TOO_BRIGHT),
        (face_view(head_points(Pose(28, 0, 0))), Hint.LOOK_STRAIGHT),
        (face_view(head_points(Pose(0, 0, 28))), Hint.LOOK_STRAIGHT),
        (face_view(head_points(), sharpness=4), Hint.HOLD_STILL),
    ],
)
def test_each_fault_has_its_hint(face: FaceView | None, expected: Hint) -> None:
    assert hint(face) is expected


def test_a_face_that_jumps_is_asked_to_hold_still() -> None:
    before, after = face_view(head_points(center=(260, 240))), face_view(head_points(center=(330, 240)))

    assert hint(after, previous=before) is Hint.HOLD_STILL
    assert hint(after, previous=after) is None


def test_a_photo_hung_on_the_wall_is_no_second_face() -> None:
    assert hint(face_view(head_points(), second=0.05)) is None


def test_the_challenge_waits_for_three_good_frames_in_a_row() -> None:
    blink = iter([False, False, True, False, False, True])

    def interrupted(observation: FrameObservation, _flow: object) -> FrameObservation:
        return without_face(observation) if next(blink, False) else observation

    flow, person = EnrollmentFlow(script=script_for(), traits=TRAITS), Someone(habits=interrupted)
    for number in range(8):
        update = person.film(flow, 100 + number / 8)
        assert isinstance(update, InProgress)
        assert update.phase is Phase.FRAMING
    update = person.film(flow, 101.0)
    assert isinstance(update, InProgress)
    assert update.phase is Phase.CHALLENGE
    assert update.step is not None


WITH_MODEL = replace(TRAITS, has_passive_model=True)


def near_until(moved_back: float) -> Someone:
    """Their face is so near that the passive model declines it, until they move back."""

    def habits(observation: FrameObservation, _flow: object) -> FrameObservation:
        near = observation.captured_at < moved_back
        return with_face(observation, live_probability=None) if near else observation

    return Someone(habits=habits)


@pytest.mark.parametrize("flow_class", [VerificationFlow, EnrollmentFlow])
def test_whom_the_passive_model_declines_is_asked_to_move_back_until_it_answers(
    flow_class: type[SessionFlow],
) -> None:
    flow, person = flow_class(script=script_for(), traits=WITH_MODEL), near_until(103.0)

    end = person.play(flow)

    declined = [update for update in person.seen if update.hint is Hint.MOVE_BACK]
    assert len(declined) > 20
    assert person.seen[: len(declined)] == declined
    assert {update.phase for update in declined} == {Phase.FRAMING}
    assert isinstance(end, Accepted), end.reasons
    assert end.liveness.signals["passive"] == pytest.approx(0.9)
    assert end.liveness.reached is Level.STANDARD


def test_who_never_moves_back_never_gets_past_framing() -> None:
    flow = EnrollmentFlow(script=script_for(), traits=WITH_MODEL, frame_budget=120)

    end = near_until(999.0).play(flow)

    assert isinstance(end, Refused)
    assert Reason.FRAME_BUDGET_EXCEEDED in end.reasons
    assert flow.framing is None


def test_a_pack_without_a_passive_model_keeps_nobody_framing() -> None:
    person = near_until(999.0)
    end = person.play(EnrollmentFlow(script=script_for(), traits=TRAITS))

    assert isinstance(end, Accepted), end.reasons
    assert all(update.hint is not Hint.MOVE_BACK for update in person.seen)


def test_the_hint_to_move_back_gives_way_to_what_comes_first() -> None:
    turned, aside = face_view(head_points(Pose(28, 0, 0))), face_view(head_points(center=(530, 240)))

    for face, expected in (
        (None, Hint.NO_FACE),
        (turned, Hint.LOOK_STRAIGHT),
        (aside, Hint.CENTER_FACE),
        (face_view(head_points()), Hint.MOVE_BACK),
    ):
        assert framing_hint(observe(1.0, face), previous=None, declined=True) is expected


def test_near_frontal_is_measured_against_the_persons_own_view() -> None:
    bowed = face_view(head_points(Pose(0, -18, 0)))
    own = baseline_of([bowed, bowed])

    assert near_frontal(bowed, baseline=own)
    assert not near_frontal(face_view(head_points(Pose(0, 0, 0))), baseline=own)


def test_a_baseline_needs_a_face() -> None:
    with pytest.raises(ValueError, match="frontal"):
        baseline_of([])


def test_the_face_box_is_cut_to_the_frame() -> None:
    outside = observe(1.0, face_view(head_points(center=(10, 10))))
    box = face_box(outside)

    assert isinstance(box, FaceBox)
    assert box.left == 0.0
    assert box.top == 0.0
    assert 0 < box.width < 1
    assert face_box(replace(outside, face=None)) is None


def test_after_a_silence_framing_begins_anew() -> None:
    good = face_view(head_points())

    assert framing_hint(observe(9.0, good), previous=good, silence=3.1) is Hint.HOLD_STILL
    assert framing_hint(observe(9.0, good), previous=good, silence=2.0) is None


def test_a_page_that_was_hidden_while_it_framed_passes() -> None:
    flow, person = EnrollmentFlow(script=script_for(), traits=TRAITS), Someone()
    for at in (60.0, 60.13):
        person.film(flow, at)

    end = person.play(flow)

    assert isinstance(end, Accepted), end.reasons
    assert end.liveness.signals["longest_gap"] < 1.0


def test_a_page_that_was_hidden_during_a_step_passes_with_another_step() -> None:
    flow, person = EnrollmentFlow(script=script_for(), traits=TRAITS), Someone()
    seen = 100.0
    while person.film(flow, seen) and not person.steps:
        seen += 0.125
    for at in np.arange(seen + 8.0, seen + 40.0, 0.125):
        end = person.film(flow, float(at))
        if not isinstance(end, InProgress):
            break

    assert isinstance(end, Accepted), end
    assert end.liveness.signals["longest_gap"] == pytest.approx(8.0)
