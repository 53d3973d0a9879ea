"""Cameras that answer a live session: a person who follows commands, and the attacks that do not quite.

Every camera runs on the caller's clock, in seconds: it is told when a step or a colour came on its screen and
asked for the frame of a moment. The same seed, commands and times give the same frames.
"""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np

from auth_service.demo.geometry import FRAME_HEIGHT, FRAME_WIDTH, Pose
from auth_service.demo.motion import MOTIONS, Answer, Sway, plan_answer, pose_at
from auth_service.demo.sensor import Sensor
from auth_service.demo.virtual_person import GAMMA, Color, VirtualPerson
from core.engine.types import Image

SCREEN_LATENCY_SECONDS = 0.1
SCREEN_GAIN = 0.30
"""What a white screen at 55 cm adds to the light of the room on a face."""


class Camera(Protocol):
    def show_step(self, kind: str, *, at: float) -> None:
        """A new instruction came on the screen."""
        ...

    def show_color(self, color: str | None, *, at: float) -> None:
        """The whole screen took this colour (``#rrggbb``); None is the ordinary page."""
        ...

    def frame(self, *, at: float) -> bytes:
        """The JPEG taken at this moment; moments never go back."""
        ...


class PersonCamera:
    """A person before the webcam. With ``screen_gain`` 0 no screen lights the face: an injected puppet."""

    def __init__(self, person: VirtualPerson, *, seed: int, screen_gain: float = SCREEN_GAIN) -> None:
        self._person = person
        # A stream each, so that what is commanded does not change the noise.
        self._rng, sway, noise = np.random.default_rng(seed).spawn(3)
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
        pose = pose_at(at, sway=self._sway, answers=self._answers)
        scene = self._person.render(pose, flash=self._light(at), flash_gain=self._gain)
        return self._sensor.shoot(scene, at=at)

    def _light(self, at: float) -> Color | None:
        seen = [color for since, color in self._colors if since + SCREEN_LATENCY_SECONDS <= at]
        return seen[-1] if seen else None


class StillPhotoCamera:
    """One picture of the person that fills the view, held in a hand: it trembles and answers nothing."""

    def __init__(self, person: VirtualPerson, *, seed: int) -> None:
        self._picture = person.render(Pose())
        sway, noise = np.random.default_rng(seed).spawn(2)
        self._sway = Sway(sway)
        self._sensor = Sensor(noise)

    def show_step(self, kind: str, *, at: float) -> None:
        """A picture does not read instructions."""

    def show_color(self, color: str | None, *, at: float) -> None:
        """Held where the screen does not light it."""

    def frame(self, *, at: float) -> bytes:
        tremor = self._sway.at(at)
        hold = cv2.getRotationMatrix2D(
            (FRAME_WIDTH / 2, FRAME_HEIGHT / 2), tremor["roll"], 1.04 - 0.02 * tremor["z"]
        )
        hold[:, 2] += [11 * tremor["x"], 11 * tremor["y"]]
        moved = cv2.warpAffine(
            self._picture, hold, (FRAME_WIDTH, FRAME_HEIGHT), borderMode=cv2.BORDER_REPLICATE
        )
        return self._sensor.shoot(np.asarray(moved, np.uint8), at=at)


class FrozenCamera:
    """The same JPEG again and again, as a stuck or injected stream gives it."""

    def __init__(self, person: VirtualPerson, *, seed: int) -> None:
        self._jpeg = Sensor(np.random.default_rng(seed)).shoot(person.render(Pose()), at=0.0)

    def show_step(self, kind: str, *, at: float) -> None:
        """Nothing can change a recorded frame."""

    def show_color(self, color: str | None, *, at: float) -> None:
        """Nothing can change a recorded frame."""

    def frame(self, *, at: float) -> bytes:
        return self._jpeg


def parse_color(text: str) -> Color:
    """``#rrggbb`` as linear blue, green, red. Raises ValueError."""
    digits = text.removeprefix("#")
    if len(digits) != 6:
        raise ValueError(f"{text!r} is no #rrggbb colour")
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return blue**GAMMA, green**GAMMA, red**GAMMA


def portrait_photo(person: VirtualPerson) -> Image:
    """A plain frontal picture of the person, BGR."""
    return person.render(Pose())
