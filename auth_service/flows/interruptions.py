"""What ends a session in the middle, whatever else it showed: others in the picture, or nobody."""

from __future__ import annotations

from core.liveness.face_count import SECOND_FACE_AREA
from core.liveness.observation import FrameObservation
from core.liveness.reasons import Reason

LOST_SECONDS = 3.0
CROWDED_FRAMES = 4


class Interruptions:
    """Of one session."""

    def __init__(self) -> None:
        self._crowded = 0
        self._face_seen_at: float | None = None

    def note(self, observation: FrameObservation) -> None:
        """Every frame, framing included."""
        if observation.face is not None:
            self._face_seen_at = observation.captured_at

    def find(self, observation: FrameObservation) -> Reason | None:
        """Once framing is over, for each frame after `note`."""
        ratio = observation.face.second_face_ratio if observation.face is not None else None
        if ratio is not None:
            self._crowded = self._crowded + 1 if ratio > SECOND_FACE_AREA else 0
        if self._crowded >= CROWDED_FRAMES:
            return Reason.SEVERAL_FACES
        # Nobody is framed without a face, so there was one.
        lost = self._face_seen_at is not None and observation.captured_at - self._face_seen_at > LOST_SECONDS
        return Reason.NO_FACE if lost else None
