"""What is plotted over time: its name, unit, thresholds and the span that is shown at least."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from console.formats import decimal, degrees, share
from console.plots import Limit
from console.plots.markup import number
from console.traces import Column, Trace

MOVEMENTS = 3
"""The first of `quantities`: what the head did."""
_LEAST_DIFFERENCE = 0.1
"""Smaller grey differences are shown as this one: a logarithm has no zero."""

_DECADES = tuple((float(power), number(10.0**power)) for power in (-1, 0, 1, 2))


def _as_it_is(value: float) -> float:
    return value


def _in_percent(value: float) -> float:
    return 100 * value


def _logarithm(value: float) -> float:
    return math.log10(max(value, _LEAST_DIFFERENCE))


@dataclass(frozen=True, slots=True)
class Quantity:
    """One column of a trace. ``show`` writes a stored value, ``place`` puts it on the plot's scale; ``least``
    (the span shown at least) and ``marks`` (named grid lines, where round values will not do) lie on that
    scale. ``above`` and ``below`` name the threshold on either side of zero, with ``%(limit)s`` in them;
    ``height`` is in pixels."""

    name: str
    title: str
    about: str
    show: Callable[[float | None], str]
    least: tuple[float, float]
    place: Callable[[float], float] = _as_it_is
    marks: Sequence[tuple[float, str]] = ()
    unit: str = ""
    above: str = ""
    below: str = ""
    height: int = 84
    sparse: bool = False

    def placed(self, column: Column) -> Column:
        return tuple(None if value is None else self.place(value) for value in column)

    def limits(self, trace: Trace) -> list[Limit]:
        limit = trace.limits.get(self.name)
        if limit is None:
            return []
        words = {"limit": self.show(limit)}
        up = [Limit(self.place(limit), self.above % words)] if self.above else []
        down = [Limit(-self.place(limit), self.below % words, below=True)] if self.below else []
        return up + down


def quantities(trace: Trace) -> list[Quantity]:
    """Those worth a plot in this trace, in the reader's order; a second face only where there was one."""
    known = [
        Quantity(
            "yaw", _("Yaw"), _("degrees from frontal, to the person's left above zero"), _degrees, (-20, 20),
            unit="°", above=_("left from %(limit)s"), below=_("right from %(limit)s"), height=124,
        ),
        Quantity(
            "pitch", _("Pitch"), _("degrees from frontal, up above zero"), _degrees, (-10, 10),
            unit="°", above=_("up from %(limit)s"), below=_("down from %(limit)s"),
        ),
        Quantity(
            "size", _("Size"), _("growth of the head over frontal"), share, (-10, 25),
            place=_in_percent, unit="%", above=_("closer from %(limit)s"),
        ),
        Quantity(
            "live", _("Passive model"), _("probability of a live face"), _plain, (0, 1),
            above=_("live from %(limit)s"), sparse=True,
        ),
        Quantity(
            "identity", _("Identity"), _("likeness to the first face, cosine"), _plain, (0, 1),
            above=_("one person from %(limit)s"), sparse=True,
        ),
        Quantity(
            "nearest", _("Nearest earlier frame"), _("grey difference to the most similar one before"),
            _plain, (-1, 2), place=_logarithm, marks=_DECADES, above=_("a repeat below %(limit)s"),
        ),
    ]  # fmt: skip
    if any(trace.column("second_face")):
        about = _("its area over the first one's")
        known.append(
            Quantity("second_face", _("Second face"), about, share, (0, 10), place=_in_percent, unit="%")
        )
    return known


def _degrees(value: float | None) -> str:
    return degrees(value, digits=0 if value is not None and value.is_integer() else 1)


def _plain(value: float | None) -> str:
    return decimal(value, digits=2)
