"""Numbers as people read them in the page's language; plots write their own, in SVG's."""

from __future__ import annotations

import math

from django.utils.formats import number_format

ABSENT = "\N{EN DASH}"
"""Stands for what was not measured."""


def decimal(value: float | None, *, digits: int) -> str:
    if value is None or not math.isfinite(value):
        return ABSENT
    # Without the zero, -0.001 would read "-0.00".
    return number_format(round(value, digits) + 0.0, decimal_pos=digits)


def signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{decimal(value, digits=2)}"


def degrees(value: float | None, *, digits: int = 0) -> str:
    return ABSENT if value is None else f"{decimal(value, digits=digits)}°"


def share(value: float | None, *, digits: int = 0) -> str:
    """A share of 1 in percent."""
    return ABSENT if value is None else f"{decimal(100 * value, digits=digits)} %"
