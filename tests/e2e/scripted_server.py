"""A server that speaks the session protocol from a script, and fetches everything else from Django.

It stands where the ASGI server stands: pages and sockets come from one host and port, so that the page under
test needs no special address. What the page sends is read with the consumer's own parser.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http.client import HTTPResponse
from typing import Any, cast

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from auth_service.frame_binding import encode_frame_key, new_frame_key
from auth_service.protocol import Frame, parse_frame

Message = dict[str, Any]
MAX_FRAME_BYTES = 524288
RESUME_TOKEN = "resume-1"
HOP_HEADERS = {"connection", "transfer-encoding", "content-length", "date", "server"}
LIMITS: Message = {
    "max_frame_bytes": MAX_FRAME_BYTES,
    "frames_per_second": 8,
    "frames_left": 400,
    "expires_in_seconds": 600,
    "width": 640,
    "height": 480,
    "jpeg_quality": 0.8,
}


@dataclass(frozen=True, slots=True)
class Received:
    """One frame, and how many earlier ones were still unanswered for less than a second."""

    frame: Frame
    at: float
    unanswered: int


@dataclass
class Peer:
    """One connection of the page, seen from the server's side."""

    socket: ServerConnection
    start: Message = field(default_factory=dict)
    frames: list[Received] = field(default_factory=list)
    reports: list[Message] = field(default_factory=list)
    close_code: int | None = None
    frame_key: bytes = field(default_factory=new_frame_key, repr=False)
    _answered: int = 0

    async def begin(
        self, *, limits: Message | None = None, resume_token: str = RESUME_TOKEN, steps: int = 2
    ) -> None:
        first = await self.socket.recv()
        self.start = json.loads(first)
        assert self.start["type"] == "session.start"
        await self.send(
            {
                "type": "session.ready",
                "purpose": "verification",
                "challenge": {"steps_total": steps, "level": "standard", "flash": True},
                "limits": LIMITS | (limits or {}),
                "resume_token": resume_token,
                "frame_key": encode_frame_key(self.frame_key),
            }
        )

    async def refuse(self, code: str, *, close: int, details: Message | None = None) -> None:
        """Answer the first message with an error and the close code that belongs to it."""
        self.start = json.loads(await self.socket.recv())
        await self.error(code, details=details)
        await self.socket.close(close)

    async def next_frame(self) -> Frame:
        """The next frame; reports that come before it are put aside."""
        while True:
            data = await asyncio.wait_for(self.socket.recv(), timeout=10)
            if isinstance(data, bytes):
                return self._note(data)
            self.reports.append(json.loads(data))

    async def answer(self, **changes: Any) -> Frame:
        """Take one frame and answer it with a step that differs from plain framing by ``changes``."""
        frame = await self.next_frame()
        await self.step(frame.sequence, **changes)
        return frame

    async def step(self, sequence: int, **changes: Any) -> None:
        self._answered = max(self._answered, sequence)
        message: Message = {
            "type": "step",
            "frame": sequence,
            "phase": "framing",
            "step": None,
            "instruction": "face_the_camera",
            "hint": None,
            "progress": 0.0,
            "face": {"left": 0.3, "top": 0.2, "width": 0.3, "height": 0.5},
        }
        await self.send(message | changes)

    async def motion(self, kind: str, *, step_id: int, index: int, total: int, **changes: Any) -> Frame:
        step = {"id": step_id, "kind": kind, "index": index, "total": total, "window_seconds": 2.5,
                "colors": None, "color_seconds": None, "attempt": 1}  # fmt: skip
        progress = index / total
        return await self.answer(
            **{"phase": "challenge", "instruction": kind, "step": step, "progress": progress} | changes
        )

    async def flash(
        self, colors: list[str], *, step_id: int, index: int, total: int, seconds: float
    ) -> Frame:
        step = {"id": step_id, "kind": "flash", "index": index, "total": total, "window_seconds": 3.0,
                "colors": colors, "color_seconds": seconds, "attempt": 1}  # fmt: skip
        return await self.answer(
            phase="challenge", instruction="flash", step=step, progress=index / total, hint="hold_still"
        )

    async def complete(self, verdict: str = "passed", reasons: list[str] | None = None) -> None:
        await self.send({"type": "session.completed", "verdict": verdict, "reasons": reasons or []})
        await self.socket.close(1000)

    async def fail(self, reasons: list[str], *, retry_allowed: bool) -> None:
        await self.send(
            {
                "type": "session.failed",
                "verdict": "failed",
                "reasons": reasons,
                "retry_allowed": retry_allowed,
            }
        )
        await self.socket.close(4422)

    async def error(self, code: str, *, details: Message | None = None) -> None:
        await self.send({"type": "error", "error": {"code": code, "message": code, "details": details or {}}})

    async def send(self, message: Message) -> None:
        await self.socket.send(json.dumps(message))

    async def hold(self, **changes: Any) -> None:
        """Answer every frame in the same way until the page goes."""
        while True:
            await self.answer(**changes)

    def _note(self, data: bytes) -> Frame:
        now = time.monotonic()
        frame = parse_frame(data, key=self.frame_key, max_bytes=MAX_FRAME_BYTES, received_at_seconds=now)
        unanswered = sum(one.frame.sequence > self._answered and now - one.at < 0.95 for one in self.frames)
        self.frames.append(Received(frame=frame, at=now, unanswered=unanswered))
        return frame


Script = Callable[[Peer], Awaitable[None]]


async def pass_quickly(peer: Peer) -> None:
    await peer.begin()
    await peer.answer()
    await peer.complete()


class ScriptedServer:
    """Runs one script per connection, in the order given, on a thread of its own."""

    def __init__(self, *, upstream: str) -> None:
        self.upstream = upstream
        self.peers: list[Peer] = []
        self.errors: list[BaseException] = []
        self.pages: dict[str, str] = {}
        """HTML of paths that are not Django's: another site's pages."""
        self._scripts: list[Script] = []
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="scripted-server", daemon=True)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def play(self, *scripts: Script) -> None:
        self._scripts = list(scripts)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        # A connection that the browser opened in advance is still in its handshake when the server closes.
        rest = asyncio.gather(*asyncio.all_tasks(self._loop), return_exceptions=True)
        self._loop.run_until_complete(rest)
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _serve(self) -> None:
        self._stopped = asyncio.Event()
        async with serve(self._handle, "127.0.0.1", 0, process_request=self._fetch) as server:
            self.port = _port_of(server)
            self._ready.set()
            await self._stopped.wait()

    async def _handle(self, socket: ServerConnection) -> None:
        peer = Peer(socket=socket)
        self.peers.append(peer)
        try:
            if not self._scripts:
                raise AssertionError("the page connected more often than the test expects")
            await self._scripts.pop(0)(peer)
        except ConnectionClosed:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again in the test by `check`
            self.errors.append(error)
        finally:
            await socket.close()
            peer.close_code = socket.close_code

    def check(self) -> None:
        """Raise what went wrong in a script."""
        if self.errors:
            raise self.errors[0]

    async def _fetch(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return None
        if request.path in self.pages:
            body = self.pages[request.path].encode()
            return Response(200, "OK", Headers({"Content-Type": "text/html", "Connection": "close"}), body)
        return await asyncio.get_running_loop().run_in_executor(None, self._fetch_upstream, request)

    def _fetch_upstream(self, request: Request) -> Response:
        kept = {
            name: value for name, value in request.headers.raw_items() if name.lower() != "accept-encoding"
        }
        upstream = urllib.request.Request(self.upstream + request.path, headers=kept)  # noqa: S310
        try:
            answer = urllib.request.urlopen(upstream, timeout=20)  # noqa: S310
        except urllib.error.HTTPError as error:
            answer = cast(HTTPResponse, error)
        with answer:
            body = answer.read()
            headers = Headers(
                [(name, value) for name, value in answer.headers.items() if name.lower() not in HOP_HEADERS]
            )
            headers["Content-Length"] = str(len(body))
            headers["Connection"] = "close"
            return Response(answer.status, answer.reason, headers, body)


def _port_of(server: Server) -> int:
    port: int = next(iter(server.sockets)).getsockname()[1]
    return port
