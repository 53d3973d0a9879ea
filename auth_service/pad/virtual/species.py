"""The kinds of session in the battery: one genuine, and attacks by their species."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np

from auth_service.demo.geometry import Pose
from auth_service.demo.virtual_camera import PersonCamera, StillPhotoCamera
from auth_service.demo.virtual_person import VirtualPerson
from auth_service.pad.virtual.film import (
    Film,
    Shot,
    color_at,
    length_of,
    repaint,
    shoot,
    windows_of,
)
from auth_service.pad.virtual.sheet import SheetCamera
from core.engine.types import Image
from core.liveness.script import Script
from core.liveness.sequences import GENUINE

_LOOP_FRAMES = 12
_LOOP_NOISE = 1.5
_TINT = 0.3
_SECOND_FACE_PX = 190
_HEAD = (slice(85, 325), slice(200, 440))
"""Rows and columns of the head in a portrait."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Who and what one session is made of."""

    person: VirtualPerson
    stranger: VirtualPerson
    script: Script
    """What this session asks."""
    other_order: Script
    """What an earlier session asked, from which an attacker has a recording."""
    other_colors: Script
    """The same movements as ``script``, other colours."""
    seed: int
    screen_gain: float


@dataclass(frozen=True, slots=True)
class Species:
    what: str
    play: Callable[[Stage], Film]


def _genuine(stage: Stage) -> Film:
    return _film_person(stage, stage.script)


def _puppet(stage: Stage) -> Film:
    camera = PersonCamera(stage.person, seed=stage.seed, screen_gain=0.0)
    return shoot(camera, stage.script, seed=stage.seed)


def _tinted_puppet(stage: Stage) -> Film:
    return tuple(_tint(shot, stage.script) for shot in _puppet(stage))


def _tint(shot: Shot, script: Script) -> Shot:
    color = color_at(script, shot.at)
    if color is None:
        return shot
    factor = (1 + _TINT * np.array(color.linear_bgr, np.float32)) ** np.float32(1 / 2.2)
    return repaint(shot, lambda image: np.asarray(np.clip(image * factor, 0, 255), np.uint8))


def _still_photo(stage: Stage) -> Film:
    return shoot(StillPhotoCamera(stage.person, seed=stage.seed), stage.script, seed=stage.seed)


def _tilted_photo(stage: Stage) -> Film:
    camera = SheetCamera(stage.person, seed=stage.seed, screen_gain=stage.screen_gain)
    return shoot(camera, stage.script, seed=stage.seed)


def _frozen(stage: Stage) -> Film:
    """The stream stops at the end of the first step and its last frame is sent again and again."""
    film, stops = _genuine(stage), windows_of(stage.script)[0][1]
    last = max((shot for shot in film if shot.at < stops), key=lambda shot: shot.at)
    return tuple(shot if shot.at < stops else Shot(shot.at, last.jpeg) for shot in film)


def _looped(stage: Stage) -> Film:
    """Twelve frames in a loop from the first step on, a little noise added each time."""
    film, begins = _genuine(stage), windows_of(stage.script)[0][0]
    rng = np.random.default_rng(stage.seed)
    first = next(number for number, shot in enumerate(film) if shot.at >= begins)
    loop = film[max(0, first - _LOOP_FRAMES) : first]

    def noisy(image: Image) -> Image:
        noise = rng.normal(0, _LOOP_NOISE, image.shape)
        return np.asarray(np.clip(image + noise, 0, 255), np.uint8)

    later = film[first:]
    again = [Shot(shot.at, loop[number % len(loop)].jpeg) for number, shot in enumerate(later)]
    return (*film[:first], *(repaint(shot, noisy) for shot in again))


def _wrong_order(stage: Stage) -> Film:
    return _film_person(stage, stage.other_order, seconds=length_of(stage.script))


def _wrong_flash(stage: Stage) -> Film:
    return _film_person(stage, stage.other_colors)


def _swapped(stage: Stage) -> Film:
    """The person starts, a stranger finishes; cut between the first two steps."""
    cut = windows_of(stage.script)[0][1]
    camera = PersonCamera(stage.stranger, seed=stage.seed + 1, screen_gain=stage.screen_gain)
    finish = shoot(camera, stage.script, seed=stage.seed)
    return (
        *(shot for shot in _genuine(stage) if shot.at < cut),
        *(shot for shot in finish if shot.at >= cut),
    )


def _two_faces(stage: Stage) -> Film:
    """A stranger's face appears beside the person's from the first step on."""
    begins = windows_of(stage.script)[0][0]
    head = stage.stranger.render(Pose())[_HEAD]
    face = cv2.resize(head, (_SECOND_FACE_PX, _SECOND_FACE_PX), interpolation=cv2.INTER_AREA)

    def beside(image: Image) -> Image:
        painted = image.copy()
        painted[:_SECOND_FACE_PX, -_SECOND_FACE_PX:] = face
        return painted

    return tuple(shot if shot.at < begins else repaint(shot, beside) for shot in _genuine(stage))


def _film_person(stage: Stage, script: Script, *, seconds: float | None = None) -> Film:
    camera = PersonCamera(stage.person, seed=stage.seed, screen_gain=stage.screen_gain)
    return shoot(camera, script, seed=stage.seed, seconds=seconds)


SPECIES: Mapping[str, Species] = MappingProxyType(
    {
        GENUINE: Species("a cooperative person", _genuine),
        "frozen": Species("one frame sent again and again after the first step", _frozen),
        "looped": Species("twelve frames in a loop, a little noise added each time", _looped),
        "identity_swap": Species("one person starts, another finishes", _swapped),
        "two_faces": Species("a second face appears beside the first", _two_faces),
        "photo_unlit": Species("a picture that fills the view, held where no screen lights it", _still_photo),
        "photo_tilt": Species("a print tilted and brought closer as commanded, lit evenly", _tilted_photo),
        "replay_wrong_order": Species("the recording of an earlier session, fed as a camera", _wrong_order),
        "replay_wrong_flash": Species("a recording of the right movements under other colours", _wrong_flash),
        "puppet3d": Species("one photo animated in 3D as commanded, fed as a camera", _puppet),
        "puppet3d_tint": Species("the same, each frame tinted with the commanded colour", _tinted_puppet),
    }
)
