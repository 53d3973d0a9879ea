"""The noise of a sensor: fresh in every frame of a camera, absent or the same again in a feed that was made.

Measured where a room stands still, in the upper corners of the full-size frame. Only a hint: a camera that
smooths hard, or a wall too bright to show noise, looks like a picture too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.engine.types import Image

Grey = NDArray[np.uint8]

PATCH_SIZE = 32
_EDGE_PX = 8
"""A whole JPEG block away from the edge, where scaling leaves borders."""
_KEPT = 64
"""Differences looked back on: eight seconds at 8 frames a second, half a megabyte."""
_APART = 3
"""Neighbouring differences share a frame and are never independent."""
_DARKEST, _BRIGHTEST = 16.0, 239.0
_LEAST_SPREAD = 0.05
SILENT = 0.1
"""Grey levels between two frames below which there was no noise at all. Synthetic cameras: 0.5 and more."""
SAME = 0.8
"""Correlation from which a difference is an earlier one again. Independent noise stays below 0.4."""
MIN_SAMPLES = 12


@dataclass(frozen=True, slots=True)
class NoiseSample:
    """Of one frame against the one before. ``level``: standard deviation of their difference, grey levels;
    ``returning``: highest correlation, 0..1, with the difference of an earlier pair; None before there is
    one."""

    level: float
    returning: float | None


@dataclass(frozen=True, slots=True)
class SensorNoise:
    """Of a session: shares, 0..1, of its frames without any noise and with noise that was there before."""

    silent: float
    returning: float


class NoiseHistory:
    """One per session, called with its frames in order; keeps the last 64 differences of small patches."""

    def __init__(self) -> None:
        self._previous: NDArray[np.float32] | None = None
        self._differences = np.zeros((_KEPT, 2 * PATCH_SIZE * PATCH_SIZE), np.float32)
        self._count = 0

    def measure(self, image: Image) -> NoiseSample | None:
        """None for the first frame, and where the corners are too dark or too bright to show noise."""
        patch = _corners(image)
        previous, self._previous = self._previous, patch
        if patch is None or previous is None:
            return None
        difference = patch - previous
        difference -= difference.mean()
        level = float(difference.std())
        if level < _LEAST_SPREAD:
            return NoiseSample(level=level, returning=None)
        difference /= np.float32(np.linalg.norm(difference))
        returning = self._most_alike(difference)
        self._differences[self._count % _KEPT] = difference
        self._count += 1
        return NoiseSample(level=level, returning=returning)

    def _most_alike(self, difference: NDArray[np.float32]) -> float | None:
        newest = range(max(0, self._count - _APART + 1), self._count)
        alike = np.abs(self._differences[: min(self._count, _KEPT)] @ difference)
        for number in newest:
            alike[number % _KEPT] = 0.0
        return float(alike.max()) if self._count >= _APART else None


def _corners(image: Image) -> NDArray[np.float32] | None:
    rows = slice(_EDGE_PX, _EDGE_PX + PATCH_SIZE)
    left, right = (
        image[rows, _EDGE_PX : _EDGE_PX + PATCH_SIZE],
        image[rows, -_EDGE_PX - PATCH_SIZE : -_EDGE_PX],
    )
    if left.shape != right.shape or left.shape[:2] != (PATCH_SIZE, PATCH_SIZE):
        return None
    grey = cv2.cvtColor(np.concatenate((left, right)), cv2.COLOR_BGR2GRAY)
    if not _DARKEST <= float(grey.mean()) <= _BRIGHTEST:
        return None
    patch: NDArray[np.float32] = grey.astype(np.float32).ravel()
    return patch


def summarise_noise(samples: Sequence[NoiseSample]) -> SensorNoise | None:
    """None with fewer than twelve: too little to call anything a habit."""
    if len(samples) < MIN_SAMPLES:
        return None
    silent = sum(sample.level < SILENT for sample in samples)
    again = sum(sample.returning is not None and sample.returning > SAME for sample in samples)
    return SensorNoise(silent=silent / len(samples), returning=again / len(samples))
