"""Capture times that a camera which films now could have; recordings sent in another time could not."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.liveness.timing import Timing, TimingLimits, measure_timing
from core.tests.page_cast import Analysed, Hidden, Network, film

LIMITS = TimingLimits()

networks = st.builds(
    Network,
    delay=st.floats(0.005, 0.6),
    jitter=st.floats(0.0, 0.6),
    stall=st.sampled_from([0.0, 0.4, 1.0, 1.7]),
    analysis=st.floats(0.01, 0.4),
)
seeds = st.integers(0, 10_000)


def measure(frames: list[Analysed]) -> Timing:
    timing = measure_timing(
        [frame.captured for frame in frames],
        [frame.received for frame in frames],
        sequences=[frame.sequence for frame in frames],
    )
    assert timing is not None
    return timing


def plausible(frames: list[Analysed]) -> bool:
    return measure(frames).plausible(LIMITS)


def recording(seconds: float = 12.0, *, seed: int = 1) -> list[Analysed]:
    return film(Network(0.03, 0.02, 0.0, 0.04), seed=seed, seconds=seconds)


def sent_at(frames: list[Analysed], times: list[float]) -> list[Analysed]:
    return [replace(frame, received=time) for frame, time in zip(frames, times, strict=True)]


# Honest pages ----------------------------------------------------------------------------------


@given(networks, seeds, st.floats(-1e6, 1e6))
@settings(max_examples=300, deadline=None)
def test_an_honest_page_on_a_bad_network_passes_whatever_its_clock_shows(
    network: Network, seed: int, offset: float
) -> None:
    frames = film(network, seed=seed, seconds=15.0, offset=offset)
    assert len(frames) >= 4
    assert plausible(frames), measure(frames)


@given(networks, seeds, st.floats(1.0, 8.0), st.floats(0.5, 25.0))
@settings(max_examples=200, deadline=None)
def test_a_page_that_was_hidden_for_a_while_passes(
    network: Network, seed: int, since: float, silence: float
) -> None:
    frames = film(network, seed=seed, seconds=12.0 + silence, hidden=Hidden(since, since + silence))
    assert plausible(frames), measure(frames)


def test_a_server_that_is_slower_than_the_page_loses_frames_and_refuses_nobody() -> None:
    timing = measure(film(Network(0.05, 0.05, 0.0, 2.5), seed=1, seconds=25.0))
    assert timing.lost > 0.4
    assert timing.plausible(LIMITS)


# Recordings ------------------------------------------------------------------------------------


@given(st.floats(0.2, 0.75) | st.floats(1.35, 4.0), seeds)
@settings(max_examples=100, deadline=None)
def test_a_recording_sent_faster_or_slower_than_it_was_filmed_is_refused(speed: float, seed: int) -> None:
    frames = recording(seed=seed)
    assert not plausible(sent_at(frames, [frame.captured / speed for frame in frames]))


def test_a_slight_difference_of_the_clocks_is_read_and_forgiven() -> None:
    frames = recording()
    timing = measure(sent_at(frames, [frame.captured * 1.05 for frame in frames]))
    assert timing.rate == pytest.approx(1.05, abs=0.01)
    assert timing.plausible(LIMITS)


@given(seeds, st.floats(0.001, 0.02))
@settings(max_examples=100, deadline=None)
def test_a_recording_sent_all_at_once_is_refused(seed: int, apart: float) -> None:
    frames = recording(seed=seed)
    assert not plausible(sent_at(frames, [30.0 + number * apart for number in range(len(frames))]))


@given(st.integers(7, 30), st.integers(10, 40), st.floats(0.001, 0.03))
@settings(max_examples=100, deadline=None)
def test_a_second_or_more_held_back_and_then_sent_in_a_burst_is_refused(
    size: int, start: int, apart: float
) -> None:
    """Shorter than the drift that is allowed: it is the haste that gives it away."""
    frames = recording()
    held = frames[start : start + size]
    burst = {frame.sequence: held[-1].received + number * apart for number, frame in enumerate(held)}
    times = [burst.get(frame.sequence, frame.received) for frame in frames]
    timing = measure(sent_at(frames, sorted(times)))
    assert timing.hurried is not None
    assert timing.hurried > LIMITS.hurried
    assert not timing.plausible(LIMITS)


@given(st.floats(4.2, 100.0), st.integers(8, 60))
@settings(max_examples=50, deadline=None)
def test_frames_dated_into_the_future_of_earlier_arrivals_are_refused(jump: float, place: int) -> None:
    frames = recording()
    dated = [
        replace(frame, captured=frame.captured + (jump if number >= place else 0.0))
        for number, frame in enumerate(frames)
    ]
    timing = measure(dated)
    assert timing.ahead == pytest.approx(jump, abs=0.2)
    assert not timing.plausible(LIMITS)


@given(st.floats(4.2, 100.0), st.integers(8, 60))
@settings(max_examples=50, deadline=None)
def test_frames_held_back_longer_than_any_network_does_are_refused(pause: float, place: int) -> None:
    frames = recording()
    times = [frame.received + (pause if number >= place else 0.0) for number, frame in enumerate(frames)]
    assert not plausible(sent_at(frames, times))


@given(seeds)
def test_shuffled_frames_are_refused(seed: int) -> None:
    frames = recording()
    times = [frame.captured for frame in frames]
    shuffled = times.copy()
    random.Random(seed).shuffle(shuffled)
    frames = [replace(frame, captured=time) for frame, time in zip(frames, shuffled, strict=True)]
    assert plausible(frames) == (shuffled == times)


def test_a_number_that_comes_again_is_refused() -> None:
    frames = recording()
    frames[20] = replace(frames[20], sequence=frames[19].sequence)
    assert not plausible(frames)


def test_a_page_of_which_hardly_a_frame_is_seen_does_not_wait_for_answers() -> None:
    frames = [replace(frame, sequence=frame.sequence * 12) for frame in recording()]
    assert measure(frames).lost > 0.9
    assert not plausible(frames)


# Without arrival times -------------------------------------------------------------------------


def test_a_webcam_with_jitter_is_plausible() -> None:
    captured = [0.0, 0.13, 0.21, 0.4, 0.47, 0.6]
    timing = measure_timing(captured, [at + 0.1 for at in captured])

    assert timing is not None
    assert timing.plausible(LIMITS)
    assert timing.drift == pytest.approx(0.0)


def test_time_that_runs_backwards_is_not() -> None:
    timing = measure_timing([0.0, 0.1, 0.1, 0.3], [None] * 4)

    assert timing is not None
    assert timing.backwards == 1
    assert not timing.plausible(LIMITS)


def test_frames_no_camera_gives_so_fast_are_implausible() -> None:
    timing = measure_timing([number * 0.002 for number in range(50)], [None] * 50)

    assert timing is not None
    assert not timing.plausible(LIMITS)


def test_a_very_long_silence_is_implausible() -> None:
    timing = measure_timing([0.0, 0.1, 40.0, 40.1], [None] * 4)

    assert timing is not None
    assert not timing.plausible(LIMITS)


def test_what_is_not_known_is_not_judged() -> None:
    timing = measure_timing([0.0, 0.1, 0.2], [None, 5.0, None])

    assert timing is not None
    assert (timing.drift, timing.ahead, timing.rate, timing.hurried) == (None, None, None, None)
    assert timing.plausible(LIMITS)


def test_one_frame_has_no_timing() -> None:
    assert measure_timing([1.0], [None]) is None
    assert measure_timing([], []) is None


@given(st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9)), min_size=2, max_size=60))
def test_any_clock_readings_are_measured_without_error(readings: list[tuple[float, float]]) -> None:
    timing = measure_timing([at for at, _ in readings], [late for _, late in readings])

    assert timing is not None
    assert isinstance(timing.plausible(LIMITS), bool)


@given(st.floats(0.5, 3.5))
@settings(max_examples=30, deadline=None)
def test_a_first_frame_that_the_network_held_back_is_forgiven(stall: float) -> None:
    first, *others = recording()
    held = [replace(first, captured=first.captured - stall), *others]
    assert measure(held).plausible(LIMITS)
