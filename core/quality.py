"""What makes a face usable as a sample: measured here, judged by a policy that is passed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from core.engine.types import DetectedFace, Image

_SIDE_PX = 112


class HeadPose(Protocol):
    """Degrees; `core.liveness.pose.Pose` is one."""

    @property
    def yaw(self) -> float: ...
    @property
    def pitch(self) -> float: ...
    @property
    def roll(self) -> float: ...


@dataclass(frozen=True, slots=True)
class FaceQuality:
    size_px: float
    """Shorter side of the face box."""
    sharpness: float
    """Variance of the Laplacian of the face at 112 pixels: below about 15 it is blurred beyond use."""
    brightness: float
    """Mean grey of the face, 0-255."""
    yaw_degrees: float
    pitch_degrees: float
    roll_degrees: float
    confidence: float
    """The detector's, 0-1."""


@dataclass(frozen=True, slots=True)
class QualityPolicy:
    """Limits; the defaults are for samples of a person who takes part, not for old photos."""

    min_size_px: float = 80.0
    min_sharpness: float = 20.0
    min_brightness: float = 40.0
    max_brightness: float = 225.0
    max_yaw_degrees: float = 25.0
    max_pitch_degrees: float = 25.0
    max_roll_degrees: float = 30.0
    min_confidence: float = 0.6

    def problems(self, quality: FaceQuality) -> tuple[str, ...]:
        """Stable codes of what is wrong, worst for recognition first; empty for a usable face."""
        found = {
            "low_confidence": quality.confidence < self.min_confidence,
            "too_small": quality.size_px < self.min_size_px,
            "blurred": quality.sharpness < self.min_sharpness,
            "too_dark": quality.brightness < self.min_brightness,
            "too_bright": quality.brightness > self.max_brightness,
            "turned_away": abs(quality.yaw_degrees) > self.max_yaw_degrees
            or abs(quality.pitch_degrees) > self.max_pitch_degrees,
            "tilted": abs(quality.roll_degrees) > self.max_roll_degrees,
        }
        return tuple(code for code, wrong in found.items() if wrong)


def measure_quality(image: Image, face: DetectedFace, pose: HeadPose) -> FaceQuality:
    """Quality of one face in the image it was found in."""
    grey = _face_grey(image, face)
    _, spread = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_32F))
    return FaceQuality(
        size_px=min(face.box.width, face.box.height),
        sharpness=float(spread[0, 0]) ** 2,
        brightness=cv2.mean(grey)[0],
        yaw_degrees=pose.yaw,
        pitch_degrees=pose.pitch,
        roll_degrees=pose.roll,
        confidence=face.confidence,
    )


def _face_grey(image: Image, face: DetectedFace) -> Image:
    """The box's inside at one size, so that distance does not count as sharpness or blur."""
    height, width = image.shape[:2]
    left, top = max(0, int(face.box.left)), max(0, int(face.box.top))
    right, bottom = min(width, int(face.box.right) + 1), min(height, int(face.box.bottom) + 1)
    if right <= left or bottom <= top:
        return np.zeros((_SIDE_PX, _SIDE_PX), dtype=np.uint8)
    inside = cv2.cvtColor(image[top:bottom, left:right], cv2.COLOR_BGR2GRAY)
    grey: Image = cv2.resize(inside, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA)
    return grey
