"""Plane test: what a turn does to five points of a head it cannot do to five points of a sheet."""

from __future__ import annotations

import cv2
import numpy as np

from core.engine.types import LandmarkLayout, Landmarks
from core.liveness.geometry import eyes_of

_OUTER_OVER_EYES = 1.41
"""Distance of the outer eye corners over that of the eye centres."""


def depth_shown(frontal: Landmarks, turned: Landmarks, *, layout: LandmarkLayout) -> float:
    """How far ``turned`` is from any view of a flat print of ``frontal``; 0 for a plane, about 0.2-0.4 for a
    head turned by 20-30 degrees. Roughly in eye distances.

    With a mouth: the homography of eyes and mouth corners carries the nose tip, which stands 4 cm before
    them, to the wrong place. Without one: `_corner_depth`.
    """
    if layout is LandmarkLayout.EYES_NOSE_MOUTH:
        return _nose_error(frontal, turned)
    return _corner_depth(frontal, turned)


def _nose_error(frontal: Landmarks, turned: Landmarks) -> float:
    corners = [0, 1, 3, 4]
    source, target = frontal[corners].astype(np.float32), turned[corners].astype(np.float32)
    homography = cv2.getPerspectiveTransform(source, target)
    carried = homography @ np.append(frontal[2].astype(np.float64), 1.0)
    if abs(float(carried[2])) < 1e-9:
        return 0.0
    error = carried[:2] / carried[2] - turned[2]
    eyes = eyes_of(turned, layout=LandmarkLayout.EYES_NOSE_MOUTH)
    return float(np.linalg.norm(error)) / max(eyes.distance, 1e-9)


def _corner_depth(frontal: Landmarks, turned: Landmarks) -> float:
    """Four eye corners and a nose base: seen from afar, a sheet keeps the ratio of lengths along the eye line
    and the place where the foot of the nose falls on it. On a head the nose base stands 2.5 cm before the
    eyes and the outer corners half a centimetre behind the inner ones, so a turn moves the foot towards the
    side turned to and widens the eye on the other side. Both changes count only when they agree in direction.
    """
    foot = (_nose_foot(turned) - _nose_foot(frontal)) * _OUTER_OVER_EYES
    widened = _left_over_right(turned) - _left_over_right(frontal)
    return abs(foot + widened)


def _nose_foot(landmarks: Landmarks) -> float:
    points = landmarks.astype(np.float64)
    axis = points[3] - points[0]
    return float((points[4] - points[:4].mean(axis=0)) @ axis / max(float(axis @ axis), 1e-9))


def _left_over_right(landmarks: Landmarks) -> float:
    """Logarithm of the image-left eye's width over the image-right one's."""
    points = landmarks.astype(np.float64)
    left, right = np.linalg.norm(points[1] - points[0]), np.linalg.norm(points[3] - points[2])
    return float(np.log(max(float(left), 1e-6) / max(float(right), 1e-6)))
