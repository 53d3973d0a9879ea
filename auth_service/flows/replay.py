"""A recorded session run through the real flow, its script and windows in place of a drawn script."""

from __future__ import annotations

from core.engine.types import FaceEngine
from core.liveness.analyzer import FrameAnalyzer
from core.liveness.sequences import RecordedSession
from core.liveness.traits import PackTraits

from .base import SessionFlow, VerificationFlow
from .schedule import FixedSchedule
from .types import Accepted, InProgress, Refused


def replay_session(
    session: RecordedSession,
    *,
    engine: FaceEngine,
    traits: PackTraits,
    flow_class: type[SessionFlow] = VerificationFlow,
) -> Accepted | Refused:
    """Analyse every frame until the flow ends; a recording that runs out is judged by what it showed."""
    flow = flow_class(
        script=session.script,
        traits=traits,
        frame_budget=len(session.frames) + 1,
        fixed_schedule=FixedSchedule(
            windows=session.windows,
            replaced=session.replaced,
            color_starts=session.color_starts,
            framing=session.framing,
        ),
    )
    analyzer = FrameAnalyzer(engine)
    for number, frame in enumerate(session.frames, start=1):
        observation = analyzer.analyze(
            frame.jpeg,
            sequence=number,
            captured_at_seconds=frame.captured_at,
            request=flow.wants(),
            received_at_seconds=frame.received_at,
        )
        update = flow.advance(observation)
        if not isinstance(update, InProgress):
            return update
    return flow.conclude()
