"""Optical flow of the head against the ring around it: a sheet carries its surroundings, a person leaves the
room."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from core.engine.types import Box
from core.liveness.observation import SurroundingFlow

Grey = NDArray[np.uint8]

_MAX_POINTS = 160
_MIN_POINTS_FOR_MEDIAN = 4
_ROUND_TRIP_PX = 0.7
MIN_POINTS = 6
"""Fewer tracked points in the face or the ring say nothing of this pair of frames."""
MOVED = 0.024
"""Eye distances per frame from which the face counts as moving (0.8 pixels of a 320-pixel frame)."""
MIN_MOVES = 8


def region_flow(earlier: Grey, later: Grey, *, box: Box, eye_distance: float) -> SurroundingFlow | None:
    """Median shifts of face and ring between two frames of the same size; ``box`` is the face in the earlier.

    None where there is nothing to track.
    """
    # Sought only where they count: a textured wall elsewhere would take all places.
    corners = cv2.goodFeaturesToTrack(
        earlier, _MAX_POINTS, 0.008, 5, mask=_neighbourhood(earlier.shape, box=box)
    )
    if corners is None or eye_distance <= 0:
        return None
    window = (13, 13)
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        earlier, later, corners, corners.copy(), winSize=window, maxLevel=3
    )
    back, found_back, _ = cv2.calcOpticalFlowPyrLK(
        later, earlier, there, corners.copy(), winSize=window, maxLevel=3
    )
    round_trip = np.abs(back - corners).reshape(-1, 2).max(axis=1)
    kept = (found.ravel() == 1) & (found_back.ravel() == 1) & (round_trip < _ROUND_TRIP_PX)
    points = corners.reshape(-1, 2)[kept]
    shifts = (there - corners).reshape(-1, 2)[kept] / eye_distance
    x, y = box.center
    across = np.abs(points[:, 0] - x) / (box.width / 2)
    down = (points[:, 1] - y) / (box.height / 2)
    on_face = (across < 0.8) & (np.abs(down) < 0.8)
    # Not beside the chin: shoulders go with the head.
    beside = (across > 1.5) & (across < 2.3) & (down < 0.2) & (down > -1.9)
    above = (down < -1.55) & (down > -2.2) & (across < 1.6)
    in_ring = beside | above
    return SurroundingFlow(
        face=_median(shifts[on_face]),
        ring=_median(shifts[in_ring]),
        face_points=int(on_face.sum()),
        ring_points=int(in_ring.sum()),
    )


def _neighbourhood(shape: tuple[int, ...], *, box: Box) -> Grey:
    mask = np.zeros(shape[:2], np.uint8)
    x, y = box.center
    top, bottom = y - 1.15 * box.height, y + 0.4 * box.height
    left, right = x - 1.15 * box.width, x + 1.15 * box.width
    mask[max(0, int(top)) : max(0, int(bottom)), max(0, int(left)) : max(0, int(right))] = 255
    return mask


def _median(shifts: NDArray[np.float64]) -> tuple[float, float]:
    if len(shifts) < _MIN_POINTS_FOR_MEDIAN:
        return 0.0, 0.0
    x, y = np.median(shifts, axis=0)
    return float(x), float(y)


def ring_following(flows: Sequence[SurroundingFlow]) -> float | None:
    """How much of the face's movement the ring makes too: 0 in a room, 1 on a sheet.

    None where the face moved, with enough to track in the ring, in fewer than eight pairs of frames.
    """
    usable = [flow for flow in flows if min(flow.face_points, flow.ring_points) >= MIN_POINTS]
    moving = [flow for flow in usable if float(np.hypot(*flow.face)) > MOVED]
    if len(moving) < MIN_MOVES:
        return None
    face = np.array([flow.face for flow in moving])
    ring = np.array([flow.ring for flow in moving])
    return float((face * ring).sum() / (face**2).sum())
