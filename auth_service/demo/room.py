"""The wall behind the virtual person: plain, still, with enough corners to show that it does not move."""

from __future__ import annotations

import cv2
import numpy as np

from auth_service.demo.geometry import FRAME_HEIGHT, FRAME_WIDTH, Floats
from core.engine.types import Image

ROOM_DISTANCE_CM = 170.0


def draw_room(*, seed: int) -> Image:
    """Shape (FRAME_HEIGHT, FRAME_WIDTH, 3), BGR; slightly out of focus, as a webcam sees it."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:FRAME_HEIGHT, 0:FRAME_WIDTH].astype(np.float32)
    paint = np.array([158.0, 170.0, 178.0]) + rng.uniform(-14, 14, 3)
    room = paint * (1.06 - 0.22 * x / FRAME_WIDTH - 0.10 * y / FRAME_HEIGHT)[..., None]
    room = np.ascontiguousarray(room, np.float32)
    _door(room, left=520)
    _shelf(room, rng, left=18, right=190, top=150)
    _picture(room, rng, left=392, top=26, width=104, height=78)
    grain = cv2.GaussianBlur(rng.normal(0, 9, room.shape).astype(np.float32), (0, 0), 2.0)
    seen = cv2.GaussianBlur(room, (0, 0), 1.7) + grain
    return np.asarray(np.clip(seen, 0, 255), np.uint8)


def _door(room: Floats, *, left: int) -> None:
    cv2.rectangle(room, (left, 70), (left + 112, FRAME_HEIGHT), (196, 204, 208), -1)
    cv2.rectangle(room, (left, 70), (left + 112, FRAME_HEIGHT), (120, 130, 138), 4)
    for top in (96, 290):
        cv2.rectangle(room, (left + 20, top), (left + 92, top + 160), (168, 178, 184), 3)
    cv2.circle(room, (left + 12, 275), 6, (70, 130, 160), -1)


def _shelf(room: Floats, rng: np.random.Generator, *, left: int, right: int, top: int) -> None:
    for board in (top, top + 120):
        at = left + 4
        while at < right - 20:
            wide, tall = int(rng.integers(9, 20)), int(rng.integers(52, 88))
            colour = _muted(rng)
            cv2.rectangle(room, (at, board - tall), (at + wide, board), colour, -1)
            label = board - tall + 12
            cv2.line(room, (at + 2, label), (at + wide - 2, label), (205, 210, 210), 2)
            at += wide + int(rng.integers(1, 4))
        cv2.rectangle(room, (left, board), (right, board + 8), (62, 88, 118), -1)


def _picture(room: Floats, rng: np.random.Generator, *, left: int, top: int, width: int, height: int) -> None:
    cv2.rectangle(room, (left - 7, top - 7), (left + width + 7, top + height + 7), (52, 62, 78), -1)
    cv2.rectangle(room, (left, top), (left + width, top + height), (205, 190, 160), -1)
    for _ in range(7):
        points = np.array([left, top]) + rng.uniform(0, 1, (3, 2)) * [width, height]
        colour = _muted(rng)
        cv2.fillPoly(room, [points.round().astype(np.int32)], colour)


def _muted(rng: np.random.Generator) -> tuple[float, ...]:
    shade = rng.uniform(60, 165)
    return tuple(shade + float(tint) for tint in rng.uniform(-32, 32, 3))
