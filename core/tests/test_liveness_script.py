"""A script is random in everything a recording could know, and asks only for what the points can show."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from core.engine.types import LandmarkLayout
from core.liveness.policy import Level
from core.liveness.script import (
    COLOR_SECONDS,
    FLASH_COLORS,
    PALETTE,
    TURNS,
    Script,
    StepKind,
    draw_colors,
    draw_script,
    visible_motions,
)
from core.tests.liveness_cast import LAYOUTS, WITH_MOUTH, WITHOUT_MOUTH


def draw_many(
    layout: LandmarkLayout = WITH_MOUTH, level: Level = Level.STANDARD, *, safe_mode: bool = False
) -> list[Script]:
    return [
        draw_script(random.Random(seed), layout=layout, level=level, safe_mode=safe_mode)
        for seed in range(200)
    ]


def motions(script: Script) -> list[StepKind]:
    return [step.kind for step in script.steps if step.kind is not StepKind.FLASH]


@pytest.mark.parametrize(
    ("level", "fewest", "most"), [(Level.BASIC, 1, 2), (Level.STANDARD, 2, 3), (Level.STRICT, 3, 4)]
)
def test_the_level_sets_the_number_of_motions(level: Level, fewest: int, most: int) -> None:
    counts = {len(motions(script)) for script in draw_many(level=level)}

    assert counts == set(range(fewest, most + 1))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("safe_mode", [True, False])
def test_only_visible_motions_are_drawn_none_twice_and_always_a_turn(
    layout: LandmarkLayout, level: Level, safe_mode: bool
) -> None:
    for script in draw_many(layout, level, safe_mode=safe_mode):
        drawn = motions(script)
        assert set(drawn) <= set(visible_motions(layout))
        assert len(set(drawn)) == len(drawn)
        assert set(drawn) & set(TURNS)


def test_looking_down_is_not_asked_without_a_mouth() -> None:
    assert StepKind.LOOK_DOWN not in visible_motions(WITHOUT_MOUTH)
    assert StepKind.LOOK_DOWN in visible_motions(WITH_MOUTH)


def test_the_flash_stands_anywhere_but_first() -> None:
    places = {[step.kind for step in script.steps].index(StepKind.FLASH) for script in draw_many()}

    assert places == {1, 2, 3}


def test_safe_mode_has_no_flash_and_one_more_motion() -> None:
    scripts = draw_many(safe_mode=True)

    assert not any(script.has_flash for script in scripts)
    assert {len(motions(script)) for script in scripts} == {3, 4}


def test_no_colour_follows_itself_and_all_are_used() -> None:
    drawn = [draw_colors(random.Random(seed)) for seed in range(100)]

    assert all(len(colors) == FLASH_COLORS for colors in drawn)
    assert all(first != second for colors in drawn for first, second in pairwise(colors))
    assert {color for colors in drawn for color in colors} == set(PALETTE)


def test_the_flash_changes_less_than_three_times_a_second() -> None:
    assert 1 / COLOR_SECONDS < 3


def test_windows_are_two_to_three_seconds() -> None:
    steps = [step for script in draw_many() for step in script.steps]
    movements = {step.window_seconds for step in steps if step.kind is not StepKind.FLASH}

    assert min(movements) >= 2.25
    assert max(movements) <= 2.75
    assert {step.window_seconds for step in steps if step.kind is StepKind.FLASH} == {3.75}


def test_ids_are_unique_spares_included() -> None:
    for script in draw_many():
        ids = [step.id for step in (*script.steps, *script.spares)]
        assert len(set(ids)) == len(ids)


def test_a_spare_of_another_kind_is_there_for_every_motion() -> None:
    for level in Level:
        for script in draw_many(level=level):
            for kind in motions(script):
                assert any(spare.kind is not kind for spare in script.spares)


def test_scripts_differ_and_one_seed_gives_one_script() -> None:
    assert len(set(draw_many())) > 190
    assert draw_many()[7] == draw_many()[7]


def test_colours_reach_the_page_as_hex_and_the_signal_as_light() -> None:
    red = PALETTE[0]

    assert red.hex == "#ff4040"
    assert red.linear_bgr[2] == 1.0
    assert red.linear_bgr[0] < 0.06
