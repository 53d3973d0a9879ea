"""JSON that somebody else wrote: each value as what it ought to be, or None where it is something else."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def mapping(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) else None


def sequence(value: object) -> Sequence[object] | None:
    return value if isinstance(value, list) else None


def text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def number(value: object) -> float | None:
    """Finite, and no truth value."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def count(value: object) -> int | None:
    """A whole number from 0 on."""
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return int(value) if whole and isinstance(value, int) else None


def texts(value: object) -> tuple[str, ...]:
    """The strings of a list, without whatever else is in it."""
    return tuple(one for one in sequence(value) or () if isinstance(one, str))


def numbers(value: object) -> dict[str, float]:
    """The numbers of an object, without whatever else is in it."""
    return dict(_numbers(mapping(value) or {}))


def _numbers(table: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, one in table.items():
        if (known := number(one)) is not None:
            yield name, known
