"""Optical flow of the head against the ring around it: a sheet carries its surroundings, a person leaves the
room."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from core.engine.types import Box, Landmarks
from core.liveness.observation import SurroundingFlow

Grey = NDArray[np.uint8]
Points = NDArray[np.float32]

_MAX_CORNERS = 160
_MAX_TRACKED = 24
"""Of the face and of the ring each, the clearest: a median of more is hardly another."""
_MIN_POINTS_FOR_MEDIAN = 4
_ROUND_TRIP_PX = 0.7
_WINDOW = (11, 11)
_LEVELS = 2
MIN_POINTS = 6
"""Fewer tracked points in the face or the ring say nothing of this pair of frames."""
MOVED = 0.024
"""Eye distances per frame from which the face counts as moving (0.8 pixels of a 320-pixel frame)."""
RESTED = MOVED / 2
"""Eye distances per frame up to which the landmarks say that the face rests. Of 1960 pairs of frames whose
face moved by its flow, five showed less: the landmarks' noise moves them, too."""
MIN_MOVES = 8


def at_rest(earlier: Landmarks, later: Landmarks, *, eye_distance: float) -> bool:
    """Whether the face so clearly did not move that its flow need not be measured: it would not count."""
    return float(np.hypot(*(later - earlier).mean(axis=0))) <= RESTED * eye_distance


def region_flow(earlier: Grey, later: Grey, *, box: Box, eye_distance: float) -> SurroundingFlow | None:
    """Median shifts of face and ring between two frames of the same size; ``box`` is the face in the earlier.

    None where the face shows nothing to track. Where it moved by `MOVED` at most, the ring has no points.
    """
    rows, columns = _neighbourhood(earlier.shape, box=box)
    before, after = earlier[rows, columns], later[rows, columns]
    if min(before.shape) < _WINDOW[0] or eye_distance <= 0:
        return None
    # Sought only where they count: a textured wall elsewhere would take all places.
    corners = cv2.goodFeaturesToTrack(before, _MAX_CORNERS, 0.008, 5)
    if corners is None:
        return None
    origin = np.array([columns.start, rows.start], np.float32)
    on_face, in_ring = _clearest(corners.reshape(-1, 2) + origin, box=box)
    if len(on_face) == 0:
        return None
    face = _track(before, after, corners[on_face]) / eye_distance
    moved = float(np.hypot(*_median(face))) > MOVED
    # Half the work, and of a pair that would not count.
    ring = _track(before, after, corners[in_ring]) / eye_distance if moved and len(in_ring) else face[:0]
    return SurroundingFlow(
        face=_median(face), ring=_median(ring), face_points=len(face), ring_points=len(ring)
    )


def _neighbourhood(shape: tuple[int, ...], *, box: Box) -> tuple[slice, slice]:
    x, y = box.center
    top, bottom = y - 1.15 * box.height, y + 0.4 * box.height
    left, right = x - 1.15 * box.width, x + 1.15 * box.width
    height, width = shape[:2]
    return (
        slice(min(max(0, int(top)), height), min(max(0, int(bottom)), height)),
        slice(min(max(0, int(left)), width), min(max(0, int(right)), width)),
    )


def _clearest(points: Points, *, box: Box) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of the first points on the face and of the first in the ring; ``points``: clearest first."""
    x, y = box.center
    across = np.abs(points[:, 0] - x) / (box.width / 2)
    down = (points[:, 1] - y) / (box.height / 2)
    on_face = (across < 0.8) & (np.abs(down) < 0.8)
    # Not beside the chin: shoulders go with the head.
    beside = (across > 1.5) & (across < 2.3) & (down < 0.2) & (down > -1.9)
    above = (down < -1.55) & (down > -2.2) & (across < 1.6)
    return np.flatnonzero(on_face)[:_MAX_TRACKED], np.flatnonzero(beside | above)[:_MAX_TRACKED]


def _track(before: Grey, after: Grey, corners: Points) -> Points:
    """Shifts in pixels of the corners that are found again and lead back to where they began."""
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        before, after, corners, np.empty_like(corners), winSize=_WINDOW, maxLevel=_LEVELS
    )
    back, found_back, _ = cv2.calcOpticalFlowPyrLK(
        after, before, there, np.empty_like(corners), winSize=_WINDOW, maxLevel=_LEVELS
    )
    round_trip = np.abs(back - corners).reshape(-1, 2).max(axis=1)
    kept = (found.ravel() == 1) & (found_back.ravel() == 1) & (round_trip < _ROUND_TRIP_PX)
    shifts: Points = (there - corners).reshape(-1, 2)[kept]
    return shifts


def _median(shifts: Points) -> tuple[float, float]:
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
