"""One attempt over time, as `core.liveness.timeline` wrote it, read back with nothing taken for granted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console import stored

VERSION = 1
MOST_FRAMES = 5_000
"""More than any session may use; a page must not be made of whatever a row holds."""
COLOR = re.compile(r"#[0-9a-fA-F]{6}")

Column = tuple[float | None, ...]


class UnreadableTrace(ValueError):
    """The message says what is wrong with it, for the log and the page."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A colour (``#rrggbb``) and when the screen showed it, seconds."""

    color: str
    start: float


@dataclass(frozen=True, slots=True)
class Step:
    kind: str
    start: float
    end: float
    outcome: str
    score: float | None
    replaced: bool
    colors: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """Seconds since the attempt's first frame; every column is as long as ``at``."""

    at: tuple[float, ...]
    columns: Mapping[str, Column]
    limits: Mapping[str, float]
    steps: tuple[Step, ...]
    challenge_start: float | None

    @property
    def seconds(self) -> float:
        """Length of the time axis, never 0: to the last frame or the end of the last step."""
        return max([*self.at, *(step.end for step in self.steps), 0.1])

    def column(self, name: str) -> Column:
        """All None for a quantity that this trace does not have."""
        return self.columns.get(name) or (None,) * len(self.at)


def read_trace(found: object) -> Trace:
    """Raises UnreadableTrace for anything but version 1 with columns of one length."""
    table = _mapping(found, "the trace")
    if table.get("version") != VERSION:
        raise UnreadableTrace(f"version {table.get('version')!r} is not {VERSION}")
    series = _mapping(table.get("series"), "series")
    at = _column(series.get("at"), "at")
    if len(at) > MOST_FRAMES:
        raise UnreadableTrace(f"{len(at)} frames are more than {MOST_FRAMES}")
    known = tuple(value for value in at if value is not None)
    if len(known) != len(at):
        raise UnreadableTrace("a frame has no time")
    columns = {name: _column(values, name) for name, values in series.items() if name != "at"}
    for name, column in columns.items():
        if len(column) != len(at):
            raise UnreadableTrace(f"{name} has {len(column)} values for {len(at)} frames")
    limits = _mapping(table.get("limits", {}), "limits").items()
    return Trace(
        at=known,
        columns=columns,
        limits={name: value for name, limit in limits if (value := stored.number(limit)) is not None},
        steps=tuple(_step(step) for step in _list(table.get("steps", []), "steps")),
        challenge_start=stored.number(table.get("challenge_start")),
    )


def _step(found: object) -> Step:
    table = _mapping(found, "a step")
    start, end = stored.number(table.get("start")), stored.number(table.get("end"))
    if start is None or end is None:
        raise UnreadableTrace("a step has no time")
    return Step(
        kind=str(table.get("kind", "")),
        start=start,
        end=max(start, end),
        outcome=str(table.get("outcome", "")),
        score=stored.number(table.get("score")),
        replaced=table.get("replaced") is True,
        colors=tuple(_colors(_list(table.get("colors", []), "colors"))),
    )


def _colors(found: Sequence[object]) -> Iterator[Shown]:
    for one in found:
        table = _mapping(one, "a colour")
        color, start = table.get("hex"), stored.number(table.get("start"))
        # It becomes an attribute of the page: nothing but a colour may pass.
        if not isinstance(color, str) or not COLOR.fullmatch(color) or start is None:
            raise UnreadableTrace("a colour is not #rrggbb with a time")
        yield Shown(color=color, start=start)


def _mapping(value: object, name: str) -> Mapping[str, Any]:
    table = stored.mapping(value)
    if table is None:
        raise UnreadableTrace(f"{name} is not an object")
    return table


def _list(value: object, name: str) -> Sequence[object]:
    known = stored.sequence(value)
    if known is None:
        raise UnreadableTrace(f"{name} is not a list")
    return known


def _column(value: object, name: str) -> Column:
    return tuple(stored.number(one) for one in _list(value, name))
