"""The virtual person turns, lights up and stays itself like a head before a webcam."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from auth_service.demo.cast import ASTRONAUT, CAST, CastMember
from auth_service.demo.geometry import FRAME_HEIGHT, FRAME_WIDTH, OUTER_EYES_PX, Pose, rotation
from auth_service.demo.virtual_person import VirtualPerson
from core.engine.config import EngineConfig
from core.engine.registry import load_engine
from core.engine.types import Box, DetectedFace, FaceEngine, Image
from core.liveness.geometry import eyes_of
from core.liveness.plane import depth_shown
from core.liveness.pose import fit_head


@pytest.fixture(scope="module")
def engine() -> Iterator[FaceEngine]:
    """The pack that is always there."""
    loaded = load_engine(
        EngineConfig(pack="dlib", models_dir=Path(), antispoof_dir=None, providers=(), worker_threads=1)
    )
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def people() -> dict[str, VirtualPerson]:
    return {member.name: VirtualPerson(member) for member in CAST}


@pytest.fixture(scope="module")
def astronaut(people: dict[str, VirtualPerson]) -> VirtualPerson:
    return people[ASTRONAUT.name]


WHERE_FACES_ARE = Box(left=230, top=150, right=410, bottom=370)


def find(engine: FaceEngine, picture: Image) -> DetectedFace:
    # Around the last face first, as a session does: the detector is surer there.
    faces = engine.detect(picture, search=WHERE_FACES_ARE)
    assert len(faces) == 1
    return faces[0]


def yaw_of(engine: FaceEngine, picture: Image) -> float:
    return fit_head(find(engine, picture).landmarks, layout=engine.landmark_layout).pose.yaw


def pitch_of(engine: FaceEngine, picture: Image) -> float:
    return fit_head(find(engine, picture).landmarks, layout=engine.landmark_layout).pose.pitch


each_member = pytest.mark.parametrize("member", CAST, ids=lambda member: member.name)


@each_member
def test_the_marked_eyes_are_where_the_detector_sees_them(member: CastMember, engine: FaceEngine) -> None:
    photo = member.load_photo()
    marked = (np.array(member.points.left_eye) + np.array(member.points.right_eye)) / 2
    between = np.linalg.norm(np.subtract(member.points.right_eye, member.points.left_eye))

    seen = [
        eyes_of(face.landmarks, layout=engine.landmark_layout).middle
        for face in engine.detect(photo, input_size=max(photo.shape))
    ]

    assert min(np.linalg.norm(eyes - marked) for eyes in seen) < 0.12 * between


@each_member
def test_each_person_is_found_at_webcam_size(
    member: CastMember, people: dict[str, VirtualPerson], engine: FaceEngine
) -> None:
    face = find(engine, people[member.name].render(Pose()))

    assert 140 < face.box.width < 200
    corners = np.linalg.norm(face.landmarks[3] - face.landmarks[0])
    assert corners == pytest.approx(OUTER_EYES_PX, rel=0.1)


@each_member
def test_a_turned_head_is_still_found_and_read_as_turned(
    member: CastMember, people: dict[str, VirtualPerson], engine: FaceEngine
) -> None:
    person = people[member.name]
    middle = yaw_of(engine, person.render(Pose()))

    left, right = (yaw_of(engine, person.render(Pose(yaw=yaw))) for yaw in (23.0, -23.0))

    assert left - middle > 16
    assert middle - right > 16


@each_member
def test_a_nodding_head_is_read_as_nodding(
    member: CastMember, people: dict[str, VirtualPerson], engine: FaceEngine
) -> None:
    person = people[member.name]
    level = pitch_of(engine, person.render(Pose()))

    assert pitch_of(engine, person.render(Pose(pitch=14.0))) - level > 7
    assert level - pitch_of(engine, person.render(Pose(pitch=-14.0))) > 7


@each_member
def test_a_turn_shows_the_depth_that_a_flat_print_lacks(
    member: CastMember, people: dict[str, VirtualPerson], engine: FaceEngine
) -> None:
    person = people[member.name]
    frontal = find(engine, person.render(Pose())).landmarks
    turned = find(engine, person.render(Pose(yaw=23.0))).landmarks

    assert depth_shown(frontal, turned, layout=engine.landmark_layout) > 0.15


def test_coming_closer_enlarges_the_face(astronaut: VirtualPerson, engine: FaceEngine) -> None:
    far = find(engine, astronaut.render(Pose())).box
    near = find(engine, astronaut.render(Pose(z=-15.0))).box

    assert 1.25 < near.width / far.width < 1.55


def test_the_people_of_the_cast_are_different_people(
    people: dict[str, VirtualPerson], engine: FaceEngine
) -> None:
    pictures = [person.render(pose) for person in people.values() for pose in (Pose(), Pose(x=1.0, roll=3.0))]
    crops = [engine.align(picture, find(engine, picture)) for picture in pictures]
    vectors = engine.embed(crops)

    cosines = vectors @ vectors.T
    same = [cosines[at, at + 1] for at in range(0, len(crops), 2)]
    different = [cosines[a, b] for a in range(len(crops)) for b in range(a) if a // 2 != b // 2]
    assert min(same) > max(different)


def test_the_room_stays_where_it_is_when_the_head_turns(astronaut: VirtualPerson) -> None:
    still, turned = (astronaut.render(Pose(yaw=yaw)) for yaw in (0.0, 25.0))

    for part in (np.s_[:150, :140], np.s_[:150, 520:], np.s_[:30, :]):
        assert np.array_equal(still[part], turned[part])
    assert not np.array_equal(still, turned)


def test_the_shoulders_stay_when_the_head_turns(astronaut: VirtualPerson) -> None:
    still, turned = (astronaut.render(Pose(yaw=yaw)).astype(int) for yaw in (0.0, 25.0))

    assert np.abs(still[450:] - turned[450:]).mean() < 3
    assert np.abs(still[150:300, 220:420] - turned[150:300, 220:420]).mean() > 10


def test_the_same_pose_gives_the_same_picture(astronaut: VirtualPerson) -> None:
    pose = Pose(yaw=11.0, pitch=-4.0, roll=2.0, x=0.5, z=-3.0)
    assert np.array_equal(astronaut.render(pose), astronaut.render(pose))


def test_a_small_move_changes_the_picture_a_little(astronaut: VirtualPerson) -> None:
    pictures = [astronaut.render(Pose(yaw=yaw)).astype(int) for yaw in np.arange(0.0, 6.0, 1.0)]
    changes = [np.abs(a - b).mean() for a, b in pairwise(pictures)]

    assert min(changes) > 0
    assert max(changes) < 4


def answer(person: VirtualPerson, color: tuple[float, float, float], *, gain: float = 0.3) -> np.ndarray:
    """How much brighter each pixel becomes in linear light, as a share: shape (480, 640, 3)."""
    lit = (person.render(Pose(), flash=color, flash_gain=gain) / 255.0) ** 2.2
    plain = (person.render(Pose()) / 255.0) ** 2.2
    smooth = [cv2.GaussianBlur(light, (0, 0), 4.0) for light in (lit, plain)]
    return np.asarray(smooth[0] / np.maximum(smooth[1], 1e-3) - 1)


def test_a_flash_answers_most_in_the_middle_of_the_face_and_hardly_on_the_wall(
    astronaut: VirtualPerson,
) -> None:
    gain = answer(astronaut, (1.0, 1.0, 1.0)).mean(axis=2)
    middle, side, wall = gain[262:276, 310:330].mean(), gain[262:276, 250:260].mean(), gain[:150, :120].mean()

    assert middle > 0.15
    assert side < 0.85 * middle
    assert 0 < wall < 0.2 * middle


@pytest.mark.parametrize(("channel", "color"), list(enumerate([(1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0)])))
def test_a_coloured_flash_lights_its_own_channel(
    astronaut: VirtualPerson, channel: int, color: tuple[float, float, float]
) -> None:
    gain = answer(astronaut, color)[230:290, 290:350].mean(axis=(0, 1))

    assert gain[channel] > 0.1
    assert max(np.delete(gain, channel)) < 0.02


def test_no_gain_means_no_answer_to_any_flash(astronaut: VirtualPerson) -> None:
    plain = astronaut.render(Pose())
    assert np.array_equal(astronaut.render(Pose(), flash=(1.0, 0, 0), flash_gain=0.0), plain)


def test_a_frame_is_a_webcam_picture(astronaut: VirtualPerson) -> None:
    picture = astronaut.render(Pose())
    assert picture.shape == (FRAME_HEIGHT, FRAME_WIDTH, 3)
    assert picture.dtype == np.uint8


def test_a_photo_that_no_package_carries_is_missed_by_name() -> None:
    with pytest.raises(FileNotFoundError, match=r"no picture data/nobody\.png"):
        replace(ASTRONAUT, path="data/nobody.png").load_photo()
    with pytest.raises(FileNotFoundError, match="nopackage is not installed"):
        replace(ASTRONAUT, package="nopackage").load_photo()


def test_positive_yaw_moves_the_nose_to_image_right_and_positive_pitch_up() -> None:
    nose = np.array([0.0, 0.0, -7.0])
    assert (rotation(yaw=20, pitch=0, roll=0) @ nose)[0] > 2
    assert (rotation(yaw=0, pitch=20, roll=0) @ nose)[1] < -2
    assert (rotation(yaw=0, pitch=0, roll=20) @ np.array([5.0, 0.0, 0.0]))[1] > 1.5
