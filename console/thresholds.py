"""What each measured number was held to, for the table that shows them side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.engine.types import LandmarkLayout
from core.liveness.gates import Gate, gates_for


@dataclass(frozen=True, slots=True)
class Threshold:
    """A gate and where it stood."""

    gate: Gate
    limit: float

    @property
    def sign(self) -> str:
        """How a number that agrees stands to the limit."""
        return self.gate.sign

    def agrees(self, value: float) -> bool:
        return self.gate.agrees(value, threshold=self.limit)


def thresholds_for(in_force: Mapping[str, float]) -> dict[str, Threshold]:
    """By the name of the measured number. ``in_force``: as the attempt recorded them, by their own names;
    one that it did not record is not shown, for a later version or another site may have another."""
    return {
        gate.value: Threshold(gate=gate, limit=in_force[gate.threshold])
        for layout in LandmarkLayout
        for gate in gates_for(layout)
        if gate.threshold in in_force
    }
