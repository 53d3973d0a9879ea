"""Scales and the round values beside them."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from console.plots.scale import Scale, range_of, ticks


def test_a_scale_is_linear_in_either_direction() -> None:
    down = Scale(0, 10, start=100, end=0)
    assert [down(value) for value in (0, 5, 10)] == [100, 50, 0]
    assert [Scale(10, 0)(value) for value in (10, 0)] == [0, 1]


def test_what_lies_beyond_stands_at_the_end() -> None:
    scale = Scale(-1, 1, start=0, end=100)
    assert [scale.clamped(value) for value in (-9, 0, 9)] == [0, 50, 100]
    assert Scale(1, -1).clamped(9) == 0


@pytest.mark.parametrize(("low", "high"), [(1, 1), (0, math.inf), (math.nan, 1), (-math.inf, math.inf)])
def test_a_range_without_length_or_end_is_refused(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="no scale"):
        Scale(low, high)


@pytest.mark.parametrize(
    ("low", "high", "about", "expected"),
    [
        (-20, 20, 4, (-20, -10, 0, 10, 20)),
        (-10, 35, 2, (0, 20)),
        (0, 1, 2, (0, 0.5, 1)),
        (0, 12.3, 8, (0, 2, 4, 6, 8, 10, 12)),
        (-0.05, 0.05, 4, (-0.04, -0.02, 0, 0.02, 0.04)),
        (0, 0.3, 3, (0, 0.1, 0.2, 0.3)),
        (1000, 1001, 2, (1000, 1000.5, 1001)),
    ],
)
def test_ticks_are_round_and_within(low: float, high: float, about: int, expected: tuple[float, ...]) -> None:
    assert ticks(low, high, about=about) == expected


@pytest.mark.parametrize(("low", "high"), [(1, 1), (2, 1), (0, math.nan), (0, math.inf)])
def test_there_are_no_ticks_on_nothing(low: float, high: float) -> None:
    assert ticks(low, high) == ()


@pytest.mark.parametrize("span", [1e-9, 0.003, 1, 7, 999, 1e12])
def test_ticks_of_any_size_are_a_handful_and_evenly_apart(span: float) -> None:
    found = ticks(-span / 3, span, about=5)
    assert 3 <= len(found) <= 10
    gaps = [later - earlier for earlier, later in pairwise(found)]
    assert gaps == pytest.approx([gaps[0]] * len(gaps))


def test_a_range_shows_the_least_and_whatever_goes_beyond_with_room() -> None:
    assert range_of([None, 3, -2], least=(-20, 20)) == (-20, 20)
    low, high = range_of([30, None, math.nan], least=(-20, 20))
    assert low == -20
    assert high == pytest.approx(34)
    assert range_of([], least=(0, 1)) == (0, 1)
