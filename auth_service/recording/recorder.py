"""One socket's recording: frames spooled while the session runs, published whole at its end or not at all."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import threading
import uuid
from enum import Enum
from typing import BinaryIO

from auth_service.flows import SessionFlow, Update
from auth_service.protocol import Frame
from auth_service.recording.errors import RecordingFailed
from auth_service.recording.folder import open_private, publish
from auth_service.recording.plan import run_directory
from auth_service.recording.report import Outcome, write_outcome
from auth_service.recording.sidecar import Circumstances, Course, StoredFrame, build_sidecar, course_of

logger = logging.getLogger(__name__)


class _State(Enum):
    RUNNING = "running"
    STORED = "stored"
    FAILED = "failed"


class SessionRecorder:
    """Thread-safe: frames come from inference threads, and one may still come when its socket has gone.

    Nothing is written before the first frame; memory holds their times alone.
    """

    def __init__(self, *, circumstances: Circumstances, session_id: uuid.UUID, socket_id: uuid.UUID) -> None:
        stamp = circumstances.consent.given_at.strftime("%Y%m%dT%H%M%SZ")
        # Without the subject: scorecards print this name.
        self.name = f"{circumstances.plan.kind}-{stamp}-{socket_id.hex[:8]}"
        self._circumstances = circumstances
        self._session_id = session_id
        self._run = run_directory()
        self._staged = self._run / self.name
        self._media_name = f"{self.name}.mjpeg"
        self._lock = threading.Lock()
        self._media: BinaryIO | None = None
        self._frames: list[StoredFrame] = []
        self._offset = 0
        self._state = _State.RUNNING

    def add(self, frame: Frame) -> None:
        """Keep one analysed frame; none after the end. Raises RecordingFailed."""
        with self._lock:
            if self._state is not _State.RUNNING:
                return
            try:
                self._spool(frame)
            except OSError as error:
                self._give_up(error)
                raise RecordingFailed from error

    def finish(self, flow: SessionFlow, update: Update | None) -> bool:
        """Publish what there is, nothing without a frame; ``update`` is the flow's last word.

        False where it could not be stored: then nothing is left of it, and report and log say so. Safe to
        repeat.
        """
        with self._lock:
            if self._state is not _State.RUNNING:
                return self._state is _State.STORED
            if self._media is None:
                self._state = _State.STORED
                return True
            try:
                outcome = self._publish(self._media, course=course_of(flow, update))
            except Exception as error:  # noqa: BLE001  whatever it was, nobody may take it for stored
                self._give_up(error)
                return False
            self._state = _State.STORED
            self._report(outcome)
            return True

    def _spool(self, frame: Frame) -> None:
        if self._media is None:
            self._staged.mkdir(mode=0o700)
            self._media = open_private(self._staged / self._media_name)
        self._media.write(frame.jpeg)
        stored = StoredFrame(
            sequence=frame.sequence,
            captured_at=frame.captured_at_seconds,
            received_at=frame.received_at_seconds,
            offset=self._offset,
            length=len(frame.jpeg),
        )
        self._frames.append(stored)
        self._offset += stored.length

    def _publish(self, media: BinaryIO, *, course: Course) -> Outcome:
        media.close()
        sidecar = build_sidecar(
            name=self.name,
            media=self._media_name,
            circumstances=self._circumstances,
            course=course,
            frames=self._frames,
        )
        with open_private(self._staged / f"{self.name}.json") as file:
            file.write(json.dumps(sidecar, indent=1).encode() + b"\n")
        publish(self._staged, folder=self._run.parent)
        return Outcome(str(self._session_id), self.name, verdict=course.verdict, reasons=course.reasons)

    def _give_up(self, error: Exception) -> None:
        logger.error("recording failed", exc_info=error, extra={"session_id": str(self._session_id)})
        self._state = _State.FAILED
        if self._media is not None:
            with contextlib.suppress(OSError):
                self._media.close()
        # First, because it makes the room that the report may need.
        shutil.rmtree(self._staged, ignore_errors=True)
        cause = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
        self._report(Outcome(str(self._session_id), self.name, verdict="", error=cause))

    def _report(self, outcome: Outcome) -> None:
        try:
            write_outcome(outcome, self._run)
        except OSError as error:
            logger.error("recording not reported", exc_info=error)
