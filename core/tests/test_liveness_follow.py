"""A step is followed by the asked movement, in its window, and by no other."""

from __future__ import annotations

import numpy as np
import pytest

from core.engine.types import LandmarkLayout
from core.liveness.follow import THRESHOLDS, Followed, Movement, judge_motion, strayed
from core.liveness.script import StepKind

LIMITS = THRESHOLDS[LandmarkLayout.EYES_NOSE_MOUTH]
FRAMES = 20


def bump(peak: float, *, at: int = 8, hold: int = 4) -> np.ndarray:
    shape = np.interp(np.arange(FRAMES), [at - 4, at, at + hold, at + hold + 4], [0, 1, 1, 0])
    return np.asarray(shape * peak, dtype=np.float64)


def move(*, yaw: float = 0, pitch: float = 0, growth: float = 0, at: int = 8) -> Movement:
    return Movement(yaw=bump(yaw, at=at), pitch=bump(pitch, at=at), growth=bump(growth, at=at))


def judge(kind: StepKind, movement: Movement) -> Followed:
    followed = judge_motion(kind, movement, thresholds=LIMITS)
    assert followed is not None
    return followed


@pytest.mark.parametrize(
    ("kind", "movement"),
    [
        (StepKind.TURN_LEFT, move(yaw=22)),
        (StepKind.TURN_RIGHT, move(yaw=-22)),
        (StepKind.LOOK_UP, move(pitch=14)),
        (StepKind.LOOK_DOWN, move(pitch=-14)),
        (StepKind.CLOSER, move(growth=0.3)),
    ],
)
def test_the_asked_movement_is_done_and_comes_back(kind: StepKind, movement: Movement) -> None:
    followed = judge(kind, movement)

    assert followed.done
    assert followed.returned


@pytest.mark.parametrize(
    ("kind", "movement"),
    [
        (StepKind.TURN_LEFT, move(yaw=-22)),
        (StepKind.TURN_RIGHT, move(yaw=22)),
        (StepKind.LOOK_UP, move(pitch=-14)),
        (StepKind.LOOK_DOWN, move(pitch=14)),
        (StepKind.CLOSER, move(growth=-0.2)),
    ],
)
def test_the_opposite_is_wrong(kind: StepKind, movement: Movement) -> None:
    assert judge(kind, movement).wrong


def test_another_movement_in_place_of_the_asked_one_is_wrong() -> None:
    assert judge(StepKind.LOOK_UP, move(yaw=25)).wrong
    assert judge(StepKind.CLOSER, move(yaw=25)).wrong
    assert judge(StepKind.TURN_LEFT, move(growth=0.3)).wrong


def test_resting_is_neither_done_nor_wrong() -> None:
    followed = judge(StepKind.TURN_LEFT, move(yaw=2, pitch=1))

    assert not followed.done
    assert not followed.wrong


def test_a_turn_with_some_nod_is_still_a_turn() -> None:
    assert judge(StepKind.TURN_LEFT, move(yaw=22, pitch=9)).done


def test_a_head_that_stays_turned_has_not_returned() -> None:
    yaw = np.concatenate([np.zeros(6), np.linspace(0, 25, 6), np.full(8, 25.0)])

    followed = judge(StepKind.TURN_LEFT, Movement(yaw=yaw, pitch=np.zeros(20), growth=np.zeros(20)))

    assert followed.done
    assert not followed.returned


def test_a_head_that_was_there_before_it_was_asked_did_not_answer() -> None:
    held = Movement(yaw=np.full(20, 25.0), pitch=np.zeros(20), growth=np.zeros(20))

    assert judge(StepKind.TURN_LEFT, held).score == 0.0


def test_one_jumping_frame_is_no_movement() -> None:
    yaw = np.zeros(20)
    yaw[10] = 40.0

    assert not judge(StepKind.TURN_LEFT, Movement(yaw=yaw, pitch=np.zeros(20), growth=np.zeros(20))).done


def test_five_frames_a_second_suffice() -> None:
    slow = Movement(yaw=bump(22)[::2], pitch=np.zeros(10), growth=np.zeros(10))

    assert judge(StepKind.TURN_LEFT, slow).done


def test_three_frames_judge_nothing() -> None:
    three = Movement(yaw=np.full(3, 20.0), pitch=np.zeros(3), growth=np.zeros(3))

    assert judge_motion(StepKind.TURN_LEFT, three, thresholds=LIMITS) is None


def test_a_turn_where_stillness_was_asked_strays() -> None:
    assert strayed(move(yaw=20), thresholds=LIMITS)
    assert not strayed(move(yaw=5, growth=0.05), thresholds=LIMITS)
