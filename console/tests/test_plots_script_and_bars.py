"""The script on its time axis, intervals and margins."""

from __future__ import annotations

import math

import pytest

from console.plots import (
    Block,
    Markup,
    Swatch,
    draw_axis,
    draw_interval,
    draw_margin,
    draw_script,
    draw_swatches,
)
from console.tests.svg import number_of, of_class, parse, texts

TURN = Block(start=1, end=3.5, sign="←", label="Turn left", outcome="followed", mark="✓", tone="good")
FLASH = Block(
    start=4,
    end=8,
    sign="☀",
    label="Colours",
    outcome="shown",
    mark="•",
    tone="shown",
    swatches=[Swatch("#ff4040", 4, 6), Swatch("#40ff40", 6, 7), Swatch("#4040ff", 7, 99)],
)


def script(*blocks: Block, seconds: float = 10) -> Markup:
    return draw_script(
        id="script", title="Script", description="Turn left.", blocks=blocks, seconds=seconds, unit="s"
    )


def test_a_block_lies_where_its_step_was_and_says_how_it_was_answered() -> None:
    drawn = script(TURN)
    (block,) = of_class(drawn, "step")
    assert (block.get("x"), block.get("width")) == ("10%", "25%")
    assert "good" in block.get("class", "")
    assert texts(drawn)[:2] == ["← Turn left", "✓ followed"]
    assert block.findtext("title") == "Turn left: followed, 1-3.5 s"


def test_a_flash_shows_its_colours_for_as_long_as_the_screen_did() -> None:
    swatches = of_class(script(FLASH), "swatch")
    assert [(one.get("fill"), one.get("x"), one.get("width")) for one in swatches] == [
        ("#ff4040", "0%", "50%"),
        ("#40ff40", "50%", "25%"),
        ("#4040ff", "75%", "25%"),
    ]


def test_a_short_block_has_its_signs_and_no_words() -> None:
    assert texts(script(TURN, seconds=100))[:2] == ["←", "✓"]


def test_the_axis_has_its_unit_once() -> None:
    marks = texts(script(seconds=7.8))
    assert marks == ["0", "1", "2", "3", "4", "5", "6", "7 s"]


def test_the_script_is_told_in_words() -> None:
    drawn = parse(script(TURN))
    assert drawn.get("role") == "img"
    assert drawn.findtext("desc") == "Turn left."


@pytest.mark.parametrize("seconds", [0, math.nan, math.inf])
def test_a_script_without_time_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="no scale"):
        script(TURN, seconds=seconds)


def test_swatches_of_a_flash_stand_side_by_side() -> None:
    drawn = draw_swatches(["#ff4040", "#40ff40"])
    first, second = of_class(drawn, "swatch")
    assert number_of(first.get("x")) + number_of(first.get("width")) < number_of(second.get("x"))
    assert number_of(parse(drawn).get("width")) == number_of(second.get("x")) + number_of(second.get("width"))


def test_an_interval_is_a_bar_around_its_rate() -> None:
    drawn = draw_interval(low=0.1, value=0.25, high=0.8, title="10 to 80 %", tone="bad")
    bar, left, right = of_class(drawn, "reach")
    assert (bar.get("x1"), bar.get("x2"), left.get("x1"), right.get("x1")) == ("10%", "80%", "10%", "80%")
    (dot,) = of_class(drawn, "rate")
    assert dot.get("cx") == "25%"
    assert parse(drawn).findtext("title") == "10 to 80 %"


@pytest.mark.parametrize(
    ("low", "value", "high"), [(0.5, 0.4, 0.6), (0, 0.7, 0.6), (-0.1, 0, 1), (0, 1, 1.1), (0, math.nan, 1)]
)
def test_what_is_no_interval_is_refused(low: float, value: float, high: float) -> None:
    with pytest.raises(ValueError, match="no rate"):
        draw_interval(low=low, value=value, high=high, title="", tone="good")


def test_the_axis_of_intervals_is_for_the_eye_only() -> None:
    assert parse(draw_axis()).get("aria-hidden") == "true"
    assert texts(draw_axis()) == ["0%", "25%", "50%", "75%", "100%"]


@pytest.mark.parametrize(
    ("margin", "start", "width"),
    [(0.5, "50%", "25%"), (-0.5, "25%", "25%"), (7, "50%", "50%"), (-7, "0%", "50%")],
)
def test_a_margin_grows_from_the_threshold_and_is_cut_off(margin: float, start: str, width: str) -> None:
    (fill,) = of_class(draw_margin(margin=margin, tone="good"), "fill")
    assert (fill.get("x"), fill.get("width")) == (start, width)
