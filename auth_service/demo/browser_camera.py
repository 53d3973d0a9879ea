"""A camera for a real browser under test: the virtual person looks at the page and answers what it shows.

    camera = BrowserCamera(PersonCamera(VirtualPerson(ASTRONAUT), seed=1))
    page.expose_function(BrowserCamera.binding, camera.picture_for)
    page.add_init_script(camera.init_script)

The page and its scripts stay as they are; only `navigator.mediaDevices.getUserMedia` is another.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from importlib.resources import files
from typing import ClassVar, TypedDict

from auth_service.demo.motion import MOTIONS
from auth_service.demo.virtual_camera import Camera

REPEAT_SECONDS = 2.6
"""An instruction that stands, or stands again, after this long is followed once more, as a person would."""


class ScreenState(TypedDict):
    """What the script reads off the page, all texts; empty where nothing is shown."""

    cue: str
    phase: str
    light: str


class BrowserCamera:
    """Keeps what the page showed last, so that the person answers each new instruction once."""

    binding: ClassVar[str] = "facegateCamera"

    def __init__(self, camera: Camera, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._camera = camera
        self._clock = clock
        self._began = clock()
        self._answered = ""
        self._answered_at = 0.0
        self._light = ""

    @property
    def init_script(self) -> str:
        return files("auth_service.demo").joinpath("browser_camera.js").read_text(encoding="utf-8")

    def picture_for(self, screen: ScreenState) -> str:
        """The person's next picture, seeing this screen: a JPEG in base64."""
        at = self._clock() - self._began
        if screen["light"] != self._light:
            self._light = screen["light"]
            self._camera.show_color(self._light or None, at=at)
        self._see_instruction(screen["cue"] if screen["phase"] == "challenge" else "", at=at)
        return base64.b64encode(self._camera.frame(at=at)).decode("ascii")

    def _see_instruction(self, cue: str, *, at: float) -> None:
        if cue not in MOTIONS or (cue == self._answered and at - self._answered_at < REPEAT_SECONDS):
            return
        self._answered, self._answered_at = cue, at
        self._camera.show_step(cue, at=at)
