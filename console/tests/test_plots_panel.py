"""One quantity over time: lines with gaps, thresholds and bands in their places, and words."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest

from console.plots import Band, Limit, Line, Panel, Scale, draw_panel, draw_sparkline
from console.plots.lines import path_data, runs, sparse_path_data
from console.tests.svg import number_of, of_class, parse, texts

TIMES = (0.0, 1.0, 2.0, 3.0, 4.0)
X, Y = Scale(0, 4, end=400), Scale(0, 10, start=100, end=0)


def panel(*lines: Line, **changes: Any) -> Panel:
    given: dict[str, Any] = {
        "id": "yaw",
        "title": "Yaw over time",
        "description": "From 0 to 10.",
        "lines": lines or [Line(TIMES, (0, 5, 10, 5, 0))],
        "seconds": 4.0,
        "span": (0, 10),
        "height": 100,
    }
    return Panel(**given | changes)


def test_a_line_is_joined_where_neighbours_were_measured() -> None:
    assert path_data(Line(TIMES, (0, 5, 10, 5, 0)), x=X, y=Y) == "M0 100L100 50L200 0L300 50L400 100"


@pytest.mark.parametrize("missing", [None, math.nan, math.inf])
def test_a_gap_is_not_drawn_over(missing: float | None) -> None:
    assert path_data(Line(TIMES, (0, 5, missing, 5, 0)), x=X, y=Y) == "M0 100L100 50M300 50L400 100"


def test_a_value_between_two_gaps_is_a_dot() -> None:
    assert path_data(Line(TIMES, (None, 5, None, 5, 0)), x=X, y=Y).startswith("M100 50h0M")


def test_what_is_measured_now_and_then_is_joined_all_the_same() -> None:
    line = Line(TIMES, (0, None, 10, None, 0))
    assert sparse_path_data(line, x=X, y=Y) == "M0 100L200 0L400 100"
    assert sparse_path_data(Line(TIMES, (None,) * 5), x=X, y=Y) == ""


def test_columns_of_different_length_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        list(runs(TIMES, (1.0,)))


def test_a_plot_tells_its_title_and_description_to_who_cannot_see_it() -> None:
    drawn = parse(draw_panel(panel()))
    assert drawn.get("role") == "img"
    named = drawn.get("aria-labelledby", "").split()
    told = {found.get("id"): found.text for found in drawn if found.tag in {"title", "desc"}}
    assert [told[name] for name in named] == ["Yaw over time", "From 0 to 10."]


def test_no_plot_needs_a_script_or_a_style_attribute() -> None:
    limits, bands = [Limit(3, "left")], [Band(1, 2, "#ff4040")]
    drawn = draw_panel(panel(limits=limits, bands=bands))
    assert not {
        name for found in parse(drawn).iter() for name in found.attrib if name.startswith(("on", "style"))
    }


def test_a_threshold_stands_at_its_value_and_carries_its_name() -> None:
    drawn = draw_panel(panel(limits=[Limit(5, "left from 5°"), Limit(2, "right from 2°", below=True)]))
    (lines,) = of_class(drawn, "limits")
    assert [number_of(line.get("y1")) for line in lines] == [50, pytest.approx(76.4)]
    (labels,) = of_class(drawn, "limit-labels")
    above, below = (number_of(label.get("y")) for label in labels)
    assert (above < 50, below > 76.4) == (True, True)
    assert texts(drawn)[-2:] == ["left from 5°", "right from 2°"]


def test_bands_lie_where_they_were_and_end_with_the_plot() -> None:
    drawn = draw_panel(panel(bands=[Band(1, 2), Band(3, 9, "#ff4040")]))
    (bands,) = of_class(drawn, "bands")
    assert [(band.get("x"), band.get("width"), band.get("fill")) for band in bands] == [
        ("25%", "25%", None),
        ("75%", "25%", "#ff4040"),
    ]


def test_a_value_beyond_the_plot_is_drawn_at_its_edge() -> None:
    drawn = draw_panel(panel(Line(TIMES, (0, 99, None, -99, 0))))
    (path,) = of_class(drawn, "line")
    assert path.get("d") == "M0 94L250 6M750 94L1000 94"


def test_labels_at_the_ends_of_lines_never_cover_each_other() -> None:
    lines = [Line(TIMES, (5,) * 5, label=name, tone=name) for name in ("red", "green", "blue")]
    low = [Line(TIMES, (0,) * 5, label=f"low {name}") for name in ("a", "b")]
    drawn = draw_panel(panel(*lines, *low))
    (labels,) = of_class(drawn, "ends")
    places = sorted(number_of(label.get("y")) for label in labels)
    assert len(places) == 5
    assert all(later - earlier >= 14 for earlier, later in pairwise(places))
    assert places[-1] <= 94


def test_a_label_stands_behind_the_last_value_that_was_measured() -> None:
    drawn = draw_panel(panel(Line(TIMES, (1, 2, None, None, None), label="red")))
    (labels,) = of_class(drawn, "ends")
    assert [label.get("x") for label in labels] == ["25%"]


def test_a_line_of_nothing_is_not_drawn_nor_labelled() -> None:
    drawn = draw_panel(panel(Line(TIMES, (None,) * 5, label="red")))
    assert of_class(drawn, "line") == []
    assert "red" not in texts(drawn)


def test_marks_of_its_own_take_the_place_of_round_values() -> None:
    drawn = draw_panel(panel(span=(-1, 2), marks=[(-1, "0.1"), (0, "1"), (1, "10"), (9, "beyond")]))
    assert texts(drawn) == ["0.1", "1", "10"]


@pytest.mark.parametrize("changes", [{"seconds": 0}, {"seconds": math.nan}, {"span": (1, 1)}])
def test_a_plot_without_extent_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no scale"):
        draw_panel(panel(**changes))


def test_a_hostile_title_stays_a_title() -> None:
    drawn = draw_panel(panel(title="</title><script>", limits=[Limit(1, "<b>")]))
    assert parse(drawn).findtext("title") == "</title><script>"
    assert texts(drawn)[-1] == "<b>"


def test_a_sparkline_has_a_title_and_keeps_within_its_size() -> None:
    drawn = draw_sparkline(Line(TIMES, (0, 40, None, -40, 0)), title="Yaw from -40° to 40°", least=(-18, 18))
    assert drawn is not None
    found = parse(drawn)
    assert (found.get("role"), found.findtext("title")) == ("img", "Yaw from -40° to 40°")
    (path,) = of_class(drawn, "line")
    numbers = [float(part) for part in path.get("d", "").replace("M", " ").replace("L", " ").split()]
    assert all(0 <= value <= 28 for value in numbers[1::2])
    assert all(0 <= value <= 96 for value in numbers[0::2])


def test_a_small_wobble_looks_small_in_a_sparkline() -> None:
    drawn = draw_sparkline(Line(TIMES, (0, 1, 0, -1, 0)), title="", least=(-18, 18))
    assert drawn is not None
    (path,) = of_class(drawn, "line")
    heights = [float(part.split()[1]) for part in path.get("d", "M").lstrip("M").split("L")]
    assert max(heights) - min(heights) < 2


@pytest.mark.parametrize("line", [Line((), ()), Line(TIMES, (None,) * 5)])
def test_no_sparkline_of_nothing(line: Line) -> None:
    assert draw_sparkline(line, title="", least=(0, 1)) is None


def test_a_single_frame_makes_a_sparkline_without_a_time_axis() -> None:
    assert draw_sparkline(Line((0.0,), (3.0,)), title="", least=(-18, 18)) is not None
