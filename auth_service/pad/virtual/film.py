"""What a camera films while a script runs on fixed windows; attackers cut and paint such films."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from auth_service.demo.virtual_camera import Camera
from core.engine.types import Image
from core.liveness.script import FlashColor, Script, StepKind

FRAMES_PER_SECOND = 8
FRAMING_SECONDS = 1.25
_TAIL_SECONDS = 0.5
_JITTER_SECONDS = 0.006
_JPEG_QUALITY = 80

Windows = tuple[tuple[float, float], ...]
"""Start and end of each step in seconds."""


@dataclass(frozen=True, slots=True)
class Shot:
    at: float
    """Seconds since the film's begin."""
    jpeg: bytes


Film = tuple[Shot, ...]


def windows_of(script: Script) -> Windows:
    """One step after the other, each as long as a person is given for it."""
    windows, start = [], FRAMING_SECONDS
    for step in script.steps:
        windows.append((start, start + step.window_seconds))
        start += step.window_seconds
    return tuple(windows)


def shoot(camera: Camera, script: Script, *, seed: int, seconds: float | None = None) -> Film:
    """Film ``camera`` while the script is shown to it, to the script's end or for ``seconds``."""
    rng = random.Random(seed)
    ends = seconds if seconds is not None else length_of(script)
    waiting = list(_events(script, camera))
    film: list[Shot] = []
    for number in range(int(ends * FRAMES_PER_SECOND)):
        at = (number + 1) / FRAMES_PER_SECOND + rng.uniform(-_JITTER_SECONDS, _JITTER_SECONDS)
        while waiting and waiting[0][0] <= at:
            waiting.pop(0)[1]()
        film.append(Shot(at, camera.frame(at=at)))
    return tuple(film)


def length_of(script: Script) -> float:
    return windows_of(script)[-1][1] + _TAIL_SECONDS


def color_at(script: Script, at: float) -> FlashColor | None:
    """What the screen shows at a moment; None: the ordinary page."""
    for step, (start, _) in zip(script.steps, windows_of(script), strict=True):
        if step.color_seconds is not None and start <= at < start + len(step.colors) * step.color_seconds:
            return step.colors[int((at - start) / step.color_seconds)]
    return None


def repaint(shot: Shot, paint: Callable[[Image], Image]) -> Shot:
    """The frame decoded, changed and encoded again, as software in a camera's place does it."""
    image = np.asarray(cv2.imdecode(np.frombuffer(shot.jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)
    done, jpeg = cv2.imencode(".jpg", paint(image), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise RuntimeError("the frame could not be encoded")
    return Shot(shot.at, bytes(jpeg))


def _events(script: Script, camera: Camera) -> Iterator[tuple[float, Callable[[], None]]]:
    """What comes on the screen and when, in order."""
    for step, (start, _) in zip(script.steps, windows_of(script), strict=True):
        yield start, _show_step(camera, step.kind, at=start)
        if step.color_seconds is None:
            continue
        for index, color in enumerate([*(color.hex for color in step.colors), None]):
            at = start + index * step.color_seconds
            yield at, _show_color(camera, color, at=at)


def _show_step(camera: Camera, kind: StepKind, *, at: float) -> Callable[[], None]:
    return lambda: camera.show_step(kind.value, at=at)


def _show_color(camera: Camera, color: str | None, *, at: float) -> Callable[[], None]:
    return lambda: camera.show_color(color, at=at)
