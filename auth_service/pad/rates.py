"""Error rates with their 95 % Wilson intervals."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_Z_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Rate:
    """``errors`` of ``trials`` with the 95 % Wilson interval."""

    errors: int
    trials: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.errors / self.trials if self.trials else math.nan


def wilson(errors: int, trials: int) -> Rate:
    """The score interval: honest for zero errors in few trials, where the plain one has no width."""
    if trials == 0:
        return Rate(errors=0, trials=0, low=0.0, high=1.0)
    share, square = errors / trials, _Z_95**2
    center = (share + square / (2 * trials)) / (1 + square / trials)
    reach = _Z_95 * math.sqrt(share * (1 - share) / trials + square / (4 * trials**2)) / (1 + square / trials)
    # At none and at all the formula ends exactly there, but for a rounding.
    low = 0.0 if errors == 0 else center - reach
    high = 1.0 if errors == trials else center + reach
    return Rate(errors=errors, trials=trials, low=low, high=high)


def rate_of(errors: Iterable[bool]) -> Rate:
    known = list(errors)
    return wilson(sum(known), len(known))
