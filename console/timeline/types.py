"""An attempt over time as its page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.plots import Markup


@dataclass(frozen=True, slots=True)
class Plot:
    """``drawing``: None where nothing was measured. ``series``: its columns in the table, separated by
    spaces."""

    title: str
    about: str
    series: str
    drawing: Markup | None


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One frame. ``at``: its second for machines, ``time`` for people."""

    at: str
    time: str
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class ValueTable:
    columns: Sequence[tuple[str, str]]
    """Name of the series and heading, in the order of every row's cells."""
    rows: Sequence[ValueRow]


@dataclass(frozen=True, slots=True)
class Timeline:
    plots: Sequence[Plot]
    script: Markup
    table: ValueTable
    seconds: str
    """Length of the time axis, for machines."""
