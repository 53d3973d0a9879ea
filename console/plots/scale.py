"""Where a value stands, and which round values a reader is shown beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_STEPS = (1.0, 2.0, 5.0, 10.0)
"""The same decade's and the next one's first."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Linear from ``low``..``high`` (not equal, finite) to ``start``..``end``.

    Raises ValueError for a range that has no length or no end.
    """

    low: float
    high: float
    start: float = 0.0
    end: float = 1.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.high - self.low) or self.high == self.low:
            raise ValueError(f"no scale reaches from {self.low} to {self.high}")

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def clamped(self, value: float) -> float:
        """The place of ``value``, or of the end that it lies beyond."""
        low, high = sorted((self.low, self.high))
        return self(min(high, max(low, value)))


def ticks(low: float, high: float, *, about: int = 4) -> tuple[float, ...]:
    """Multiples of 1, 2 or 5 times a power of ten within ``low``..``high``, some ``about`` of them."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return ()
    rough = span / max(1, about)
    power = 10.0 ** math.floor(math.log10(rough))
    step = min((step * power for step in _STEPS), key=lambda step: abs(math.log(step / rough)))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    # Multiplied, not added up: thirty times 0.1 is no longer 3.
    return tuple(round(count * step, 12) for count in range(first, last + 1))


def range_of(
    values: Iterable[float | None], *, least: tuple[float, float], room: float = 0.08
) -> tuple[float, float]:
    """What a plot must show: ``least`` and all of ``values`` that is known, with ``room`` around these."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    low, high = min([least[0], *known]), max([least[1], *known])
    span = high - low
    return (
        low - room * span if low < least[0] else low,
        high + room * span if high > least[1] else high,
    )
