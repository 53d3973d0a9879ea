"""A line the size of a word, for lists: its shape is the message, the session's page has the numbers."""

from __future__ import annotations

from console.plots.lines import Line, path_data
from console.plots.markup import Markup, element
from console.plots.scale import Scale, range_of

_WIDTH, _HEIGHT = 96, 28


def draw_sparkline(line: Line, *, title: str, least: tuple[float, float]) -> Markup | None:
    """``least``: the span that is shown at least, so that noise does not look like movement. None without a
    measured value."""
    if not line.measured:
        return None
    low, high = range_of(line.values, least=least)
    last = line.times[-1]
    x = Scale(0.0, last if last > 0 else 1.0, start=2.0, end=_WIDTH - 2.0)
    y = Scale(low, high, start=_HEIGHT - 2.0, end=2.0)
    return element(
        "svg",
        element("title", title),
        element("line", x1=0, x2=_WIDTH, y1=y.clamped(0.0), y2=y.clamped(0.0), class_="zero"),
        element("path", d=path_data(line, x=x, y=y), class_="line"),
        class_="sparkline",
        role="img",
        width=_WIDTH,
        height=_HEIGHT,
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
    )
