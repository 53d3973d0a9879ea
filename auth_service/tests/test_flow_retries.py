"""Spare steps: another kind than the missed one, as often as the level allows."""

from __future__ import annotations

from auth_service.flows.retries import Retries
from core.liveness.script import StepKind, motion_step

LEFT = motion_step(StepKind.TURN_LEFT, step_id=5)
CLOSER = motion_step(StepKind.CLOSER, step_id=6)


def test_a_spare_of_another_kind_is_taken_once() -> None:
    retries = Retries([LEFT, CLOSER], allowed=3)

    assert retries.take(StepKind.TURN_LEFT) is CLOSER
    assert retries.take(StepKind.TURN_LEFT) is None
    assert retries.take(StepKind.LOOK_UP) is LEFT
    assert retries.take(StepKind.LOOK_UP) is None


def test_no_more_than_the_level_allows() -> None:
    retries = Retries([LEFT, CLOSER], allowed=1)

    assert retries.take(StepKind.LOOK_UP) is LEFT
    assert retries.take(StepKind.LOOK_UP) is None
    assert not Retries([LEFT], allowed=0).grant()


def test_a_kind_without_a_spare_costs_no_retry() -> None:
    retries = Retries([LEFT], allowed=1)

    assert retries.take(StepKind.TURN_LEFT) is None
    assert retries.grant()


def test_a_recorded_replacement_counts_too() -> None:
    retries = Retries([LEFT], allowed=1)

    assert retries.grant()
    assert not retries.grant()
    assert retries.take(StepKind.CLOSER) is None
