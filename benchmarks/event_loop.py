"""How fast a plain request is answered while sockets stream: the event loop must never wait for a model."""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
from websockets.asyncio.client import ClientConnection, connect

from auth_service.demo.rest_client import OpenedSession, RestClient
from auth_service.demo.temporary_server import TemporaryServer, manage_command, run_temporary_server
from auth_service.frame_binding import decode_frame_key
from auth_service.protocol import Frame, pack_frame
from benchmarks.film import off_centre_faces
from benchmarks.headline import Headline

FRAMES_PER_SECOND = 5.0
PROBE_PAUSE_SECONDS = 0.05
IDLE_SECONDS = 3.0
ANSWER_SECONDS = 1.0


@dataclass(slots=True)
class _Count:
    analysed: int = 0


def measure(*, sockets: int, seconds: float) -> list[Headline]:
    """Median of ``GET /health/live`` idle and with ``sockets`` streaming at 5 fps offered."""
    frames = off_centre_faces(frames=16)
    with run_temporary_server() as server:
        with RestClient(url=server.url, api_key=_make_key(server)) as client:
            sessions = [_open(client, f"bench-{number}") for number in range(sockets)]
        idle, busy, analysed = asyncio.run(_run(server.url, sessions, frames, seconds=seconds))
    return [
        Headline("GET /health/live, median", "ms", "idle", idle[0], f"{sockets} sockets streaming", busy[0]),
        Headline("GET /health/live, 95th percentile", "ms", "idle", idle[1], "streaming", busy[1]),
        Headline(
            "frames analysed, all sockets",
            "per second",
            "offered",
            sockets * FRAMES_PER_SECOND,
            "analysed",
            analysed / seconds,
            more_is_better=True,
        ),
    ]


async def _run(
    url: str, sessions: Sequence[OpenedSession], frames: Sequence[bytes], *, seconds: float
) -> tuple[tuple[float, float], tuple[float, float], int]:
    idle = await _probe(url, seconds=IDLE_SECONDS)
    count = _Count()
    streams = [asyncio.create_task(_stream(session, frames, count)) for session in sessions]
    await asyncio.sleep(1.0)
    count.analysed = 0
    busy = await _probe(url, seconds=seconds)
    analysed = count.analysed
    for stream in streams:
        stream.cancel()
    await asyncio.gather(*streams, return_exceptions=True)
    return idle, busy, analysed


async def _probe(url: str, *, seconds: float) -> tuple[float, float]:
    """Median and 95th percentile in milliseconds."""
    taken = []
    async with httpx.AsyncClient(base_url=url, timeout=10.0, trust_env=False) as client:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            began = time.perf_counter()
            (await client.get("/health/live")).raise_for_status()
            taken.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(PROBE_PAUSE_SECONDS)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


async def _stream(session: OpenedSession, frames: Sequence[bytes], count: _Count) -> None:
    async with connect(session.socket_url, proxy=None) as socket:
        await socket.send(json.dumps({"type": "session.start", "token": session.token}))
        key = decode_frame_key(json.loads(await socket.recv())["frame_key"])
        sequence = 0
        while True:
            sequence += 1
            began = time.monotonic()
            frame = Frame(sequence, began, frames[sequence % len(frames)])
            await socket.send(pack_frame(frame, key=key))
            await _await_answer(socket, sequence, count)
            await asyncio.sleep(max(0.0, 1 / FRAMES_PER_SECOND - (time.monotonic() - began)))


async def _await_answer(socket: ClientConnection, sequence: int, count: _Count) -> None:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            async for text in socket:
                message = json.loads(text)
                if message["type"] == "step":
                    count.analysed += 1
                    if message["frame"] >= sequence:
                        return
    except TimeoutError:
        return


def _open(client: RestClient, external_user_id: str) -> OpenedSession:
    client.create_user(external_user_id=external_user_id, name=external_user_id)
    return client.open_session(purpose="enrollment", external_user_id=external_user_id)


def _make_key(server: TemporaryServer) -> str:
    made = subprocess.run(  # noqa: S603 - our own manage.py
        manage_command("create_client", "Benchmark", "--json"),
        env=server.environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return str(json.loads(made.stdout)["api_key"])
