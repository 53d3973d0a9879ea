"""Error rates and thresholds from labelled scores."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from core.calibration.roc import Scores, calibrate, measure_roc, rates_at, wilson
from core.calibration.table import DECLARED_FMRS, Calibration


def normal_scores(count: int, *, mean: float, deviation: float, seed: int) -> Scores:
    return np.tanh(np.random.default_rng(seed).normal(np.arctanh(mean), deviation, count))


def table(genuine: Scores, impostor: Scores) -> Calibration:
    return calibrate(contract="t:1:2", genuine=genuine, impostor=impostor, people=5, source="drawn")


@pytest.fixture
def genuine() -> Scores:
    return normal_scores(300, mean=0.75, deviation=0.15, seed=1)


@pytest.fixture
def impostor() -> Scores:
    return normal_scores(3000, mean=0.02, deviation=0.11, seed=2)


def test_rates_count_from_the_threshold_up() -> None:
    point = rates_at(0.5, genuine=np.array([0.4, 0.5, 0.6, 0.7]), impostor=np.array([0.1, 0.5]))

    assert point.fnmr.value == 0.25
    assert point.fmr.value == 0.5


@pytest.mark.parametrize(
    ("errors", "trials", "low", "high"), [(0, 91, 0.0, 0.0405), (8, 812, 0.0050, 0.0193), (1, 1, 0.2065, 1.0)]
)
def test_intervals_are_wilson_s(errors: int, trials: int, low: float, high: float) -> None:
    rate = wilson(errors, trials)

    assert [rate.low, rate.high] == pytest.approx([low, high], abs=1e-4)
    assert rate.low <= rate.value <= rate.high


@pytest.mark.parametrize(("errors", "trials"), [(0, 0), (3, 2), (-1, 5)])
def test_rates_without_trials_are_refused(errors: int, trials: int) -> None:
    with pytest.raises(ValueError, match="trials"):
        wilson(errors, trials)


def test_fmr_falls_and_fnmr_rises_along_the_roc(genuine: Scores, impostor: Scores) -> None:
    roc = measure_roc(genuine=genuine, impostor=impostor)

    fmr = [point.fmr.value for point in roc.points]
    fnmr = [point.fnmr.value for point in roc.points]
    assert fmr == sorted(fmr, reverse=True)
    assert fnmr == sorted(fnmr)
    assert (fmr[0], fnmr[0]) == (1.0, 0.0)
    assert fnmr[-1] > 0.9


def test_separated_scores_have_no_equal_error_and_a_threshold_amid_the_gap() -> None:
    roc = measure_roc(genuine=np.linspace(0.6, 0.9, 30), impostor=np.linspace(-0.2, 0.4, 30))

    assert roc.eer == 0.0
    assert roc.eer_threshold == pytest.approx(0.5)
    assert [roc.genuine_min, roc.impostor_max] == pytest.approx([0.6, 0.4])


def test_the_equal_error_of_two_normals_is_the_textbook_s() -> None:
    random = np.random.default_rng(3)
    genuine, impostor = random.normal(0.6, 0.1, 20_000), random.normal(0.3, 0.1, 20_000)

    roc = measure_roc(genuine=genuine, impostor=impostor)

    assert roc.eer == pytest.approx(NormalDist().cdf(-1.5), abs=0.005)
    assert roc.eer_threshold == pytest.approx(0.45, abs=0.01)


def test_a_rate_that_can_be_counted_is_counted(genuine: Scores, impostor: Scores) -> None:
    found = {threshold.fmr: threshold for threshold in table(genuine, impostor).thresholds}

    assert not found[1e-2].extrapolated
    assert found[1e-3].extrapolated
    assert (impostor >= found[1e-2].cosine).mean() <= 1e-2
    assert (impostor >= found[1e-2].cosine - 0.01).mean() > 1e-2


def test_a_rate_that_cannot_be_counted_is_extrapolated_close_to_the_truth(genuine: Scores) -> None:
    """Fitted on 3,000 pairs, held against the distribution they were drawn from."""
    truth = NormalDist(np.arctanh(0.02), 0.11)
    for seed in range(5):
        impostor = normal_scores(3000, mean=0.02, deviation=0.11, seed=10 + seed)
        found = table(genuine, impostor)
        for fmr in (1e-3, 1e-4, 1e-5, 1e-6):
            expected = np.tanh(truth.inv_cdf(1 - fmr))
            assert found.threshold(fmr) == pytest.approx(expected, abs=0.05)


def test_thresholds_always_rise_also_for_odd_distributions(genuine: Scores) -> None:
    lumps = np.repeat([0.0, 0.1, 0.3, 0.300001], 250)

    found = [threshold.cosine for threshold in table(genuine, lumps).thresholds]

    assert found == sorted(set(found))
    assert len(found) == len(DECLARED_FMRS)


def test_scores_near_one_do_not_push_thresholds_beyond_it(genuine: Scores) -> None:
    impostor = normal_scores(800, mean=0.9, deviation=0.2, seed=4)

    assert table(genuine, impostor).threshold(1e-6) < 1.0


def test_the_default_is_as_strict_as_the_genuine_pairs_allow(impostor: Scores) -> None:
    def default(mean: float) -> float:
        return table(normal_scores(300, mean=mean, deviation=0.08, seed=5), impostor).default_fmr

    assert default(0.75) == 1e-4
    assert default(0.52) == 1e-3
    assert default(0.35) == 1e-2


def test_a_handful_of_pairs_calibrates_nothing(genuine: Scores, impostor: Scores) -> None:
    with pytest.raises(ValueError, match="too few"):
        table(genuine[:19], impostor)
    with pytest.raises(ValueError, match="too few"):
        measure_roc(genuine=genuine, impostor=impostor[:5])


def test_the_table_says_what_it_was_made_from(genuine: Scores, impostor: Scores) -> None:
    found = table(genuine, impostor)

    assert (found.genuine_pairs, found.impostor_pairs, found.people) == (300, 3000, 5)
    assert found.source == "drawn"
    assert "Extrapolated" in found.method
    assert found.impostor_median == pytest.approx(float(np.median(impostor)), abs=1e-5)
