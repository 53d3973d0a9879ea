"""Colour flash: does the light on the face follow the colours that were commanded, and the wall's less?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.liveness.script import PALETTE, FlashColor

Series = NDArray[np.float64]

LAGS = tuple(float(lag) for lag in np.arange(0.0, 0.31, 0.05))
"""Seconds from the screen's change to the frame that shows it: exposure, pipeline, slow panels. Webcams take
0.06 to 0.2. With 0.4 a recording of other colours fits too often: it is nearly one colour's time."""
MIN_COLORS = 4
_MOST_COMPARED = 7
"""Colours that are weighed, the first of a longer flash: seven have 93,750 orders, and each is compared."""
_EDGE_SECONDS = 0.02
_FLOOR = 1e-4


@dataclass(frozen=True, slots=True)
class LitFrame:
    """Linear light of one frame, BGR; ``surroundings`` may be NaN."""

    at: float
    skin: Series
    surroundings: Series


@dataclass(frozen=True, slots=True)
class FlashWindow:
    """``starts``: when each colour was first shown, seconds on the capture clock; ``end``: when the last
    ended."""

    colors: tuple[FlashColor, ...]
    starts: tuple[float, ...]
    end: float

    def segment(self, index: int) -> tuple[float, float]:
        stop = self.starts[index + 1] if index + 1 < len(self.starts) else self.end
        return self.starts[index], stop


@dataclass(frozen=True, slots=True)
class FlashAnswer:
    """Of the best lag. All of chroma, relative to the surroundings unless said otherwise."""

    correlation: float
    """-1..1"""
    skin_correlation: float
    """-1..1, the skin alone: it answers and the rest does not where the whole frame was tinted."""
    skin_gain: float
    """As ``gain``, the skin alone; at the lag of ``skin_correlation``."""
    chance: float
    """Share of all colour orders that fit the answer as well."""
    least_chance: float
    """Of an answer that fits no other order of as many colours as well."""
    gain: float
    """Logarithm of light per unit of commanded light."""
    lag: float
    """Seconds."""
    colors: int
    """Colours with a frame of their own."""


def frames_by_color(times: Series, window: FlashWindow, *, lag: float) -> list[NDArray[np.intp]]:
    """Indices of the frames that can only show one colour, per colour."""
    segments = (window.segment(index) for index in range(len(window.colors)))
    return [
        np.flatnonzero((times >= start + lag + _EDGE_SECONDS) & (times < stop + lag - _EDGE_SECONDS))
        for start, stop in segments
    ]


def chroma(values: Series) -> Series:
    """Rows of colours without their common mean and without each row's brightness.

    A camera's exposure and the page's white change brightness; only colour is evidence.
    """
    centered = values - values.mean(axis=0)
    result: Series = centered - centered.mean(axis=1, keepdims=True)
    return result


def measure_flash(frames: Sequence[LitFrame], window: FlashWindow) -> FlashAnswer | None:
    """The best answer over the camera's possible lags; None with frames for fewer than four colours.

    The surroundings' change is taken off the skin's, which cancels exposure and white balance: the screen is
    near the face and far from the wall. Without surroundings the skin stands alone.
    """
    times = np.array([frame.at for frame in frames])
    if len(times) < MIN_COLORS:
        return None
    skin, around = _log_light(frames)
    relative = skin - around if around is not None else skin
    commanded = np.array([color.linear_bgr for color in window.colors])
    answers = [
        answer
        for lag in LAGS
        if (answer := _answer(times, relative, skin, commanded=commanded, window=window, lag=lag)) is not None
    ]
    if not answers:
        return None
    best = max(answers, key=lambda answer: answer.correlation)
    alone = max(answers, key=lambda answer: answer.skin_correlation)
    return replace(best, skin_correlation=alone.skin_correlation, skin_gain=alone.skin_gain)


def _answer(
    times: Series,
    relative: Series,
    skin: Series,
    *,
    commanded: Series,
    window: FlashWindow,
    lag: float,
) -> FlashAnswer | None:
    groups = frames_by_color(times, window, lag=lag)
    lit = [index for index, group in enumerate(groups) if len(group)][:_MOST_COMPARED]
    if len(lit) < MIN_COLORS:
        return None
    seen = chroma(np.array([relative[groups[index]].mean(axis=0) for index in lit]))
    alone = chroma(np.array([skin[groups[index]].mean(axis=0) for index in lit]))
    wanted = chroma(commanded[lit])
    correlation = _correlation(seen, wanted)
    return FlashAnswer(
        correlation=correlation,
        skin_correlation=_correlation(alone, wanted),
        skin_gain=_gain(alone, wanted),
        chance=_chance(seen, at_least=correlation),
        least_chance=1 / len(_all_orders(len(lit))),
        gain=_gain(seen, wanted),
        lag=lag,
        colors=len(lit),
    )


def _log_light(frames: Sequence[LitFrame]) -> tuple[Series, Series | None]:
    """Skin and surroundings; the surroundings only where every frame has them."""
    skin = np.array([frame.skin for frame in frames], dtype=np.float64)
    around = np.array([frame.surroundings for frame in frames], dtype=np.float64)
    known = bool(np.isfinite(around).all())
    return np.log(np.maximum(skin, _FLOOR)), np.log(np.maximum(around, _FLOOR)) if known else None


def _correlation(answer: Series, wanted: Series) -> float:
    size = float(np.sqrt((answer**2).sum() * (wanted**2).sum()))
    return float((answer * wanted).sum() / size) if size > 1e-12 else 0.0


def _gain(answer: Series, wanted: Series) -> float:
    return float((answer * wanted).sum() / max(float((wanted**2).sum()), 1e-9))


def _chance(answer: Series, *, at_least: float) -> float:
    """Share of all colour orders of this length, no colour twice in a row, that correlate at least as
    well."""
    size = float(np.sqrt((answer**2).sum()))
    return float((_all_orders(len(answer)) @ answer.ravel() >= (at_least - 1e-9) * size).mean())


@lru_cache(maxsize=4)
def _all_orders(length: int) -> Series:
    """Chroma of each, as a row of length 1: what a sum of products with it is the correlation of."""
    colors = np.array([color.linear_bgr for color in PALETTE])
    picks = np.stack(np.meshgrid(*[np.arange(len(PALETTE))] * length, indexing="ij"), axis=-1).reshape(
        -1, length
    )
    orders = colors[picks[(np.diff(picks, axis=1) != 0).all(axis=1)]]
    centered = orders - orders.mean(axis=1, keepdims=True)
    centered = (centered - centered.mean(axis=2, keepdims=True)).reshape(len(orders), -1)
    rows: Series = centered / np.linalg.norm(centered, axis=1, keepdims=True)
    return rows
