"""One session's decisions over time: framing, challenge steps, finishing, verdict."""

from __future__ import annotations

from core.liveness.observation import FrameObservation, FrameRequest
from core.liveness.script import Script

from .types import InProgress, Update


class SessionFlow:
    """A pure state machine; its only clock is the frames' capture times.

    Call `wants` before analysing a frame and `advance` with its observation, in capture order. After Accepted or
    Refused the flow is over and `advance` raises SessionClosed.
    """

    def __init__(self, *, script: Script, frame_budget: int = 240) -> None:
        self._script = script
        self._frame_budget = frame_budget

    @property
    def frames_left(self) -> int:
        raise NotImplementedError

    def current(self) -> InProgress:
        """What to show before the first frame and after a resume."""
        raise NotImplementedError

    def wants(self) -> FrameRequest:
        raise NotImplementedError

    def advance(self, observation: FrameObservation) -> Update:
        raise NotImplementedError

    def record_step_shown(self, step_id: int, at_seconds: float) -> None:
        """The page put a step on screen. Reports for other steps than the current one are ignored."""
        raise NotImplementedError

    def record_color_shown(self, step_id: int, index: int, at_seconds: float) -> None:
        raise NotImplementedError


class EnrollmentFlow(SessionFlow):
    """Accepted with 3 to 5 samples."""


class VerificationFlow(SessionFlow):
    """Accepted with 1 to 3 samples."""
