"""Head pose from five points: a weak-perspective fit of a generic head.

Axes of the head model: x to image right, y down, z away from the camera, centimetres. The sizes are those of
an average adult head; a single person's baseline differs by some degrees, which is why the signals compare
with the person's own frontal frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.engine.types import LandmarkLayout, Landmarks

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pose:
    """Degrees. yaw > 0: to the person's own left (the nose moves to image right); pitch > 0: up;
    roll > 0: clockwise in the image."""

    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, slots=True)
class HeadFit:
    """``scale``: pixels per centimetre at the head; ``error``: rms distance of the points, centimetres."""

    pose: Pose
    scale: float
    error: float


HEADS: dict[LandmarkLayout, Points] = {
    LandmarkLayout.EYES_NOSE_MOUTH: np.array(
        [
            [-3.15, -2.65, -3.5],
            [3.15, -2.65, -3.5],
            [0.0, 1.13, -7.5],
            [-2.46, 4.34, -4.3],
            [2.46, 4.34, -4.3],
        ]
    ),
    LandmarkLayout.EYE_CORNERS_NOSE: np.array(
        [
            [-4.45, -2.66, -3.2],
            [-1.86, -2.59, -3.75],
            [1.86, -2.59, -3.75],
            [4.45, -2.66, -3.2],
            [0.0, 1.9, -6.3],
        ]
    ),
}
STRETCH_SPREAD: dict[LandmarkLayout, float] = {
    LandmarkLayout.EYES_NOSE_MOUTH: 0.15,
    # Without a mouth the length of the face is hardly seen: leave it near the average.
    LandmarkLayout.EYE_CORNERS_NOSE: 0.05,
}
"""How far the length of a face over its width strays from the average, as the spread of its logarithm."""
_POINT_NOISE_CM = 0.25
_ITERATIONS = 10
_STEP = 1e-4
_MAX_CHANGE = 0.35
_MAX_ANGLE = float(np.radians(75.0))


def rotation(pose: Pose) -> Points:
    """Shape (3, 3); turns head coordinates into camera coordinates."""
    return _rotation(np.radians([pose.yaw, pose.pitch, pose.roll]))


def _rotation(angles: Points) -> Points:
    (sy, sp, sr), (cy, cp, cr) = np.sin(angles), np.cos(angles)
    about_y = np.array([[cy, 0.0, -sy], [0.0, 1.0, 0.0], [sy, 0.0, cy]])
    about_x = np.array([[1.0, 0.0, 0.0], [0.0, cp, sp], [0.0, -sp, cp]])
    about_z = np.array([[cr, -sr, 0.0], [sr, cr, 0.0], [0.0, 0.0, 1.0]])
    turned: Points = about_z @ about_y @ about_x
    return turned


def _residual(state: Points, *, head: Points, points: Points, spread: float) -> tuple[Points, float]:
    """Residual in centimetres with the stretch's prior last, and the best scale; both point sets are centred.

    ``state``: yaw, pitch, roll in radians, logarithm of the stretch along the face.
    """
    flat = (head * np.array([1.0, np.exp(state[3]), 1.0])) @ _rotation(state[:3])[:2].T
    scale = max(float((flat * points).sum() / (flat * flat).sum()), 1e-9)
    return np.append((flat - points / scale).ravel(), state[3] * _POINT_NOISE_CM / spread), scale


def fit_head(landmarks: Landmarks, *, layout: LandmarkLayout) -> HeadFit:
    """Fit rotation, scale and the length of the face by Gauss-Newton from the upright frontal head.

    An affine fit made orthonormal afterwards is shorter, but it reads a long face as a nod, and dlib's five
    points lie so close to one plane that they leave its depth to noise. A rigid head of the average length
    reads a long face as a nod too, which is why the length is fitted, held near the average by a prior.
    """
    model = HEADS[layout]
    head = model - model.mean(axis=0)
    points = landmarks.astype(np.float64)
    points = points - points.mean(axis=0)
    last_eye = 1 if layout is LandmarkLayout.EYES_NOSE_MOUTH else 3
    across = points[last_eye] - points[0]
    state = np.array([0.0, 0.0, np.arctan2(across[1], across[0]), 0.0])
    spread = STRETCH_SPREAD[layout]
    residual, scale = _residual(state, head=head, points=points, spread=spread)
    for _ in range(_ITERATIONS):
        moved = state + np.eye(4) * _STEP
        columns = [
            (_residual(row, head=head, points=points, spread=spread)[0] - residual) / _STEP for row in moved
        ]
        jacobian = np.stack(columns, axis=1)
        normal = jacobian.T @ jacobian
        # A little damping keeps the step finite where the points hardly depend on an angle.
        normal += np.eye(4) * (1e-3 * float(np.trace(normal)) / 4 + 1e-9)
        change = np.clip(np.linalg.solve(normal, -jacobian.T @ residual), -_MAX_CHANGE, _MAX_CHANGE)
        state = state + change
        state[:2] = np.clip(state[:2], -_MAX_ANGLE, _MAX_ANGLE)
        residual, scale = _residual(state, head=head, points=points, spread=spread)
        if float(np.abs(change).max()) < 1e-3:
            break
    yaw, pitch, roll = (float(value) for value in np.degrees(state[:3]))
    error = float(np.sqrt((residual[:-1] ** 2).sum() / len(points)))
    return HeadFit(pose=Pose(yaw=yaw, pitch=pitch, roll=roll), scale=scale, error=error)


def project(pose: Pose, *, layout: LandmarkLayout, scale: float, center: tuple[float, float]) -> Landmarks:
    """Where the generic head's five points fall under weak perspective, pixels."""
    flat = HEADS[layout] @ rotation(pose)[:2].T
    points: Landmarks = (flat * scale + np.asarray(center)).astype(np.float32)
    return points
