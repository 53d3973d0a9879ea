"""What the liveness signals cost on top of decoding and detection, over whole sessions.

A virtual person answers the scripts of real flows. Baseline: each frame decoded and searched as its flow
asked, around the last face or whole. Result: all that the same frame cost in the same run: the signals, the
passive models where there are some, the flow's judgement and the verdict. Aligning and embedding are left out
of both: a template needs them, with liveness or without.

Processor time of the whole process, not the clock's: it is what a server has to buy, and others at work on
the machine do not change it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean
from time import process_time

from auth_service.demo.attendance import Shot, attend
from auth_service.demo.cast import ASTRONAUT
from auth_service.demo.virtual_camera import PersonCamera
from auth_service.demo.virtual_person import VirtualPerson
from auth_service.flows import Accepted, EnrollmentFlow, Update
from benchmarks.headline import Headline
from benchmarks.metered_engine import MeteredEngine
from core.engine.types import FaceEngine
from core.imaging import decode_image
from core.liveness.analyzer import FrameAnalyzer
from core.liveness.observation import FrameObservation, FrameRequest
from core.liveness.policy import Level
from core.liveness.script import draw_script
from core.liveness.traits import traits_of

FRAMES_PER_SECOND = 8.0
ITERATIONS_PER_SESSION = 5
"""A session takes some 60 frames, so a fifth of the repetitions asked for are enough."""


@dataclass(frozen=True, slots=True)
class FrameCost:
    """Milliseconds of processor time. ``flow``: the frame's optical flow was measured."""

    found: float
    """Decoded and searched."""
    judged: float
    """The same and all signals."""
    request: FrameRequest
    flow: bool

    @property
    def heavy(self) -> bool:
        """Of the flash, with flow, and searched only around the last face: the most signals on the least
        detection."""
        return self.request.light and self.flow and self.request.search is not None


def measure(engine: FaceEngine, *, iterations: int) -> list[Headline]:
    """Raises RuntimeError when the virtual person is not accepted: such a session shows other frames."""
    person = VirtualPerson(ASTRONAUT)
    _attend(engine, person, seed=0)
    sessions = max(1, iterations // ITERATIONS_PER_SESSION)
    costs = [cost for seed in range(sessions) for cost in _attend(engine, person, seed=seed)]
    kinds: list[tuple[str, Callable[[FrameCost], bool]]] = [
        ("liveness, all frames of a session", lambda _: True),
        ("liveness, a flash frame with flow", lambda cost: cost.heavy),
        ("liveness, a frame for the passive model", lambda cost: cost.request.passive),
    ]
    if not engine.summary().passive:
        kinds.pop()
    return [headline_of(name, [cost for cost in costs if chosen(cost)]) for name, chosen in kinds]


def headline_of(name: str, costs: Sequence[FrameCost]) -> Headline:
    """Means. Raises RuntimeError for no frames."""
    if not costs:
        raise RuntimeError(f"{name}: no frame of this kind came, measure more sessions")
    return Headline(
        name,
        "CPU ms a frame",
        "decode and detect",
        mean(cost.found for cost in costs),
        "and all signals",
        mean(cost.judged for cost in costs),
    )


def _attend(engine: FaceEngine, person: VirtualPerson, *, seed: int) -> list[FrameCost]:
    rng = random.Random(seed)
    traits = traits_of(engine)
    script = draw_script(rng, layout=traits.layout, level=Level.STANDARD)
    flow = EnrollmentFlow(script=script, traits=traits)
    server = _MeasuredServer(engine, flow)
    end = attend(
        PersonCamera(person, seed=seed),
        flow=flow,
        answer=server.answer,
        frames_per_second=FRAMES_PER_SECOND,
        rng=rng,
    )
    if not isinstance(end, Accepted):
        raise RuntimeError(f"the virtual person was refused: {', '.join(end.reasons)}")
    return server.costs


class _MeasuredServer:
    """Answers frames as a session's runner does, and notes what each cost."""

    def __init__(self, engine: FaceEngine, flow: EnrollmentFlow) -> None:
        self._engine = MeteredEngine(engine)
        self._flow = flow
        self._analyzer = FrameAnalyzer(self._engine)
        self.costs: list[FrameCost] = []

    def answer(self, shot: Shot) -> Update:
        self._engine.reset()
        began = process_time()
        image = decode_image(shot.jpeg)
        decoded = process_time()
        request = self._flow.wants()
        observation = self._analyzer.analyze(
            shot.jpeg, image=image, sequence=shot.number, captured_at_seconds=shot.at, request=request
        )
        update = self._flow.advance(observation)
        ended = process_time()
        self._note(
            observation,
            request,
            found=decoded - began + self._engine.detecting,
            judged=ended - began - self._engine.embedding,
        )
        return update

    def _note(
        self, observation: FrameObservation, request: FrameRequest, *, found: float, judged: float
    ) -> None:
        flow = observation.face is not None and observation.face.flow is not None
        self.costs.append(FrameCost(found * 1000, judged * 1000, request=request, flow=flow))
