"""At which frames of a step the face is held against the session's first one: drawn, so that nobody can know.

Whoever could know them would show the enrolled person's picture there and film himself in between.
"""

from __future__ import annotations

import random

from core.liveness.script import ScriptStep, StepKind

FLASH_CHECKS = 4
"""One in each quarter of the flash, the only part that a picture cannot answer."""
_EARLY_PART = 0.5
_LATEST_FRAMES = 3


class SpotChecks:
    """Of one step. A movement has one check at any time of its first half, and one among the frames in which
    it is being made."""

    def __init__(self, step: ScriptStep, *, rng: random.Random) -> None:
        if step.kind is StepKind.FLASH:
            quarter = step.window_seconds / FLASH_CHECKS
            self._times = [(index + rng.random()) * quarter for index in range(FLASH_CHECKS)]
            self._frames_moved: int | None = None
        else:
            self._times = [rng.random() * _EARLY_PART * step.window_seconds]
            self._frames_moved = rng.randrange(_LATEST_FRAMES)

    def take_due(self, elapsed: float, *, moved: bool) -> bool:
        """Whether the next frame is one. Ask once a frame: a check that was due is not due again.

        ``elapsed``: seconds since the step began; ``moved``: its movement is being made.
        """
        timely = bool(self._times) and elapsed >= self._times[0]
        if timely:
            del self._times[0]
        return self._count_movement(moved=moved) or timely

    def _count_movement(self, *, moved: bool) -> bool:
        if not moved or self._frames_moved is None:
            return False
        self._frames_moved -= 1
        if self._frames_moved >= 0:
            return False
        self._frames_moved = None
        return True
