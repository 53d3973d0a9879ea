"""One quantity over time: a quiet grid, the measured lines, thresholds with their names on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.plots.lines import UNITS, Line, path_data, sparse_path_data
from console.plots.markup import Markup, element, number, percent
from console.plots.scale import Scale, ticks

_ROOM_PX = 6.0
"""Between the outermost values and the plot's edge."""
_LABEL_PX = 14.0
"""Height of a line's label at its end."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold. ``below``: its label hangs under the line, away from what it allows."""

    value: float
    label: str
    below: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of time behind the lines; ``color`` (``#rrggbb``) for light that the screen gave."""

    start: float
    end: float
    color: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """``id`` is unique on its page; ``seconds``: length of the time axis; ``span``: the least and greatest
    value shown. ``sparse`` quantities are measured every few frames and joined over the gaps."""

    id: str
    title: str
    description: str
    lines: Sequence[Line]
    seconds: float
    span: tuple[float, float]
    height: int
    limits: Sequence[Limit] = ()
    bands: Sequence[Band] = ()
    unit: str = ""
    sparse: bool = False
    marks: Sequence[tuple[float, str]] = ()
    """Places and names of the grid's lines, for a scale that is not linear; else round values are marked."""


def draw_panel(panel: Panel) -> Markup:
    """Raises ValueError for a span or time axis without length."""
    x = Scale(0.0, panel.seconds)
    y = Scale(*panel.span, start=panel.height - _ROOM_PX, end=_ROOM_PX)
    title, description = f"{panel.id}-title", f"{panel.id}-text"
    return element(
        "svg",
        element("title", panel.title, id=title),
        element("desc", panel.description, id=description),
        element("g", *(_band(band, x=x, height=panel.height) for band in panel.bands), class_="bands"),
        element("g", *_grid(panel, x=x, y=y), class_="grid"),
        element("g", *(_limit_line(limit, y=y) for limit in panel.limits), class_="limits"),
        _strokes(panel, y=y),
        element("g", *(_limit_label(limit, y=y) for limit in panel.limits), class_="limit-labels"),
        element("g", *_end_labels(panel, x=x, y=y), class_="ends"),
        class_="plot",
        role="img",
        width="100%",
        height=panel.height,
        aria_labelledby=f"{title} {description}",
    )


def time_lines(seconds: float, *, x: Scale, height: float) -> list[Markup]:
    """Upright grid lines, the same in every plot of one time axis."""
    return [
        element("line", x1=percent(x(at)), x2=percent(x(at)), y1=0, y2=height) for at in time_ticks(seconds)
    ]


def time_ticks(seconds: float) -> tuple[float, ...]:
    return ticks(0.0, seconds, about=8)


def _grid(panel: Panel, *, x: Scale, y: Scale) -> list[Markup]:
    low, high = panel.span
    round_values = ticks(low, high, about=max(2, panel.height // 34))
    named = panel.marks or [(value, f"{number(value)}{panel.unit}") for value in round_values]
    marks = [(value, name) for value, name in named if low <= value <= high]
    across = [
        element("line", x1=0, x2="100%", y1=y(value), y2=y(value), class_="zero" if value == 0 else None)
        for value, _name in marks
    ]
    names = [element("text", name, x=-8, y=y(value), dy=".32em", class_="tick") for value, name in marks]
    return [*time_lines(panel.seconds, x=x, height=panel.height), *across, *names]


def _band(band: Band, *, x: Scale, height: float) -> Markup:
    start, end = x.clamped(band.start), x.clamped(band.end)
    return element(
        "rect",
        x=percent(start),
        width=percent(max(0.0, end - start)),
        y=0,
        height=height,
        fill=band.color or None,
        class_="light" if band.color else "band",
    )


def _limit_line(limit: Limit, *, y: Scale) -> Markup:
    return element("line", x1=0, x2="100%", y1=y.clamped(limit.value), y2=y.clamped(limit.value))


def _limit_label(limit: Limit, *, y: Scale) -> Markup:
    offset = 13.0 if limit.below else -4.0
    # On the left: before the challenge a head rests, and the line is away from its thresholds.
    return element("text", limit.label, x=0, dx=6, y=y.clamped(limit.value) + offset)


def _strokes(panel: Panel, *, y: Scale) -> Markup:
    x = Scale(0.0, panel.seconds, end=UNITS)
    draw: Callable[..., str] = sparse_path_data if panel.sparse else path_data
    return element(
        "svg",
        *(
            element("path", d=data, class_=f"line {line.tone}".rstrip(), vector_effect="non-scaling-stroke")
            for line in panel.lines
            if (data := draw(line, x=x, y=y))
        ),
        width="100%",
        height=panel.height,
        viewBox=f"0 0 {number(UNITS)} {panel.height}",
        preserveAspectRatio="none",
    )


def _end_labels(panel: Panel, *, x: Scale, y: Scale) -> list[Markup]:
    """Names of lines behind their last values, pushed apart until none covers another."""
    ends = [(line, y.clamped(line.measured[-1][1])) for line in panel.lines if line.label and line.measured]
    labels = []
    free = 0.0
    for line, place in sorted(ends, key=lambda end: end[1]):
        at = max(place, free)
        free = at + _LABEL_PX
        labels.append((line, at))
    excess = max(0.0, free - _LABEL_PX - (panel.height - _ROOM_PX))
    return [
        element(
            "text",
            line.label,
            x=percent(x.clamped(line.measured[-1][0])),
            dx=7,
            y=at - excess,
            dy=".32em",
            class_=line.tone or None,
        )
        for line, at in labels
    ]
