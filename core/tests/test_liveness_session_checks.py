"""One person, one face."""

from __future__ import annotations

import pytest

from core.liveness.face_count import missing_share, several_faces_share
from core.liveness.identity import SMEAR, measure_continuity
from core.liveness.passive import mean_live_probability
from core.tests.liveness_cast import alike


def test_the_same_person_stays_close() -> None:
    kept = measure_continuity([alike(1, seed=0), alike(1, seed=1)], [alike(1, seed=n) for n in range(2, 7)])

    assert kept is not None
    assert min(kept.lowest, kept.last) > 0.8


def test_another_person_at_the_end_shows_in_the_last() -> None:
    later = [alike(1, seed=2), alike(1, seed=3), alike(2, seed=4), alike(2, seed=5)]
    swapped = measure_continuity([alike(1, seed=0)], later)

    assert swapped is not None
    assert swapped.last < 0.4


def test_another_person_in_the_middle_shows_in_the_lowest() -> None:
    later = [alike(1, seed=2), alike(2, seed=3), alike(2, seed=4), alike(1, seed=5), alike(1, seed=6)]
    swapped = measure_continuity([alike(1, seed=0)], later)

    assert swapped is not None
    assert swapped.lowest < 0.4 < swapped.last


def test_one_smeared_frame_of_many_refuses_nobody() -> None:
    later = [alike(1, seed=2), alike(1, seed=3, noise=0.09), *[alike(1, seed=n) for n in range(4, 8)]]
    kept = measure_continuity([alike(1, seed=0)], later)

    assert kept is not None
    assert kept.lowest == pytest.approx(min(float(alike(1, seed=0) @ one) for one in later) + SMEAR)


def test_a_stranger_in_one_frame_is_no_smear() -> None:
    later = [alike(1, seed=2), alike(2, seed=3), *[alike(1, seed=n) for n in range(4, 8)]]
    spliced = measure_continuity([alike(1, seed=0)], later)

    assert spliced is not None
    assert spliced.lowest < 0.3


def test_nothing_to_compare_is_not_measured() -> None:
    assert measure_continuity([], [alike(1, seed=0)]) is None
    assert measure_continuity([alike(1, seed=0)], []) is None


def test_a_second_face_counts_by_size_and_more_than_once() -> None:
    assert several_faces_share([0.0, 0.3, 0.3, 0.0]) == 0.5
    assert several_faces_share([0.0, 0.3, 0.0, 0.0]) == 0.0
    assert several_faces_share([0.05] * 10) == 0.0
    assert several_faces_share([]) == 0.0


def test_missing_faces_are_a_share_of_all_frames() -> None:
    assert missing_share(frames=10, with_face=7) == pytest.approx(0.3)
    assert missing_share(frames=0, with_face=0) == 1.0


def test_the_passive_model_needs_more_than_one_look() -> None:
    assert mean_live_probability([0.9, 0.8]) is None
    assert mean_live_probability([0.9, 0.8, 0.7, 0.6]) == pytest.approx(0.75)


def test_frames_that_the_passive_model_declined_are_at_most_half() -> None:
    answers = [0.9, 0.8, 0.7, 0.6]

    assert mean_live_probability([*answers, *[None] * 4]) == pytest.approx(0.75)
    assert mean_live_probability([*[None] * 5, *answers]) is None
    assert mean_live_probability([0.9, 0.9, 0.9, None]) is None
    assert mean_live_probability([]) is None
