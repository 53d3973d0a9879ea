"""Measured values as strokes: joined where neighbours were measured, apart where one was not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from console.plots.markup import number
from console.plots.scale import Scale

UNITS = 1000.0
"""Width of the stretched coordinate system that strokes are drawn in."""


@dataclass(frozen=True, slots=True)
class Line:
    """``times`` and ``values`` are equally long; None was not measured. ``label`` is written at its end,
    ``tone`` is a class."""

    times: Sequence[float]
    values: Sequence[float | None]
    label: str = ""
    tone: str = ""

    @property
    def measured(self) -> tuple[tuple[float, float], ...]:
        return tuple((at, value) for run in runs(self.times, self.values) for at, value in run)


def runs(times: Sequence[float], values: Sequence[float | None]) -> Iterator[list[tuple[float, float]]]:
    """Stretches without a gap. Raises ValueError where the columns differ in length."""
    run: list[tuple[float, float]] = []
    for at, value in zip(times, values, strict=True):
        if value is not None and math.isfinite(value):
            run.append((at, value))
        elif run:
            yield run
            run = []
    if run:
        yield run


def path_data(line: Line, *, x: Scale, y: Scale) -> str:
    """The ``d`` of a path; a value between two gaps becomes a dot (a stroke of no length with round ends)."""
    return "".join(_run_data(run, x=x, y=y) for run in runs(line.times, line.values))


def sparse_path_data(line: Line, *, x: Scale, y: Scale) -> str:
    """As `path_data`, joining measured neighbours over the gaps: for what is measured every few frames."""
    measured = line.measured
    return _run_data(measured, x=x, y=y) if measured else ""


def _run_data(run: Sequence[tuple[float, float]], *, x: Scale, y: Scale) -> str:
    points = [f"{number(x(at))} {number(y.clamped(value))}" for at, value in run]
    return "M" + "L".join(points) + ("h0" if len(points) == 1 else "")
