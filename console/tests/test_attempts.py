"""Evidence as signals with margins and limits: what was not recorded is missing, never invented."""

from __future__ import annotations

from typing import Any

import pytest

from auth_service.evidence import Attempt as RanAttempt
from auth_service.tests.conftest import make_attempt
from console.attempts import NOT_MEASURED, OK, RECORDED, REFUSED, SIGNAL_VALUES, read_attempts, signals_of
from console.tests.trace_cast import attempt_row
from console.thresholds import thresholds_for
from console.words import signal_words, value_names
from core.engine.types import LandmarkLayout
from core.liveness.gates import gates_for


def read(row: dict[str, Any]) -> Any:
    (attempt,) = read_attempts({"attempts": [row]})
    return attempt


def test_what_a_session_writes_is_read_back() -> None:
    ran: RanAttempt = make_attempt()
    attempt = read(ran.describe(reasons=("face_mismatch",)))
    assert (attempt.number, attempt.level, attempt.level_reached) == (1, "standard", "standard")
    assert attempt.reasons == ("face_mismatch",)
    assert (attempt.passed, attempt.score) == (True, 0.9)
    assert (attempt.frames, attempt.frames_dropped, attempt.seconds) == (40, 2, 9.0)
    assert attempt.models == {"model.onnx": "0" * 64}
    assert attempt.thresholds == {"flash_correlation": 0.75}


def test_each_signal_says_whether_it_agreed() -> None:
    states = {signal.name: signal.state for signal in signals_of(read(attempt_row()))}
    assert states == {"ring": OK, "flash": REFUSED, "passive": NOT_MEASURED}


def test_a_number_without_a_margin_was_only_recorded() -> None:
    (signal, *_) = signals_of(read(attempt_row(margins={}, signals={"ring": 0.9}, not_measured=[])))
    assert (signal.name, signal.state, signal.margin) == ("ring", RECORDED, None)


def test_numbers_stand_beside_the_limits_that_were_in_force() -> None:
    flash = next(signal for signal in signals_of(read(attempt_row())) if signal.name == "flash")
    shown = {one.name: one for one in flash.measured}
    correlation, chance, gain = (shown[f"flash_{name}"] for name in ("correlation", "chance", "gain"))
    assert correlation.threshold is not None
    assert (correlation.threshold.limit, correlation.threshold.sign, correlation.fails) == (0.75, "≥", False)
    assert gain.fails
    # It was not recorded what chance was held to, and this version's limit may be another.
    assert (chance.threshold, chance.fails) == (None, False)


def test_a_signal_that_this_version_does_not_know_is_shown_all_the_same() -> None:
    signals = signals_of(read(attempt_row(margins={"heartbeat": -0.5})))
    assert signals[-1].name == "heartbeat"
    assert signals[-1].state == REFUSED


@pytest.mark.parametrize("layout", list(LandmarkLayout))
def test_every_gate_has_its_number_in_the_table_and_a_name(layout: LandmarkLayout) -> None:
    for gate in gates_for(layout):
        assert gate.value in SIGNAL_VALUES[gate.signal]
        assert gate.value in value_names()
    assert set(SIGNAL_VALUES) == set(signal_words())


def test_the_depth_of_the_packs_own_layout_is_the_limit() -> None:
    assert thresholds_for({"depth_with_mouth": 0.12})["plane"].limit == 0.12
    assert thresholds_for({"depth_without_mouth": 0.22})["plane"].limit == 0.22
    assert thresholds_for({}) == {}


@pytest.mark.parametrize("evidence", [None, [], "x", {}, {"attempts": None}, {"attempts": {}}])
def test_without_attempts_there_are_none(evidence: object) -> None:
    assert read_attempts(evidence) == ()


GARBAGE: list[Any] = [None, 3, True, "text", [], {}, [None], {"a": None}]


@pytest.mark.parametrize("garbage", GARBAGE, ids=repr)
def test_garbage_in_any_place_leaves_that_place_empty(garbage: Any) -> None:
    for key in attempt_row():
        (attempt,) = read_attempts({"attempts": [attempt_row() | {key: garbage}]})
        signals_of(attempt)
    for key in attempt_row()["liveness"]:
        signals_of(read(attempt_row(**{key: garbage})))
    assert len(read_attempts({"attempts": [garbage, attempt_row()]})) == 2


def test_only_colours_become_colours() -> None:
    row = attempt_row() | {"script": [{"kind": "flash", "colors": ["#ff4040", "url(//evil)", "#ff40401", 3]}]}
    assert read(row).script[0].colors == ("#ff4040",)
