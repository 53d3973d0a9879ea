"""The demo's table says what was expected, what came, and which lines are wrong."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from auth_service.demo.cast import ADMIRAL, ASTRONAUT, CARD_PLAYER, CAST, CastMember
from auth_service.demo.report import format_report
from auth_service.demo.scenario import PEOPLE, Played, Scene, old_photo, write_scenes
from auth_service.demo.socket_client import Outcome
from auth_service.demo.virtual_camera import FrozenCamera
from auth_service.demo.virtual_person import VirtualPerson


@pytest.fixture(scope="module")
def persons() -> dict[str, VirtualPerson]:
    return {member.name: VirtualPerson(member) for member in CAST}


def scene(expected: str = "failed", reason: str = "") -> Scene:
    person = VirtualPerson(ASTRONAUT)
    return Scene("a photo", "verification", "demo", lambda: FrozenCamera(person, seed=1), expected, reason)


def played(verdict: str, *reasons: str, of: Scene) -> Played:
    outcome = Outcome(
        verdict=verdict,
        reasons=reasons,
        seconds=12.34,
        frames=87,
        frame_milliseconds=tuple(float(at) for at in range(101)),
        steps=("turn_left",),
    )
    return Played(of, verdict, reasons, similarity=0.9876, liveness=None, outcome=outcome)


@pytest.mark.parametrize(
    ("verdict", "reasons", "expected", "reason", "good"),
    [
        ("passed", (), "passed", "", True),
        ("failed", ("flat_face",), "passed", "", False),
        ("needs_review", ("old_photo_mismatch",), "passed", "", False),
        ("failed", ("flat_face",), "failed", "", True),
        ("failed", ("flat_face", "face_mismatch"), "failed", "face_mismatch", True),
        ("failed", ("flat_face",), "failed", "face_mismatch", False),
        ("passed", (), "failed", "", False),
        ("broken off: throttled", (), "failed", "", False),
    ],
)
def test_a_scene_is_right_only_with_the_expected_verdict_and_reason(
    verdict: str, reasons: tuple[str, ...], expected: str, reason: str, good: bool
) -> None:
    assert played(verdict, *reasons, of=scene(expected, reason)).as_expected is good


def test_the_table_has_one_line_per_scene_with_its_numbers_in_columns() -> None:
    right = played("failed", "flat_face", of=scene("failed"))
    wrong = played("passed", of=scene("failed"))
    unplayed = Played(scene(), "broken off: throttled", (), similarity=None, liveness=None, outcome=None)

    header, first, second, third = format_report([right, wrong, unplayed]).splitlines()

    assert first.split() == [
        "ok",
        "a",
        "photo",
        "failed",
        "failed",
        "[flat_face]",
        "0.988",
        "-",
        *["12.3", "87", "50", "95"],
    ]
    assert second.startswith("WRONG")
    assert third.endswith("-")
    assert header.index("seconds") + len("seconds") == first.index("12.3") + len("12.3")


def test_the_story_has_people_who_pass_and_attacks_that_must_not(persons: dict[str, VirtualPerson]) -> None:
    scenes = write_scenes(persons, seed=1)

    assert [one.expected for one in scenes] == ["passed"] * 4 + ["failed"] * 3
    assert {one.external_user_id for one in scenes} == {name for name, _ in PEOPLE}
    enrolled = [one.external_user_id for one in scenes if one.purpose == "enrollment"]
    assert enrolled == [name for name, _ in PEOPLE]


def test_every_scene_has_a_camera_of_its_own_with_its_own_take(persons: dict[str, VirtualPerson]) -> None:
    frames = {one.camera().frame(at=0.0) for one in write_scenes(persons, seed=1)}
    assert len(frames) == len(write_scenes(persons, seed=1))


@pytest.mark.parametrize("member", [ASTRONAUT, ADMIRAL, CARD_PLAYER], ids=lambda member: member.name)
def test_an_old_photo_is_the_head_alone_in_other_light(member: CastMember) -> None:
    photo = np.asarray(cv2.imdecode(np.frombuffer(old_photo(member), np.uint8), cv2.IMREAD_COLOR))

    eyes = member.points.right_eye[0] - member.points.left_eye[0]
    assert photo.shape[1] <= 3.5 * eyes
    assert min(photo.shape[:2]) > 2.5 * eyes
    assert photo.shape[0] < 5 * eyes
    # The light is other: the same crop of the photo itself is darker.
    left, top = member.points.left_eye[0], member.points.left_eye[1]
    original = member.load_photo()[top : top + eyes // 2, left : left + eyes]
    start_x = max(0, (member.points.left_eye[0] + member.points.right_eye[0]) // 2 - round(1.7 * eyes))
    start_y = max(0, (member.points.left_eye[1] + member.points.right_eye[1]) // 2 - round(1.7 * eyes))
    same = photo[top - start_y : top - start_y + eyes // 2, left - start_x : left - start_x + eyes]
    assert same.mean() > 1.02 * original.mean()
