"""Error rates of labelled comparisons, and thresholds for rates that too few pairs can show.

FMR: share of impostor pairs at or above the threshold. FNMR: share of genuine pairs below it (ISO/IEC 19795).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from core.calibration.table import DECLARED_FMRS, Calibration, Threshold

Scores = NDArray[np.float64]
"""Shape (n,), cosines."""

_NORMAL = NormalDist()
_TAIL_SHARE = 0.2
_MIN_EXPECTED_ERRORS = 5.0
"""A rate counts as measured when at least so many false matches were to be expected among the pairs."""
_MIN_PAIRS = 20
_MAX_DEFAULT_FNMR = 0.01
_DEFAULT_FMRS = (1e-4, 1e-3, 1e-2)
_MIN_RISE = 1e-4
METHOD = (
    "Measured: smallest cosine that no more than the declared share of impostor pairs reaches. "
    "Extrapolated (fewer than 5 false matches expected): least-squares line through the upper fifth of the "
    "impostor scores, atanh(cosine) against normal quantiles. "
    "Default: strictest of FMR 1e-4, 1e-3, 1e-2 that refuses at most 1 % of the genuine pairs."
)


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its 95 % Wilson interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class RocPoint:
    threshold: float
    fmr: Rate
    fnmr: Rate


@dataclass(frozen=True, slots=True)
class Roc:
    points: tuple[RocPoint, ...]
    """At evenly spaced thresholds, rising."""
    eer: float
    eer_threshold: float
    genuine_min: float
    impostor_max: float


def wilson(errors: int, trials: int) -> Rate:
    """Share of errors with the 95 % interval of Wilson (1927). Raises ValueError without trials."""
    if trials < 1 or not 0 <= errors <= trials:
        raise ValueError("errors do not lie among the trials")
    z = _NORMAL.inv_cdf(0.975)
    share = errors / trials
    center = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials**2)) / (1 + z * z / trials)
    return Rate(share, max(0.0, center - half), min(1.0, center + half))


def rates_at(threshold: float, *, genuine: Scores, impostor: Scores) -> RocPoint:
    return RocPoint(
        threshold=threshold,
        fmr=wilson(int((impostor >= threshold).sum()), len(impostor)),
        fnmr=wilson(int((genuine < threshold).sum()), len(genuine)),
    )


def measure_roc(*, genuine: Scores, impostor: Scores, steps: int = 200) -> Roc:
    """Raises ValueError for too few pairs."""
    _require_pairs(genuine, impostor)
    low, high = float(min(genuine.min(), impostor.min())), float(max(genuine.max(), impostor.max()))
    points = [
        rates_at(float(threshold), genuine=genuine, impostor=impostor)
        for threshold in np.linspace(low, high, steps)
    ]
    eer, eer_threshold = _equal_error(genuine, impostor)
    return Roc(
        points=tuple(points),
        eer=eer,
        eer_threshold=eer_threshold,
        genuine_min=float(genuine.min()),
        impostor_max=float(impostor.max()),
    )


def calibrate(*, contract: str, genuine: Scores, impostor: Scores, people: int, source: str) -> Calibration:
    """The table of a contract from labelled scores. Raises ValueError for too few or useless pairs."""
    _require_pairs(genuine, impostor)
    thresholds = _thresholds(impostor)
    return Calibration(
        contract=contract,
        thresholds=thresholds,
        default_fmr=_default_fmr(thresholds, genuine),
        impostor_median=round(float(np.median(impostor)), 6),
        genuine_pairs=len(genuine),
        impostor_pairs=len(impostor),
        people=people,
        source=source,
        method=METHOD,
    )


def _require_pairs(genuine: Scores, impostor: Scores) -> None:
    if min(len(genuine), len(impostor)) < _MIN_PAIRS:
        raise ValueError(
            f"{len(genuine)} genuine and {len(impostor)} impostor pairs are too few: "
            f"{_MIN_PAIRS} of each are needed"
        )


def _equal_error(genuine: Scores, impostor: Scores) -> tuple[float, float]:
    """Where FMR and FNMR are closest, and their mean there; amid the gap when the scores are separated."""
    scores = np.unique(np.concatenate([genuine, impostor]))
    cuts = np.concatenate([scores[:1], (scores[:-1] + scores[1:]) / 2])
    fmr = 1.0 - np.searchsorted(np.sort(impostor), cuts, side="left") / len(impostor)
    fnmr = np.searchsorted(np.sort(genuine), cuts, side="left") / len(genuine)
    best = int(np.argmin(np.abs(fmr - fnmr) + (fmr + fnmr)))
    return float((fmr[best] + fnmr[best]) / 2), float(cuts[best])


def _thresholds(impostor: Scores) -> tuple[Threshold, ...]:
    found: list[Threshold] = []
    for fmr in DECLARED_FMRS:
        extrapolated = len(impostor) * fmr < _MIN_EXPECTED_ERRORS
        cosine = _tail(impostor, fmr) if extrapolated else _measured(impostor, fmr)
        if found:
            # Where measurement meets fit, a step down would make a stricter rate the laxer one.
            cosine = max(cosine, found[-1].cosine + _MIN_RISE)
        found.append(Threshold(fmr=fmr, cosine=round(cosine, 6), extrapolated=extrapolated))
    return tuple(found)


def _measured(impostor: Scores, fmr: float) -> float:
    """Just above the last impostor that has to be refused."""
    allowed = int(len(impostor) * fmr)
    return float(np.nextafter(np.sort(impostor)[len(impostor) - allowed - 1], 2.0)) + 1e-6


def _tail(impostor: Scores, fmr: float) -> float:
    """Normal in atanh(cosine): a straight line in a quantile plot of the upper fifth, and never beyond 1."""
    ordered = np.sort(impostor)
    count = len(ordered)
    first = count - max(int(count * _TAIL_SHARE), _MIN_PAIRS // 2)
    quantiles = [_NORMAL.inv_cdf((index + 0.5) / count) for index in range(first, count)]
    heights = np.arctanh(np.clip(ordered[first:], -0.999999, 0.999999))
    slope, start = np.polyfit(quantiles, heights, 1)
    return float(np.tanh(start + slope * _NORMAL.inv_cdf(1.0 - fmr)))


def _default_fmr(thresholds: tuple[Threshold, ...], genuine: Scores) -> float:
    cosines = {threshold.fmr: threshold.cosine for threshold in thresholds}
    for fmr in _DEFAULT_FMRS:
        if float((genuine < cosines[fmr]).mean()) <= _MAX_DEFAULT_FNMR:
            return fmr
    return _DEFAULT_FMRS[-1]
