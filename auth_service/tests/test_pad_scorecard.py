"""The scorecard counts errors per species, says which signal caught what and how far thresholds stand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_service.flows import Refused
from auth_service.pad.caught import FLOW, Cell, caught_in
from auth_service.pad.rates import wilson
from auth_service.pad.scorecard import Presentation, presentation_of
from auth_service.pad.separation import separations
from auth_service.tests.conftest import make_attempt
from auth_service.tests.pad_cast import run_of, shown
from core.liveness.reasons import Reason


def test_errors_are_attacks_accepted_and_people_refused() -> None:
    run = run_of(
        shown("genuine", accepted=True),
        shown("genuine", accepted=False),
        shown("photo", accepted=False),
        shown("photo", accepted=True),
        shown("screen", accepted=False),
    )

    assert (run.bpcer.errors, run.bpcer.trials) == (1, 2)
    assert run.apcer["photo"].value == 0.5
    assert run.apcer["screen"].value == 0.0
    assert run.worst_species == "photo"


def test_no_species_is_worst_where_none_got_through() -> None:
    assert run_of(shown("photo", accepted=False)).worst_species is None
    assert run_of(shown("genuine", accepted=True)).worst_species is None


@pytest.mark.parametrize(
    ("errors", "trials", "low", "high"), [(0, 10, 0.0, 0.278), (5, 10, 0.237, 0.763), (1, 1, 0.207, 1.0)]
)
def test_wilson_intervals_are_the_tabled_ones(errors: int, trials: int, low: float, high: float) -> None:
    rate = wilson(errors, trials)

    assert (rate.low, rate.high) == pytest.approx((low, high), abs=0.001)


@given(trials=st.integers(1, 3000), share=st.floats(0, 1))
def test_an_interval_holds_its_rate_and_stays_within_0_and_1(trials: int, share: float) -> None:
    rate = wilson(round(share * trials), trials)
    assert 0.0 <= rate.low <= rate.value <= rate.high <= 1.0
    assert rate.low == 0.0 or rate.errors > 0
    assert rate.high == 1.0 or rate.errors < rate.trials


def test_no_trials_know_nothing() -> None:
    rate = wilson(0, 0)
    assert (rate.low, rate.high) == (0.0, 1.0)
    assert math.isnan(rate.value)


def test_a_margin_that_is_no_number_refuses() -> None:
    attempt = make_attempt(passed=False, reasons=(Reason.SCREEN_LIGHT_MISSING,))
    broken = replace(attempt.liveness, margins={"flash": math.nan, "plane": 0.5})
    end = Refused(reasons=broken.reasons, liveness=broken, timeline=attempt.timeline)

    one = presentation_of(name="x", kind="photo", end=end)

    assert one.refused_by == ("flash",)


# Which signal caught what


def cell(run_kind: str, signal: str, *presentations: Presentation) -> Cell:
    matrix = caught_in(run_of(*presentations))
    row = next(row for row in matrix.rows if row.kind == run_kind)
    return row.cells[matrix.signals.index(signal)]


def test_each_presentation_is_counted_once_in_each_cell() -> None:
    session = [
        shown("photo", accepted=False, plane=0.05),
        shown("photo", accepted=False, plane=0.2, reasons=("spoof_suspected",)),
        shown("photo", accepted=False, signals={}, margins={}, not_measured=("plane", "passive")),
        shown("photo", accepted=False, margins={}, not_measured=()),
    ]

    assert cell("photo", "plane", *session) == Cell(refused=1, agreed=1, recorded=1, not_measured=1)
    assert cell("photo", "passive", *session) == Cell(refused=0, agreed=0, recorded=1, not_measured=3)


def test_genuine_sessions_come_first_and_species_by_name() -> None:
    matrix = caught_in(
        run_of(
            shown("screen", accepted=False), shown("photo", accepted=True), shown("genuine", accepted=False)
        )
    )
    assert [(row.kind, row.accepted) for row in matrix.rows] == [("genuine", 0), ("photo", 1), ("screen", 0)]


def test_what_no_signal_refused_is_the_flows_own() -> None:
    alone = shown("photo", accepted=False, plane=0.3, reasons=("low_quality",))
    signals = caught_in(run_of(alone)).signals

    assert signals[-1] == FLOW
    assert cell("photo", FLOW, alone) == Cell(refused=1, agreed=0, recorded=0, not_measured=0)
    assert FLOW not in caught_in(run_of(shown("photo", accepted=False, plane=0.05))).signals


# Threshold choice


def test_a_threshold_stands_between_the_worst_genuine_and_the_nearest_attack_that_it_refuses() -> None:
    run = run_of(
        shown("genuine", accepted=True, name="near", plane=0.18),
        shown("genuine", accepted=True, name="far", plane=0.4),
        shown("photo", accepted=False, name="flat", plane=0.02),
        shown("photo", accepted=False, name="bent", plane=0.09),
        shown("screen", accepted=True, name="deep", plane=0.5),
    )
    (plane,) = [one for one in separations(run) if one.gate.value == "plane"]

    assert plane.threshold == 0.12
    assert plane.worst_genuine is not None
    assert plane.nearest_attack is not None
    assert (plane.worst_genuine.presentation.name, plane.nearest_attack.presentation.name) == ("near", "bent")
    assert plane.gap == pytest.approx(0.09)
    assert sum(point.refused for point in plane.attacks) == 2
    assert plane.may_refuse


def test_a_number_that_must_be_small_is_read_the_other_way_round() -> None:
    def ringed(kind: str, value: float) -> Presentation:
        return shown(kind, accepted=kind == "genuine", signals={"ring": value}, margins={})

    run = run_of(
        *(ringed("genuine", 0.4), ringed("genuine", 0.1), ringed("photo", 1.1), ringed("photo", 0.9))
    )
    (ring,) = separations(run)

    assert ring.worst_genuine is not None
    assert ring.nearest_attack is not None
    assert (ring.worst_genuine.value, ring.nearest_attack.value) == (0.4, 0.9)
    assert ring.gap == pytest.approx(0.5)
    assert not ring.may_refuse


def test_overlap_is_a_negative_gap() -> None:
    run = run_of(shown("genuine", accepted=False, plane=0.05), shown("photo", accepted=False, plane=0.1))
    (plane,) = separations(run)
    assert plane.gap == pytest.approx(-0.05)


def test_without_attacks_or_genuine_sessions_there_is_no_gap() -> None:
    for one in (shown("genuine", accepted=True), shown("photo", accepted=False, plane=0.05)):
        (plane,) = separations(run_of(one))
        assert plane.gap is None
