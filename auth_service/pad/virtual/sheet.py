"""A printed photo before the webcam, tilted, rolled and brought closer as the script asks of a head."""

from __future__ import annotations

import cv2
import numpy as np

from auth_service.demo.geometry import (
    FACE_DISTANCE_CM,
    FOCAL_PX,
    FRAME_HEIGHT,
    FRAME_WIDTH,
    Floats,
    Pose,
    rotation,
)
from auth_service.demo.motion import MOTIONS, Answer, Sway, plan_answer, pose_at
from auth_service.demo.room import draw_room
from auth_service.demo.sensor import Sensor
from auth_service.demo.virtual_camera import SCREEN_GAIN, SCREEN_LATENCY_SECONDS, parse_color
from auth_service.demo.virtual_person import GAMMA, Color, VirtualPerson
from core.engine.types import Image

_SHOWS = 0.72
"""Part of the picture's width and height that was printed: its edges are in view."""
_FURTHER = 1.35
"""A sheet must be tilted further than a head is turned to look turned."""


class SheetCamera:
    """Lit by the screen as paper is: evenly."""

    def __init__(self, person: VirtualPerson, *, seed: int, screen_gain: float = SCREEN_GAIN) -> None:
        self._print = person.render(Pose())
        self._rng, sway, noise = np.random.default_rng(seed).spawn(3)
        self._room = draw_room(seed=int(self._rng.integers(1, 1000)))
        self._sway = Sway(sway)
        self._sensor = Sensor(noise)
        self._gain = screen_gain
        self._answers: list[Answer] = []
        self._colors: list[tuple[float, Color | None]] = []

    def show_step(self, kind: str, *, at: float) -> None:
        if kind in MOTIONS:
            self._answers.append(plan_answer(kind, shown_at=at, rng=self._rng))

    def show_color(self, color: str | None, *, at: float) -> None:
        self._colors.append((at, None if color is None else parse_color(color)))

    def frame(self, *, at: float) -> bytes:
        held = self._hold(pose_at(at, sway=self._sway, answers=self._answers))
        size = (FRAME_WIDTH, FRAME_HEIGHT)
        paper = cv2.warpPerspective(_printed(np.full_like(self._print, 255)), held, size)
        picture = cv2.warpPerspective(_printed(self._print), held, size)
        covered = paper.astype(np.float32) / 255
        scene = self._room * (1 - covered) + picture * self._light(at)
        return self._sensor.shoot(np.asarray(np.clip(scene, 0, 255), np.uint8), at=at)

    def _hold(self, pose: Pose) -> Floats:
        """The homography from the printed picture to the frame, shape (3, 3)."""
        turn = rotation(yaw=_FURTHER * pose.yaw, pitch=_FURTHER * pose.pitch, roll=pose.roll)
        wide, high = (side * FACE_DISTANCE_CM / FOCAL_PX / 2 for side in (FRAME_WIDTH, FRAME_HEIGHT))
        flat = np.array([[-wide, -high, 0], [wide, -high, 0], [wide, high, 0], [-wide, high, 0]], np.float32)
        corners = flat @ turn.T + np.array([pose.x, pose.y, FACE_DISTANCE_CM + pose.z], np.float32)
        seen = corners[:, :2] / corners[:, 2:] * FOCAL_PX + (FRAME_WIDTH / 2, FRAME_HEIGHT / 2)
        picture = np.array(
            [[0, 0], [FRAME_WIDTH, 0], [FRAME_WIDTH, FRAME_HEIGHT], [0, FRAME_HEIGHT]], np.float32
        )
        return np.asarray(cv2.getPerspectiveTransform(picture, seen.astype(np.float32)), np.float32)

    def _light(self, at: float) -> Floats:
        """A factor for each channel of the encoded picture."""
        seen = [color for since, color in self._colors if since + SCREEN_LATENCY_SECONDS <= at]
        color = np.array(seen[-1] if seen and seen[-1] is not None else (0, 0, 0), np.float32)
        return np.asarray((1 + self._gain * color) ** np.float32(1 / GAMMA), np.float32)


def _printed(picture: Image) -> Image:
    """Black where nothing was printed."""
    left, top = (round(side * (1 - _SHOWS) / 2) for side in (FRAME_WIDTH, FRAME_HEIGHT))
    sheet = np.zeros_like(picture)
    inside = (slice(top, FRAME_HEIGHT - top), slice(left, FRAME_WIDTH - left))
    sheet[inside] = picture[inside]
    return sheet
