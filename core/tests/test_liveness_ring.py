"""A sheet carries its surroundings along; a person leaves the room where it is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.engine.types import Box, LandmarkLayout
from core.liveness.observation import SurroundingFlow
from core.liveness.pose import Pose
from core.liveness.ring import MOVED, at_rest, region_flow, ring_following
from core.tests.liveness_cast import FRONTAL, LAYOUTS, head_points

BOX = Box(125, 85, 195, 165)


def textured(seed: int = 1) -> np.ndarray:
    noise = np.random.default_rng(seed).uniform(0, 255, (240, 320)).astype(np.float32)
    return np.asarray(cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 2.0), None, 0, 255, cv2.NORM_MINMAX))


def moved(picture: np.ndarray, shift: float) -> np.ndarray:
    matrix = np.array([[1.0, 0, shift], [0, 1.0, 0]])
    return np.asarray(cv2.warpAffine(picture, matrix, (320, 240), borderMode=cv2.BORDER_REFLECT))


def before_and_after(shift: float, *, room_moves: bool) -> tuple[np.ndarray, np.ndarray]:
    room, face = textured(1), textured(2)
    mask = np.zeros((240, 320), np.float32)
    cv2.ellipse(mask, (160, 125), (34, 42), 0, 0, 360, 1.0, -1)
    earlier = room * (1 - mask) + face * mask
    shifted_mask = moved(mask, shift)
    around = moved(room, shift) if room_moves else room
    later = around * (1 - shifted_mask) + moved(face, shift) * shifted_mask
    return earlier.astype(np.uint8), later.astype(np.uint8)


def test_the_ring_of_a_sheet_moves_with_the_face() -> None:
    earlier, later = before_and_after(4.0, room_moves=True)
    flow = region_flow(earlier, later, box=BOX, eye_distance=30)

    assert flow is not None
    assert flow.face[0] == pytest.approx(4 / 30, abs=0.02)
    assert flow.ring[0] == pytest.approx(4 / 30, abs=0.02)


def test_the_ring_of_a_person_stays() -> None:
    earlier, later = before_and_after(4.0, room_moves=False)
    flow = region_flow(earlier, later, box=BOX, eye_distance=30)

    assert flow is not None
    assert flow.face[0] == pytest.approx(4 / 30, abs=0.02)
    assert abs(flow.ring[0]) < 0.01


def test_a_blank_frame_has_nothing_to_track() -> None:
    blank = np.full((240, 320), 90, np.uint8)

    assert region_flow(blank, blank, box=BOX, eye_distance=30) is None


@pytest.mark.parametrize("shift", [3.0, -5.0])
def test_a_busy_room_leaves_points_for_the_face(shift: float) -> None:
    earlier, later = before_and_after(shift, room_moves=False)
    flow = region_flow(earlier, later, box=BOX, eye_distance=30)

    assert flow is not None
    assert min(flow.face_points, flow.ring_points) >= 12


def test_what_lies_beyond_the_surroundings_changes_nothing() -> None:
    earlier, later = before_and_after(4.0, room_moves=False)
    elsewhere = [picture.copy() for picture in (earlier, later)]
    for picture, seed in zip(elsewhere, (5, 6), strict=True):
        picture[200:, :] = textured(seed)[200:, :]
        picture[:, :40] = textured(seed)[:, :40]

    assert region_flow(elsewhere[0], elsewhere[1], box=BOX, eye_distance=30) == region_flow(
        earlier, later, box=BOX, eye_distance=30
    )


@pytest.mark.parametrize(
    "box",
    [
        Box(900, 900, 1000, 1000),
        Box(-500, -500, -400, -400),
        Box(100, 100, 100, 100),
        Box(318, 100, 322, 104),
    ],
)
def test_a_box_that_leaves_nothing_to_track_gives_none(box: Box) -> None:
    earlier, later = before_and_after(4.0, room_moves=False)

    assert region_flow(earlier, later, box=box, eye_distance=30) is None


def test_a_face_that_fills_the_frame_has_no_ring() -> None:
    earlier, later = before_and_after(4.0, room_moves=True)
    flow = region_flow(earlier, later, box=Box(-40, -60, 360, 300), eye_distance=120)

    assert flow is not None
    assert flow.ring_points == 0
    assert flow.face[0] == pytest.approx(4 / 120, abs=0.005)


@pytest.mark.parametrize("room_moves", [True, False])
def test_the_ring_is_not_tracked_around_a_face_that_hardly_moves(room_moves: bool) -> None:
    earlier, later = before_and_after(0.5, room_moves=room_moves)
    flow = region_flow(earlier, later, box=BOX, eye_distance=30)

    assert flow is not None
    assert flow.face[0] == pytest.approx(0.5 / 30, abs=0.006)
    assert flow.face_points > 0
    assert (flow.ring, flow.ring_points) == ((0.0, 0.0), 0)
    assert ring_following([flow] * 20) is None


def test_a_face_without_texture_measures_nothing() -> None:
    earlier, later = before_and_after(4.0, room_moves=True)
    for picture in (earlier, later):
        cv2.rectangle(picture, (115, 75), (205, 175), 128, -1)

    assert region_flow(earlier, later, box=BOX, eye_distance=30) is None


def test_no_eye_distance_measures_nothing() -> None:
    earlier, later = before_and_after(4.0, room_moves=False)

    assert region_flow(earlier, later, box=BOX, eye_distance=0.0) is None


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_face_is_at_rest_only_well_below_what_counts_as_moving(layout: LandmarkLayout) -> None:
    still = head_points(FRONTAL, layout=layout, center=(160, 120))

    def shifted(eye_distances: float) -> bool:
        return at_rest(still, still + np.array([eye_distances * 30, 0], np.float32), eye_distance=30)

    assert shifted(0.0)
    assert shifted(MOVED * 0.4)
    assert not shifted(MOVED * 0.6)
    assert not shifted(-MOVED)


def test_a_turn_on_the_spot_is_no_rest() -> None:
    before, after = head_points(FRONTAL), head_points(Pose(yaw=4.0, pitch=0.0, roll=0.0))

    assert not at_rest(before, after, eye_distance=float(np.linalg.norm(before[1] - before[0])))


def flows(count: int, *, ring: float, points: int = 20) -> list[SurroundingFlow]:
    return [SurroundingFlow((0.1, 0.02), (0.1 * ring, 0.02 * ring), points, points) for _ in range(count)]


def test_following_is_the_share_of_the_movement() -> None:
    assert ring_following(flows(10, ring=1.0)) == pytest.approx(1.0)
    assert ring_following(flows(10, ring=0.0)) == pytest.approx(0.0)


def test_a_few_moves_say_nothing() -> None:
    assert ring_following(flows(7, ring=1.0)) is None


def test_a_bare_ring_says_nothing() -> None:
    assert ring_following(flows(20, ring=1.0, points=3)) is None


def test_a_resting_face_says_nothing() -> None:
    assert ring_following([SurroundingFlow((0.01, 0.0), (0.01, 0.0), 20, 20)] * 20) is None
