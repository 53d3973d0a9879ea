"""Synthetic faces for liveness tests: heads and sheets as points, light as arithmetic. No model, no image."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.engine.types import Box, Embedding, LandmarkLayout, Landmarks
from core.liveness.light import MAP_SIZE
from core.liveness.observation import FaceView, FrameObservation, LightSample, SurroundingFlow
from core.liveness.pose import HEADS, Pose, fit_head, project, rotation
from core.quality import FaceQuality

LAYOUTS = (LandmarkLayout.EYES_NOSE_MOUTH, LandmarkLayout.EYE_CORNERS_NOSE)
_numbers = itertools.count(1)
FRONTAL = Pose(yaw=0.0, pitch=0.0, roll=0.0)
WITH_MOUTH, WITHOUT_MOUTH = LAYOUTS


def head_points(
    pose: Pose = FRONTAL,
    *,
    layout: LandmarkLayout = WITH_MOUTH,
    scale: float = 10.0,
    center: tuple[float, float] = (320.0, 240.0),
) -> Landmarks:
    """The generic head's five points."""
    return project(pose, layout=layout, scale=scale, center=center)


def sheet_points(pose: Pose, *, layout: LandmarkLayout = WITH_MOUTH, distance_cm: float = 40.0) -> Landmarks:
    """The five points of a flat print of the frontal head, tilted by ``pose`` before a pinhole camera."""
    flat = HEADS[layout].copy()
    flat[:, 2] = 0.0
    turned = flat @ rotation(pose).T + np.array([0.0, 0.0, distance_cm])
    points: Landmarks = (turned[:, :2] / turned[:, 2:] * 400.0 + np.array([320.0, 240.0])).astype(np.float32)
    return points


def person(number: int) -> Embedding:
    """A unit vector; two numbers are strangers."""
    vector = np.random.default_rng(number).normal(size=128)
    unit: Embedding = (vector / np.linalg.norm(vector)).astype(np.float32)
    return unit


def alike(number: int, *, seed: int, noise: float = 0.03) -> Embedding:
    """Another frame of the same person."""
    vector = person(number) + np.random.default_rng(seed).normal(size=128) * noise
    unit: Embedding = (vector / np.linalg.norm(vector)).astype(np.float32)
    return unit


def lit(
    color: Sequence[float] | None,
    *,
    gain: float = 0.15,
    side: float = 0.5,
    beside: float = 0.1,
    wall: float = 0.1,
) -> LightSample:
    """A face under a screen colour (linear BGR, None: the plain page).

    ``side``, ``beside`` and ``wall`` are parts of the gain in the middle of the face.
    """
    shown = np.zeros(3) if color is None else np.asarray(color, dtype=np.float64)
    columns = np.abs(np.linspace(-1, 1, MAP_SIZE))
    profile = np.interp(columns, [0.0, 0.26, 0.45, 0.56, 0.80, 1.0], [1.0, 1.0, side, side, beside, beside])
    gains = np.tile(profile * gain, (MAP_SIZE, 1))
    log_map = np.log(0.3) + np.log1p(gains[..., None] * shown)
    return LightSample(
        skin=(0.3 * (1 + gain * shown)).astype(np.float32),
        surroundings=(0.2 * (1 + wall * gain * shown)).astype(np.float32),
        log_map=log_map.astype(np.float32),
    )


def face_view(
    points: Landmarks,
    *,
    layout: LandmarkLayout = WITH_MOUTH,
    embedding: Embedding | None = None,
    light: LightSample | None = None,
    live: float | None = None,
    asked: bool | None = None,
    flow: SurroundingFlow | None = None,
    second: float | None = 0.0,
    brightness: float = 120.0,
    sharpness: float = 60.0,
) -> FaceView:
    """``asked``: for the passive opinion ``live``; None: where there is one."""
    head = fit_head(points, layout=layout)
    x, y = (float(value) for value in points.mean(axis=0))
    half = 8.0 * head.scale
    return FaceView(
        box=Box(x - half, y - half * 1.2, x + half, y + half * 1.2),
        landmarks=points,
        head=head,
        quality=FaceQuality(
            size_px=2 * half,
            sharpness=sharpness,
            brightness=brightness,
            yaw_degrees=head.pose.yaw,
            pitch_degrees=head.pose.pitch,
            roll_degrees=head.pose.roll,
            confidence=0.9,
        ),
        second_face_ratio=second,
        passive_asked=live is not None if asked is None else asked,
        live_probability=live,
        embedding=embedding,
        crop=np.zeros((112, 112, 3), np.uint8) if embedding is not None else None,
        flow=flow,
        light=light,
    )


def observe(
    at: float,
    face: FaceView | None,
    *,
    digest: bytes | None = None,
    nearest: float | None = 6.0,
    received_at: float | None = None,
) -> FrameObservation:
    sequence = next(_numbers)
    return FrameObservation(
        sequence=sequence,
        captured_at=at,
        digest=digest if digest is not None else sequence.to_bytes(16, "big", signed=True),
        width=640,
        height=480,
        face=face,
        nearest_earlier=nearest,
        received_at=received_at,
    )


def frame_times(seconds: float, *, fps: float = 8.0, start: float = 0.0) -> NDArray[np.float64]:
    return start + np.arange(int(seconds * fps)) / fps
