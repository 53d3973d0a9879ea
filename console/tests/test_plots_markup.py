"""Everything drawn is text: what comes from outside can neither leave its place nor be no number."""

from __future__ import annotations

import math

import pytest
from django.template import Context, Template

from console.plots.markup import Markup, element, number, percent
from console.tests.svg import parse

HOSTILE = "</text><script>alert('1')</script>&\""


def test_attributes_and_texts_are_escaped_and_children_are_not_twice() -> None:
    drawing = element("text", HOSTILE, element("tspan", "a"), class_="name", fill=HOSTILE)
    assert "<script>" not in drawing
    found = parse(drawing)
    assert (found.text, found.get("fill"), found.get("class")) == (HOSTILE, HOSTILE, "name")
    assert found.find("tspan") is not None


def test_underscores_become_hyphens_and_none_leaves_an_attribute_out() -> None:
    assert element("line", stroke_width=2, x1=None) == '<line stroke-width="2"/>'


def test_a_template_shows_markup_as_it_is_and_a_text_escaped() -> None:
    context = Context({"drawing": element("g"), "text": "<g/>"})
    assert Template("{{ drawing }} {{ text }}").render(context) == "<g/> &lt;g/&gt;"


@pytest.mark.parametrize(
    ("value", "written"),
    [(1.0, "1"), (1.5, "1.5"), (1.239, "1.24"), (-0.001, "0"), (100.0, "100"), (1e6, "1000000"), (3, "3")],
)
def test_numbers_are_short_and_never_in_another_languages_writing(value: float, written: str) -> None:
    assert number(value) == written


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_not_drawn(value: float) -> None:
    with pytest.raises(ValueError, match="cannot be drawn"):
        element("line", x1=value)
    with pytest.raises(ValueError, match="cannot be drawn"):
        percent(value)


def test_a_share_is_a_place_along_x() -> None:
    assert [percent(share) for share in (0, 1 / 3, 1)] == ["0%", "33.333%", "100%"]


def test_markup_made_of_text_stays_text() -> None:
    assert isinstance(element("g"), Markup)
    assert not isinstance(element("g") + "<script>", Markup)
