"""The depth of a generic head, bent to one portrait: what makes a flat photo turn like a face.

The head is a flattened ellipsoid with brow, eye sockets, nose, lips, chin and cheekbones added as bumps, in
centimetres of an average adult; hair falls back behind it, neck and shoulders lie on a lower plane.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from auth_service.demo.geometry import (
    CANVAS_CENTER,
    CANVAS_HEIGHT,
    CANVAS_WIDTH,
    FACE_DISTANCE_CM,
    FOCAL_PX,
    PX_PER_CM,
    Floats,
    Numbers,
)
from auth_service.demo.portrait import Portrait

# Heights (cm towards the camera) are counted from the joint plane of the ears.
_EYE_CORNER_HEIGHT = 5.6
_HEAD_HALF_WIDTH = 7.7
_HEAD_HALF_HEIGHT = 12.6
_HEAD_MIDDLE_Y = 1.2
_HEAD_DEPTH = 7.3
_HAIR_HEIGHT = -2.5
_NECK_HEIGHT = 0.5
_SURROUNDINGS_HEIGHT = -5.0
_PIVOT_BELOW_EYES_CM = 8.0
_PIVOT_HEIGHT = -0.5
_NECK_BEND_CM = 7.0

# Below the eye line of the generic face: nose tip, mouth, chin.
_GENERIC_Y = (0.0, 3.8, 7.0, 11.6)

# (x, y, sigma x, sigma y, height); x != 0 is mirrored.
_BUMPS = (
    (3.2, 0.1, 1.5, 0.9, -0.9),
    (2.6, -2.0, 2.6, 0.8, 0.5),
    (4.6, 3.2, 1.7, 1.7, 0.5),
    (0.0, 6.2, 2.3, 1.3, 0.8),
    (0.0, 10.6, 2.0, 1.4, 1.4),
    (1.3, 4.0, 0.7, 0.8, 0.7),
)


@dataclass(frozen=True, slots=True)
class Relief:
    """All maps have the canvas's height and width."""

    depth: Floats
    """Centimetres from the camera."""
    normals: Floats
    """Shape (..., 3), unit vectors that point out of the surface, towards the camera at z < 0."""
    follows: Floats
    """1 where a point turns with the head, 0 where it stays with the shoulders."""
    pivot: Floats
    """Shape (3,), the joint of the neck in centimetres."""


def build_relief(portrait: Portrait) -> Relief:
    x, y = face_coordinates(portrait)
    outline = np.asarray(cv2.GaussianBlur(portrait.opacity, (0, 0), 6.0), np.float32)
    height = _height(x, y)
    height = height * outline + _SURROUNDINGS_HEIGHT * (1 - outline)
    height = np.asarray(cv2.GaussianBlur(height, (0, 0), 1.5), np.float32)
    depth = (FACE_DISTANCE_CM + _EYE_CORNER_HEIGHT - height).astype(np.float32)

    pivot_z = FACE_DISTANCE_CM + _EYE_CORNER_HEIGHT - _PIVOT_HEIGHT
    middle = portrait.points.eyes + np.array([0, _PIVOT_BELOW_EYES_CM * PX_PER_CM])
    pivot_xy = (middle - np.array(CANVAS_CENTER)) * pivot_z / FOCAL_PX
    return Relief(
        depth=depth,
        normals=_normals(depth),
        follows=_follows(x, y),
        pivot=np.array([*pivot_xy, pivot_z], np.float32),
    )


def face_coordinates(portrait: Portrait) -> tuple[Floats, Floats]:
    """Where each canvas pixel lies on the generic face, in centimetres from the middle of the eyes.

    Bent so that this face's own nose, mouth and chin lie where the generic ones do.
    """
    across_px, down_px = np.meshgrid(
        np.arange(CANVAS_WIDTH, dtype=np.float32), np.arange(CANVAS_HEIGHT, dtype=np.float32)
    )
    marks = portrait.points
    line = np.stack([marks.eyes, marks.nose, marks.mouth, marks.chin])
    own_y = line[:, 1] - marks.eyes[1]
    stretch = _GENERIC_Y[-1] / own_y[-1]
    below = down_px - marks.eyes[1]
    inside = np.interp(below, own_y, _GENERIC_Y)
    beyond = np.minimum(below, 0) * stretch + np.maximum(below - own_y[-1], 0) * stretch
    middle_x = np.interp(below, own_y, line[:, 0])
    return (
        np.asarray((across_px - middle_x) / PX_PER_CM, np.float32),
        np.asarray(inside + beyond, np.float32),
    )


def _height(x: Floats, y: Floats) -> Floats:
    head = _ellipsoid(x, y)
    for at_x, at_y, wide, tall, bump in _BUMPS:
        for side in {at_x, -at_x}:
            head += bump * bell((x - side) / wide) * bell((y - at_y) / tall)
    head += _nose(x, y)
    # Hair lies behind the face, neck and shoulders behind the chin.
    floor = _HAIR_HEIGHT + (_NECK_HEIGHT - _HAIR_HEIGHT) * smooth((y - 6.0) / 6.0)
    return np.asarray(np.logaddexp(head * 2.0, floor * 2.0) / 2.0, np.float32)


def _ellipsoid(x: Floats, y: Floats) -> Floats:
    # The jaw is narrower than the temples, and the front of a face is flatter than an ellipsoid.
    half_width = _HEAD_HALF_WIDTH - 2.2 * smooth((y - 3.0) / 8.0)
    across = np.abs(x / half_width) ** 2.3
    along = np.abs((y - _HEAD_MIDDLE_Y) / _HEAD_HALF_HEIGHT) ** 3.5
    inside = 1.0 - across - along
    rounded = _HEAD_DEPTH * np.sqrt(np.maximum(inside, 0))
    return np.asarray(np.where(inside > 0, rounded, 6.0 * inside) - 0.2, np.float32)


def _nose(x: Floats, y: Floats) -> Floats:
    """A ridge that rises from between the eyes to the tip and falls quickly to the lip."""
    rise = smooth((y + 1.0) / 4.8)
    fall = 1.0 - smooth((y - 3.9) / 1.5)
    wide = 0.75 + 0.45 * rise
    return 2.8 * rise * fall * bell(x / wide)


def _follows(x: Floats, y: Floats) -> Floats:
    # The jaw line rises towards the ears.
    jaw = 12.0 - 4.0 * np.minimum(np.abs(x) / 8.0, 1.0) ** 2
    beside = smooth((np.abs(x) - _HEAD_HALF_WIDTH - 4.0) / 4.0)
    return np.asarray((1.0 - beside) * (1.0 - smooth((y - jaw) / _NECK_BEND_CM)), np.float32)


def _normals(depth: Floats) -> Floats:
    cm_per_px = depth / FOCAL_PX
    slope_x = cv2.Sobel(depth, cv2.CV_32F, 1, 0, ksize=5) / 128.0 / cm_per_px
    slope_y = cv2.Sobel(depth, cv2.CV_32F, 0, 1, ksize=5) / 128.0 / cm_per_px
    normals = np.dstack([slope_x, slope_y, -np.ones_like(depth)])
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    normals = cv2.GaussianBlur(normals, (0, 0), 2.0)
    return np.asarray(normals / np.linalg.norm(normals, axis=2, keepdims=True), np.float32)


def bell(u: Numbers) -> Floats:
    return np.asarray(np.exp(-0.5 * u * u), np.float32)


def smooth(u: Numbers) -> Floats:
    """0 below 0, 1 above 1."""
    t = np.clip(u, 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)
