"""The session socket: translates messages, holds no rule, never waits for a model inside receive()."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import OperationalError

from auth_service import services
from auth_service.completion import Ending
from auth_service.device import describe_device
from auth_service.frame_binding import new_frame_key
from auth_service.models import Verdict
from auth_service.protocol import SessionStart, parse_frame, parse_message, present_error
from auth_service.recording.sessions import find_agreement, make_recorder
from auth_service.runner import SessionRunner
from auth_service.services import ClaimedSession
from auth_service.steps import present_ending, present_ready
from common import clock
from common.db_threads import in_db_thread
from common.errors import (
    FaceAppError,
    InvalidParameter,
    NotAuthenticated,
    NotFound,
    SessionExpired,
    StoreUnavailable,
    Throttled,
)
from core.async_processing import get_processor
from core.engine.registry import get_engine

logger = logging.getLogger(__name__)

START_SECONDS = 10.0
CLOSE_COMPLETED = 1000
CLOSE_FAILED = 4422

_open_sockets: dict[SessionConsumer, None] = {}
"""Longest connected first."""


class SessionConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels ships no types
    """One page's connection to one session."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._claimed: ClaimedSession | None = None
        self._runner: SessionRunner | None = None
        self._task: asyncio.Task[None] | None = None
        self._frame_key = new_frame_key()
        self._last_sequence = 0
        self._ended = False

    @property
    def session_id(self) -> uuid.UUID:
        session_id: uuid.UUID = self.scope["url_route"]["kwargs"]["session_id"]
        return session_id

    async def connect(self) -> None:
        await self.accept()
        full = Throttled("The server holds as many sessions as it can.")
        if len(_open_sockets) >= settings.FACE_MAX_OPEN_SOCKETS:
            # Anybody can connect and say nothing: such a socket gives way to one that may have a session.
            silent = next((socket for socket in _open_sockets if socket._runner is None), None)
            await (silent or self)._close_with(full)
            if silent is None:
                return
            _open_sockets.pop(silent, None)
        _open_sockets[self] = None
        self._task = asyncio.create_task(self._close_unstarted())

    async def disconnect(self, code: int) -> None:
        self._ended = True
        _open_sockets.pop(self, None)
        if self._task:
            self._task.cancel()
            # Waited for, not awaited: whatever it raises, the session must be let go.
            await asyncio.wait({self._task})
        if self._claimed:
            await in_db_thread(services.release_socket)(
                session_id=self.session_id,
                socket_id=self._claimed.socket_id,
                frames=self._runner.frames if self._runner else 0,
            )

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self._ended:
            return
        try:
            if bytes_data is not None:
                self._receive_frame(bytes_data)
            else:
                await self._receive_text(text_data or "")
        except Exception as error:  # noqa: BLE001  an exception that left here would take disconnect() along
            await self._close_after(error)

    def _receive_frame(self, data: bytes) -> None:
        if self._runner is None:
            raise NotAuthenticated("The first message must be session.start.")
        frame = parse_frame(
            data,
            key=self._frame_key,
            max_bytes=settings.FACE_MAX_FRAME_BYTES,
            received_at_seconds=time.monotonic(),
        )
        if frame.sequence <= self._last_sequence:
            raise InvalidParameter("Frame sequence numbers must increase.")
        self._last_sequence = frame.sequence
        # Channels awaits each message in turn, so only park the frame here.
        self._runner.inbox.offer(frame)

    async def _receive_text(self, text: str) -> None:
        message = parse_message(text)
        if isinstance(message, SessionStart):
            if self._runner:
                raise InvalidParameter("The session has been started.")
            await self._start(message)
            return
        if self._runner is None:
            raise NotAuthenticated("The first message must be session.start.")
        self._runner.reports.append(message)

    async def _start(self, message: SessionStart) -> None:
        # Before the link is taken: who has not agreed to be recorded may still do so.
        agreement = await in_db_thread(find_agreement)(version=message.consent)
        engine = await in_db_thread(get_engine)()
        self._claimed = await in_db_thread(services.claim_socket)(
            session_id=self.session_id,
            token=message.token,
            origin=self._header(b"origin"),
            host=self._host(),
            now=clock.now(),
        )
        self._runner = SessionRunner(
            claimed=self._claimed,
            engine=engine,
            processor=get_processor(),
            safe_mode=message.safe_mode,
            send=self._send_message,
            device=message.device,
            recorder=make_recorder(
                agreement,
                claimed=self._claimed,
                pack=engine.summary().name,
                device=describe_device(message.device),
            )
            if agreement
            else None,
        )
        await self._send_message(
            present_ready(
                claimed=self._claimed,
                script=self._runner.script,
                frames_left=self._runner.frames_left,
                frame_key=self._frame_key,
            )
        )
        if self._task:
            self._task.cancel()
        self._task = asyncio.create_task(self._pump(self._runner))

    async def _pump(self, runner: SessionRunner) -> None:
        try:
            await self._end(await runner.run())
        except SessionExpired:
            await in_db_thread(services.expire_sessions)(now=clock.now())
            await self._end(
                Ending(verdict=Verdict.FAILED, reasons=("session_expired",), retry_allowed=False),
                code=SessionExpired.close_code,
            )
        except Exception as error:  # noqa: BLE001  the socket's own edge
            await self._close_after(error)

    async def _close_unstarted(self) -> None:
        await asyncio.sleep(START_SECONDS)
        await self._close_with(NotAuthenticated("The session was not started in time."))

    async def _end(self, ending: Ending, *, code: int | None = None) -> None:
        self._ended = True
        await self._send_message(present_ending(ending))
        if code is None:
            code = CLOSE_FAILED if ending.verdict == Verdict.FAILED else CLOSE_COMPLETED
        await self.close(code=code)

    async def _close_after(self, error: Exception) -> None:
        """Tell the page; of what was not foreseen keep the traceback and tell only that it happened."""
        if not isinstance(error, FaceAppError):
            logger.error("session failed", exc_info=error, extra={"session_id": str(self.session_id)})
            error = StoreUnavailable() if isinstance(error, OperationalError) else FaceAppError()
        await self._close_with(error)

    async def _close_with(self, error: FaceAppError) -> None:
        self._ended = True
        await self._send_message(present_error(error))
        await self.close(code=error.close_code)

    async def _send_message(self, message: dict[str, object]) -> None:
        await self.send(text_data=json.dumps(message))

    def _host(self) -> str:
        """The host the browser asked for; behind a trusted proxy it is in a header of its own."""
        forwarded = self._header(b"x-forwarded-host") if settings.USE_X_FORWARDED_HOST else None
        return forwarded or self._header(b"host") or ""

    def _header(self, name: bytes) -> str | None:
        found = [value for key, value in self.scope["headers"] if key == name]
        return found[0].decode("latin-1") if found else None


class UnknownAddressConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels ships no types
    """There is nothing at this address."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(code=NotFound.close_code)
