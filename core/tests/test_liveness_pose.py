"""Five points give the head's angles and scale, for both landmark layouts."""

from __future__ import annotations

import numpy as np
import pytest

from core.engine.types import LandmarkLayout
from core.liveness.pose import HEADS, STRETCH_SPREAD, Pose, fit_head, rotation
from core.tests.liveness_cast import FRONTAL, LAYOUTS, WITH_MOUTH, WITHOUT_MOUTH, head_points

ANGLES = [(0, 0, 0), (20, 0, 0), (-20, 0, 0), (0, 12, 0), (0, -12, 0), (0, 0, 10), (15, -8, -5), (-25, 10, 6)]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("yaw", "pitch", "roll"), ANGLES)
def test_the_generic_head_gives_back_its_own_angles(
    layout: LandmarkLayout, yaw: float, pitch: float, roll: float
) -> None:
    fit = fit_head(head_points(Pose(yaw, pitch, roll), layout=layout, scale=11.0), layout=layout)

    assert (fit.pose.yaw, fit.pose.pitch, fit.pose.roll) == pytest.approx((yaw, pitch, roll), abs=1.0)
    assert fit.scale == pytest.approx(11.0, rel=0.02)
    assert fit.error < 0.05


def test_the_nose_moves_to_image_right_when_the_person_turns_to_the_own_left() -> None:
    frontal, turned = head_points(), head_points(Pose(20, 0, 0))

    assert turned[2, 0] - turned[:2, 0].mean() > frontal[2, 0] - frontal[:2, 0].mean() + 5
    assert fit_head(turned, layout=WITH_MOUTH).pose.yaw > 15


def test_the_nose_moves_up_when_the_person_looks_up() -> None:
    frontal, raised = head_points(), head_points(Pose(0, 15, 0))

    assert raised[2, 1] - raised[:2, 1].mean() < frontal[2, 1] - frontal[:2, 1].mean() - 3
    assert fit_head(raised, layout=WITH_MOUTH).pose.pitch > 10


@pytest.mark.parametrize("layout", LAYOUTS)
def test_place_and_size_in_the_frame_do_not_change_the_angles(layout: LandmarkLayout) -> None:
    near = fit_head(head_points(Pose(18, 5, 0), layout=layout, scale=20, center=(100, 90)), layout=layout)
    far = fit_head(head_points(Pose(18, 5, 0), layout=layout, scale=5, center=(500, 400)), layout=layout)

    assert near.pose.yaw == pytest.approx(far.pose.yaw, abs=0.2)
    assert near.scale / far.scale == pytest.approx(4.0, rel=0.01)


def test_a_long_face_is_not_read_as_a_deep_nod() -> None:
    long_face = head_points()
    long_face[:, 1] = 240 + (long_face[:, 1] - 240) * 1.1

    fit = fit_head(long_face, layout=WITH_MOUTH)

    assert abs(fit.pose.pitch) < 12


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_pixel_of_noise_moves_the_angles_by_a_few_degrees_only(layout: LandmarkLayout) -> None:
    rng = np.random.default_rng(3)
    points = head_points(Pose(15, 0, 0), layout=layout)
    yaws = [
        fit_head((points + rng.normal(0, 0.7, points.shape)).astype(np.float32), layout=layout).pose.yaw
        for _ in range(40)
    ]

    assert np.mean(yaws) == pytest.approx(15, abs=2.0)
    assert np.std(yaws) < 4.0


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("yaw", "pitch", "roll"), ANGLES)
def test_the_fit_is_where_no_small_step_is_better(
    layout: LandmarkLayout, yaw: float, pitch: float, roll: float
) -> None:
    """Against numeric steps: the derivative inside is written out by hand."""
    rng = np.random.default_rng(11)
    points = head_points(Pose(yaw, pitch, roll), layout=layout, scale=11.0)
    points = (points + rng.normal(0, 1.5, points.shape)).astype(np.float32)
    fit = fit_head(points, layout=layout)

    def cost(**step: float) -> float:
        """The fit's own sum of squares at its angles plus ``step``, the best stretch and scale sought."""
        pose = Pose(*(getattr(fit.pose, name) + step.get(name, 0.0) for name in ("yaw", "pitch", "roll")))
        seen = points - points.mean(axis=0)
        costs = []
        for stretch in np.linspace(-0.3, 0.3, 601):
            head = HEADS[layout] - HEADS[layout].mean(axis=0)
            flat = (head * (1.0, np.exp(stretch), 1.0)) @ rotation(pose)[:2].T
            scale = (flat * seen).sum() / (flat * flat).sum()
            prior = stretch * 0.25 / STRETCH_SPREAD[layout]
            costs.append(((flat - seen / scale) ** 2).sum() + prior**2)
        return float(min(costs))

    best = cost()
    for name in ("yaw", "pitch", "roll"):
        assert best <= min(cost(**{name: 1.5}), cost(**{name: -1.5}))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_points_that_are_no_face_still_give_finite_numbers(layout: LandmarkLayout) -> None:
    fit = fit_head(np.zeros((5, 2), np.float32), layout=layout)

    assert np.isfinite([fit.pose.yaw, fit.pose.pitch, fit.pose.roll, fit.scale, fit.error]).all()


def test_coming_closer_shows_in_the_scale_even_while_turned() -> None:
    far = fit_head(head_points(FRONTAL, layout=WITHOUT_MOUTH, scale=10), layout=WITHOUT_MOUTH)
    near = fit_head(head_points(Pose(12, 0, 0), layout=WITHOUT_MOUTH, scale=13), layout=WITHOUT_MOUTH)

    assert near.scale / far.scale == pytest.approx(1.3, rel=0.03)
