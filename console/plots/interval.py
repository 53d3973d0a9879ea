"""A rate with its confidence interval on a scale of 0 to 100 %, one row of a forest plot."""

from __future__ import annotations

from console.plots.markup import Markup, element, number, percent

_ROW_PX = 36
_MARKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def draw_interval(*, low: float, value: float, high: float, title: str, tone: str) -> Markup:
    """Shares of 1. The interval is a bar with ends, the rate a dot. Raises ValueError outside 0..1."""
    if not 0 <= low <= value <= high <= 1:
        raise ValueError(f"{low} <= {value} <= {high} is no rate with an interval")
    middle = _ROW_PX / 2
    return element(
        "svg",
        element("title", title),
        element("g", *_grid(), class_="grid"),
        element("line", x1=percent(low), x2=percent(high), y1=middle, y2=middle, class_="reach"),
        *(
            element("line", x1=percent(end), x2=percent(end), y1=middle - 5, y2=middle + 5, class_="reach")
            for end in (low, high)
        ),
        element("circle", cx=percent(value), cy=middle, r=5, class_="rate"),
        class_=f"plot interval {tone}",
        role="img",
        width="100%",
        height=_ROW_PX,
    )


def draw_axis() -> Markup:
    """The numbers above a column of intervals; each interval says its own, so readers are not told twice."""
    return element(
        "svg",
        *(
            element("text", f"{number(100 * mark)}%", x=percent(mark), y=12, class_="tick middle")
            for mark in _MARKS
        ),
        class_="plot axis",
        width="100%",
        height=16,
        aria_hidden="true",
    )


def _grid() -> list[Markup]:
    return [element("line", x1=percent(mark), x2=percent(mark), y1=0, y2=_ROW_PX) for mark in _MARKS]
