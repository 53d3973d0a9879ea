"""How far a signal stands from its threshold: to the right it agrees, to the left it refuses."""

from __future__ import annotations

from console.plots.markup import Markup, element, percent
from console.plots.scale import Scale

_HEIGHT_PX = 14


def draw_margin(*, margin: float, tone: str) -> Markup:
    """``margin`` in units of a clear pass, cut off at -1 and 1. The table beside it says it in words."""
    x = Scale(-1.0, 1.0)
    middle, end = x(0.0), x.clamped(margin)
    start = min(middle, end)
    return element(
        "svg",
        element("rect", x=0, y=4, width="100%", height=6, rx=3, class_="track"),
        element("rect", x=percent(start), y=4, width=percent(abs(end - middle)), height=6, class_="fill"),
        element("line", x1="50%", x2="50%", y1=0, y2=_HEIGHT_PX, class_="threshold"),
        element("circle", cx=percent(end), cy=7, r=4.5, class_="end"),
        class_=f"plot margin {tone}",
        width="100%",
        height=_HEIGHT_PX,
        aria_hidden="true",
    )
