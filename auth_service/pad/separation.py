"""How far each threshold stands from the nearest genuine session and the nearest attack it refuses."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from auth_service.pad.scorecard import Presentation, Run
from core.liveness.gates import Gate, gates_for


@dataclass(frozen=True, slots=True)
class Point:
    """One session's value, and whether the number alone would refuse it."""

    presentation: Presentation
    value: float
    refused: bool


@dataclass(frozen=True, slots=True)
class Separation:
    """One number, its threshold in force and what stands on either side."""

    gate: Gate
    threshold: float
    may_refuse: bool
    """False where the level only records the signal."""
    genuine: tuple[Point, ...]
    attacks: tuple[Point, ...]

    @property
    def worst_genuine(self) -> Point | None:
        """The genuine session nearest to being refused, or refused by most."""
        return self._worst(self.genuine)

    @property
    def nearest_attack(self) -> Point | None:
        """Of the attacks that the number refuses, the one nearest to being let through."""
        refused = [point for point in self.attacks if point.refused]
        return max(refused, key=lambda point: self._towards_agreeing(point.value), default=None)

    @property
    def gap(self) -> float | None:
        """From the nearest attack to the worst genuine session, in the number's own unit; negative where they
        overlap. Wherever in it the threshold is put, this data does not tell."""
        genuine, attack = self.worst_genuine, self.nearest_attack
        if genuine is None or attack is None:
            return None
        return self._towards_agreeing(genuine.value) - self._towards_agreeing(attack.value)

    @property
    def typical_genuine(self) -> float | None:
        return statistics.median(point.value for point in self.genuine) if self.genuine else None

    def _worst(self, points: tuple[Point, ...]) -> Point | None:
        return min(points, key=lambda point: self._towards_agreeing(point.value), default=None)

    def _towards_agreeing(self, value: float) -> float:
        return value if self.gate.least else -value


def separations(run: Run) -> tuple[Separation, ...]:
    """One for each number that some session of the run has."""
    every = (_separation(run, gate) for gate in gates_for(run.detector_layout))
    return tuple(one for one in every if one.genuine or one.attacks)


def _separation(run: Run, gate: Gate) -> Separation:
    threshold = run.thresholds[gate.threshold]

    def points(shown: tuple[Presentation, ...]) -> tuple[Point, ...]:
        return tuple(
            Point(one, value, refused=not gate.agrees(value, threshold=threshold))
            for one in shown
            if (value := one.signals.get(gate.value)) is not None
        )

    return Separation(
        gate=gate,
        threshold=threshold,
        may_refuse=any(gate.signal in one.margins for one in run.presentations),
        genuine=points(run.genuine),
        attacks=points(run.attacks),
    )
