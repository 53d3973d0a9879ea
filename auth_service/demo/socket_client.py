"""A session client without a browser: speaks the socket's protocol on the real clock, for any camera."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from auth_service.demo.virtual_camera import Camera
from auth_service.frame_binding import decode_frame_key
from auth_service.protocol import Frame, pack_frame

ANSWER_TIMEOUT_SECONDS = 1.0
READY_TIMEOUT_SECONDS = 15.0
MAX_MESSAGE_BYTES = 64 * 1024


class SessionBrokenOff(Exception):
    """The socket closed without a verdict."""

    def __init__(self, code: str, *, close_code: int | None) -> None:
        super().__init__(f"{code} (close code {close_code})")
        self.code = code
        self.close_code = close_code


@dataclass(frozen=True, slots=True)
class Outcome:
    verdict: str
    reasons: tuple[str, ...]
    seconds: float
    frames: int
    frame_milliseconds: tuple[float, ...]
    """From sending each frame to its answer."""
    steps: tuple[str, ...]
    """Kinds in the order they were commanded."""
    hints: Mapping[str, int] = field(default_factory=dict)
    """How often the server asked for something else."""

    def percentile(self, share: float) -> float:
        """Milliseconds per frame; 0 when no frame was answered."""
        return float(np.percentile(self.frame_milliseconds, share)) if self.frame_milliseconds else 0.0


class Socket(Protocol):
    """One end of a session's socket. Both methods raise websockets' ConnectionClosed at its end."""

    async def send(self, message: str | bytes, /) -> None: ...

    async def recv(self) -> str | bytes: ...


async def run_session(
    *,
    socket_url: str,
    token: str,
    camera: Camera,
    safe_mode: bool = False,
    consent: str = "",
    limit_seconds: float = 120.0,
) -> Outcome:
    """Run one attempt to its verdict; ``consent`` is what a recording server asks for.

    Raises SessionBrokenOff, or TimeoutError after ``limit_seconds``.
    """
    async with asyncio.timeout(limit_seconds):
        async with await _connect(socket_url) as socket:
            return await hold_session(
                socket, token=token, camera=camera, safe_mode=safe_mode, consent=consent
            )


async def hold_session(
    socket: Socket, *, token: str, camera: Camera, safe_mode: bool = False, consent: str = ""
) -> Outcome:
    """Run one attempt on a socket that is open. Raises SessionBrokenOff."""
    client = _Client(socket=socket, camera=camera)
    try:
        return await client.run(token=token, safe_mode=safe_mode, consent=consent)
    finally:
        client.stop_light()


async def _connect(socket_url: str) -> ClientConnection:
    try:
        return await connect(socket_url, max_size=MAX_MESSAGE_BYTES, proxy=None)
    except (OSError, InvalidHandshake) as error:
        raise SessionBrokenOff("connection_failed", close_code=None) from error


class _Client:
    def __init__(self, *, socket: Socket, camera: Camera) -> None:
        self._socket = socket
        self._camera = camera
        self._frame_key = b""
        self._began = time.monotonic()
        self._sent: dict[int, float] = {}
        self._milliseconds: list[float] = []
        self._steps: list[str] = []
        self._hints: dict[str, int] = {}
        self._step_id: int | None = None
        self._light: asyncio.Task[None] | None = None
        self._last_error: str | None = None

    async def run(self, *, token: str, safe_mode: bool, consent: str) -> Outcome:
        await self._send(
            {"type": "session.start", "token": token, "safe_mode": safe_mode, "consent": consent}
        )
        async with asyncio.timeout(READY_TIMEOUT_SECONDS):
            ready = await self._receive("session.ready")
        self._frame_key = decode_frame_key(ready["frame_key"])
        spacing = 1.0 / float(ready["limits"]["frames_per_second"])
        sequence = 0
        while True:
            sequence += 1
            taken_at = self._now()
            # Rendering would hold up the colours of a flash.
            jpeg = await asyncio.to_thread(self._camera.frame, at=taken_at)
            await self._send_frame(Frame(sequence=sequence, captured_at_seconds=taken_at, jpeg=jpeg))
            ending = await self._await_answer(sequence)
            if ending:
                return self._outcome(ending, frames=sequence)
            await asyncio.sleep(max(0.0, taken_at + spacing - self._now()))

    def stop_light(self) -> None:
        if self._light:
            self._light.cancel()

    async def _await_answer(self, sequence: int) -> dict[str, Any] | None:
        """Handle messages until this frame is answered or given up; the final message when it came."""
        give_up = self._now() + ANSWER_TIMEOUT_SECONDS
        while True:
            try:
                async with asyncio.timeout(max(0.0, give_up - self._now())):
                    message = await self._receive()
            except TimeoutError:
                return None
            if message["type"] in {"session.completed", "session.failed"}:
                return message
            if message["type"] == "error":
                return None
            if message["type"] == "step":
                self._note_answer(message)
                await self._follow(message["step"])
                if message["frame"] >= sequence:
                    return None

    def _note_answer(self, message: dict[str, Any]) -> None:
        sent = self._sent.pop(message["frame"], None)
        if sent is not None:
            self._milliseconds.append((self._now() - sent) * 1000)
        hint = message["hint"]
        if hint:
            self._hints[hint] = self._hints.get(hint, 0) + 1

    async def _follow(self, step: dict[str, Any] | None) -> None:
        step_id = step["id"] if step else None
        if step_id == self._step_id:
            return
        self._step_id = step_id
        self.stop_light()
        if step is None:
            return
        self._steps.append(step["kind"])
        shown_at = self._now()
        self._camera.show_step(step["kind"], at=shown_at)
        await self._send({"type": "step.shown", "step": step["id"], "shown_at_ms": shown_at * 1000})
        if step["colors"]:
            self._light = asyncio.create_task(
                self._shine(step["id"], colors=step["colors"], seconds=step["color_seconds"])
            )

    async def _shine(self, step_id: int, *, colors: Sequence[str], seconds: float) -> None:
        try:
            for index, color in enumerate(colors):
                at = self._now()
                self._camera.show_color(color, at=at)
                shown = {"type": "flash.shown", "step": step_id, "index": index, "shown_at_ms": at * 1000}
                await self._send(shown)
                await asyncio.sleep(seconds)
        finally:
            self._camera.show_color(None, at=self._now())

    async def _send(self, message: dict[str, object]) -> None:
        await self._send_data(json.dumps(message))

    async def _send_frame(self, frame: Frame) -> None:
        self._sent[frame.sequence] = self._now()
        await self._send_data(pack_frame(frame, key=self._frame_key))

    async def _send_data(self, data: str | bytes) -> None:
        # The verdict or the reason may be waiting to be read: receiving tells what the close meant.
        with contextlib.suppress(ConnectionClosed):
            await self._socket.send(data)

    async def _receive(self, wanted: str | None = None) -> dict[str, Any]:
        while True:
            try:
                message: dict[str, Any] = json.loads(await self._socket.recv())
            except ConnectionClosed as closed:
                raise self._broken_off(closed) from closed
            if message["type"] == "error":
                self._last_error = message["error"]["code"]
            if wanted is None or message["type"] == wanted:
                return message

    def _broken_off(self, closed: ConnectionClosed) -> SessionBrokenOff:
        close_code = closed.rcvd.code if closed.rcvd else None
        return SessionBrokenOff(self._last_error or "connection_closed", close_code=close_code)

    def _outcome(self, ending: dict[str, Any], *, frames: int) -> Outcome:
        return Outcome(
            verdict=ending["verdict"],
            reasons=tuple(ending["reasons"]),
            seconds=self._now(),
            frames=frames,
            frame_milliseconds=tuple(self._milliseconds),
            steps=tuple(self._steps),
            hints=dict(self._hints),
        )

    def _now(self) -> float:
        return time.monotonic() - self._began
