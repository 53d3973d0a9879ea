"""The demo's session client keeps to the protocol, against a real socket that plays a scripted server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from auth_service.demo.socket_client import Outcome, SessionBrokenOff, run_session
from auth_service.frame_binding import encode_frame_key, new_frame_key
from auth_service.protocol import Frame, parse_frame, parse_message

Play = Callable[["Peer"], Awaitable[None]]
COLORS = ["#ff4040", "#40ff40", "#4040ff"]
COLOR_SECONDS = 0.12


class NotedCamera:
    """Shows no person; keeps what it was told and when it was asked."""

    def __init__(self, *, seconds_per_frame: float = 0.0) -> None:
        self.steps: list[tuple[str, float]] = []
        self.colors: list[tuple[str | None, float]] = []
        self.asked: list[float] = []
        self._seconds_per_frame = seconds_per_frame

    def show_step(self, kind: str, *, at: float) -> None:
        self.steps.append((kind, at))

    def show_color(self, color: str | None, *, at: float) -> None:
        self.colors.append((color, at))

    def frame(self, *, at: float) -> bytes:
        self.asked.append(at)
        time.sleep(self._seconds_per_frame)
        return b"jpeg %d" % len(self.asked)


class Peer:
    """The server's end of one socket."""

    def __init__(self, socket: ServerConnection) -> None:
        self._socket = socket
        self._frame_key = new_frame_key()
        self.frames: list[Frame] = []
        self.reports: list[Any] = []

    async def greet(self, *, frames_per_second: int = 50) -> Any:
        start = parse_message(str(await self._socket.recv()))
        await self.say(
            {
                "type": "session.ready",
                "limits": {"frames_per_second": frames_per_second},
                "frame_key": encode_frame_key(self._frame_key),
            }
        )
        return start

    async def say(self, message: dict[str, Any]) -> None:
        await self._socket.send(json.dumps(message))

    async def take_frame(self) -> Frame:
        while True:
            data = await self._socket.recv()
            if isinstance(data, str):
                self.reports.append(parse_message(data))
                continue
            frame = parse_frame(
                data, key=self._frame_key, max_bytes=1000, received_at_seconds=time.monotonic()
            )
            self.frames.append(frame)
            return frame

    async def answer(
        self, frame: Frame, *, step: dict[str, Any] | None = None, hint: str | None = None
    ) -> None:
        await self.say({"type": "step", "frame": frame.sequence, "step": step, "hint": hint})

    async def pass_session(self) -> None:
        await self.say({"type": "session.completed", "verdict": "passed", "reasons": []})

    async def close(self, code: int) -> None:
        await self._socket.close(code)


def step(step_id: int, kind: str, *, colors: list[str] | None = None) -> dict[str, Any]:
    return {"id": step_id, "kind": kind, "colors": colors, "color_seconds": COLOR_SECONDS if colors else None}


@contextlib.asynccontextmanager
async def playing(play: Play) -> AsyncIterator[tuple[str, list[Peer]]]:
    peers: list[Peer] = []

    async def handle(socket: ServerConnection) -> None:
        peers.append(Peer(socket))
        await play(peers[-1])

    async with serve(handle, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}/", peers


async def run(play: Play, camera: NotedCamera | None = None, **options: Any) -> tuple[Outcome, Peer]:
    async with playing(play) as (url, peers):
        outcome = await run_session(
            socket_url=url, token="secret", camera=camera or NotedCamera(), limit_seconds=10, **options
        )
    return outcome, peers[0]


@pytest.mark.parametrize("safe_mode", [True, False])
async def test_the_first_message_carries_the_token_and_the_safe_mode(safe_mode: bool) -> None:
    started = []

    async def play(peer: Peer) -> None:
        started.append(await peer.greet())
        await peer.take_frame()
        await peer.pass_session()

    await run(play, safe_mode=safe_mode)
    assert (started[0].token, started[0].safe_mode) == ("secret", safe_mode)


async def test_frames_are_numbered_from_one_and_stamped_with_the_time_the_camera_was_asked_for() -> None:
    camera = NotedCamera()

    async def play(peer: Peer) -> None:
        await peer.greet()
        for _ in range(5):
            await peer.answer(await peer.take_frame())
        await peer.pass_session()

    outcome, peer = await run(play, camera)

    assert [frame.sequence for frame in peer.frames] == [1, 2, 3, 4, 5]
    assert [frame.captured_at_seconds for frame in peer.frames] == pytest.approx(camera.asked[:5])
    assert peer.frames[2].jpeg == b"jpeg 3"
    assert outcome.verdict == "passed"
    assert len(outcome.frame_milliseconds) == 5


async def test_no_frame_is_sent_while_another_waits_for_its_answer() -> None:
    async def play(peer: Peer) -> None:
        await peer.greet()
        frame = await peer.take_frame()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(peer.take_frame(), 0.3)
        await peer.answer(frame)
        await peer.take_frame()
        await peer.pass_session()

    outcome, peer = await run(play)
    assert len(peer.frames) == 2
    assert outcome.frame_milliseconds[0] > 290


async def test_a_frame_without_an_answer_is_given_up_after_a_second() -> None:
    async def play(peer: Peer) -> None:
        await peer.greet()
        await peer.take_frame()
        await peer.answer(await peer.take_frame())
        await peer.take_frame()
        await peer.pass_session()

    outcome, peer = await run(play)
    waited = peer.frames[1].captured_at_seconds - peer.frames[0].captured_at_seconds
    assert 0.95 < waited < 1.4
    assert len(outcome.frame_milliseconds) == 1


async def test_frames_come_no_faster_than_the_server_wants_them() -> None:
    async def play(peer: Peer) -> None:
        await peer.greet(frames_per_second=10)
        for _ in range(4):
            await peer.answer(await peer.take_frame())
        await peer.take_frame()
        await peer.pass_session()

    _, peer = await run(play)
    times = [frame.captured_at_seconds for frame in peer.frames]
    assert times[-1] - times[0] == pytest.approx(0.4, abs=0.1)


async def test_a_step_is_shown_and_reported_once_on_the_capture_clock() -> None:
    camera = NotedCamera()

    async def play(peer: Peer) -> None:
        await peer.greet()
        for shown in (None, step(4, "turn_left"), step(4, "turn_left"), step(9, "turn_left"), None):
            await peer.answer(await peer.take_frame(), step=shown)
        await peer.take_frame()
        await peer.pass_session()

    outcome, peer = await run(play, camera)

    assert [kind for kind, _ in camera.steps] == ["turn_left", "turn_left"]
    assert [report.step_id for report in peer.reports] == [4, 9]
    assert [report.shown_at_seconds for report in peer.reports] == pytest.approx(
        [at for _, at in camera.steps]
    )
    assert outcome.steps == ("turn_left", "turn_left")
    assert peer.frames[1].captured_at_seconds < peer.reports[0].shown_at_seconds
    assert peer.reports[0].shown_at_seconds <= peer.frames[2].captured_at_seconds


async def test_a_flash_runs_through_its_colours_while_frames_go_on() -> None:
    camera = NotedCamera()

    async def play(peer: Peer) -> None:
        await peer.greet()
        give_up = time.monotonic() + COLOR_SECONDS * (len(COLORS) + 1)
        while time.monotonic() < give_up:
            await peer.answer(await peer.take_frame(), step=step(2, "flash", colors=COLORS))
        await peer.answer(await peer.take_frame())
        await peer.take_frame()
        await peer.pass_session()

    _, peer = await run(play, camera)

    assert [color for color, _ in camera.colors] == [*COLORS, None]
    gaps = [later[1] - earlier[1] for earlier, later in zip(camera.colors, camera.colors[1:], strict=False)]
    assert gaps == pytest.approx([COLOR_SECONDS] * 3, abs=0.06)
    shown = [report for report in peer.reports if hasattr(report, "index")]
    assert [(report.step_id, report.index) for report in shown] == [(2, 0), (2, 1), (2, 2)]
    assert [report.shown_at_seconds for report in shown] == pytest.approx([at for _, at in camera.colors[:3]])
    assert len(peer.frames) > 6


async def test_a_flash_that_is_cut_short_leaves_the_screen_dark() -> None:
    camera = NotedCamera()

    async def play(peer: Peer) -> None:
        await peer.greet()
        await peer.answer(await peer.take_frame(), step=step(2, "flash", colors=COLORS))
        await asyncio.sleep(COLOR_SECONDS / 2)
        await peer.answer(await peer.take_frame(), step=step(3, "look_up"))
        await peer.take_frame()
        await peer.pass_session()

    await run(play, camera)
    assert [color for color, _ in camera.colors] == [COLORS[0], None]


async def test_a_slow_camera_does_not_hold_up_the_colours() -> None:
    camera = NotedCamera(seconds_per_frame=0.3)

    async def play(peer: Peer) -> None:
        await peer.greet()
        await peer.answer(await peer.take_frame(), step=step(2, "flash", colors=COLORS))
        for _ in range(3):
            await peer.answer(await peer.take_frame(), step=step(2, "flash", colors=COLORS))
        await peer.pass_session()

    await run(play, camera)
    assert camera.colors[2][1] - camera.colors[0][1] == pytest.approx(2 * COLOR_SECONDS, abs=0.06)


async def test_hints_are_counted_and_a_refusal_brings_its_reasons() -> None:
    async def play(peer: Peer) -> None:
        await peer.greet()
        for hint in ("move_closer", "move_closer", None, "too_dark"):
            await peer.answer(await peer.take_frame(), hint=hint)
        await peer.take_frame()
        await peer.say(
            {"type": "session.failed", "verdict": "failed", "reasons": ["flat_face"], "retry_allowed": True}
        )
        await peer.close(4422)

    outcome, _ = await run(play)
    assert (outcome.verdict, outcome.reasons) == ("failed", ("flat_face",))
    assert outcome.hints == {"move_closer": 2, "too_dark": 1}


async def test_one_refused_frame_does_not_end_the_session() -> None:
    async def play(peer: Peer) -> None:
        await peer.greet()
        await peer.take_frame()
        await peer.say({"type": "error", "error": {"code": "invalid_image", "message": "", "details": {}}})
        await peer.take_frame()
        await peer.pass_session()

    outcome, _ = await run(play)
    assert (outcome.verdict, outcome.frames) == ("passed", 2)


@pytest.mark.parametrize("greeted", [True, False])
async def test_a_socket_that_closes_without_a_verdict_says_why(greeted: bool) -> None:
    async def play(peer: Peer) -> None:
        if greeted:
            await peer.greet()
            await peer.take_frame()
        await peer.say({"type": "error", "error": {"code": "session_expired", "message": "", "details": {}}})
        await peer.close(4409)

    with pytest.raises(SessionBrokenOff) as caught:
        await run(play)
    assert (caught.value.code, caught.value.close_code) == ("session_expired", 4409)


async def test_a_session_that_never_ends_is_given_up() -> None:
    async def play(peer: Peer) -> None:
        await peer.greet()
        while True:
            await peer.answer(await peer.take_frame())

    async with playing(play) as (url, _):
        with pytest.raises(TimeoutError):
            await run_session(socket_url=url, token="secret", camera=NotedCamera(), limit_seconds=0.5)


def test_percentiles_of_a_session_without_answers_are_zero() -> None:
    outcome = Outcome(verdict="failed", reasons=(), seconds=1.0, frames=0, frame_milliseconds=(), steps=())
    assert outcome.percentile(95) == 0
