"""What each measured number was held to, for the table that shows them side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.engine.types import LandmarkLayout
from core.liveness.gates import gates_for


@dataclass(frozen=True, slots=True)
class Threshold:
    limit: float
    sign: str
    """How a number that agrees stands to it."""


def thresholds_for(in_force: Mapping[str, float]) -> dict[str, Threshold]:
    """By the name of the measured number. ``in_force``: as the attempt recorded them, by their own names;
    one that it did not record is not shown, for a later version or another site may have another."""
    return {
        gate.value: Threshold(limit=in_force[gate.threshold], sign=gate.sign)
        for layout in LandmarkLayout
        for gate in gates_for(layout)
        if gate.threshold in in_force
    }
