"""Cameras answer a live session as people do, and attacks as attacks do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import pytest

from auth_service.demo.cast import ASTRONAUT
from auth_service.demo.motion import MOTIONS, Sway, plan_answer, pose_at
from auth_service.demo.virtual_camera import (
    SCREEN_LATENCY_SECONDS,
    Camera,
    FrozenCamera,
    PersonCamera,
    StillPhotoCamera,
    parse_color,
)
from auth_service.demo.virtual_person import VirtualPerson
from core.engine.types import Image

MakeCamera = Callable[..., Camera]
TIMES = (0.0, 0.4, 0.9, 1.4)


@pytest.fixture(scope="module")
def person() -> VirtualPerson:
    return VirtualPerson(ASTRONAUT)


def shoot(
    camera: Camera,
    times: Sequence[float] = TIMES,
    *,
    step: str | None = None,
    color: str | None = None,
) -> list[bytes]:
    if step:
        camera.show_step(step, at=0.0)
    if color:
        camera.show_color(color, at=0.0)
    return [camera.frame(at=at) for at in times]


def decode(jpeg: bytes) -> Image:
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def redness(jpeg: bytes) -> float:
    """Red over green in the middle of the face."""
    face = decode(jpeg)[220:290, 280:360].astype(float)
    return float(face[..., 2].mean() / face[..., 1].mean())


@pytest.mark.parametrize("make", [PersonCamera, StillPhotoCamera, FrozenCamera])
def test_the_same_seed_commands_and_times_give_the_same_frames(
    person: VirtualPerson, make: MakeCamera
) -> None:
    first, second = (shoot(make(person, seed=3), step="turn_left", color="#ff4040") for _ in range(2))
    assert first == second


def test_another_seed_moves_and_makes_noise_otherwise(person: VirtualPerson) -> None:
    assert not set(shoot(PersonCamera(person, seed=1))) & set(shoot(PersonCamera(person, seed=2)))


def test_a_live_camera_never_repeats_a_frame_even_at_one_moment(person: VirtualPerson) -> None:
    frames = shoot(PersonCamera(person, seed=1), [2.0] * 12)
    assert len(set(frames)) == 12
    small = [
        cv2.resize(decode(frame), (80, 60), interpolation=cv2.INTER_AREA).astype(float) for frame in frames
    ]
    assert min(np.abs(a - b).mean() for at, a in enumerate(small) for b in small[:at]) > 0.05


def test_a_frozen_camera_repeats_one_frame(person: VirtualPerson) -> None:
    assert len(set(shoot(FrozenCamera(person, seed=1), step="turn_left"))) == 1


@pytest.mark.parametrize(
    ("step", "color"), [("turn_left", None), ("closer", None), (None, "#ff4040"), ("look_up", "#40ff40")]
)
def test_a_still_photo_trembles_and_answers_nothing(
    person: VirtualPerson, step: str | None, color: str | None
) -> None:
    plain = shoot(StillPhotoCamera(person, seed=1))
    assert len(set(plain)) == len(plain)
    assert shoot(StillPhotoCamera(person, seed=1), step=step, color=color) == plain


def test_a_puppet_follows_but_no_screen_lights_it(person: VirtualPerson) -> None:
    def puppet() -> Camera:
        return PersonCamera(person, seed=1, screen_gain=0.0)

    plain = shoot(puppet())
    assert shoot(puppet(), color="#ff4040") == plain
    assert shoot(puppet(), step="turn_left") != plain


def test_the_screen_lights_the_face_after_the_cameras_delay_and_until_it_goes_dark(
    person: VirtualPerson,
) -> None:
    camera = PersonCamera(person, seed=1)
    before = redness(camera.frame(at=0.5))
    camera.show_color("#ff4040", at=1.0)
    early = redness(camera.frame(at=1.0 + SCREEN_LATENCY_SECONDS / 2))
    lit = redness(camera.frame(at=1.0 + SCREEN_LATENCY_SECONDS))
    camera.show_color("#40ff40", at=1.5)
    green = redness(camera.frame(at=1.7))
    camera.show_color(None, at=2.0)
    after = redness(camera.frame(at=2.2))

    assert early == pytest.approx(before, rel=0.02)
    assert lit > 1.05 * before
    assert green < 0.95 * before
    assert after == pytest.approx(before, rel=0.02)


@pytest.mark.parametrize("kind", MOTIONS)
@pytest.mark.parametrize("seed", range(5))
def test_an_answer_comes_after_a_reaction_holds_and_is_over_within_the_window_and_the_way_back(
    kind: str, seed: int
) -> None:
    answer = plan_answer(kind, shown_at=10.0, rng=np.random.default_rng(seed))

    assert answer.share(10.3) == 0
    assert max(answer.share(at) for at in np.arange(10.3, 12.5, 0.05)) == pytest.approx(1.0)
    held = [at for at in np.arange(10.3, 12.5, 0.01) if answer.share(at) > 0.95]
    assert held[-1] - held[0] > 0.45
    assert answer.share(13.0) == 0


@pytest.mark.parametrize(
    ("kind", "axis", "low", "high"),
    [
        ("turn_left", "yaw", 18, 28),
        ("turn_right", "yaw", -28, -18),
        ("look_up", "pitch", 11, 18),
        ("look_down", "pitch", -18, -11),
        ("closer", "z", -17, -12),
    ],
)
def test_each_command_moves_its_own_axis_and_no_other(kind: str, axis: str, low: float, high: float) -> None:
    rng = np.random.default_rng(4)
    sway, answers = Sway(rng), [plan_answer(kind, shown_at=0.0, rng=rng)]
    poses = [pose_at(at, sway=sway, answers=answers) for at in np.arange(0.0, 2.5, 0.05)]
    extremes = {
        name: max((getattr(pose, name) for pose in poses), key=abs)
        for name in ("yaw", "pitch", "roll", "x", "y", "z")
    }

    assert low < extremes.pop(axis) < high
    assert max(abs(value) for value in extremes.values()) < 4


def test_what_is_no_movement_is_refused_by_the_planner_and_passed_over_by_the_person(
    person: VirtualPerson,
) -> None:
    with pytest.raises(ValueError, match="wink"):
        plan_answer("wink", shown_at=0.0, rng=np.random.default_rng(0))
    assert shoot(PersonCamera(person, seed=1), step="flash") == shoot(PersonCamera(person, seed=1))


def test_sway_never_rests_and_never_runs_away() -> None:
    sway = Sway(np.random.default_rng(0))
    yaw = [sway.at(seconds)["yaw"] for seconds in np.arange(0, 60, 0.1)]
    assert 0.3 < np.std(yaw) < 1.2
    assert np.abs(yaw).max() < 4
    assert np.abs(np.diff(yaw)).max() < 0.5


def test_colours_become_linear_blue_green_red() -> None:
    assert parse_color("#ff0000") == (0.0, 0.0, 1.0)
    assert parse_color("#0000FF") == (1.0, 0.0, 0.0)
    assert parse_color("#40ff40")[1] == 1.0
    assert parse_color("#40ff40")[0] == pytest.approx(0.048, abs=0.002)


@pytest.mark.parametrize("text", ["red", "#ff00", "#gg0000", ""])
def test_other_colours_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_color(text)
