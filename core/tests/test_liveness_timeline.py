"""One attempt over time: equally long columns of numbers that JSON can hold, and the steps as they ran."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from django.conf import settings

from core.liveness.evidence import Evidence, Outcome, StepRecord, baseline_of
from core.liveness.observation import FrameObservation
from core.liveness.policy import Level, policy_for
from core.liveness.pose import Pose
from core.liveness.script import PALETTE, StepKind, flash_step, motion_step
from core.liveness.timeline import Timeline, timeline_of
from core.liveness.traits import PackTraits
from core.tests.liveness_cast import WITH_MOUTH, alike, face_view, head_points, lit, observe, person

TRAITS = PackTraits(layout=WITH_MOUTH, has_passive_model=True, same_person_cosine=0.4)
BEGAN = 1000.0


def made(frames: list[FrameObservation], *steps: StepRecord) -> Timeline:
    faces = [frame.face for frame in frames[:1] if frame.face is not None]
    shown = Evidence(
        frames=tuple(frames),
        baseline=baseline_of(faces) if faces else None,
        challenge_start=BEGAN + 0.5,
        steps=steps,
    )
    return timeline_of(shown, policy=policy_for(Level.STANDARD), traits=TRAITS)


def frontal(at: float, yaw: float = 0.0, **how: object) -> FrameObservation:
    return observe(BEGAN + at, face_view(head_points(Pose(yaw, 0, 0)), **how))  # type: ignore[arg-type]


def test_times_count_from_the_first_frame() -> None:
    timeline = made([frontal(0.0), frontal(0.125), frontal(0.25)])

    assert timeline.series["at"] == (0.0, 0.125, 0.25)
    assert timeline.challenge_start == 0.5


def test_movement_is_relative_to_the_persons_own_view() -> None:
    timeline = made([frontal(0.0, yaw=5.0), frontal(0.5, yaw=25.0)])

    first, turned = timeline.series["yaw"]
    assert first == 0.0
    assert turned == pytest.approx(20.0, abs=1.5)


def test_every_column_has_one_entry_for_each_frame_and_a_gap_where_nothing_was_measured() -> None:
    timeline = made([frontal(0.0, live=0.9), observe(BEGAN + 0.1, None, nearest=None), frontal(0.2)])

    assert {len(column) for column in timeline.series.values()} == {3}
    assert timeline.series["yaw"][1] is None
    assert timeline.series["nearest"][1] is None
    assert timeline.series["live"] == (0.9, None, None)


def test_the_skins_colour_is_told_less_the_walls() -> None:
    red = PALETTE[0].linear_bgr
    plain, shone = made([frontal(0.0, light=lit(None)), frontal(0.1, light=lit(red, wall=0.0))]).series[
        "skin_red"
    ]

    assert plain is not None
    assert shone is not None
    assert shone - plain == pytest.approx(np.log1p(0.15 * red[2]), abs=1e-3)


def test_without_a_wall_the_skin_stands_alone() -> None:
    light = replace(lit(None), surroundings=np.full(3, np.nan, np.float32))
    timeline = made([frontal(0.0, light=light)])

    assert timeline.series["skin_green"][0] == pytest.approx(np.log(0.3), abs=1e-3)


def test_identity_is_told_against_the_first_face() -> None:
    stranger = frontal(0.2, embedding=person(2))
    timeline = made([frontal(0.0, embedding=alike(1, seed=1)), frontal(0.1), stranger])
    own, none, other = timeline.series["identity"]

    assert own == pytest.approx(1.0)
    assert none is None
    assert other is not None
    assert other < 0.4


def test_steps_stand_as_they_ran() -> None:
    turn = StepRecord(
        motion_step(StepKind.TURN_LEFT, step_id=1),
        BEGAN + 0.5,
        BEGAN + 1.5,
        Outcome.NOT_FOLLOWED,
        replaced=True,
        score=0.25,
    )
    flash = StepRecord(
        flash_step(PALETTE[:5], step_id=2),
        BEGAN + 1.5,
        BEGAN + 4.0,
        Outcome.SHOWN,
        color_starts=tuple(BEGAN + 1.5 + 0.5 * index for index in range(5)),
    )
    turned, lit_up = made([frontal(0.0)], turn, flash).steps

    assert (turned.kind, turned.outcome, turned.replaced, turned.score) == (
        "turn_left",
        "not_followed",
        True,
        0.25,
    )
    assert (turned.start, turned.end) == (0.5, 1.5)
    assert [color.hex for color in lit_up.colors] == [color.hex for color in PALETTE[:5]]
    assert [color.start for color in lit_up.colors] == [1.5, 2.0, 2.5, 3.0, 3.5]


def test_nobody_in_front_of_the_camera_is_a_timeline_too() -> None:
    timeline = timeline_of(
        Evidence(frames=(), baseline=None, challenge_start=None, steps=()),
        policy=policy_for(Level.BASIC),
        traits=TRAITS,
    )

    assert timeline.challenge_start is None
    assert set(timeline.series["yaw"]) == set()
    assert timeline.limits["live"] == policy_for(Level.BASIC).live_probability


def test_json_holds_it_whatever_was_measured() -> None:
    odd = replace(frontal(0.1, live=float("nan")), nearest_earlier=float("inf"))
    written = json.loads(json.dumps(made([frontal(0.0), odd]).as_json(), allow_nan=False))

    assert written["version"] == 1
    assert written["series"]["live"] == [None, None]
    assert written["series"]["nearest"][1] is None
    assert set(written) == {"version", "challenge_start", "limits", "series", "steps"}


def test_a_session_that_used_up_its_frames_stays_small() -> None:
    rng = np.random.default_rng(1)
    frames = [
        replace(
            frontal(
                number / 9,
                yaw=float(rng.uniform(-60, 60)),
                light=lit(rng.uniform(0, 1, 3).tolist(), gain=float(rng.uniform(0, 1))),
                live=float(rng.uniform()),
                second=float(rng.uniform()),
                embedding=alike(1, seed=number),
            ),
            nearest_earlier=float(rng.uniform(10, 99)),
        )
        for number in range(settings.FACE_MAX_FRAMES_PER_SESSION)
    ]

    assert settings.FACE_MAX_FRAMES_PER_SESSION == 600
    assert 40_000 < len(json.dumps(made(frames).as_json())) < 60_000
