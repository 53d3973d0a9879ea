"""Missed movements and the spare steps that stand in for them, as often as the level allows."""

from __future__ import annotations

from collections.abc import Sequence

from core.liveness.script import ScriptStep, StepKind


class Retries:
    """Of one session."""

    def __init__(self, spares: Sequence[ScriptStep], *, allowed: int) -> None:
        self._spares = list(spares)
        self._left = allowed

    def take(self, missed: StepKind) -> ScriptStep | None:
        """The next spare of another kind than the one that was missed; None where none is left."""
        spare = next((step for step in self._spares if step.kind is not missed), None)
        if spare is None or not self.grant():
            return None
        self._spares.remove(spare)
        return spare

    def grant(self) -> bool:
        """Count one retry, such as a recorded one whose spare is already in the script; False: none left."""
        if self._left <= 0:
            return False
        self._left -= 1
        return True
