"""A step's clock starts when the page showed it, within bounds that a client cannot stretch."""

from __future__ import annotations

from itertools import pairwise

import pytest

from auth_service.flows.steps import COLOR_SLIP_SECONDS, SHOWN_WITHIN_SECONDS, RunningStep
from core.liveness.flash import LAGS
from core.liveness.script import COLOR_SECONDS, PALETTE, StepKind, flash_step, motion_step


def turn() -> RunningStep:
    return RunningStep(motion_step(StepKind.TURN_LEFT, step_id=1), index=0, attempt=1, issued_at=10.0)


def flash(*, fixed_end: float | None = None) -> RunningStep:
    step = flash_step(PALETTE[:5], step_id=2)
    return RunningStep(step, index=1, attempt=1, issued_at=10.0, fixed_end=fixed_end)


def test_without_a_report_the_window_runs_from_the_frame_it_answered() -> None:
    assert (turn().start, turn().end) == (10.0, 12.5)


def test_a_report_moves_the_window() -> None:
    running = turn()
    running.show(10.3)

    assert running.start == 10.3
    assert running.end == pytest.approx(12.8)


def test_only_the_first_report_counts() -> None:
    running = turn()
    running.show(10.2)
    running.show(11.5)

    assert running.start == 10.2


@pytest.mark.parametrize(("claimed", "taken"), [(3.0, 10.0), (999.0, 10.0 + SHOWN_WITHIN_SECONDS)])
def test_a_report_is_cut_to_what_is_possible(claimed: float, taken: float) -> None:
    running = turn()
    running.show(claimed)

    assert running.start == taken


def test_a_recordings_window_cannot_be_moved() -> None:
    running = flash(fixed_end=12.75)
    running.show(11.0)
    running.show_color(0, 11.0)

    assert (running.start, running.end) == (10.0, 12.75)
    assert running.color_starts()[0] == 10.0


def test_reported_colours_replace_planned_ones() -> None:
    running = flash()
    running.show(10.1)
    running.show_color(1, 10.65)

    assert running.color_starts() == pytest.approx((10.1, 10.65, 11.1, 11.6, 12.1))


def test_colours_cannot_be_slid_further_than_the_slip() -> None:
    running = flash()
    for index in range(5):
        running.show_color(index, 10.0 + 0.5 * index + 3.0)

    assert running.color_starts() == pytest.approx([10.2 + 0.5 * index for index in range(5)])
    assert COLOR_SLIP_SECONDS + max(LAGS) <= COLOR_SECONDS + 1e-9


def test_colours_stay_in_order_and_unknown_ones_are_ignored() -> None:
    running = flash()
    running.show_color(7, 10.0)
    running.show_color(-1, 10.0)
    running.show_color(0, 10.2)
    running.show_color(1, 10.3)

    starts = running.color_starts()
    assert len(starts) == 5
    assert all(first < second for first, second in pairwise(starts))


def test_a_motion_has_no_colours() -> None:
    running = turn()
    running.show_color(0, 10.0)

    assert running.color_starts() == ()
