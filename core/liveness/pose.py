"""Head pose from five points: a weak-perspective fit of a generic head.

Axes of the head model: x to image right, y down, z away from the camera, centimetres. The sizes are those of
an average adult head; a single person's baseline differs by some degrees, which is why the signals compare
with the person's own frontal frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, cos, degrees, exp, sin
from typing import Any

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
_CENTERED = {layout: (head - head.mean(axis=0)).T.copy() for layout, head in HEADS.items()}
STRETCH_SPREAD: dict[LandmarkLayout, float] = {
    LandmarkLayout.EYES_NOSE_MOUTH: 0.15,
    # Without a mouth the length of the face is hardly seen: leave it near the average.
    LandmarkLayout.EYE_CORNERS_NOSE: 0.05,
}
"""How far the length of a face over its width strays from the average, as the spread of its logarithm."""
_POINT_NOISE_CM = 0.25
_ITERATIONS = 10
_LEAST_SCALE = 1e-9
_MAX_CHANGE = 0.35
_MAX_ANGLE = float(np.radians(75.0))


def rotation(pose: Pose) -> Points:
    """Shape (3, 3); turns head coordinates into camera coordinates."""
    (sy, sp, sr), (cy, cp, cr) = (f(np.radians([pose.yaw, pose.pitch, pose.roll])) for f in (np.sin, np.cos))
    about_y = np.array([[cy, 0.0, -sy], [0.0, 1.0, 0.0], [sy, 0.0, cy]])
    about_x = np.array([[1.0, 0.0, 0.0], [0.0, cp, sp], [0.0, -sp, cp]])
    about_z = np.array([[cr, -sr, 0.0], [sr, cr, 0.0], [0.0, 0.0, 1.0]])
    turned: Points = about_z @ about_y @ about_x
    return turned


@dataclass(frozen=True, slots=True)
class _Linear:
    """The fit near one state, without the stretch's prior. ``residual``: centimetres, shape (10,);
    ``slopes``: its derivatives by the state, shape (4, 10)."""

    residual: Points
    slopes: Points
    scale: float


def _linearize(state: Points, *, head: Points, points: NDArray[np.complex128]) -> _Linear:
    """``state``: roll, yaw, pitch in radians, logarithm of the stretch along the face; ``head``: (3, 5).

    Both point sets are centred. The image plane is complex: to roll is to multiply.
    """
    roll, yaw, pitch, stretch = state.tolist()
    (sy, cy), (sp, cp) = (sin(yaw), cos(yaw)), (sin(pitch), cos(pitch))
    spin, longer = complex(cos(roll), sin(roll)), exp(stretch)
    along = longer * complex(sy * sp, cp)
    # What the head's axes become in the image, and the derivatives of that by yaw, pitch and stretch.
    axes = (
        (cy, along, complex(-sy * cp, sp)),
        (-sy, longer * cy * sp, -cy * cp),
        (0.0, longer * complex(sy * cp, -sp), complex(sy * sp, cp)),
        (0.0, along, 0.0),
    )
    slopes = (spin * np.array(axes)) @ head
    flat = slopes[0].copy()
    slopes[0] *= 1j
    size, agreement = float(np.vdot(flat, flat).real), float(np.vdot(points, flat).real)
    scale = max(agreement / size, _LEAST_SCALE)
    if scale > _LEAST_SCALE:
        by_inverse_scale = (slopes @ (2.0 * flat - points / scale).conj()).real / agreement
        slopes -= by_inverse_scale[:, None] * points
    return _Linear((flat - points / scale).view(np.float64), slopes.view(np.float64), scale=scale)


def fit_head(landmarks: Landmarks, *, layout: LandmarkLayout) -> HeadFit:
    """Fit rotation, scale and the length of the face by Gauss-Newton from the upright frontal head.

    An affine fit made orthonormal afterwards is shorter, but it reads a long face as a nod, and dlib's five
    points lie so close to one plane that they leave its depth to noise. A rigid head of the average length
    reads a long face as a nod too, which is why the length is fitted, held near the average by a prior.
    """
    head = _CENTERED[layout]
    points = landmarks.astype(np.float64) @ (1.0, 1.0j)
    points = points - points.mean()
    last_eye = 1 if layout is LandmarkLayout.EYES_NOSE_MOUTH else 3
    across = complex(points[last_eye] - points[0])
    state = np.array([atan2(across.imag, across.real), 0.0, 0.0, 0.0])
    prior = (_POINT_NOISE_CM / STRETCH_SPREAD[layout]) ** 2
    near = _linearize(state, head=head, points=points)
    for _ in range(_ITERATIONS):
        normal, gradient = near.slopes @ near.slopes.T, near.slopes @ near.residual
        normal[3, 3] += prior
        gradient[3] += prior * state[3]
        # A little damping keeps the step finite where the points hardly depend on an angle.
        normal.flat[::5] += 1e-3 * float(normal.trace()) / 4 + 1e-9
        change = _within(np.linalg.solve(normal, gradient), _MAX_CHANGE)
        state = state - change
        state[1:3] = _within(state[1:3], _MAX_ANGLE)
        near = _linearize(state, head=head, points=points)
        if float(np.abs(change).max()) < 1e-3:
            break
    roll, yaw, pitch = (degrees(value) for value in state[:3])
    error = float(np.sqrt((near.residual**2).sum() / len(points)))
    return HeadFit(pose=Pose(yaw=yaw, pitch=pitch, roll=roll), scale=near.scale, error=error)


def _within(values: NDArray[np.floating[Any]], limit: float) -> Points:
    # np.clip takes five times as long for four numbers.
    within: Points = np.maximum(np.minimum(values, limit), -limit)
    return within


def project(pose: Pose, *, layout: LandmarkLayout, scale: float, center: tuple[float, float]) -> Landmarks:
    """Where the generic head's five points fall under weak perspective, pixels."""
    flat = HEADS[layout] @ rotation(pose)[:2].T
    points: Landmarks = (flat * scale + np.asarray(center)).astype(np.float32)
    return points
