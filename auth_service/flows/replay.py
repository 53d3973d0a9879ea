"""A recorded session run through the real flow, its script and windows in place of a drawn script."""

from __future__ import annotations

from dataclasses import replace

from core.engine.types import FaceEngine
from core.liveness.analyzer import FrameAnalyzer
from core.liveness.observation import FrameObservation, FrameRequest
from core.liveness.policy import SHIPPED_POLICIES, Level, Policies
from core.liveness.sequences import RecordedSession
from core.liveness.traits import PackTraits

from .base import SessionFlow
from .purposes import VerificationFlow
from .schedule import FixedSchedule
from .types import Accepted, InProgress, Refused


class SessionReplay:
    """A recording on one engine, analysed once however often it is judged. Not thread-safe.

    A flow says of each frame what it wants to know. As long as it wants what the flow before it wanted, the
    observation is the same; at the first frame where it wants something else all is analysed anew.
    """

    def __init__(self, session: RecordedSession, *, engine: FaceEngine, traits: PackTraits) -> None:
        self._session = session
        self._engine = engine
        self._traits = traits
        self._forget()

    def judge(
        self,
        *,
        level: Level,
        policies: Policies = SHIPPED_POLICIES,
        flow_class: type[SessionFlow] = VerificationFlow,
        passive: bool = True,
    ) -> Accepted | Refused:
        """The verdict at ``level``; a recording that runs out is judged by what it showed.

        Without ``passive``: as on the same pack with no passive model. Raises InvalidImage or ImageTooLarge
        for a frame that cannot be decoded.
        """
        traits = self._traits if passive else replace(self._traits, has_passive_model=False)
        flow = self._start(level=level, policies=policies, flow_class=flow_class, traits=traits)
        for index in range(len(self._session.frames)):
            request = flow.wants()
            if index < len(self._asked) and self._asked[index] != request:
                self._forget()
                return self.judge(level=level, policies=policies, flow_class=flow_class, passive=passive)
            seen = self._observe(index, request)
            update = flow.advance(seen if passive else _without_passive(seen))
            if not isinstance(update, InProgress):
                return update
        return flow.conclude()

    def _start(
        self, *, level: Level, policies: Policies, flow_class: type[SessionFlow], traits: PackTraits
    ) -> SessionFlow:
        session = self._session
        return flow_class(
            script=replace(session.script, level=level),
            traits=traits,
            frame_budget=len(session.frames) + 1,
            fixed_schedule=FixedSchedule(
                windows=session.windows,
                replaced=session.replaced,
                color_starts=session.color_starts,
                framing=session.framing,
            ),
            device=session.device,
            policies=policies,
        )

    def _observe(self, index: int, request: FrameRequest) -> FrameObservation:
        if index == len(self._seen):
            frame = self._session.frames[index]
            observation = self._analyzer.analyze(
                frame.jpeg,
                sequence=index + 1 if frame.sequence is None else frame.sequence,
                captured_at_seconds=frame.captured_at,
                request=request,
                received_at_seconds=frame.received_at,
            )
            self._asked.append(request)
            self._seen.append(observation)
        return self._seen[index]

    def _forget(self) -> None:
        self._analyzer = FrameAnalyzer(self._engine)
        self._asked: list[FrameRequest] = []
        self._seen: list[FrameObservation] = []


def replay_session(
    session: RecordedSession,
    *,
    engine: FaceEngine,
    traits: PackTraits,
    flow_class: type[SessionFlow] = VerificationFlow,
) -> Accepted | Refused:
    """Judge a recording once, at its script's level. See `SessionReplay`."""
    replay = SessionReplay(session, engine=engine, traits=traits)
    return replay.judge(level=session.script.level, flow_class=flow_class)


def _without_passive(seen: FrameObservation) -> FrameObservation:
    if seen.face is None:
        return seen
    return replace(seen, face=replace(seen.face, live_probability=None))
