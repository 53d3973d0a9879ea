"""Drawings read back as XML: what a browser would see, and that it is well-formed."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from console.plots import Markup


def parse(drawing: Markup) -> ET.Element:
    return ET.fromstring(drawing)  # noqa: S314  it is our own text


def texts(drawing: Markup) -> list[str]:
    """What is written on the drawing, in order; titles and descriptions are not."""
    return ["".join(found.itertext()) for found in parse(drawing).iter("text")]


def of_class(drawing: Markup, name: str) -> list[ET.Element]:
    return [found for found in parse(drawing).iter() if name in found.get("class", "").split()]


def number_of(value: str | None) -> float:
    """Of an attribute: pixels, or percent of the width."""
    assert value is not None
    return float(value.rstrip("%"))
