"""A person made from one photo, seen by a webcam: a relief turned in space, a still room, light."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from auth_service.demo.cast import CastMember
from auth_service.demo.geometry import (
    CANVAS_CENTER,
    FACE_DISTANCE_CM,
    FOCAL_PX,
    FRAME_HEIGHT,
    FRAME_WIDTH,
    Floats,
    Pose,
    rotation,
)
from auth_service.demo.portrait import build_portrait
from auth_service.demo.relief import build_relief
from auth_service.demo.room import ROOM_DISTANCE_CM, draw_room
from core.engine.types import Image

GAMMA = 2.2
_STRIDE = 2
_MARCH_STEPS = 16
_MARCH_NEAR_CM = 13.0
_MARCH_FAR_CM = 9.0
_SCREEN_ABOVE_CAMERA_CM = -6.0
_FLASH_DISTANCE_CM = 55.0
_ROOM_LIGHT = np.array([-0.35, -0.55, -0.76], np.float32)
_ROOM_LIGHT_SHARE = 0.28

Color = tuple[float, float, float]
"""Linear light, blue green red, each in [0, 1]."""


@dataclass(frozen=True, slots=True)
class _Sight:
    """What each pixel of the half-size frame sees of the relief."""

    u: Floats
    v: Floats
    """Canvas pixels."""
    points: Floats
    """Shape (..., 3), centimetres, where the surface now is."""
    follows: Floats


class VirtualPerson:
    """Holds the relief of one cast member; `render` is a pure function of its arguments."""

    def __init__(self, member: CastMember, *, room_seed: int = 7) -> None:
        portrait = build_portrait(member)
        relief = build_relief(portrait)
        self.name = member.name
        self._bow = member.bow
        self._picture = portrait.picture
        self._opacity = portrait.opacity
        self._relief = relief
        self._room = draw_room(seed=room_seed)
        self._facing = np.maximum(relief.normals @ _ROOM_LIGHT, 0).astype(np.float32)
        # Pixel centres of the half-size frame, in full-size pixels.
        across = np.arange(FRAME_WIDTH // _STRIDE, dtype=np.float32) * _STRIDE + (_STRIDE - 1) / 2
        down = np.arange(FRAME_HEIGHT // _STRIDE, dtype=np.float32) * _STRIDE + (_STRIDE - 1) / 2
        x, y = np.meshgrid((across - FRAME_WIDTH / 2) / FOCAL_PX, (down - FRAME_HEIGHT / 2) / FOCAL_PX)
        self._rays = np.stack([x, y, np.ones_like(x)], axis=-1)

    def render(self, pose: Pose, *, flash: Color | None = None, flash_gain: float = 0.0) -> Image:
        """One frame without the camera's own faults: shape (480, 640, 3), BGR.

        ``flash`` is the light of the screen, ``flash_gain`` its strength on a face at 55 cm (room: 1).
        """
        turn = rotation(yaw=pose.yaw, pitch=pose.pitch + self._bow, roll=pose.roll)
        sight = self._look(turn, np.array([pose.x, pose.y, pose.z], np.float32))
        light = self._light(turn, sight, flash=flash, flash_gain=flash_gain)
        opacity = _full(cv2.remap(self._opacity, sight.u, sight.v, cv2.INTER_LINEAR))[..., None]
        person = cv2.remap(
            self._picture, _full(sight.u), _full(sight.v), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        person = person * _full(light)
        room = self._room * _room_light(flash, flash_gain)
        return np.asarray(np.clip(room + opacity * (person - room), 0, 255), np.uint8)

    def _look(self, turn: Floats, shift: Floats) -> _Sight:
        """March every ray, turned back by the head's turn, from the camera until it is behind the relief."""
        relief = self._relief
        back = turn.T
        offset = shift + relief.pivot
        straight = self._rays @ back.T
        follows = self._follows(straight, relief.pivot - back @ offset, FACE_DISTANCE_CM + float(shift[2]))
        # A point of the neck turns only in part: the blend of the still and the turned ray is again a ray.
        way = self._rays + follows[..., None] * (straight - self._rays)
        start = (relief.pivot - offset) + follows[..., None] * (offset - back @ offset)

        way_x, way_y, way_z = (np.ascontiguousarray(way[..., i]) for i in range(3))
        from_x, from_y, from_z = (np.ascontiguousarray(start[..., i]) for i in range(3))
        near = float(offset[2]) - _MARCH_NEAR_CM
        stride = (_MARCH_NEAR_CM + _MARCH_FAR_CM) / _MARCH_STEPS
        hit = np.full(way_x.shape, near + stride * _MARCH_STEPS, np.float32)
        open_rays = np.ones(way_x.shape, bool)
        before = np.full(way_x.shape, -1.0, np.float32)
        for step in range(_MARCH_STEPS + 1):
            distance = np.float32(near + stride * step)
            x, y, z = way_x * distance + from_x, way_y * distance + from_y, way_z * distance + from_z
            behind = z - cv2.remap(
                relief.depth, *_project(x, y, z), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
            crossing = open_rays & (behind >= 0)
            share = before / np.minimum(before - behind, -1e-6)
            np.copyto(hit, distance - stride * (1 - share), where=crossing)
            open_rays &= ~crossing
            before = behind
        u, v = _project(way_x * hit + from_x, way_y * hit + from_y, way_z * hit + from_z)
        return _Sight(u=u, v=v, points=self._rays * hit[..., None], follows=follows)

    def _follows(self, straight: Floats, origin: Floats, distance: float) -> Floats:
        guess = straight * np.float32(distance) + origin
        u, v = _project(guess[..., 0], guess[..., 1], guess[..., 2])
        follows = cv2.remap(self._relief.follows, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(follows, np.float32)

    def _light(self, turn: Floats, sight: _Sight, *, flash: Color | None, flash_gain: float) -> Floats:
        """Factors for the encoded picture, shape (240, 320, 1 or 3)."""
        still = cv2.remap(self._relief.normals, sight.u, sight.v, cv2.INTER_LINEAR)
        normals = still + sight.follows[..., None] * (still @ turn.T - still)
        facing = cv2.remap(self._facing, sight.u, sight.v, cv2.INTER_LINEAR)
        change = np.maximum(normals @ _ROOM_LIGHT, 0) - facing
        factor = np.clip(1 + _ROOM_LIGHT_SHARE * change, 0.6, 1.5)[..., None]
        if flash is not None and flash_gain > 0:
            to_screen = np.array([0, -_SCREEN_ABOVE_CAMERA_CM, 0], np.float32) - sight.points
            distance = np.sqrt((to_screen * to_screen).sum(axis=-1))
            answer = np.maximum((normals * to_screen).sum(axis=-1) / distance, 0)
            answer *= (_FLASH_DISTANCE_CM / distance) ** 2
            factor = factor + answer[..., None] * (flash_gain * np.array(flash, np.float32))
        return np.asarray(factor ** np.float32(1 / GAMMA), np.float32)


def _project(x: Floats, y: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Canvas pixels of points in centimetres."""
    scale = np.float32(FOCAL_PX) / np.maximum(z, np.float32(1.0))
    return (
        (x * scale + np.float32(CANVAS_CENTER[0])).astype(np.float32, copy=False),
        (y * scale + np.float32(CANVAS_CENTER[1])).astype(np.float32, copy=False),
    )


def _full(half: Floats) -> Floats:
    full = cv2.resize(half, (FRAME_WIDTH, FRAME_HEIGHT), interpolation=cv2.INTER_LINEAR)
    # OpenCV drops a last axis of one.
    return np.asarray(full.reshape(FRAME_HEIGHT, FRAME_WIDTH, *half.shape[2:]), np.float32)


def _room_light(flash: Color | None, flash_gain: float) -> Floats:
    if flash is None:
        return np.ones(3, np.float32)
    answer = flash_gain * (_FLASH_DISTANCE_CM / ROOM_DISTANCE_CM) ** 2
    return np.asarray((1 + answer * np.array(flash, np.float32)) ** (1 / GAMMA), np.float32)
