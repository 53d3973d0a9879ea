"""A stored trace is read whole or refused with a reason; nothing in it reaches the page as it is."""

from __future__ import annotations

import math
from typing import Any

import pytest

from console.tests.trace_cast import FRAMES, trace
from console.traces import MOST_FRAMES, UnreadableTrace, read_trace


def test_what_the_flow_wrote_is_read_back() -> None:
    read = read_trace(trace())
    assert read.at == tuple(range(FRAMES))
    assert read.column("yaw")[2] == 24.25
    assert read.column("yaw")[4] is None
    assert read.limits["identity"] == 0.28
    assert [step.kind for step in read.steps] == ["turn_left", "flash", "turn_right"]
    assert [shown.color for shown in read.steps[1].colors] == ["#ff4040", "#40ff40"]
    assert (read.steps[2].replaced, read.challenge_start, read.seconds) == (True, 1.0, 8.0)


def test_a_quantity_that_was_not_recorded_is_a_gap() -> None:
    assert read_trace(trace()).column("humidity") == (None,) * FRAMES


def test_the_axis_lasts_to_the_end_of_the_last_step_and_never_has_no_length() -> None:
    steps = [{"kind": "flash", "start": 1, "end": 30, "outcome": "shown"}]
    assert read_trace(trace(steps=steps)).seconds == 30
    assert read_trace(trace(series={"at": []}, steps=[])).seconds > 0


@pytest.mark.parametrize(
    ("broken", "cause"),
    [
        (None, "not an object"),
        ("{}", "not an object"),
        ([], "not an object"),
        ({}, "version None"),
        (trace(version=2), "version 2"),
        (trace(series=None), "series is not an object"),
        (trace(series={}), "at is not a list"),
        (trace(series={"at": [0, None]}), "no time"),
        (trace(series={"at": [0, "1"]}), "no time"),
        (trace(series={"at": [0, math.nan]}), "no time"),
        (trace(series={"at": [0, 1], "yaw": [1]}), "yaw has 1 values for 2 frames"),
        (trace(series={"at": [0], "yaw": 3}), "yaw is not a list"),
        (trace(series={"at": [0] * (MOST_FRAMES + 1)}), "more than"),
        (trace(limits=[]), "limits is not an object"),
        (trace(steps={}), "steps is not a list"),
        (trace(steps=[3]), "a step is not an object"),
        (trace(steps=[{"start": 0}]), "a step has no time"),
        (trace(steps=[{"start": 0, "end": 1, "colors": 3}]), "colors is not a list"),
        (trace(steps=[{"start": 0, "end": 1, "colors": [{"hex": "red", "start": 0}]}]), "not #rrggbb"),
        (
            trace(steps=[{"start": 0, "end": 1, "colors": [{"hex": '"/><script>', "start": 0}]}]),
            "not #rrggbb",
        ),
        (trace(steps=[{"start": 0, "end": 1, "colors": [{"hex": "#ff4040\n", "start": 0}]}]), "not #rrggbb"),
        (trace(steps=[{"start": 0, "end": 1, "colors": [{"hex": "#ff4040"}]}]), "not #rrggbb"),
    ],
)
def test_anything_else_is_refused_with_its_cause(broken: Any, cause: str) -> None:
    with pytest.raises(UnreadableTrace, match=cause):
        read_trace(broken)


def test_a_value_that_is_no_number_was_not_measured() -> None:
    read = read_trace(trace(series={"at": [0, 1, 2, 3], "yaw": ["x", True, math.inf, 4]}))
    assert read.column("yaw") == (None, None, None, 4.0)


def test_a_step_never_ends_before_it_begins() -> None:
    read = read_trace(trace(steps=[{"kind": "blink", "start": 3, "end": 1, "outcome": "wrong"}]))
    assert (read.steps[0].start, read.steps[0].end) == (3, 3)
