"""The commanded script on the time axis: a block for each step, the flash in its own colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.plots.markup import Markup, element, number, percent
from console.plots.panel import time_lines, time_ticks
from console.plots.scale import Scale

BLOCK_PX = 46
_AXIS_PX = 22
_SHORT = 0.075
"""A block of a smaller share of the axis has no room for words."""
HEIGHT_PX = BLOCK_PX + _AXIS_PX


@dataclass(frozen=True, slots=True)
class Swatch:
    """A colour (``#rrggbb``) and when the screen showed it, seconds."""

    color: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Block:
    """A step as it ran, in seconds. ``tone`` (a class) and ``mark`` (one sign) say how it was answered, so
    that nobody needs the colour; ``sign`` is the movement's own."""

    start: float
    end: float
    sign: str
    label: str
    outcome: str
    mark: str
    tone: str
    swatches: Sequence[Swatch] = ()


def draw_script(
    *, id: str, title: str, description: str, blocks: Sequence[Block], seconds: float, unit: str
) -> Markup:
    """``unit`` stands behind the axis's numbers. Raises ValueError for a time axis without length."""
    x = Scale(0.0, seconds)
    return element(
        "svg",
        element("title", title, id=f"{id}-title"),
        element("desc", description, id=f"{id}-text"),
        element("g", *time_lines(seconds, x=x, height=BLOCK_PX), class_="grid"),
        *(_block(block, x=x) for block in blocks),
        element("g", *_axis(seconds, x=x, unit=unit), class_="axis"),
        class_="plot script",
        role="img",
        width="100%",
        height=HEIGHT_PX,
        aria_labelledby=f"{id}-title {id}-text",
    )


def draw_swatches(colors: Sequence[str]) -> Markup:
    """The colours (``#rrggbb``) of a flash in their order, the size of a word."""
    side, step = 11, 14
    return element(
        "svg",
        *(
            element("rect", x=step * place, y=0, width=side, height=side, rx=2, fill=color, class_="swatch")
            for place, color in enumerate(colors)
        ),
        class_="swatches",
        width=step * len(colors) - (step - side),
        height=side,
        aria_hidden="true",
    )


def _block(block: Block, *, x: Scale) -> Markup:
    start, end = x.clamped(block.start), x.clamped(block.end)
    short = end - start < _SHORT
    tip = f"{block.label}: {block.outcome}, {number(block.start, digits=1)}-{number(block.end, digits=1)} s"
    # A nested svg cuts off what does not fit a short step.
    return element(
        "svg",
        element("title", tip),
        element("rect", x=0.5, y=0.5, width="100%", height=BLOCK_PX - 1, rx=6, class_="box"),
        element("rect", x=0, y=0, width=4, height=BLOCK_PX, class_="edge"),
        *(_swatch(swatch, block=block) for swatch in block.swatches),
        element("text", *_words(block.sign, block.label, short=short), x=10, y=18, class_="name"),
        element("text", *_words(block.mark, block.outcome, short=short), x=10, y=35, class_="outcome")
        if block.outcome and not block.swatches
        else "",
        x=percent(start),
        width=percent(max(0.0, end - start)),
        height=BLOCK_PX,
        class_=f"step {block.tone}",
    )


def _words(mark: str, words: str, *, short: bool) -> list[Markup]:
    """The style sheet leaves the words away where the page is too narrow for them."""
    shown = [element("tspan", mark, class_="mark")] if mark else []
    return shown if short else [*shown, element("tspan", f" {words}" if mark else words, class_="word")]


def _swatch(swatch: Swatch, *, block: Block) -> Markup:
    within = Scale(block.start, max(block.end, block.start + 1e-6))
    start, end = within.clamped(swatch.start), within.clamped(swatch.end)
    return element(
        "rect",
        x=percent(start),
        width=percent(max(0.0, end - start)),
        y=26,
        height=BLOCK_PX - 26,
        fill=swatch.color,
        class_="swatch",
    )


def _axis(seconds: float, *, x: Scale, unit: str) -> list[Markup]:
    marks = time_ticks(seconds)
    return [
        element(
            "text",
            f"{number(at)} {unit}" if at == marks[-1] else number(at),
            x=percent(x(at)),
            y=HEIGHT_PX - 6,
            class_="tick middle",
        )
        for at in marks
    ]
