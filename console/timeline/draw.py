"""Draws an attempt: the plots in the order a reader asks about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _

from console.formats import decimal
from console.plots import Band, Limit, Line, Panel, draw_panel
from console.plots.markup import number
from console.plots.scale import range_of
from console.timeline.light import light_plot
from console.timeline.quantities import MOVEMENTS, Quantity, quantities
from console.timeline.script import script_of
from console.timeline.table import table_of
from console.timeline.types import Plot, Timeline
from console.traces import Trace


def draw_timeline(trace: Trace, *, id: str) -> Timeline:
    """``id`` makes the ids of the plots unique on their page."""
    known = quantities(trace)
    movement, rest = known[:MOVEMENTS], known[MOVEMENTS:]
    return Timeline(
        plots=[
            *(_plot(quantity, trace, id=id) for quantity in movement),
            light_plot(trace, id=id),
            *(_plot(quantity, trace, id=id) for quantity in rest),
        ],
        script=script_of(trace, id=f"{id}-script"),
        table=table_of(trace, known),
        seconds=number(trace.seconds, digits=4),
    )


def _plot(quantity: Quantity, trace: Trace, *, id: str) -> Plot:
    column = trace.column(quantity.name)
    line = Line(times=trace.at, values=quantity.placed(column))
    limits = quantity.limits(trace)
    drawing = None
    if line.measured:
        drawing = draw_panel(
            Panel(
                id=f"{id}-{quantity.name}",
                title=_("%(quantity)s over time") % {"quantity": quantity.title},
                description=_describe(Line(times=trace.at, values=column), limits, show=quantity.show),
                lines=[line],
                seconds=trace.seconds,
                span=range_of(line.values, least=_with_limits(quantity.least, limits)),
                height=quantity.height,
                limits=limits,
                bands=[Band(step.start, step.end) for step in trace.steps],
                unit=quantity.unit,
                marks=quantity.marks,
                sparse=quantity.sparse,
            )
        )
    return Plot(quantity.title, quantity.about, quantity.name, drawing)


def _with_limits(least: tuple[float, float], limits: Sequence[Limit]) -> tuple[float, float]:
    places = [limit.value * 1.15 for limit in limits]
    return min([least[0], *places]), max([least[1], *places])


def _describe(line: Line, limits: Sequence[Limit], *, show: Callable[[float | None], str]) -> str:
    low = min(line.measured, key=lambda point: point[1])
    high = max(line.measured, key=lambda point: point[1])
    sentence = _(
        "Lowest %(low)s at %(low_at)s s, highest %(high)s at %(high_at)s s, %(count)s frames measured."
    ) % {
        "low": show(low[1]),
        "low_at": decimal(low[0], digits=1),
        "high": show(high[1]),
        "high_at": decimal(high[0], digits=1),
        "count": len(line.measured),
    }
    thresholds = "; ".join(limit.label for limit in limits)
    return f"{sentence} {_('Thresholds')}: {thresholds}." if thresholds else sentence
