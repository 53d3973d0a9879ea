"""Whole sessions: who gets in, who does not, and what the person is told on the way."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from auth_service.flows import (
    Accepted,
    EnrollmentFlow,
    Hint,
    InProgress,
    Phase,
    Refused,
    SessionFlow,
    VerificationFlow,
)
from auth_service.flows.spot_checks import FLASH_CHECKS
from auth_service.tests.flow_cast import TRAITS, Someone, script_for, with_face, without_face
from common.errors import SessionClosed
from core.engine.types import LandmarkLayout
from core.liveness.observation import FrameObservation, SurroundingFlow
from core.liveness.policy import Level
from core.liveness.pose import Pose
from core.liveness.reasons import Reason
from core.liveness.script import StepKind
from core.liveness.traits import PackTraits
from core.tests.liveness_cast import LAYOUTS, WITH_MOUTH, alike, face_view, head_points, observe, sheet_points


def enrollment(seed: int = 1, **options: object) -> EnrollmentFlow:
    return EnrollmentFlow(script=script_for(seed), traits=TRAITS, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("fps", [8.0, 5.0])
def test_a_cooperative_person_is_enrolled(layout: LandmarkLayout, level: Level, fps: float) -> None:
    for seed in range(4):
        traits = PackTraits(layout=layout, has_passive_model=False, same_person_cosine=0.4)
        flow = EnrollmentFlow(script=script_for(seed, level=level, layout=layout), traits=traits)
        end = Someone(layout=layout, fps=fps).play(flow)

        assert isinstance(end, Accepted), end.reasons
        assert 3 <= len(end.samples) <= 5
        assert end.liveness.score > 0.5


def test_verification_takes_one_to_three_samples() -> None:
    end = Someone().play(VerificationFlow(script=script_for(), traits=TRAITS))

    assert isinstance(end, Accepted)
    assert 1 <= len(end.samples) <= 3


def test_safe_mode_passes_without_a_flash_and_says_what_was_not_measured() -> None:
    end = Someone().play(EnrollmentFlow(script=script_for(safe_mode=True), traits=TRAITS))

    assert isinstance(end, Accepted)
    assert {"flash", "flash_shape"} <= set(end.liveness.not_measured)
    assert end.liveness.reached is Level.BASIC


def test_a_page_that_reports_nothing_is_timed_by_its_frames() -> None:
    assert isinstance(Someone(reports_shown=False, latency=0.17).play(enrollment()), Accepted)


def test_the_script_is_followed_in_order_and_nothing_is_told_ahead() -> None:
    flow, person = enrollment(), Someone()
    person.play(flow)

    assert [step.id for step in person.steps] == [step.id for step in script_for().steps]
    assert all(update.step is None for update in person.seen if update.phase is Phase.FRAMING)


def test_progress_never_falls_and_phases_never_go_back() -> None:
    person = Someone()
    person.play(enrollment())
    order = list(Phase)

    assert all(a.progress <= b.progress for a, b in pairwise(person.seen))
    assert all(order.index(a.phase) <= order.index(b.phase) for a, b in pairwise(person.seen))


def test_a_followed_step_does_not_wait_for_its_window() -> None:
    quick, flow = Someone(reaction=0.2), enrollment()
    end = quick.play(flow)

    assert isinstance(end, Accepted)
    frames = Counter(update.step.id for update in quick.seen if update.step is not None)
    motions = [step for step in quick.steps if step.kind is not StepKind.FLASH]
    assert all(frames[step.id] / quick.fps < step.window_seconds for step in motions)


def test_embeddings_are_asked_for_in_every_part_and_few_of_them() -> None:
    person = Someone()
    person.play(enrollment())

    assert 10 <= sum(request.embed for request in person.asked) <= 16
    assert sum(request.embed and request.light for request in person.asked) == FLASH_CHECKS
    assert any(request.passive for request in person.asked)


def test_the_whole_image_is_looked_at_every_third_frame_at_least() -> None:
    person = Someone()
    person.play(enrollment())
    whole = [request.search is None for request in person.asked]

    assert all(any(whole[start : start + 3]) for start in range(len(whole) - 2))


def test_one_missed_step_is_replaced_by_another_kind() -> None:
    lazy = Someone(answers=lambda step, shown: None if shown == 1 else step.kind.value)
    end = lazy.play(enrollment())

    assert isinstance(end, Accepted), end.reasons
    assert lazy.steps[1].attempt == 2
    assert lazy.steps[1].kind is not lazy.steps[0].kind
    assert lazy.steps[1].index == lazy.steps[0].index


def test_two_missed_steps_are_one_too_many() -> None:
    end = Someone(answers=lambda _step, _shown: None).play(enrollment())

    assert isinstance(end, Refused)
    assert end.reasons == (Reason.CHALLENGE_NOT_FOLLOWED,)
    assert end.liveness.score < 0.5


def test_strict_retries_nothing() -> None:
    lazy = Someone(answers=lambda step, shown: None if shown == 1 else step.kind.value)
    end = lazy.play(EnrollmentFlow(script=script_for(level=Level.STRICT), traits=TRAITS))

    assert isinstance(end, Refused)
    assert len(lazy.steps) == 1


def test_the_other_way_round_is_called_wrong() -> None:
    swap = {
        "turn_left": "turn_right",
        "turn_right": "turn_left",
        "look_up": "look_down",
        "look_down": "look_up",
    }
    contrary = Someone(answers=lambda step, _: swap.get(step.kind.value))
    end = contrary.play(enrollment())

    assert isinstance(end, Refused)
    assert Reason.WRONG_MOVEMENT in end.reasons
    assert any(update.hint is Hint.WRONG_DIRECTION for update in contrary.seen)


def test_a_small_movement_is_told_to_go_on() -> None:
    timid = Someone(turn=8.0, look=3.0, nearer=0.08)
    end = timid.play(enrollment())

    assert isinstance(end, Refused)
    assert any(update.hint is Hint.KEEP_GOING for update in timid.seen)


def test_a_person_who_stays_turned_is_asked_to_look_straight() -> None:
    stiff = Someone(stays_turned=True)
    stiff.play(enrollment())

    assert any(update.hint is Hint.LOOK_STRAIGHT for update in stiff.seen)


def test_a_puppet_that_no_screen_lights_is_refused() -> None:
    end = Someone(gain=0.0).play(enrollment())

    assert isinstance(end, Refused)
    assert end.reasons[0] is Reason.SCREEN_LIGHT_MISSING


def test_somebody_else_at_the_end_is_noticed() -> None:
    def swap(observation: FrameObservation, flow: SessionFlow) -> FrameObservation:
        if flow.current().phase is not Phase.FINISHING or observation.face is None:
            return observation
        if observation.face.embedding is None:
            return observation
        return with_face(observation, embedding=alike(2, seed=observation.sequence))

    end = Someone(habits=swap).play(VerificationFlow(script=script_for(), traits=TRAITS))

    assert isinstance(end, Refused)
    assert end.reasons[0] is Reason.IDENTITY_CHANGED


def test_a_second_face_ends_the_session() -> None:
    def crowd(observation: FrameObservation, flow: SessionFlow) -> FrameObservation:
        busy = flow.current().phase is Phase.CHALLENGE
        return with_face(observation, second_face_ratio=0.5) if busy else observation

    person = Someone(habits=crowd)
    end = person.play(enrollment())

    assert isinstance(end, Refused)
    assert end.reasons[0] is Reason.SEVERAL_FACES
    assert any(update.hint is Hint.SEVERAL_FACES for update in person.seen)


def test_a_person_who_leaves_is_not_waited_for() -> None:
    def leave(observation: FrameObservation, flow: SessionFlow) -> FrameObservation:
        return without_face(observation) if flow.current().phase is Phase.CHALLENGE else observation

    end = Someone(habits=leave).play(enrollment())

    assert isinstance(end, Refused)
    assert Reason.NO_FACE in end.reasons


def test_a_frozen_feed_is_named() -> None:
    def freeze(observation: FrameObservation, _flow: SessionFlow) -> FrameObservation:
        still = face_view(head_points(), embedding=alike(1, seed=1))
        return observe(observation.captured_at, still, digest=b"0" * 16, nearest=0.0)

    end = Someone(habits=freeze).play(enrollment())

    assert isinstance(end, Refused)
    assert end.reasons[0] is Reason.REPEATED_FRAMES


def test_a_loop_is_named() -> None:
    def loop(observation: FrameObservation, _flow: SessionFlow) -> FrameObservation:
        return observe(observation.captured_at, observation.face, nearest=0.2)

    end = Someone(habits=loop).play(enrollment())

    assert isinstance(end, Refused)
    assert end.reasons[0] is Reason.REPEATED_FRAMES


def test_a_sheet_whose_surroundings_go_along_is_named() -> None:
    def paper(observation: FrameObservation, _flow: SessionFlow) -> FrameObservation:
        return with_face(observation, flow=SurroundingFlow((0.2, 0.0), (0.2, 0.0), 20, 20))

    end = Someone(habits=paper).play(enrollment())

    assert isinstance(end, Refused)
    assert end.reasons[0] is Reason.MOVING_SURROUNDINGS


def test_a_tilted_sheet_does_not_pass_for_a_turned_head() -> None:
    def flatten(observation: FrameObservation, _flow: SessionFlow) -> FrameObservation:
        face = observation.face
        if face is None:
            return observation
        tilted = sheet_points(Pose(face.head.pose.yaw * 1.5, face.head.pose.pitch * 1.5, 0.0))
        return observe(observation.captured_at, face_view(tilted, embedding=face.embedding, light=face.light))

    end = Someone(habits=flatten).play(enrollment())

    assert isinstance(end, Refused)
    assert {Reason.FLAT_FACE, Reason.CHALLENGE_NOT_FOLLOWED, Reason.WRONG_MOVEMENT} & set(end.reasons)


def test_a_passive_model_that_doubts_refuses() -> None:
    def doubt(observation: FrameObservation, _flow: SessionFlow) -> FrameObservation:
        face = observation.face
        if face is None or face.live_probability is None:
            return observation
        return with_face(observation, live_probability=0.05)

    end = Someone(habits=doubt).play(enrollment())

    assert isinstance(end, Refused)
    assert end.reasons == (Reason.SPOOF_SUSPECTED,)


def test_frames_dated_backwards_are_refused() -> None:
    def stutter(observation: FrameObservation, _flow: SessionFlow) -> FrameObservation:
        late = observation.sequence % 5 == 0
        moved = observation.captured_at - (0.3 if late else 0.0)
        return observe(moved, observation.face)

    end = Someone(habits=stutter).play(enrollment())

    assert isinstance(end, Refused)
    assert end.reasons[0] is Reason.FRAME_TIMING


def test_the_budget_counts_analysed_frames() -> None:
    flow = enrollment(frame_budget=10)
    end = Someone(habits=lambda observation, _: without_face(observation)).play(flow)

    assert isinstance(end, Refused)
    assert Reason.FRAME_BUDGET_EXCEEDED in end.reasons
    assert flow.frames_left == 0


def test_a_flow_that_ended_takes_nothing_more() -> None:
    flow, person = enrollment(), Someone()
    person.play(flow)

    with pytest.raises(SessionClosed):
        person.film(flow, 500.0)
    with pytest.raises(SessionClosed):
        flow.conclude()


def test_reports_for_other_steps_are_ignored() -> None:
    flow, person = enrollment(), Someone()
    flow.record_step_shown(1, 100.0)
    flow.record_color_shown(99, 0, 100.0)

    assert isinstance(person.play(flow), Accepted)


def test_a_claim_that_the_step_was_shown_much_later_gains_no_time() -> None:
    class Liar(Someone):
        def _read(self, update: InProgress, flow: SessionFlow, *, at: float) -> None:
            if update.step is not None:
                flow.record_step_shown(update.step.id, at + 1000.0)

    end = Liar().play(enrollment(), seconds=40.0)

    assert isinstance(end, Refused)


def test_samples_are_frontal_and_of_one_person() -> None:
    end = Someone().play(enrollment())

    assert isinstance(end, Accepted)
    vectors = np.stack([sample.embedding for sample in end.samples])
    assert float((vectors @ vectors.T).min()) > 0.7
    assert all(abs(sample.pose.yaw) < 10 for sample in end.samples)
    assert all(sample.crop.shape == (112, 112, 3) for sample in end.samples)
    assert len({sample.sequence for sample in end.samples}) == len(end.samples)


def test_a_pack_without_a_passive_model_says_so_and_strict_is_not_reached() -> None:
    person = Someone(habits=lambda observation, _: with_face(observation, live_probability=None))
    end = person.play(EnrollmentFlow(script=script_for(level=Level.STRICT), traits=TRAITS))

    assert isinstance(end, Accepted), end.reasons
    assert "passive" in end.liveness.not_measured
    assert end.liveness.reached is Level.STANDARD


def test_the_first_update_asks_to_face_the_camera() -> None:
    first = enrollment().current()

    assert first.phase is Phase.FRAMING
    assert first.instruction == "face_the_camera"
    assert first.progress == 0.0
    assert WITH_MOUTH is TRAITS.layout
