"""One person from the first frame to the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.engine.types import Embedding

SMEAR = 0.05
"""By how much a single frame may fall short. Turned, lit and frontal frames of one synthetic person stay 0.14
above the limit (dlib), 0.28 (MobileFaceNet); strangers are 0.08 and more below it."""


@dataclass(frozen=True, slots=True)
class Continuity:
    """Cosines to the session's first frontal frames. ``lowest``: the lowest but one (of three or more, else
    the lowest), so that a single smeared frame refuses nobody, unless that one is further away than a smear
    explains; ``last``: the mean of the last two."""

    lowest: float
    last: float
    compared: int


def measure_continuity(reference: Sequence[Embedding], later: Sequence[Embedding]) -> Continuity | None:
    """``later`` in capture order. None when either is empty."""
    if not reference or not later:
        return None
    mean = np.mean(np.stack(reference), axis=0)
    mean = mean / max(float(np.linalg.norm(mean)), 1e-9)
    cosines = [float(embedding @ mean) for embedding in later]
    ranked = sorted(cosines)
    return Continuity(
        lowest=min(ranked[1], ranked[0] + SMEAR) if len(ranked) >= 3 else ranked[0],
        last=float(np.mean(cosines[-2:])),
        compared=len(cosines),
    )
