"""When a frame is good enough to start from, and what to tell the person when it is not."""

from __future__ import annotations

from collections.abc import Sequence

from core.liveness.evidence import Baseline
from core.liveness.face_count import SECOND_FACE_AREA
from core.liveness.observation import FaceView, FrameObservation

from .types import FaceBox, Hint

GOOD_FRAMES = 3
"""Consecutive good frames before the challenge begins."""

# Absolute angles are those of a generic head: one of the test photos reads as 20 degrees of looking down
# while it faces the camera, so the vertical range is wide. What matters later is measured against the
# person's own view.
_MAX_YAW = 16.0
_LOWEST_PITCH, _HIGHEST_PITCH = -34.0, 24.0
_MAX_ROLL = 20.0
_NARROWEST, _WIDEST = 0.20, 0.72
"""Face width over the shorter side of the frame."""
_OFF_CENTER = 0.24
"""Farthest the face's middle may be from the frame's, as a part of the frame's size."""
_DARKEST, _BRIGHTEST = 40.0, 230.0
_BLURRED = 12.0
_JUMP = 0.25
"""Movement of the face's middle since the last frame, in face widths."""
NEAR_FRONTAL_DEGREES = 9.0
SILENCE_SECONDS = 3.0
"""After it (a hidden page, a network that was gone) framing begins anew: the reference must be of one
person."""


def framing_hint(
    observation: FrameObservation,
    *,
    previous: FaceView | None,
    silence: float = 0.0,
    declined: bool = False,
) -> Hint | None:
    """The most important thing to change, or None when the frame is good.

    ``silence``: seconds since the frame before. ``declined``: the passive model cannot judge a face so near:
    what it looks at reaches out of the picture.
    """
    face = observation.face
    if face is None:
        return Hint.NO_FACE
    return (
        crowd_hint(face)
        or _place_hint(observation, face)
        or _light_hint(face)
        or (None if looks_at_camera(face) else Hint.LOOK_STRAIGHT)
        or (Hint.MOVE_BACK if declined else None)
        or (Hint.HOLD_STILL if silence > SILENCE_SECONDS else None)
        or _rest_hint(face, previous=previous)
    )


def crowd_hint(face: FaceView) -> Hint | None:
    return Hint.SEVERAL_FACES if (face.second_face_ratio or 0.0) > SECOND_FACE_AREA else None


def passive_declined(frames: Sequence[FrameObservation]) -> bool:
    """The passive model had nothing to say of the face when it was last asked."""
    faces = (frame.face for frame in reversed(frames) if frame.face is not None)
    asked = next((face for face in faces if face.passive_asked), None)
    return asked is not None and asked.live_probability is None


def _place_hint(observation: FrameObservation, face: FaceView) -> Hint | None:
    width = face.box.width / min(observation.width, observation.height)
    if width < _NARROWEST:
        return Hint.MOVE_CLOSER
    if width > _WIDEST:
        return Hint.MOVE_BACK
    x, y = face.box.center
    away = max(abs(x / observation.width - 0.5), abs(y / observation.height - 0.5))
    return Hint.CENTER_FACE if away > _OFF_CENTER else None


def _light_hint(face: FaceView) -> Hint | None:
    if face.quality.brightness < _DARKEST:
        return Hint.TOO_DARK
    return Hint.TOO_BRIGHT if face.quality.brightness > _BRIGHTEST else None


def _rest_hint(face: FaceView, *, previous: FaceView | None) -> Hint | None:
    restless = face.quality.sharpness < _BLURRED or _jumped(face, previous=previous)
    return Hint.HOLD_STILL if restless else None


def looks_at_camera(face: FaceView) -> bool:
    pose = face.head.pose
    return (
        abs(pose.yaw) <= _MAX_YAW
        and _LOWEST_PITCH <= pose.pitch <= _HIGHEST_PITCH
        and abs(pose.roll) <= _MAX_ROLL
    )


def _jumped(face: FaceView, *, previous: FaceView | None) -> bool:
    if previous is None:
        return False
    (x, y), (old_x, old_y) = face.box.center, previous.box.center
    return max(abs(x - old_x), abs(y - old_y)) > _JUMP * max(face.box.width, 1.0)


def near_frontal(face: FaceView, *, baseline: Baseline | None) -> bool:
    """Against the person's own frontal view where it is known."""
    if baseline is None:
        return looks_at_camera(face)
    pose = face.head.pose
    return max(abs(pose.yaw - baseline.yaw), abs(pose.pitch - baseline.pitch)) <= NEAR_FRONTAL_DEGREES


def face_box(observation: FrameObservation) -> FaceBox | None:
    """Where the page draws the face, cut to the frame."""
    if observation.face is None:
        return None
    box, width, height = observation.face.box, observation.width, observation.height
    left, right = (min(max(value / width, 0.0), 1.0) for value in (box.left, box.right))
    top, bottom = (min(max(value / height, 0.0), 1.0) for value in (box.top, box.bottom))
    return FaceBox(left=left, top=top, width=right - left, height=bottom - top)
