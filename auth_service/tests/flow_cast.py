"""People and attackers that answer a flow with made-up observations: no model, no image, only their clock."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from auth_service.flows import Accepted, InProgress, Refused, SessionFlow, StepView, Update
from core.engine.types import LandmarkLayout
from core.liveness.observation import FaceView, FrameObservation, FrameRequest
from core.liveness.policy import Level
from core.liveness.pose import Pose
from core.liveness.script import Script, StepKind, draw_script
from core.liveness.traits import PackTraits
from core.tests.liveness_cast import WITH_MOUTH, alike, face_view, head_points, lit, observe

TRAITS = PackTraits(layout=WITH_MOUTH, has_passive_model=False, same_person_cosine=0.4)


def script_for(
    seed: int = 1,
    *,
    level: Level = Level.STANDARD,
    safe_mode: bool = False,
    layout: LandmarkLayout = WITH_MOUTH,
) -> Script:
    return draw_script(random.Random(seed), layout=layout, level=level, safe_mode=safe_mode)


@dataclass
class Someone:
    """A cooperative person; tests change one habit. Angles in degrees, times in seconds."""

    layout: LandmarkLayout = WITH_MOUTH
    fps: float = 8.0
    reaction: float = 0.4
    turn: float = 24.0
    look: float = 14.0
    nearer: float = 0.3
    gain: float = 0.15
    who: int = 1
    reports_shown: bool = True
    answers: Callable[[StepView, int], str | None] = lambda step, _: step.kind.value
    """The movement made for the n-th step shown; None: none."""
    habits: Callable[[FrameObservation, SessionFlow], FrameObservation] = lambda observation, _: observation
    """The last word on each frame."""
    stays_turned: bool = False
    latency: float = 0.12
    seen: list[InProgress] = field(default_factory=list)
    asked: list[FrameRequest] = field(default_factory=list)
    steps: list[StepView] = field(default_factory=list)
    _moves: list[tuple[str, float]] = field(default_factory=list)
    _colors: list[tuple[float, tuple[float, float, float] | None]] = field(default_factory=list)

    def play(self, flow: SessionFlow, *, seconds: float = 60.0) -> Accepted | Refused:
        """Film until the flow ends. Raises AssertionError when it does not within ``seconds``."""
        rng = np.random.default_rng(5)
        at = 100.0
        while at < 100.0 + seconds:
            update = self.film(flow, at)
            if not isinstance(update, InProgress):
                return update
            at += float(rng.uniform(0.9, 1.15)) / self.fps
        raise AssertionError("the flow did not end")

    def film(self, flow: SessionFlow, at: float) -> Update:
        request = flow.wants()
        self.asked.append(request)
        update = flow.advance(self.habits(observe(at, self._face(at, request), received_at=at + 0.1), flow))
        if isinstance(update, InProgress):
            self.seen.append(update)
            self._read(update, flow, at=at)
        return update

    def _read(self, update: InProgress, flow: SessionFlow, *, at: float) -> None:
        step = update.step
        if step is None or (self.steps and self.steps[-1].id == step.id):
            return
        self.steps.append(step)
        shown = at + 0.05
        if self.reports_shown:
            flow.record_step_shown(step.id, shown)
        answer = self.answers(step, len(self.steps))
        if answer is not None and step.kind is not StepKind.FLASH:
            self._moves.append((answer, shown + self.reaction))
        for index, color in enumerate(step.colors or ()):
            begins = shown + index * (step.color_seconds or 0.0)
            self._colors.append((begins, _linear(color)))
            if self.reports_shown:
                flow.record_color_shown(step.id, index, begins)
        if step.colors:
            self._colors.append((shown + len(step.colors) * (step.color_seconds or 0.0), None))

    def _face(self, at: float, request: FrameRequest) -> FaceView:
        yaw, pitch, growth = 0.8 * np.sin(at), 0.6 * np.cos(0.7 * at), 0.0
        for kind, begins in self._moves:
            share = self._share(at - begins)
            yaw += {"turn_left": self.turn, "turn_right": -self.turn}.get(kind, 0.0) * share
            pitch += {"look_up": self.look, "look_down": -self.look}.get(kind, 0.0) * share
            growth += self.nearer * share if kind == "closer" else 0.0
        points = head_points(Pose(float(yaw), float(pitch), 0.0), layout=self.layout, scale=10 * (1 + growth))
        shown = [color for begins, color in self._colors if begins + self.latency <= at]
        return face_view(
            points,
            layout=self.layout,
            embedding=alike(self.who, seed=int(at * 1000)) if request.embed else None,
            light=lit(shown[-1] if shown else None, gain=self.gain) if request.light else None,
            live=0.9 if request.passive else None,
            asked=request.passive,
        )

    def _share(self, since: float) -> float:
        end = [1.0, 1.0] if self.stays_turned else [1.0, 0.0]
        return float(np.interp(since, [0.0, 0.5, 1.0, 1.5], [0.0, 1.0, *end]))


def _linear(text: str) -> tuple[float, float, float]:
    red, green, blue = (int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return blue**2.2, green**2.2, red**2.2


def without_face(observation: FrameObservation) -> FrameObservation:
    return replace(observation, face=None)


def with_face(observation: FrameObservation, **changes: object) -> FrameObservation:
    if observation.face is None:
        return observation
    return replace(observation, face=replace(observation.face, **changes))  # type: ignore[arg-type]
