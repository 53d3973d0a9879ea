"""Aspect test: a sheet must be turned much further than a head to move the nose as much, and narrows more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.engine.types import LandmarkLayout, Landmarks
from core.liveness.geometry import eyes_of, face_height

_SLACK_DEGREES = 5.0
_MAX_DEGREES = 60.0


def narrowing_margin(
    frontal: Landmarks, turned: Sequence[Landmarks], *, yaw: NDArray[np.float64], layout: LandmarkLayout
) -> float | None:
    """Median over ``turned`` of: eye distance over face height, relative to frontal, minus what a head turned
    by ``yaw`` (degrees, relative to frontal) and five more would show. Near 0 for a head, negative for a
    sheet.

    None without a mouth (the nose base of dlib's five points moves with the turn) or where a face has no
    height.
    """
    if layout is not LandmarkLayout.EYES_NOSE_MOUTH:
        return None
    own = _aspect(frontal, layout=layout)
    seen = [_aspect(landmarks, layout=layout) for landmarks in turned]
    if own is None or not seen or any(aspect is None for aspect in seen):
        return None
    relative = np.array(seen, dtype=np.float64) / own
    expected = np.cos(np.radians(np.minimum(np.abs(yaw) + _SLACK_DEGREES, _MAX_DEGREES)))
    return float(np.median(relative - expected))


def _aspect(landmarks: Landmarks, *, layout: LandmarkLayout) -> float | None:
    height = face_height(landmarks, layout=layout)
    return eyes_of(landmarks, layout=layout).distance / height if height > 1.0 else None
