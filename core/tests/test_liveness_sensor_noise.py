"""Sensor noise: a camera's is new in every frame; a made feed has none, or the same again."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.engine.types import Image
from core.liveness.sensor_noise import MIN_SAMPLES, NoiseHistory, NoiseSample, summarise_noise

ROOM = np.random.default_rng(1).integers(60, 180, (240, 320, 3)).astype(np.float64)


def filmed(noise: NDArray[np.float64] | float = 0.0, *, room: NDArray[np.float64] = ROOM) -> Image:
    frame: Image = np.clip(np.rint(room + noise), 0, 255).astype(np.uint8)
    return frame


def grain(seed: int, *, level: float = 2.0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(0.0, level, ROOM.shape)


def seen(frames: list[Image]) -> list[NoiseSample]:
    history = NoiseHistory()
    return [sample for frame in frames if (sample := history.measure(frame)) is not None]


def test_a_camera_has_fresh_noise_in_every_frame() -> None:
    samples = seen([filmed(grain(number)) for number in range(40)])
    noise = summarise_noise(samples)

    assert noise is not None
    assert (noise.silent, noise.returning) == (0.0, 0.0)
    assert max(sample.returning or 0.0 for sample in samples) < 0.2


def test_a_rendered_room_has_none() -> None:
    noise = summarise_noise(seen([filmed()] * 20))

    assert noise is not None
    assert noise.silent == 1.0


def test_a_loop_brings_its_noise_along() -> None:
    loop = [filmed(grain(number)) for number in range(10)]
    noise = summarise_noise(seen(loop * 4))

    assert noise is not None
    assert noise.silent == 0.0
    assert noise.returning > 0.6


def test_a_light_that_changes_over_the_whole_room_is_not_noise() -> None:
    noise = summarise_noise(seen([filmed(float(number % 5)) for number in range(20)]))

    assert noise is not None
    assert noise.silent == 1.0


def test_the_first_frame_says_nothing() -> None:
    assert NoiseHistory().measure(filmed()) is None


def test_a_loop_is_not_seen_in_neighbours_that_share_a_frame() -> None:
    samples = seen([filmed(grain(number)) for number in (1, 2, 1)])

    assert [sample.returning for sample in samples] == [None, None]


@pytest.mark.parametrize("brightness", [0.0, 5.0, 250.0, 255.0])
def test_corners_that_cannot_show_noise_say_nothing(brightness: float) -> None:
    flat = np.full(ROOM.shape, brightness)

    assert seen([filmed(grain(number, level=0.5), room=flat) for number in range(5)]) == []


def test_a_frame_too_small_or_of_another_shape_says_nothing_and_breaks_nothing() -> None:
    tiny: Image = np.full((20, 30, 3), 128, np.uint8)
    frames = [filmed(grain(1)), tiny, filmed(grain(2)), filmed(grain(3))]

    assert len(seen(frames)) == 1


def test_memory_is_bounded_and_an_old_loop_is_forgotten() -> None:
    frames = [filmed(grain(number)) for number in range(80)]
    samples = seen([*frames, *frames[:3]])

    assert samples[-1].returning is not None
    assert samples[-1].returning < 0.2


def test_too_few_frames_are_no_habit() -> None:
    silent = NoiseSample(level=0.0, returning=None)

    assert summarise_noise([]) is None
    assert summarise_noise([silent] * (MIN_SAMPLES - 1)) is None
    assert summarise_noise([silent] * MIN_SAMPLES) is not None
