"""Are the claimed capture times those of a camera that films now?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class TimingLimits:
    """Seconds. ``shortest``: median interval below which no webcam feeds this protocol (one frame in flight);
    ``longest_gap``: the longest silence; ``drift``: how far the two clocks may run apart."""

    shortest: float = 0.02
    longest_gap: float = 6.0
    drift: float = 4.0


@dataclass(frozen=True, slots=True)
class Timing:
    """``backwards``: frames not later than the one before; ``drift``: None where no arrival times are
    known."""

    backwards: int
    median_interval: float
    longest_gap: float
    drift: float | None

    def plausible(self, limits: TimingLimits) -> bool:
        return (
            self.backwards == 0
            and self.median_interval >= limits.shortest
            and self.longest_gap <= limits.longest_gap
            and (self.drift is None or self.drift <= limits.drift)
        )


def measure_timing(captured: Sequence[float], received: Sequence[float | None]) -> Timing | None:
    """None for fewer than two frames.

    ``drift`` is the range of arrival minus capture time: a feed rendered slower than it claims, or played
    faster than it was filmed, lets the clocks run apart; a network's delay alone stays within seconds.
    """
    if len(captured) < 2:
        return None
    intervals = np.diff(np.asarray(captured, dtype=np.float64))
    delays = [late - at for at, late in zip(captured, received, strict=True) if late is not None]
    return Timing(
        backwards=int((intervals <= 0).sum()),
        median_interval=float(np.median(intervals)),
        longest_gap=float(intervals.max()),
        drift=max(delays) - min(delays) if len(delays) >= 2 else None,
    )
