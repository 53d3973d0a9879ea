"""A passing session as observations: filmed once with a real engine, then played into any number of flows."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from auth_service.demo.attendance import Shot, attend
from auth_service.demo.virtual_camera import Camera
from auth_service.flows import Accepted, EnrollmentFlow, InProgress, Refused, Update
from core.engine.types import FaceEngine
from core.liveness.analyzer import FrameAnalyzer
from core.liveness.observation import FrameObservation, FrameRequest
from core.liveness.script import Script
from core.liveness.traits import PackTraits, traits_of

FRAME_SECONDS = 0.125


@dataclass(frozen=True, slots=True)
class Take:
    """The frames that answered one step; ``shown``: when it came on the screen, on their clock."""

    kind: str
    shown: float
    frames: tuple[FrameObservation, ...]


@dataclass(frozen=True, slots=True)
class Footage:
    before: tuple[FrameObservation, ...]
    takes: tuple[Take, ...]
    ending: Accepted | Refused


def film(camera: Camera, *, engine: FaceEngine, script: Script) -> Footage:
    """One session in which every frame is analysed for all that any script could ask for."""
    flow, analyzer = EnrollmentFlow(script=script, traits=traits_of(engine)), FrameAnalyzer(engine)
    frames: list[FrameObservation] = []
    shown: list[tuple[str, int, int]] = []

    def answer(shot: Shot) -> Update:
        wanted = flow.wants()
        request = FrameRequest(embed=True, passive=True, light=True, search=wanted.search)
        observation = analyzer.analyze(
            shot.jpeg,
            sequence=shot.number,
            captured_at_seconds=shot.at,
            request=request,
            received_at_seconds=shot.at + 0.1,
        )
        frames.append(observation)
        update = flow.advance(_as_wanted(observation, wanted, at=shot.at, number=shot.number))
        step = update.step if isinstance(update, InProgress) else None
        if step is not None and (not shown or shown[-1][1] != step.id):
            shown.append((step.kind.value, step.id, len(frames)))
        return update

    ending = attend(camera, flow=flow, answer=answer, frames_per_second=8.0, rng=random.Random(1))
    ends = [*(start for _, _, start in shown[1:]), len(frames)]
    return Footage(
        before=tuple(frames[: shown[0][2]]),
        takes=tuple(
            Take(kind=kind, shown=frames[start - 1].captured_at + 0.1, frames=tuple(frames[start:end]))
            for (kind, _, start), end in zip(shown, ends, strict=True)
        ),
        ending=ending,
    )


def replay(
    footage: Footage, script: Script, *, traits: PackTraits, to_order: bool, fresh_noise: bool
) -> Accepted | Refused:
    """Play the footage in step with a flow that runs ``script``.

    ``to_order``: the take that answers what is asked, where there is one; else one take after the other.
    ``fresh_noise``: no frame's bytes or pixels come twice, as after an editor's work.
    """
    flow = EnrollmentFlow(script=script, traits=traits, rng=random.Random(0))
    waiting: list[FrameObservation] = list(footage.before)
    filler, takes = 0, 0
    step_id: int | None = None
    at, previous, number = footage.before[0].captured_at, footage.before[0].captured_at, 0
    used: set[int] = set()
    while True:
        number += 1
        if waiting:
            frame = waiting.pop(0)
        else:
            # The server waits: the person looks into the camera.
            frame, filler = footage.before[filler % len(footage.before)], filler + 1
        passed = frame.captured_at - previous
        at, previous = at + (passed if 0.0 < passed < 0.3 else FRAME_SECONDS), frame.captured_at
        again = fresh_noise and frame.sequence in used
        used.add(frame.sequence)
        if again:
            frame = replace(frame, digest=number.to_bytes(16, "big"), nearest_earlier=6.0)
        update = flow.advance(_as_wanted(frame, flow.wants(), at=at, number=number))
        if not isinstance(update, InProgress):
            return update
        step = update.step
        if step is None or step.id == step_id:
            continue
        step_id, takes = step.id, takes + 1
        take = _choose(footage.takes, step.kind.value if to_order else None, number=takes)
        waiting = list(take.frames)
        # The first frame of the take comes next, as long after the step as it did.
        shown = at + FRAME_SECONDS - (take.frames[0].captured_at - take.shown)
        previous = take.frames[0].captured_at - FRAME_SECONDS
        flow.record_step_shown(step_id, shown)
        for index in range(len(step.colors or ())):
            flow.record_color_shown(step_id, index, shown + index * (step.color_seconds or 0.0))


def _choose(takes: Sequence[Take], kind: str | None, *, number: int) -> Take:
    following = takes[(number - 1) % len(takes)]
    return next((take for take in takes if take.kind == kind), following)


def _as_wanted(frame: FrameObservation, request: FrameRequest, *, at: float, number: int) -> FrameObservation:
    """What the server would have seen of this frame, had it asked for this."""
    face = frame.face
    if face is not None:
        face = replace(
            face,
            embedding=face.embedding if request.embed else None,
            crop=face.crop if request.embed else None,
            passive_asked=request.passive,
            live_probability=face.live_probability if request.passive else None,
            light=face.light if request.light else None,
        )
    return replace(frame, face=face, captured_at=at, received_at=at + 0.1, sequence=number)
