"""One socket's pump: newest frame in, engine and flow on an inference thread, the next step out."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable

from django.conf import settings

from auth_service import completion, services
from auth_service.completion import Ending
from auth_service.evidence import Attempt, describe_engine
from auth_service.flows import (
    Accepted,
    EnrollmentFlow,
    InProgress,
    Phase,
    Refused,
    SessionFlow,
    Update,
    VerificationFlow,
)
from auth_service.mailbox import Mailbox
from auth_service.models import AuthSession, SessionPurpose, Verdict
from auth_service.protocol import ColorShown, Frame, StepShown, present_error
from auth_service.recording.errors import RecordingFailed
from auth_service.recording.recorder import SessionRecorder
from auth_service.recording.sessions import store_recording
from auth_service.services import ClaimedSession
from auth_service.steps import present_step
from auth_service.thresholds import site_policies
from common import clock
from common.db_threads import in_db_thread
from common.errors import DeadlineExceeded, InvalidImage, QuotaExceeded, SessionExpired, Throttled
from core.async_processing import AsyncFaceProcessor
from core.engine.types import FaceEngine
from core.imaging import decode_image
from core.liveness.analyzer import MAX_FRAME_PIXELS, FrameAnalyzer
from core.liveness.gates import thresholds_in_force
from core.liveness.injection import DeviceReport
from core.liveness.policy import Level
from core.liveness.script import Script, draw_script
from core.liveness.traits import traits_of

HEARTBEAT_SECONDS = 5.0
BAD_FRAMES_ALLOWED = 5
LATE_FRAMES_ALLOWED = 20
PACE_ALLOWED = 2.0
"""Frames are analysed at most this many times as fast as the page was asked to send them."""

Send = Callable[[dict[str, object]], Awaitable[None]]
Report = StepShown | ColorShown


class SessionRunner:
    """Runs one attempt of one claimed session on one socket.

    The mailbox keeps the newest frame and drops older ones; reports wait in a bounded queue that drops the
    oldest. Both are filled by the consumer and emptied here.
    """

    def __init__(
        self,
        *,
        claimed: ClaimedSession,
        engine: FaceEngine,
        processor: AsyncFaceProcessor,
        safe_mode: bool,
        send: Send,
        device: DeviceReport | None = None,
        recorder: SessionRecorder | None = None,
    ) -> None:
        self.inbox: Mailbox[Frame] = Mailbox()
        self.reports: deque[Report] = deque(maxlen=32)
        self._claimed = claimed
        self._engine = engine
        self._processor = processor
        self._send = send
        self._recorder = recorder
        self._script = draw_session_script(claimed=claimed, engine=engine, safe_mode=safe_mode)
        self._flow = _build_flow(claimed.session, script=self._script, engine=engine, device=device)
        self._analyzer = FrameAnalyzer(engine)
        self._update: Update | None = None
        self._begun = False
        self._frames = 0
        self._bad_frames = 0
        self._late_frames = 0
        self._started_at = time.monotonic()
        self._heartbeat_at = self._started_at

    @property
    def script(self) -> Script:
        return self._script

    @property
    def frames(self) -> int:
        """Analysed so far on this socket."""
        return self._frames

    @property
    def frames_left(self) -> int:
        return self._flow.frames_left

    async def run(self) -> Ending:
        """Pump until the attempt ends. Raises FaceAppError for what ends the socket without a verdict."""
        try:
            ending = await self._pump()
        finally:
            stored = await self._store_recording()
        # Only here: what ended the socket, or its cancellation, must not be hidden by this.
        if not stored:
            raise RecordingFailed
        return ending

    async def _store_recording(self) -> bool:
        """Whole, before the page learns of the end; True too where nothing is recorded."""
        if self._recorder is None:
            return True
        store = in_db_thread(store_recording)
        session_id = self._claimed.session.pk
        return await store(self._recorder, session_id=session_id, flow=self._flow, update=self._update)

    async def _pump(self) -> Ending:
        while True:
            await self._keep_alive()
            try:
                frame = await asyncio.wait_for(self.inbox.take(), timeout=HEARTBEAT_SECONDS)
            except TimeoutError:
                continue
            began = time.monotonic()
            ending = await self._answer(frame)
            if ending:
                return ending
            # A page that sends much faster than it was asked to takes nobody else's share. After the answer:
            # nobody waits longer for their step.
            shortest = 1 / (PACE_ALLOWED * settings.FACE_FRAMES_PER_SECOND)
            await asyncio.sleep(max(0.0, began + shortest - time.monotonic()))

    async def _answer(self, frame: Frame) -> Ending | None:
        """Judge one frame and tell the page; the ending when that was the last one."""
        update = await self._analyze(frame)
        if update is None:
            return None
        if isinstance(update, InProgress):
            return await self._continue(update, frame=frame)
        return await self._finish(update)

    async def _keep_alive(self) -> None:
        now = clock.now()
        if now >= self._claimed.session.expires_at:
            raise SessionExpired
        if time.monotonic() - self._heartbeat_at < HEARTBEAT_SECONDS:
            return
        self._heartbeat_at = time.monotonic()
        await in_db_thread(services.heartbeat_socket)(
            session_id=self._claimed.session.pk, socket_id=self._claimed.socket_id, now=now
        )

    async def _analyze(self, frame: Frame) -> Update | None:
        """The flow's answer to one frame, or None when the frame could not be used."""
        try:
            update = await self._processor.run(
                lambda: self._step(frame), deadline_seconds=settings.FACE_ENGINE_DEADLINE_SECONDS
            )
        except InvalidImage as error:
            self._bad_frames += 1
            if self._bad_frames >= BAD_FRAMES_ALLOWED:
                raise
            await self._send(present_error(error))
            return None
        except (DeadlineExceeded, Throttled) as error:
            # The server is busy: this frame is lost, the session is not.
            self._late_frames += 1
            if self._late_frames >= LATE_FRAMES_ALLOWED:
                raise
            await self._send(present_error(error))
            return None
        self._late_frames = 0
        self._frames += 1
        if self._frames == 1:
            await in_db_thread(services.confirm_link_used)(
                session_id=self._claimed.session.pk, now=clock.now()
            )
        return update

    def _step(self, frame: Frame) -> Update:
        """On an inference thread, one frame of this session at a time."""
        self._apply_reports()
        observation = self._analyzer.analyze(
            frame.jpeg,
            image=decode_image(
                frame.jpeg, max_bytes=settings.FACE_MAX_FRAME_BYTES, max_pixels=MAX_FRAME_PIXELS
            ),
            sequence=frame.sequence,
            captured_at_seconds=frame.captured_at_seconds,
            request=self._flow.wants(),
            received_at_seconds=frame.received_at_seconds,
        )
        # A report that came during the analysis belongs to what this frame is judged by.
        self._apply_reports()
        self._update = self._flow.advance(observation)
        if self._recorder:
            self._recorder.add(frame)
        return self._update

    def _apply_reports(self) -> None:
        while self.reports:
            report = self.reports.popleft()
            if isinstance(report, StepShown):
                self._flow.record_step_shown(report.step_id, report.shown_at_seconds)
            else:
                self._flow.record_color_shown(report.step_id, report.index, report.shown_at_seconds)

    async def _continue(self, update: InProgress, *, frame: Frame) -> Ending | None:
        if update.phase is Phase.CHALLENGE and not self._begun:
            # Counted before the script's first step is known, so that nobody can look at it for nothing.
            try:
                await in_db_thread(services.begin_attempt)(
                    session_id=self._claimed.session.pk,
                    socket_id=self._claimed.socket_id,
                    now=clock.now(),
                )
            except Throttled:
                return Ending(verdict=Verdict.FAILED, reasons=("too_many_attempts",), retry_allowed=False)
            self._begun = True
        await self._send(present_step(update, sequence=frame.sequence))
        return None

    async def _finish(self, update: Accepted | Refused) -> Ending:
        session = self._claimed.session
        attempt = Attempt(
            script=self._script,
            liveness=update.liveness,
            timeline=update.timeline,
            frames=self._frames,
            frames_dropped=self.inbox.dropped,
            seconds=time.monotonic() - self._started_at,
            engine=describe_engine(self._engine),
            models=self._engine.summary().models,
            thresholds=thresholds_in_force(
                policy=site_policies()[self._script.level], traits=traits_of(self._engine)
            ),
        )
        socket_id, now = self._claimed.socket_id, clock.now()
        if isinstance(update, Refused):
            reasons = [str(reason) for reason in update.reasons]
            return await in_db_thread(completion.fail_attempt)(
                session_id=session.pk, socket_id=socket_id, attempt=attempt, reasons=reasons, now=now
            )
        complete = (
            completion.complete_enrollment
            if session.purpose == SessionPurpose.ENROLLMENT
            else completion.complete_verification
        )
        return await in_db_thread(complete)(
            session_id=session.pk,
            socket_id=socket_id,
            samples=update.samples,
            attempt=attempt,
            contract=self._engine.contract,
            now=now,
        )


def draw_session_script(*, claimed: ClaimedSession, engine: FaceEngine, safe_mode: bool) -> Script:
    """The attempt's script: bound to the session's nonce and this socket, unguessable without our key."""
    seed = hmac.new(
        settings.SECRET_KEY.encode(),
        f"script:{claimed.session.nonce}:{claimed.socket_id}".encode(),
        hashlib.sha256,
    ).digest()
    return draw_script(
        random.Random(seed),
        layout=engine.landmark_layout,
        level=Level(claimed.session.liveness_level),
        safe_mode=safe_mode,
    )


def _build_flow(
    session: AuthSession, *, script: Script, engine: FaceEngine, device: DeviceReport | None
) -> SessionFlow:
    budget = settings.FACE_MAX_FRAMES_PER_SESSION - session.frames_analyzed
    if budget <= 0:
        raise QuotaExceeded("The session has used up its frames.")
    flow = EnrollmentFlow if session.purpose == SessionPurpose.ENROLLMENT else VerificationFlow
    return flow(
        script=script,
        traits=traits_of(engine),
        frame_budget=budget,
        device=device,
        policies=site_policies(),
    )
