"""Fixed windows for replaying a recorded session, in place of those a live page reports."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.liveness.script import ScriptStep, StepKind

from .steps import RunningStep

_LEAD_SECONDS = 0.2
_NEAR_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class FixedSchedule:
    """``windows``: start and end of each step in seconds on the capture clock, in the script's order.

    Under a schedule nothing is drawn, nothing ends early and the flow ends with `SessionFlow.conclude`. What
    only the recording of a live session tells: ``replaced``, indices of steps that the next one was shown
    for, which is granted as often as the level retries; ``color_starts`` of the flash; ``framing``, capture
    times of the first frame that counted and of the one on which the challenge began.
    """

    windows: tuple[tuple[float, float], ...]
    replaced: frozenset[int] = frozenset()
    color_starts: tuple[float, ...] | None = None
    framing: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        for start, end in self.windows:
            if end <= start:
                raise ValueError("a step ends after it starts")

    @property
    def challenge_start(self) -> float:
        """Never, where no step was recorded."""
        if not self.windows:
            return math.inf
        return self.framing[1] if self.framing else self.windows[0][0]

    def counts_for_framing(self, at: float) -> bool:
        """The frame that begins a live challenge is itself one of those it was begun on."""
        return at < self.challenge_start if self.framing is None else self.framing[0] <= at <= self.framing[1]

    def run(self, step: ScriptStep, *, index: int) -> RunningStep:
        start, end = self.windows[index]
        return RunningStep(
            step,
            index=index,
            attempt=1,
            issued_at=start,
            fixed_end=end,
            fixed_colors=self.color_starts,
        )

    def near_flash(self, steps: Sequence[ScriptStep], at: float) -> bool:
        pairs = zip(steps, self.windows, strict=True)
        return any(
            step.kind is StepKind.FLASH and start - _NEAR_SECONDS <= at < end + _NEAR_SECONDS
            for step, (start, end) in pairs
        )

    def ends(self, at: float) -> bool:
        """A recording has few frames after its last window, and each counts."""
        return bool(self.windows) and at >= self.windows[-1][1] - _LEAD_SECONDS
