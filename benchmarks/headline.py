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
    ratio: float = field(init=False)
    """baseline / optimised."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "ratio", self.baseline / self.optimised)


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
