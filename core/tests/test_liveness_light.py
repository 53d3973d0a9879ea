"""How a frame is lit: the numbers are means of linear light, of the places they are named for."""

from __future__ import annotations

import numpy as np
import pytest

from core.engine.types import Box
from core.liveness.geometry import Eyes
from core.liveness.light import MAP_SIZE, linear, measure_light

BOX = Box(250, 140, 390, 330)
EYES = Eyes(np.array([290.0, 210.0]), np.array([350.0, 210.0]))


def noise(seed: int = 1, *, shape: tuple[int, int] = (480, 640)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)


def plain(level: int) -> np.ndarray:
    return np.full((480, 640, 3), level, np.uint8)


def test_light_is_the_plain_curve_of_every_level() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)[..., None].repeat(3, axis=2)

    assert linear(levels) == pytest.approx((levels / 255.0) ** 2.2, abs=1e-6)


def test_light_is_averaged_not_levels() -> None:
    image = plain(0)
    image[:, ::2] = 200
    sample = measure_light(image, box=BOX, eyes=EYES)

    assert sample is not None
    assert sample.skin == pytest.approx((200 / 255) ** 2.2 / 2, rel=0.03)
    assert sample.surroundings == pytest.approx((200 / 255) ** 2.2 / 2, rel=0.03)


def test_surroundings_are_the_upper_corners_beside_the_head() -> None:
    image = noise()
    image[:, 152:488] //= 4
    image[240:] //= 4
    sample = measure_light(image, box=BOX, eyes=EYES)
    lit = (image / 255.0) ** 2.2
    # 0.7 box widths away from the box on either side, down to the middle of the frame.
    left, right = lit[:240, :152].reshape(-1, 3).mean(axis=0), lit[:240, 488:].reshape(-1, 3).mean(axis=0)

    assert sample is not None
    assert sample.surroundings == pytest.approx((left + right) / 2, rel=0.01)


def test_skin_is_forehead_and_cheeks() -> None:
    image = plain(60)
    image[150:260, 270:370] = (40, 90, 180)
    sample = measure_light(image, box=BOX, eyes=EYES)

    assert sample is not None
    assert sample.skin == pytest.approx((np.array([40, 90, 180]) / 255) ** 2.2, rel=1e-4)
    assert sample.surroundings == pytest.approx((60 / 255) ** 2.2, rel=1e-4)


def test_the_map_is_fixed_to_the_eyes() -> None:
    image = plain(80)
    image[205:216, 284:297] = 255
    image[205:216, 344:357] = 255
    sample = measure_light(image, box=BOX, eyes=EYES)

    assert sample is not None
    assert sample.log_map.shape == (MAP_SIZE, MAP_SIZE, 3)
    bright = np.argwhere(sample.log_map[..., 0] > np.log(0.4))
    assert bright[:, 0].mean() == pytest.approx(24, abs=1)
    assert sorted({int(column) // 32 for column in bright[:, 1]}) == [0, 1]
    assert bright[:, 1].min() == pytest.approx(24, abs=3)
    assert bright[:, 1].max() == pytest.approx(40, abs=3)


def test_the_darkest_light_has_a_floor() -> None:
    sample = measure_light(plain(0), box=BOX, eyes=EYES)

    assert sample is not None
    assert sample.log_map == pytest.approx(np.log(1e-3))


def test_one_side_alone_speaks_for_the_surroundings() -> None:
    image = plain(50)
    image[:, 500:] = 150
    sample = measure_light(image, box=Box(-30, 140, 110, 330), eyes=Eyes(*np.array([[20.0, 210], [80, 210]])))

    assert sample is not None
    assert sample.surroundings == pytest.approx(
        ((50 / 255) ** 2.2 * (500 - 208) + (150 / 255) ** 2.2 * 140) / 432, rel=1e-3
    )


def test_skin_outside_the_frame_gives_nothing() -> None:
    away = Eyes(np.array([900.0, 900.0]), np.array([960.0, 900.0]))

    assert measure_light(plain(90), box=Box(860, 820, 1000, 1010), eyes=away) is None


def test_eyes_in_one_place_give_nothing() -> None:
    nowhere = Eyes(np.array([300.0, 200.0]), np.array([300.0, 200.0]))

    assert measure_light(plain(90), box=BOX, eyes=nowhere) is None
