"""Are the claimed capture times and numbers those of a page that films now and waits for each answer?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]

RATE_SECONDS = 1.5
"""The clocks' rate is read over stretches of this length: one stall of the network touches few of them."""
MIN_STRETCHES = 12
HURRIED_PART = 0.3
"""A frame is hurried when it came in less than this part of the time that it claims to have taken. A page
that waits for answers cannot hurry often in a row: each time its delay must shrink to a third."""
UNANSWERED_SECONDS = 0.9
"""From this interval on a page may send without an answer (it waits a second), and frames may come in
heaps."""


@dataclass(frozen=True, slots=True)
class TimingLimits:
    """What an honest page on a bad network stays within."""

    shortest: float = 0.02
    """Seconds: median interval per frame sent, below which no webcam feeds this protocol."""
    longest_gap: float = 30.0
    """Seconds of silence, e.g. of a hidden page."""
    drift: float = 4.0
    """Seconds that the delay of the frames may vary by."""
    ahead: float = 4.0
    """Seconds that a frame may be dated later than the quickest one before it allows: as ``drift``, for the
    first frame of all may be the one that a network held back."""
    slowest: float = 0.8
    fastest: float = 1.25
    """Rate of arrival against capture time."""
    hurried: int = 5
    """Hurried frames in a row."""
    lost: float = 0.9
    """Share of the frames sent that were never analysed: a page that waits loses them to a busy server
    only."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Of the analysed frames. None where no arrival times, or too few, are known."""

    backwards: int
    """Frames not later, or not of a higher number, than the one before."""
    median_interval: float
    longest_gap: float
    lost: float
    drift: float | None = None
    ahead: float | None = None
    rate: float | None = None
    """Median of arrival over capture time: 0.5 for a recording sent at double speed."""
    hurried: int | None = None

    def plausible(self, limits: TimingLimits) -> bool:
        return (
            self.backwards == 0
            and self.median_interval >= limits.shortest
            and self.longest_gap <= limits.longest_gap
            and self.lost <= limits.lost
            and (self.drift is None or self.drift <= limits.drift)
            and (self.ahead is None or self.ahead <= limits.ahead)
            and (self.rate is None or limits.slowest <= self.rate <= limits.fastest)
            and (self.hurried is None or self.hurried <= limits.hurried)
        )


def measure_timing(
    captured: Sequence[float], received: Sequence[float | None], *, sequences: Sequence[int] | None = None
) -> Timing | None:
    """None for fewer than two frames. ``sequences``: the numbers they were sent under; None: no gaps.

    Only differences count: the page's clock and the server's need not agree on the time.
    """
    if len(captured) < 2:
        return None
    times = np.asarray(captured, dtype=np.float64)
    numbers = np.asarray(range(len(captured)) if sequences is None else sequences, dtype=np.int64)
    intervals, steps = np.diff(times), np.diff(numbers)
    sent = int(numbers[-1] - numbers[0])
    timing = Timing(
        backwards=int(((intervals <= 0) | (steps <= 0)).sum()),
        median_interval=float(np.median(intervals / np.maximum(steps, 1))),
        longest_gap=float(intervals.max()),
        lost=1.0 - len(steps) / sent if sent > len(steps) else 0.0,
    )
    known = [(at, late) for at, late in zip(captured, received, strict=True) if late is not None]
    if len(known) < 2:
        return timing
    captured_then, received_then = np.array(known, dtype=np.float64).T
    return _against_arrival(timing, captured_then, received_then)


def _against_arrival(timing: Timing, captured: Times, received: Times) -> Timing:
    delays = received - captured
    quickest = np.minimum.accumulate(delays)
    return replace(
        timing,
        drift=float(np.ptp(delays)),
        ahead=float((quickest[:-1] - delays[1:]).clip(min=0.0).max()),
        rate=_rate(captured, received),
        hurried=_longest_hurry(np.diff(captured), np.diff(received)),
    )


def _rate(captured: Times, received: Times) -> float | None:
    ends = np.searchsorted(captured, captured + RATE_SECONDS)
    starts = np.flatnonzero(ends < len(captured))
    if len(starts) < MIN_STRETCHES:
        return None
    ends = ends[starts]
    taken = captured[ends] - captured[starts]
    # A clock that runs backwards is counted elsewhere; here it must not divide by nothing.
    return float(np.median((received[ends] - received[starts]) / np.maximum(taken, RATE_SECONDS)))


def _longest_hurry(captured: Times, received: Times) -> int:
    hurried = (captured < UNANSWERED_SECONDS) & (received < HURRIED_PART * captured)
    longest = run = 0
    for one in hurried:
        run = run + 1 if one else 0
        longest = max(longest, run)
    return longest
