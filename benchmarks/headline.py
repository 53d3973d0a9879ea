"""One measured claim, and how two ways of doing a thing are timed fairly."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Headline:
    """One claim: a baseline and a result from the same run."""

    name: str
    unit: str
    baseline_label: str
    baseline: float
    optimised_label: str
    optimised: float
    more_is_better: bool = False
    ratio: float = field(init=False)
    """How many times better the result is; below 1 it costs something."""

    def __post_init__(self) -> None:
        faster = self.optimised / self.baseline if self.more_is_better else self.baseline / self.optimised
        object.__setattr__(self, "ratio", faster)


def alternate(
    first: Callable[[], object], second: Callable[[], object], *, iterations: int
) -> tuple[float, float]:
    """Median milliseconds of each, taken in turns so that a slow moment of the machine hits both."""
    times: tuple[list[float], list[float]] = ([], [])
    first()
    second()
    for _ in range(iterations):
        for call, taken in zip((first, second), times, strict=True):
            began = time.perf_counter()
            call()
            taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(times[0]), statistics.median(times[1])
