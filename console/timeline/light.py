"""How the skin answered the screen's colours, drawn over those colours."""

from __future__ import annotations

from statistics import median

from django.utils.translation import gettext as _

from console.formats import decimal
from console.plots import Band, Line, Panel, draw_panel
from console.plots.scale import range_of
from console.timeline.script import FLASH, swatches
from console.timeline.types import Plot
from console.traces import Column, Trace

CHANNELS = ("skin_red", "skin_green", "skin_blue")


def light_plot(trace: Trace, *, id: str) -> Plot:
    """The channels lie far apart and move little: each is drawn around its own middle."""
    names = (_("red"), _("green"), _("blue"))
    lines = [
        Line(times=trace.at, values=_centered(trace.column(channel)), label=name, tone=channel)
        for channel, name in zip(CHANNELS, names, strict=True)
    ]
    title = _("Colour response")
    about = _("light of the skin less the surroundings, logarithm, each around its middle")
    series = " ".join(CHANNELS)
    if not any(line.measured for line in lines):
        return Plot(title, about, series, None)
    shown = [value for line in lines for _at, value in line.measured]
    description = _("Red, green and blue between %(low)s and %(high)s around their middles.") % {
        "low": decimal(min(shown), digits=2),
        "high": decimal(max(shown), digits=2),
    }
    panel = Panel(
        id=f"{id}-light",
        title=_("%(quantity)s over time") % {"quantity": title},
        description=description,
        lines=lines,
        seconds=trace.seconds,
        span=range_of(shown, least=(-0.05, 0.05)),
        height=132,
        bands=_light_bands(trace),
    )
    return Plot(title, about, series, draw_panel(panel))


def _centered(values: Column) -> Column:
    known = [value for value in values if value is not None]
    middle = median(known) if known else 0.0
    return tuple(None if value is None else value - middle for value in values)


def _light_bands(trace: Trace) -> list[Band]:
    bands = [Band(step.start, step.end) for step in trace.steps if step.kind != FLASH]
    for step in trace.steps:
        bands += [Band(shown.start, shown.end, shown.color) for shown in swatches(step)]
    return bands
