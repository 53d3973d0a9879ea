"""The crop that a recogniser sees: equal to insightface's, and never a mirrored face."""

from __future__ import annotations

import numpy as np
import pytest

from core.engine.geometry import arcface_crop, similarity_transform
from core.engine.insightface_pack import InsightFaceEngine
from core.engine.types import Image


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_alignment_equals_insightface_s(onnx_engine: InsightFaceEngine, six_people: Image) -> None:
    from insightface.utils.face_align import norm_crop

    for face in onnx_engine.detect(six_people, input_size=1280):
        for side in (112, 128):
            ours = arcface_crop(six_people, face.landmarks, side_px=side)
            theirs = norm_crop(six_people, face.landmarks, image_size=side)
            assert np.abs(ours.astype(int) - theirs.astype(int)).mean() < 1.0


def test_the_similarity_transform_undoes_a_known_one() -> None:
    points = np.random.default_rng(0).uniform(0, 100, (5, 2)).astype(np.float32)
    angle = np.radians(25)
    rotation = 1.7 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = (points @ rotation.T + [12, -7]).astype(np.float32)

    matrix = similarity_transform(points, moved)

    np.testing.assert_allclose(matrix[:, :2], rotation, atol=1e-4)
    np.testing.assert_allclose(matrix[:, 2], [12, -7], atol=1e-2)


def test_a_mirrored_face_is_never_flipped_to_fit() -> None:
    points = np.array([[0, 0], [10, 0], [5, 8], [2, 12], [8, 12]], dtype=np.float32)

    matrix = similarity_transform(points * np.array([-1, 1], np.float32), points)

    assert np.linalg.det(matrix[:, :2]) > 0


def test_points_that_coincide_cannot_be_aligned() -> None:
    points = np.ones((5, 2), dtype=np.float32)

    with pytest.raises(ValueError, match="coincide"):
        similarity_transform(points, points)
