"""Distances on a face that both landmark layouts can give."""

from __future__ import annotations

from math import hypot
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.engine.types import LandmarkLayout, Landmarks

Point = NDArray[np.float64]


class Eyes(NamedTuple):
    """Eye centres in pixels; left is image left."""

    left: Point
    right: Point

    @property
    def middle(self) -> Point:
        return (self.left + self.right) / 2

    @property
    def distance(self) -> float:
        x, y = self.right - self.left
        return hypot(x, y)


def eyes_of(landmarks: Landmarks, *, layout: LandmarkLayout) -> Eyes:
    points = landmarks.astype(np.float64)
    if layout is LandmarkLayout.EYES_NOSE_MOUTH:
        return Eyes(points[0], points[1])
    return Eyes((points[0] + points[1]) / 2, (points[2] + points[3]) / 2)


def face_height(landmarks: Landmarks, *, layout: LandmarkLayout) -> float:
    """From the eye line down to the mouth (or, where no mouth is given, to the nose base), pixels, across the
    eye line's direction."""
    eyes = eyes_of(landmarks, layout=layout)
    across = (eyes.right - eyes.left) / max(eyes.distance, 1e-9)
    down = np.array([-across[1], across[0]])
    points = landmarks.astype(np.float64)
    low = points[3:].mean(axis=0) if layout is LandmarkLayout.EYES_NOSE_MOUTH else points[4]
    return float((low - eyes.middle) @ down)
