"""Where the colour answers: a head most in the middle, less at its sides; paper evenly; a tint everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.liveness.flash import MIN_COLORS, FlashWindow, chroma, frames_by_color

Map = NDArray[np.float32]

# Rectangles (left, top, right, bottom) in fractions of the eye-fixed map, whose eyes are 1/4 apart on row
# 3/8.
_CENTER = ((0.44, 0.47, 0.56, 0.59), (0.37, 0.50, 0.45, 0.59), (0.55, 0.50, 0.63, 0.59))
_SIDES = ((0.24, 0.44, 0.29, 0.62), (0.71, 0.44, 0.76, 0.62))
_BESIDE = ((0.01, 0.06, 0.11, 0.38), (0.89, 0.06, 0.99, 0.38))
_LEAST_CENTER = 1e-3


@dataclass(frozen=True, slots=True)
class FlashShape:
    """``center``: gain of nose and inner cheeks, log light per unit of commanded light; ``side``: outer
    cheeks over centre; ``beside``: next to the head over centre."""

    center: float
    side: float
    beside: float


def measure_shape(maps: Sequence[tuple[float, Map]], window: FlashWindow, *, lag: float) -> FlashShape | None:
    """``maps``: capture time and eye-fixed log light, shape (n, n, 3). None with maps for fewer than four
    colours."""
    if not maps:
        return None
    groups = frames_by_color(np.array([at for at, _ in maps]), window, lag=lag)
    lit = [index for index, group in enumerate(groups) if len(group)]
    if len(lit) < MIN_COLORS:
        return None
    means = np.stack([np.mean([maps[frame][1] for frame in groups[index]], axis=0) for index in lit])
    answer = means - means.mean(axis=0)
    answer = answer - answer.mean(axis=-1, keepdims=True)
    wanted = chroma(np.array([window.colors[index].linear_bgr for index in lit]))
    gain = np.einsum("khwc,kc->hw", answer, wanted) / max(float((wanted**2).sum()), 1e-9)
    center = _typical(gain, _CENTER)
    floor = max(center, _LEAST_CENTER)
    return FlashShape(
        center=center, side=_typical(gain, _SIDES) / floor, beside=_typical(gain, _BESIDE) / floor
    )


def _typical(gain: NDArray[np.float64], rectangles: Sequence[tuple[float, float, float, float]]) -> float:
    rows, columns = gain.shape
    medians = []
    for left, top, right, bottom in rectangles:
        part = gain[int(top * rows) : int(bottom * rows), int(left * columns) : int(right * columns)]
        medians.append(float(np.median(part)))
    return float(np.mean(medians))
