"""The colours must be answered, in their order, by the face more than by the wall, most in the middle."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import numpy as np
import pytest

from core.liveness.flash import FlashWindow, LitFrame, chroma, frames_by_color, measure_flash
from core.liveness.flash_shape import measure_shape
from core.liveness.observation import LightSample
from core.liveness.policy import Level, policy_for
from core.liveness.script import PALETTE, FlashColor, draw_colors
from core.tests.liveness_cast import frame_times, lit

START = 2.0
COLORS = (PALETTE[0], PALETTE[1], PALETTE[2], PALETTE[3], PALETTE[4])
WINDOW = FlashWindow(colors=COLORS, starts=tuple(START + 0.5 * index for index in range(5)), end=START + 2.5)


def film(
    shown: Sequence[FlashColor] = COLORS,
    *,
    latency: float = 0.12,
    fps: float = 8.0,
    noise: float = 0.001,
    **light: float,
) -> list[tuple[float, LightSample]]:
    """Frames of a face under ``shown``, half a second each from START, as a camera with ``latency`` sees
    them."""
    rng = np.random.default_rng(4)
    frames = []
    for at in frame_times(3.0, fps=fps, start=START - 0.1):
        place = (at - latency - START) / 0.5
        color = shown[int(place)].linear_bgr if 0 <= place < len(shown) else None
        sample = lit(color, **light)
        shaken = (sample.skin * (1 + rng.normal(0, noise, 3))).astype(np.float32)
        frames.append((float(at), LightSample(shaken, sample.surroundings, sample.log_map)))
    return frames


def as_lit(frames: Sequence[tuple[float, LightSample]]) -> list[LitFrame]:
    return [
        LitFrame(at=at, skin=light.skin.astype(float), surroundings=light.surroundings.astype(float))
        for at, light in frames
    ]


@pytest.mark.parametrize("fps", [8.0, 5.0])
@pytest.mark.parametrize("latency", [0.0, 0.12, 0.25])
def test_a_lit_face_answers_its_colours(fps: float, latency: float) -> None:
    answer = measure_flash(as_lit(film(fps=fps, latency=latency)), WINDOW)

    assert answer is not None
    assert answer.correlation > 0.9
    assert answer.chance < 0.01
    assert answer.gain > 0.05


def test_chance_is_the_share_of_all_orders_that_fit_as_well() -> None:
    """Counted one by one, of an answer that is far from clean."""
    frames = as_lit(film(noise=0.08, gain=0.05, wall=0.0))
    answer = measure_flash(frames, WINDOW)
    assert answer is not None
    times = np.array([frame.at for frame in frames])
    light = np.log([frame.skin / frame.surroundings for frame in frames])
    groups = frames_by_color(times, WINDOW, lag=answer.lag)
    seen = chroma(np.array([light[group].mean(axis=0) for group in groups]))

    def fits(order: Sequence[FlashColor]) -> bool:
        wanted = chroma(np.array([color.linear_bgr for color in order]))
        correlation = (seen * wanted).sum() / np.linalg.norm(seen) / np.linalg.norm(wanted)
        return bool(correlation >= answer.correlation - 1e-9)

    orders = [
        order
        for order in itertools.product(PALETTE, repeat=5)
        if all(one != other for one, other in itertools.pairwise(order))
    ]

    assert 0 < answer.chance < 1
    assert answer.chance == pytest.approx(sum(fits(order) for order in orders) / len(orders))


def test_the_lag_is_the_cameras() -> None:
    answer = measure_flash(as_lit(film(fps=20, latency=0.2)), WINDOW)

    assert answer is not None
    assert answer.lag == pytest.approx(0.2, abs=0.06)


def test_a_face_that_no_screen_lights_answers_nothing() -> None:
    answer = measure_flash(as_lit(film(gain=0.0)), WINDOW)

    assert answer is not None
    assert answer.correlation < 0.75 or answer.gain < 0.003
    assert answer.skin_gain < 0.003


def test_other_colours_seldom_pass_for_the_commanded_ones() -> None:
    rng, policy = random.Random(8), policy_for(Level.STANDARD)
    passed = 0
    for _ in range(400):
        answer = measure_flash(as_lit(film(draw_colors(rng))), WINDOW)
        assert answer is not None
        fits = answer.correlation >= policy.flash_correlation and answer.chance <= policy.flash_chance
        passed += fits and answer.gain >= policy.flash_gain
    assert passed <= 3


def test_a_recording_one_colour_late_does_not_pass_as_lag() -> None:
    late = measure_flash(as_lit(film(latency=0.62)), WINDOW)

    assert late is not None
    assert late.correlation < 0.75


def test_a_tint_over_the_whole_frame_answers_on_the_skin_but_not_against_the_wall() -> None:
    answer = measure_flash(as_lit(film(wall=1.0)), WINDOW)

    assert answer is not None
    assert answer.skin_correlation > 0.9
    assert answer.skin_gain > 0.05
    assert answer.correlation < 0.75 or answer.gain < 0.012


def test_a_change_of_exposure_is_no_colour() -> None:
    frames = [
        LitFrame(at=frame.at, skin=frame.skin * (1 + 0.3 * index / 24), surroundings=frame.surroundings)
        for index, frame in enumerate(as_lit(film()))
    ]
    answer = measure_flash(frames, WINDOW)

    assert answer is not None
    assert answer.correlation > 0.9


def test_a_face_that_fills_the_frame_is_measured_alone() -> None:
    nowhere = np.full(3, np.nan)
    frames = [LitFrame(at=frame.at, skin=frame.skin, surroundings=nowhere) for frame in as_lit(film())]
    answer = measure_flash(frames, WINDOW)

    assert answer is not None
    assert answer.correlation > 0.9


def test_too_few_frames_answer_nothing() -> None:
    assert measure_flash(as_lit(film())[:6], WINDOW) is None
    assert measure_flash([], WINDOW) is None


def test_a_head_answers_most_in_the_middle() -> None:
    shape = measure_shape([(at, light.log_map) for at, light in film()], WINDOW, lag=0.1)

    assert shape is not None
    assert shape.center > 0.05
    assert shape.side < 0.8
    assert shape.beside < 0.3


def test_paper_answers_evenly() -> None:
    maps = [(at, light.log_map) for at, light in film(side=1.0, beside=0.9)]
    shape = measure_shape(maps, WINDOW, lag=0.1)

    assert shape is not None
    assert shape.side > 0.9
    assert shape.beside > 0.7


def test_the_shape_is_not_measured_without_frames() -> None:
    assert measure_shape([], WINDOW, lag=0.1) is None
