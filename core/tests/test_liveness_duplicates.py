"""Frames that come again are noticed; a resting person's are not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.engine.types import Box
from core.liveness.duplicates import HeadHistory, looping_share, repeated_share

FACE = Box(100, 60, 220, 200)


def scene(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(40, 200, (24, 32))
    return np.kron(coarse, np.ones((10, 10)))


def shot(picture: np.ndarray, *, seed: int, shift: int = 0, noise: float = 0.8) -> np.ndarray:
    moved = np.roll(picture, shift, axis=1)
    noisy = moved + np.random.default_rng(seed).normal(0, noise, moved.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def distances(frames: list[np.ndarray], *, fps: float = 8.0) -> list[float | None]:
    history = HeadHistory()
    return [
        history.nearest_earlier(frame, captured_at=index / fps, face=FACE)
        for index, frame in enumerate(frames)
    ]


def test_a_loop_under_fresh_noise_comes_close() -> None:
    loop = [shot(scene(), seed=number, shift=number * 2) for number in range(12)]
    again = [shot(scene(), seed=100 + number, shift=(number % 12) * 2) for number in range(24)]
    nearest = distances(loop + again)

    assert looping_share(nearest[12:], closest=0.5) > 0.9


def test_a_swaying_person_never_does() -> None:
    nearest = distances([shot(scene(), seed=number, shift=number * 3) for number in range(30)])

    assert looping_share(nearest, closest=0.5) == 0.0


def test_only_frames_at_least_four_tenths_of_a_second_older_are_compared() -> None:
    still = [shot(scene(), seed=0, noise=0) for _ in range(6)]

    assert distances(still)[:4] == [None, None, None, None]
    assert distances(still)[4] == 0.0


def test_a_change_of_exposure_does_not_hide_a_loop() -> None:
    history = HeadHistory()
    first, brighter = scene().astype(np.uint8), (scene() + 20).astype(np.uint8)
    history.nearest_earlier(first, captured_at=0.0, face=FACE)

    nearest = history.nearest_earlier(brighter, captured_at=1.0, face=FACE)

    assert nearest == pytest.approx(0.0, abs=0.3)


def test_the_distance_is_that_of_the_nearest_earlier_head() -> None:
    frames = [shot(scene(seed), seed=seed) for seed in range(5)]
    nearest = distances(frames, fps=2.0)
    rows, columns = slice(46, 214), slice(88, 232)

    def head(frame: np.ndarray) -> np.ndarray:
        small = cv2.resize(frame[rows, columns], (48, 48), interpolation=cv2.INTER_AREA).astype(np.float64)
        return np.asarray(small - small.mean())

    expected = [
        min(float(np.abs(head(frame) - head(other)).mean()) for other in frames[:index])
        for index, frame in enumerate(frames[1:], start=1)
    ]
    # Quarters of a grey level are kept.
    assert nearest[1:] == pytest.approx(expected, abs=0.13)


def test_nothing_is_compared_before_the_first_face() -> None:
    history = HeadHistory()

    assert history.nearest_earlier(shot(scene(), seed=1), captured_at=0.0, face=None) is None
    assert history.nearest_earlier(shot(scene(), seed=1), captured_at=1.0, face=FACE) is None


def test_a_face_partly_outside_the_frame_still_gives_a_region() -> None:
    history = HeadHistory()
    outside = Box(-80, -60, 40, 30)
    history.nearest_earlier(shot(scene(), seed=1), captured_at=0.0, face=outside)

    assert history.nearest_earlier(shot(scene(), seed=1), captured_at=1.0, face=outside) == 0.0


def test_frames_that_change_their_shape_compare_with_nothing() -> None:
    history = HeadHistory()
    low = Box(100, 200, 220, 238)
    history.nearest_earlier(shot(scene(), seed=1), captured_at=0.0, face=low)

    assert history.nearest_earlier(shot(scene(), seed=1)[:120], captured_at=1.0, face=low) is None


def test_a_long_session_keeps_a_bounded_history() -> None:
    history = HeadHistory()
    frame = shot(scene(), seed=1)
    for index in range(260):
        last = history.nearest_earlier(frame, captured_at=index / 8, face=FACE)

    assert last == 0.0


def test_a_frozen_feed_repeats() -> None:
    assert repeated_share([b"a", b"b", *[b"c"] * 20]) > 0.8


def test_a_slow_camera_read_twice_does_not() -> None:
    assert repeated_share([b"a", b"a", b"b", b"b", b"c", b"c"]) == 0.0


def test_a_return_to_earlier_bytes_counts() -> None:
    assert repeated_share([b"a", b"b", b"a", b"b"]) == 0.5


def test_no_frames_repeat_nothing() -> None:
    assert repeated_share([]) == 0.0
    assert looping_share([None, None], closest=0.5) == 0.0
