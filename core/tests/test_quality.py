"""Quality of one face, and what a policy says of it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from core.engine.types import Box, DetectedFace, FaceEngine, Image
from core.liveness.pose import Pose
from core.quality import FaceQuality, QualityPolicy, measure_quality

FRONTAL = Pose(yaw=0.0, pitch=0.0, roll=0.0)
GOOD = FaceQuality(
    size_px=150,
    sharpness=200,
    brightness=120,
    yaw_degrees=2,
    pitch_degrees=-3,
    roll_degrees=1,
    confidence=0.9,
)


def face_at(box: Box) -> DetectedFace:
    return DetectedFace(box=box, confidence=0.8, landmarks=np.zeros((5, 2), dtype=np.float32))


@pytest.fixture(scope="module")
def portrait(dlib_engine: FaceEngine, astronaut: Image) -> DetectedFace:
    return dlib_engine.detect(astronaut)[0]


def test_a_good_face_has_no_problems(portrait: DetectedFace, astronaut: Image) -> None:
    quality = measure_quality(astronaut, portrait, FRONTAL)

    assert QualityPolicy().problems(quality) == ()
    assert quality.size_px == pytest.approx(min(portrait.box.width, portrait.box.height))
    assert quality.confidence == portrait.confidence


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"size_px": 79}, "too_small"),
        ({"sharpness": 19}, "blurred"),
        ({"brightness": 39}, "too_dark"),
        ({"brightness": 226}, "too_bright"),
        ({"yaw_degrees": 26}, "turned_away"),
        ({"yaw_degrees": -26}, "turned_away"),
        ({"pitch_degrees": 26}, "turned_away"),
        ({"pitch_degrees": -26}, "turned_away"),
        ({"roll_degrees": -31}, "tilted"),
        ({"confidence": 0.59}, "low_confidence"),
    ],
)
def test_each_limit_has_its_own_code(change: dict[str, float], problem: str) -> None:
    assert QualityPolicy().problems(GOOD) == ()
    assert QualityPolicy().problems(replace(GOOD, **change)) == (problem,)


def test_limits_are_the_policy_s() -> None:
    strict = QualityPolicy(min_size_px=200, max_yaw_degrees=1)

    assert strict.problems(GOOD) == ("too_small", "turned_away")


def test_a_blurred_copy_of_the_same_face_is_called_blurred(portrait: DetectedFace, astronaut: Image) -> None:
    sharp = measure_quality(astronaut, portrait, FRONTAL)
    blurred = measure_quality(cv2.GaussianBlur(astronaut, (0, 0), 4), portrait, FRONTAL)

    assert blurred.sharpness < sharp.sharpness / 10
    assert QualityPolicy().problems(blurred) == ("blurred",)


def test_a_face_nearer_to_the_camera_is_about_as_sharp(portrait: DetectedFace, astronaut: Image) -> None:
    box = portrait.box
    doubled = replace(portrait, box=Box(box.left * 2, box.top * 2, box.right * 2, box.bottom * 2))
    larger = cv2.resize(astronaut, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)

    one = measure_quality(astronaut, portrait, FRONTAL).sharpness
    other = measure_quality(larger, doubled, FRONTAL).sharpness

    assert other == pytest.approx(one, rel=0.5)


@pytest.mark.parametrize(("gain", "problem"), [(0.15, "too_dark"), (4.0, "too_bright")])
def test_bad_light_is_seen_on_the_face(
    portrait: DetectedFace, astronaut: Image, gain: float, problem: str
) -> None:
    lit = cv2.convertScaleAbs(astronaut, alpha=gain)

    assert problem in QualityPolicy().problems(measure_quality(lit, portrait, FRONTAL))


def test_only_the_face_counts_not_what_surrounds_it() -> None:
    image = np.zeros((300, 300, 3), dtype=np.uint8)
    image[100:200, 100:200] = 130

    assert measure_quality(image, face_at(Box(110, 110, 190, 190)), FRONTAL).brightness == pytest.approx(130)


@pytest.mark.parametrize("box", [Box(-80, -80, -10, -10), Box(400, 10, 500, 90), Box(5, 5, 5, 5)])
def test_a_box_outside_the_picture_is_of_no_quality(box: Box) -> None:
    quality = measure_quality(np.full((300, 300, 3), 128, np.uint8), face_at(box), FRONTAL)

    assert {"too_small", "blurred"} & set(QualityPolicy().problems(quality))


def test_the_pose_is_passed_on() -> None:
    image = np.zeros((300, 300, 3), dtype=np.uint8)

    quality = measure_quality(image, face_at(Box(10, 10, 90, 90)), Pose(yaw=11.0, pitch=-7.0, roll=3.0))

    assert (quality.yaw_degrees, quality.pitch_degrees, quality.roll_degrees) == (11.0, -7.0, 3.0)
