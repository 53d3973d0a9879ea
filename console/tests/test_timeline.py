"""A trace drawn: which plots there are, what they say in words, and the same values as a table."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import translation

from console.plots import Markup
from console.tests.svg import of_class, parse, texts
from console.tests.trace_cast import FRAMES, trace
from console.timeline import Plot, Timeline, draw_timeline
from console.timeline.quantities import quantities
from console.traces import read_trace
from core.liveness.evidence import Evidence, baseline_of
from core.liveness.policy import Level, policy_for
from core.liveness.timeline import timeline_of
from core.liveness.traits import PackTraits
from core.tests.liveness_cast import FRONTAL, LAYOUTS, face_view, frame_times, head_points, observe


def drawn(**changes: Any) -> Timeline:
    return draw_timeline(read_trace(trace(**changes)), id="attempt-1")


def plot(timeline: Timeline, series: str) -> Plot:
    return next(one for one in timeline.plots if one.series == series)


def drawing(timeline: Timeline, series: str) -> Markup:
    found = plot(timeline, series).drawing
    assert found is not None
    return found


def test_every_quantity_has_its_place_also_where_it_was_not_measured() -> None:
    timeline = drawn()
    assert [one.series for one in timeline.plots] == [
        "yaw",
        "pitch",
        "size",
        "skin_red skin_green skin_blue",
        "live",
        "identity",
        "nearest",
    ]
    assert [one.series for one in timeline.plots if one.drawing is None] == ["live"]


def test_a_second_face_has_a_plot_where_there_was_one() -> None:
    series = trace()["series"] | {"second_face": [0.0, 0.2, *[None] * (FRAMES - 2)]}
    assert [one.series for one in drawn(series=series).plots][-1] == "second_face"


def test_plots_of_a_page_have_ids_of_their_own() -> None:
    read = read_trace(trace())
    both = [draw_timeline(read, id=f"attempt-{number}") for number in (1, 2)]
    drawings = [one.drawing for timeline in both for one in timeline.plots if one.drawing]
    drawings += [timeline.script for timeline in both]
    ids = [part.get("id") for found in drawings for part in parse(found).iter() if part.get("id")]
    assert len(ids) == len(set(ids)) == 2 * len(drawings)


def test_thresholds_are_named_on_their_lines() -> None:
    timeline = drawn()
    assert {"left from 13°", "right from 13°"} <= set(texts(drawing(timeline, "yaw")))
    assert "closer from 15 %" in texts(drawing(timeline, "size"))
    assert "one person from 0.28" in texts(drawing(timeline, "identity"))
    assert "a repeat below 0.50" in texts(drawing(timeline, "nearest"))


def test_an_unknown_limit_draws_no_line() -> None:
    timeline = drawn(limits={})
    assert not any(len(group) for group in of_class(drawing(timeline, "yaw"), "limits"))


def test_the_plot_is_told_in_words() -> None:
    told = parse(drawing(drawn(), "yaw")).findtext("desc")
    assert told == (
        "Lowest -9° at 7.0 s, highest 24.2° at 2.0 s, 8 frames measured. "
        "Thresholds: left from 13°; right from 13°."
    )


def test_a_face_that_was_lost_is_a_gap_in_the_line() -> None:
    (line,) = of_class(drawing(drawn(), "yaw"), "line")
    assert line.get("d", "").count("M") == 2


def test_skin_is_drawn_over_the_colours_the_screen_showed() -> None:
    light = drawing(drawn(), "skin_red skin_green skin_blue")
    bands = of_class(light, "light")
    assert [band.get("fill") for band in bands] == ["#ff4040", "#40ff40"]
    assert [band.get("x") for band in bands] == ["62.5%", "75%"]
    assert [band.get("width") for band in bands] == ["12.5%", "12.5%"]
    assert {"red", "green", "blue"} <= set(texts(light))


def test_each_channel_is_drawn_around_its_own_middle() -> None:
    light = drawing(drawn(), "skin_red skin_green skin_blue")
    (blue,) = of_class(light, "skin_blue")[:1]
    heights = {part.split()[1] for part in blue.get("d", "M").lstrip("M").split("L")}
    (zero,) = of_class(light, "zero")
    assert heights == {zero.get("y1")}


def test_the_script_shows_framing_steps_colours_and_what_became_of_them() -> None:
    timeline = drawn()
    assert texts(timeline.script)[:5] == ["Framing", "← Turn left", "✓ followed", "☀ Colours", "→"]
    assert parse(timeline.script).findtext("desc") == (
        "Turn left from 1.0 to 3.5 s: followed. Colours from 5.0 to 7.5 s: shown. "
        "Turn right from 7.5 to 8.0 s: not followed, asked again."
    )
    tones = [block.get("class", "").split()[-1] for block in of_class(timeline.script, "step")]
    assert tones == ["framing", "good", "shown", "wait"]
    assert [one.get("fill") for one in of_class(timeline.script, "swatch")] == ["#ff4040", "#40ff40"]


def test_a_step_and_an_outcome_of_a_later_version_are_shown_by_their_codes() -> None:
    steps = [{"kind": "wink", "start": 1, "end": 4, "outcome": "half"}]
    assert {"wink", "half"} <= set(texts(drawn(steps=steps).script))


def test_an_attempt_that_never_began_has_an_empty_script() -> None:
    script = drawn(steps=[], challenge_start=None).script
    assert parse(script).findtext("desc") == "The challenge did not begin."
    assert of_class(script, "step") == []


def test_the_table_holds_every_value_of_every_frame() -> None:
    table = drawn().table
    assert [row.at for row in table.rows] == [str(second) for second in range(FRAMES)]
    cells = dict(zip([name for name, _heading in table.columns], table.rows[2].cells, strict=True))
    assert cells["yaw"] == "24.2°"
    assert cells["size"] == "2 %"
    assert cells["live"] == "\N{EN DASH}"
    assert [name for name, _heading in table.columns][3:6] == ["skin_red", "skin_green", "skin_blue"]
    assert all(len(row.cells) == len(table.columns) for row in table.rows)


def test_every_plot_finds_its_columns_in_the_table() -> None:
    timeline = drawn()
    columns = {name for name, _heading in timeline.table.columns}
    assert {name for one in timeline.plots for name in one.series.split()} <= columns


@pytest.mark.parametrize("language", ["id", "vi"])
def test_another_languages_decimal_comma_never_reaches_the_drawing(language: str) -> None:
    with translation.override(language):
        timeline = drawn()
    assert any("," in cell for row in timeline.table.rows for cell in row.cells)
    for one in timeline.plots:
        if one.drawing:
            found = parse(one.drawing)
            assert not any("," in value for part in found.iter() for value in part.attrib.values())
    assert timeline.seconds == "8"


def test_frames_out_of_order_and_at_one_moment_are_drawn() -> None:
    assert drawn(series={"at": [0.0, 0.0, 3.0, 1.0], "yaw": [1, 2, 3, 4]}).plots[0].drawing


def test_a_trace_of_a_single_frame_is_drawn() -> None:
    timeline = drawn(series={"at": [0.0], "yaw": [3.0]}, steps=[])
    assert "h0" in str(timeline.plots[0].drawing)


def test_every_column_and_limit_that_the_flow_records_has_its_plot() -> None:
    """The two sides of the stored trace are written apart: a column that core adds must not be lost here."""
    frames = [observe(float(at), face_view(head_points(FRONTAL))) for at in frame_times(2.0)]
    faces = [frame.face for frame in frames if frame.face is not None]
    evidence = Evidence(
        frames=tuple(frames), baseline=baseline_of(faces), challenge_start=frames[4].captured_at, steps=()
    )
    traits = PackTraits(layout=LAYOUTS[0], has_passive_model=True, same_person_cosine=0.4)
    recorded = timeline_of(evidence, policy=policy_for(Level.STANDARD), traits=traits)
    read = read_trace(json.loads(json.dumps(recorded.as_json())))
    drawn_names = {name for one in draw_timeline(read, id="a").plots for name in one.series.split()}
    # A second face has its plot only where there was one.
    assert drawn_names | {"second_face"} == recorded.series.keys() - {"at"}
    limited = {quantity.name for quantity in quantities(read) if quantity.limits(read)}
    assert limited == recorded.limits.keys()
