"""The calibration table of one embedding contract."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

TABLE_VERSION = 1
DECLARED_FMRS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
PERCENT_AT_FMR = {1e-2: 60.0, 1e-3: 80.0, 1e-4: 95.0, 1e-6: 99.0}
"""The 0-100 scale: at 80, the usual default, one impostor in a thousand passes, at 95 in ten thousand."""
_PERCENT_AT_IMPOSTOR_MEDIAN = 10.0


@dataclass(frozen=True, slots=True)
class Threshold:
    fmr: float
    cosine: float
    extrapolated: bool
    """True where the impostor pairs were too few to count: then a tail fit, not a measurement."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Thresholds of one contract. Cosines rise strictly as the false match rate falls."""

    contract: str
    """Key of the embedding contract."""
    thresholds: tuple[Threshold, ...]
    default_fmr: float
    impostor_median: float
    genuine_pairs: int
    impostor_pairs: int
    people: int
    source: str
    """Which pairs, in words."""
    method: str

    def __post_init__(self) -> None:
        cosines = [self.impostor_median, *(threshold.cosine for threshold in self.thresholds)]
        if tuple(threshold.fmr for threshold in self.thresholds) != DECLARED_FMRS:
            raise ValueError(f"a table declares the false match rates {DECLARED_FMRS}")
        if any(low >= high for low, high in pairwise(cosines)):
            raise ValueError("cosines do not rise as the false match rate falls")
        if cosines[0] <= -1.0 or cosines[-1] >= 1.0:
            raise ValueError("cosines do not lie between -1 and 1")
        if self.default_fmr not in DECLARED_FMRS:
            raise ValueError("the default is none of the declared false match rates")

    @property
    def default_threshold(self) -> float:
        """The cosine from which two templates are taken for one person."""
        return self.threshold(self.default_fmr)

    def threshold(self, fmr: float) -> float:
        """Cosine at a false match rate in [1e-6, 1e-2]; between the declared ones by their logarithm.

        Raises ValueError outside: nothing is known there.
        """
        highest, lowest = self.thresholds[0].fmr, self.thresholds[-1].fmr
        if not lowest * (1 - 1e-9) <= fmr <= highest * (1 + 1e-9):
            raise ValueError(f"a false match rate of {fmr:g} is not in [{lowest:g}, {highest:g}]")
        xs = [-math.log10(threshold.fmr) for threshold in self.thresholds]
        return _interpolate(-math.log10(fmr), xs, [threshold.cosine for threshold in self.thresholds])

    def to_percent(self, cosine: float) -> float:
        """Strictly monotone map of [-1, 1] to [0, 100], fixed to the declared rates by PERCENT_AT_FMR."""
        xs, ys = self._percent_scale()
        return _interpolate(min(1.0, max(-1.0, cosine)), xs, ys)

    def from_percent(self, percent: float) -> float:
        """The cosine that `to_percent` maps to ``percent``. Raises ValueError outside [0, 100]."""
        if not 0.0 <= percent <= 100.0:
            raise ValueError(f"{percent} is not in [0, 100]")
        xs, ys = self._percent_scale()
        return _interpolate(percent, ys, xs)

    def _percent_scale(self) -> tuple[list[float], list[float]]:
        fixed = [(self.threshold(fmr), percent) for fmr, percent in PERCENT_AT_FMR.items()]
        points = [(-1.0, 0.0), (self.impostor_median, _PERCENT_AT_IMPOSTOR_MEDIAN), *fixed, (1.0, 100.0)]
        return [x for x, _ in points], [y for _, y in points]

    def to_json(self) -> str:
        return json.dumps({"version": TABLE_VERSION, **asdict(self)}, indent=2) + "\n"


def table_from_json(text: str) -> Calibration:
    """Raises ValueError for anything that is not a table of this version."""
    document = json.loads(text)
    if not isinstance(document, dict) or document.pop("version", None) != TABLE_VERSION:
        raise ValueError(f"not a calibration table of version {TABLE_VERSION}")
    try:
        return _from_document(document)
    except (TypeError, KeyError) as error:
        raise ValueError("a field of the calibration table is missing or unknown") from error


def _from_document(document: Mapping[str, Any]) -> Calibration:
    fields = dict(document)
    fields["thresholds"] = tuple(Threshold(**threshold) for threshold in fields["thresholds"])
    return Calibration(**fields)


def _interpolate(x: float, xs: list[float], ys: list[float]) -> float:
    """Piecewise linear through points of rising ``xs``; ``x`` outside is moved to the nearest end."""
    index = min(max(bisect_right(xs, x) - 1, 0), len(xs) - 2)
    share = min(max((x - xs[index]) / (xs[index + 1] - xs[index]), 0.0), 1.0)
    return ys[index] + share * (ys[index + 1] - ys[index])
