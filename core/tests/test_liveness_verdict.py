"""Every signal must agree; what was not measured is named, never taken for passed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.liveness.evidence import Evidence, Outcome, StepRecord, baseline_of
from core.liveness.follow import MIN_FRAMES
from core.liveness.observation import FrameObservation, LightSample
from core.liveness.passive import MIN_FRAMES as MIN_FRAMES_JUDGED
from core.liveness.policy import Level, LivenessPolicy, policy_for
from core.liveness.pose import Pose
from core.liveness.reasons import Reason, in_order
from core.liveness.script import PALETTE, StepKind, flash_step, motion_step
from core.liveness.traits import PackTraits
from core.liveness.verdict import LivenessVerdict, judge
from core.tests.liveness_cast import WITH_MOUTH, alike, face_view, frame_times, head_points, lit, observe

COLORS = PALETTE[:5]
FLASH = (4.0, 6.75)
TURN = (1.0, 3.5)
TRAITS = PackTraits(layout=WITH_MOUTH, has_passive_model=False, same_person_cosine=0.4)
STANDARD = policy_for(Level.STANDARD)


def light_at(at: float, *, gain: float = 0.15, **shape: float) -> LightSample | None:
    if not FLASH[0] <= at < FLASH[1] + 0.3:
        return None
    place = int((at - 0.12 - FLASH[0]) // 0.5)
    color = COLORS[place].linear_bgr if 0 <= place < len(COLORS) else None
    return lit(color, gain=gain, **shape)


def frame(at: float, *, turn: float = 24.0, live: float | None = 0.9, **light: float) -> FrameObservation:
    yaw = turn if TURN[0] + 0.8 <= at < TURN[1] - 0.7 else 0.5
    resting = at < TURN[0] or at > 7.0
    face = face_view(
        head_points(Pose(yaw, 0, 0)),
        embedding=alike(1, seed=int(at * 100)) if resting else None,
        light=light_at(at, **light),
        live=live,
    )
    return observe(at, face)


def evidence(frames: list[FrameObservation] | None = None, /, **how: float) -> Evidence:
    filmed = frames if frames is not None else [frame(float(at), **how) for at in frame_times(7.6)]
    faces = [one.face for one in filmed if one.face is not None and one.captured_at < TURN[0]]
    return Evidence(
        frames=tuple(filmed),
        baseline=baseline_of(faces),
        challenge_start=TURN[0],
        steps=(
            StepRecord(motion_step(StepKind.TURN_LEFT, step_id=1), *TURN, Outcome.FOLLOWED, score=1.8),
            StepRecord(
                flash_step(COLORS, step_id=2),
                *FLASH,
                Outcome.SHOWN,
                color_starts=tuple(FLASH[0] + 0.5 * index for index in range(5)),
            ),
        ),
    )


def weigh(
    shown: Evidence, *, policy: LivenessPolicy = STANDARD, also: tuple[Reason, ...] = ()
) -> LivenessVerdict:
    return judge(shown, policy=policy, traits=TRAITS, also=also)


def test_a_session_in_which_all_agree_passes() -> None:
    verdict = weigh(evidence())

    assert verdict.passed
    assert verdict.reasons == ()
    assert verdict.score > 0.5
    assert verdict.reached is Level.STANDARD


def test_a_pass_names_what_was_not_measured() -> None:
    assert set(weigh(evidence()).not_measured) == {"ring"}


def test_the_evidence_is_numbers() -> None:
    signals = weigh(evidence()).signals

    assert {"follow", "plane", "aspect", "flash_correlation", "shape_side", "identity_lowest"} <= set(signals)
    assert all(isinstance(float(value), float) for value in signals.values())


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"gain": 0.0}, Reason.SCREEN_LIGHT_MISSING),
        ({"side": 1.0}, Reason.SCREEN_LIGHT_UNEVEN),
        ({"beside": 0.9, "side": 0.7}, Reason.SCREEN_LIGHT_UNEVEN),
        ({"live": 0.1}, Reason.SPOOF_SUSPECTED),
    ],
)
def test_one_disagreeing_signal_refuses(how: dict[str, float], reason: Reason) -> None:
    verdict = weigh(evidence(**how))

    assert not verdict.passed
    assert verdict.reasons[0] is reason
    assert verdict.score < 0.5


def test_a_flash_nobody_filmed_refuses_instead_of_going_unmeasured() -> None:
    frames = [frame(float(at)) for at in frame_times(7.6)]
    dark = [
        replace(one, face=replace(one.face, light=None)) if one.face is not None else one for one in frames
    ]
    verdict = weigh(evidence(dark))

    assert Reason.SCREEN_LIGHT_MISSING in verdict.reasons


def test_a_step_that_was_not_followed_refuses() -> None:
    shown = evidence()
    missed = replace(shown.steps[0], outcome=Outcome.NOT_FOLLOWED, score=0.3)
    verdict = weigh(replace(shown, steps=(missed, shown.steps[1])))

    assert verdict.reasons == (Reason.CHALLENGE_NOT_FOLLOWED,)


def test_a_replaced_step_counts_against_nobody() -> None:
    shown = evidence()
    missed = StepRecord(
        motion_step(StepKind.LOOK_UP, step_id=9), 0.5, 1.0, Outcome.NOT_FOLLOWED, replaced=True
    )
    assert weigh(replace(shown, steps=(missed, *shown.steps))).passed


def test_a_turn_during_the_flash_is_a_wrong_movement() -> None:
    frames = []
    for at in frame_times(7.6):
        one = frame(float(at))
        if one.face is not None and 5.2 < at < 6.2:
            moved = face_view(head_points(Pose(-25, 0, 0)), light=one.face.light)
            one = observe(float(at), moved)
        frames.append(one)

    assert Reason.WRONG_MOVEMENT in weigh(evidence(frames)).reasons


def test_basic_forgives_an_even_answer_that_standard_refuses() -> None:
    papery = evidence(side=1.0)

    assert weigh(papery, policy=policy_for(Level.BASIC)).passed
    assert not weigh(papery, policy=policy_for(Level.STANDARD)).passed


def test_strict_asks_for_more_light_than_standard() -> None:
    faint = evidence(gain=0.013)

    assert weigh(faint, policy=policy_for(Level.STANDARD)).signals["flash_gain"] < 0.015
    assert not weigh(faint, policy=policy_for(Level.STRICT)).passed


@pytest.mark.parametrize("asked", list(Level))
def test_without_a_passive_model_no_session_reaches_more_than_standard(asked: Level) -> None:
    frames = [frame(float(at), live=None) for at in frame_times(7.6)]
    verdict = weigh(evidence(frames), policy=policy_for(asked))

    assert verdict.passed
    assert verdict.reached is min(asked, Level.STANDARD, key=list(Level).index)
    assert "passive" in verdict.not_measured


@pytest.mark.parametrize("asked", list(Level))
@pytest.mark.parametrize("judged", [0, MIN_FRAMES_JUDGED - 1])
def test_a_passive_model_that_is_there_and_never_judges_is_missed_at_every_level(
    asked: Level, judged: int
) -> None:
    frames = [
        frame(float(at), live=0.9 if index < judged else None) for index, at in enumerate(frame_times(7.6))
    ]
    traits = replace(TRAITS, has_passive_model=True)
    verdict = judge(evidence(frames), policy=policy_for(asked), traits=traits)

    assert verdict.passed
    assert verdict.reached is None
    assert "passive" in verdict.not_measured


@pytest.mark.parametrize(("every", "judged"), [(2, True), (3, False)])
def test_who_chooses_which_frames_a_model_judges_is_not_judged(every: int, judged: bool) -> None:
    frames = [
        frame(float(at), live=0.9 if index % every == 0 else None)
        for index, at in enumerate(frame_times(7.6))
    ]
    asked = [
        replace(one, face=replace(one.face, passive_asked=True)) if one.face is not None else one
        for one in frames
    ]
    traits = replace(TRAITS, has_passive_model=True)
    verdict = judge(evidence(asked), policy=STANDARD, traits=traits)

    assert verdict.passed
    assert ("passive" not in verdict.not_measured) is judged
    assert verdict.reached is (Level.STANDARD if judged else None)


def without_flash(**how: float) -> Evidence:
    shown = evidence(**how)
    return replace(shown, steps=shown.steps[:1])


@pytest.mark.parametrize("asked", list(Level))
def test_without_a_flash_no_session_reaches_more_than_basic(asked: Level) -> None:
    verdict = weigh(without_flash(), policy=policy_for(asked))

    assert verdict.passed
    assert verdict.reached is Level.BASIC


def test_a_refused_session_reaches_nothing() -> None:
    assert weigh(evidence(gain=0.0)).reached is None
    assert weigh(evidence(), also=(Reason.NO_FACE,)).reached is None


def test_a_pass_that_measured_too_little_for_any_level_reaches_none() -> None:
    nobody = [
        replace(one, face=replace(one.face, embedding=None)) if one.face is not None else one
        for one in (frame(float(at)) for at in frame_times(7.6))
    ]
    verdict = weigh(evidence(nobody), policy=policy_for(Level.BASIC))

    assert verdict.passed
    assert verdict.reached is None


def test_margins_tell_which_signal_refused() -> None:
    verdict = weigh(evidence(live=0.1))

    assert [name for name, margin in verdict.margins.items() if margin < 0] == ["passive"]
    assert set(verdict.margins).isdisjoint(verdict.not_measured)
    assert verdict.score == pytest.approx(0.5 + 0.5 * max(-1.0, min(verdict.margins.values())))


def test_a_signal_that_only_records_has_no_margin() -> None:
    assert "flash_shape" in weigh(evidence()).margins
    assert "flash_shape" not in weigh(evidence(), policy=policy_for(Level.BASIC)).margins


def test_a_cause_the_flow_adds_refuses_a_session_that_would_pass() -> None:
    verdict = weigh(evidence(), also=(Reason.FRAME_BUDGET_EXCEEDED,))

    assert not verdict.passed
    assert verdict.reasons == (Reason.FRAME_BUDGET_EXCEEDED,)
    assert verdict.score < 0.5


def test_a_session_without_a_baseline_never_passes() -> None:
    verdict = weigh(
        Evidence(frames=(), baseline=None, challenge_start=None, steps=()), also=(Reason.NO_FACE,)
    )

    assert not verdict.passed
    assert verdict.score == 0.0
    assert {"follow", "plane", "flash", "identity", "timing"} <= set(verdict.not_measured)


def test_the_true_cause_comes_first_and_once() -> None:
    echoes = [Reason.CHALLENGE_NOT_FOLLOWED, Reason.REPEATED_FRAMES, Reason.CHALLENGE_NOT_FOLLOWED]

    assert in_order(echoes) == (Reason.REPEATED_FRAMES, Reason.CHALLENGE_NOT_FOLLOWED)


def test_levels_grow_stricter() -> None:
    basic, standard, strict = (policy_for(level) for level in Level)

    assert basic.flash_correlation < standard.flash_correlation < strict.flash_correlation
    assert basic.live_probability < standard.live_probability < strict.live_probability
    assert basic.retries > standard.retries > strict.retries == 0
    assert MIN_FRAMES >= 4
