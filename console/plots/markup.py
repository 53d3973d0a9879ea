"""SVG elements as text: every name, text and attribute is escaped here and nowhere else."""

from __future__ import annotations

import math
from html import escape


class Markup(str):
    """Text that is markup already: Django's templates do not escape it again."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


def element(name: str, *children: str, **attributes: str | float | None) -> Markup:
    """``class_`` and ``stroke_width`` become ``class`` and ``stroke-width``; None leaves an attribute out.

    Children that are not `Markup` are escaped. Raises ValueError for a number that is not finite.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = "".join(child if isinstance(child, Markup) else escape(child) for child in children)
    return Markup(f"<{name}{written}>{inside}</{name}>" if inside else f"<{name}{written}/>")


def number(value: float, *, digits: int = 2) -> str:
    """Shortest writing with at most ``digits`` decimals. Raises ValueError unless finite."""
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be drawn")
    written = f"{value:.{digits}f}"
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


def percent(share: float) -> str:
    """A place along x: 0 is the left edge, 1 the right one."""
    return f"{number(100 * share, digits=3)}%"


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else number(value)
