"""One session between a virtual camera and a flow on the camera's clock: nothing waits, no server runs."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from auth_service.demo.virtual_camera import Camera
from auth_service.flows import Accepted, InProgress, Refused, SessionFlow, StepView, Update

STARTS_AT_SECONDS = 10.0
SEEN_AFTER_SECONDS = 0.1
"""From the answer to a frame to its step on the screen."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One frame of the camera; ``at``: seconds on its clock."""

    number: int
    at: float
    jpeg: bytes


def attend(
    camera: Camera,
    *,
    flow: SessionFlow,
    answer: Callable[[Shot], Update],
    frames_per_second: float,
    rng: random.Random,
) -> Accepted | Refused:
    """Play the page's part until the flow ends; frames come with some jitter.

    ``answer`` does the server's: it analyses the shot as ``flow`` wants and advances it.
    """
    page = _Page(camera, flow)
    at, number = STARTS_AT_SECONDS, 0
    while True:
        number += 1
        page.light_up(at)
        update = answer(Shot(number=number, at=at, jpeg=camera.frame(at=at)))
        if not isinstance(update, InProgress):
            return update
        if update.step is not None:
            page.show(update.step, at=at + SEEN_AFTER_SECONDS)
        at += rng.uniform(0.85, 1.2) / frames_per_second


class _Page:
    """What is on the screen, and what the page reports of it."""

    def __init__(self, camera: Camera, flow: SessionFlow) -> None:
        self._camera = camera
        self._flow = flow
        self._step_id: int | None = None
        self._colors: list[tuple[float, int, str | None]] = []

    def show(self, step: StepView, *, at: float) -> None:
        if step.id == self._step_id:
            return
        self._step_id = step.id
        self._flow.record_step_shown(step.id, at)
        self._camera.show_step(step.kind.value, at=at)
        length = step.color_seconds or 0.0
        self._colors = [(at + index * length, index, color) for index, color in enumerate(step.colors or ())]
        if step.colors:
            self._colors.append((at + len(step.colors) * length, len(step.colors), None))

    def light_up(self, now: float) -> None:
        """Colours come up on time, whenever the frames are taken."""
        due = [entry for entry in self._colors if entry[0] <= now]
        self._colors = self._colors[len(due) :]
        for begins, index, color in due:
            self._camera.show_color(color, at=begins)
            if color is not None and self._step_id is not None:
                self._flow.record_color_shown(self._step_id, index, begins)
