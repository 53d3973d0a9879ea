"""FrameAnalyzer: one JPEG in, one FrameObservation out; the only part of liveness that touches pixels and models."""

from __future__ import annotations

from core.engine.types import FaceEngine, Image
from core.liveness.observation import FrameObservation, FrameRequest


class FrameAnalyzer:
    """One per session, called in an inference thread, one frame at a time.

    Keeps the session's last grey frame (for optical flow) and small greys of its frames (to notice a loop).
    """

    def __init__(self, engine: FaceEngine) -> None:
        self._engine = engine

    def analyze(
        self,
        jpeg: bytes,
        *,
        sequence: int,
        captured_at_seconds: float,
        request: FrameRequest,
        image: Image | None = None,
        received_at_seconds: float | None = None,
    ) -> FrameObservation:
        """Analyse one frame. ``image``: the decoded frame, where the caller has it already.

        Raises InvalidImage or ImageTooLarge for what cannot be decoded; then the session's state is unchanged.
        """
        raise NotImplementedError
