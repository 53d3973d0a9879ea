"""Depth and narrowing tell a turned head from a tilted sheet."""

from __future__ import annotations

import numpy as np
import pytest

from core.engine.types import LandmarkLayout
from core.liveness.aspect import narrowing_margin
from core.liveness.plane import depth_shown
from core.liveness.policy import DEPTH
from core.liveness.pose import Pose
from core.tests.liveness_cast import FRONTAL, LAYOUTS, WITH_MOUTH, WITHOUT_MOUTH, head_points, sheet_points


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("yaw", [18, 24, -18, -24])
def test_a_turned_head_shows_more_depth_than_the_threshold(layout: LandmarkLayout, yaw: float) -> None:
    turned = head_points(Pose(yaw, 0, 0), layout=layout)

    assert depth_shown(head_points(layout=layout), turned, layout=layout) > 1.2 * DEPTH[layout]


@pytest.mark.parametrize(
    ("layout", "yaw"),
    # Without a mouth a sheet tilted by 35 degrees at arm's length reaches the limit: ring and flash must
    # refuse it.
    [(WITH_MOUTH, 15), (WITH_MOUTH, 25), (WITH_MOUTH, 35), (WITHOUT_MOUTH, 15), (WITHOUT_MOUTH, -25)],
)
def test_a_tilted_sheet_shows_less(layout: LandmarkLayout, yaw: float) -> None:
    flat, tilted = sheet_points(FRONTAL, layout=layout), sheet_points(Pose(yaw, 0, 0), layout=layout)

    assert depth_shown(flat, tilted, layout=layout) < 0.9 * DEPTH[layout]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("shift", "zoom", "roll"), [((80, -30), 1.0, 0), ((0, 0), 1.4, 0), ((20, 5), 0.9, 12)]
)
def test_a_sheet_slid_zoomed_or_rolled_shows_none(
    layout: LandmarkLayout, shift: tuple[float, float], zoom: float, roll: float
) -> None:
    flat = sheet_points(FRONTAL, layout=layout)
    c, s = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    moved = ((flat - 300) @ np.array([[c, s], [-s, c]]) * zoom + 300 + np.array(shift)).astype(np.float32)

    assert depth_shown(flat, moved, layout=layout) < 0.01


@pytest.mark.parametrize("layout", LAYOUTS)
def test_more_turn_shows_more_depth(layout: LandmarkLayout) -> None:
    shown = [
        depth_shown(head_points(layout=layout), head_points(Pose(yaw, 0, 0), layout=layout), layout=layout)
        for yaw in (5, 12, 20, 28)
    ]

    assert shown == sorted(shown)


def test_a_head_narrows_as_its_turn_explains() -> None:
    turned = [head_points(Pose(yaw, 0, 0)) for yaw in (20, 22, 24)]
    margin = narrowing_margin(head_points(), turned, yaw=np.array([20.0, 22.0, 24.0]), layout=WITH_MOUTH)

    assert margin is not None
    assert margin > -0.03


def test_a_sheet_that_pretends_a_turn_narrows_too_much() -> None:
    tilted = [sheet_points(Pose(40, 0, 0))] * 3
    margin = narrowing_margin(sheet_points(FRONTAL), tilted, yaw=np.full(3, 14.0), layout=WITH_MOUTH)

    assert margin is not None
    assert margin < -0.10


def test_narrowing_is_not_measured_without_a_mouth() -> None:
    points = head_points(layout=WITHOUT_MOUTH)

    assert narrowing_margin(points, [points], yaw=np.array([20.0]), layout=WITHOUT_MOUTH) is None


def test_narrowing_is_not_measured_without_a_turned_frame() -> None:
    assert narrowing_margin(head_points(), [], yaw=np.array([]), layout=WITH_MOUTH) is None
