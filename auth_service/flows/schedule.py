"""Fixed windows for replaying a recorded session, in place of those a live page reports."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FixedSchedule:
    """``windows``: start and end of each step in seconds on the capture clock, in the script's order.

    Under a schedule nothing is retried, nothing ends early and the flow ends with `SessionFlow.conclude`.
    """

    windows: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        for start, end in self.windows:
            if end <= start:
                raise ValueError("a step ends after it starts")
