"""The pinhole webcam of the demo: pixels, centimetres, and the signs of a head's turn.

Axes: x to the image's right, y down, z away from the camera, all in centimetres. Yaw > 0 turns the head
to the person's own left (the nose moves to the image's right; frames are not mirrored), pitch > 0 looks
up, roll > 0 tilts clockwise in the image; all in degrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FRAME_WIDTH = 640
FRAME_HEIGHT = 480
FOCAL_PX = 600.0
MARGIN_PX = 60
"""The picture reaches this far beyond the frame, so that a swaying body never ends at its edge."""

CANVAS_WIDTH = FRAME_WIDTH + 2 * MARGIN_PX
CANVAS_HEIGHT = FRAME_HEIGHT + 2 * MARGIN_PX
CANVAS_CENTER = (CANVAS_WIDTH / 2, CANVAS_HEIGHT / 2)

OUTER_EYES_CM = 8.9
OUTER_EYES_PX = 100.0
FACE_DISTANCE_CM = FOCAL_PX * OUTER_EYES_CM / OUTER_EYES_PX
PX_PER_CM = OUTER_EYES_PX / OUTER_EYES_CM
EYES_ON_CANVAS = (CANVAS_WIDTH / 2, MARGIN_PX + 196.0)

Floats = NDArray[np.float32]
Numbers = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Pose:
    """A moment of the person's movement, relative to the photo."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    """Shift of the whole body in centimetres; z < 0 is closer to the camera."""


def rotation(*, yaw: float, pitch: float, roll: float) -> Floats:
    """Shape (3, 3): turns a point of the head about the origin."""
    a, b, c = np.radians([-yaw, -pitch, roll])
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x, np.float32)
