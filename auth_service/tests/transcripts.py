"""Transcripts of a session's socket, recorded at the page's side, and what two kinds of attacker do with one.

The first kind sends bytes again. The second knows the protocol: it holds a valid link of its own, tags the
recorded pictures with the new socket's key, numbers and dates them anew, reports under the new step ids, and
answers in step with the server.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from channels.testing import WebsocketCommunicator
from websockets.exceptions import ConnectionClosedOK
from websockets.frames import Close

from auth_service.frame_binding import decode_frame_key
from auth_service.protocol import Frame, pack_frame, parse_frame
from auth_service.tests.socket_page import Message, Page

ANSWER_SECONDS = 1.0
SPACING_SECONDS = 0.18


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of the page; ``at``: seconds since its first."""

    at: float
    data: str | bytes


@dataclass(frozen=True, slots=True)
class Transcript:
    """Everything that went over one socket."""

    sent: tuple[Sent, ...]
    heard: tuple[Message, ...]

    @property
    def ready(self) -> Message:
        return self.heard[0]


class RecordedSocket:
    """A test socket as the demo's client wants one, with a record of what goes through."""

    def __init__(self, communicator: WebsocketCommunicator) -> None:
        self._socket = communicator
        self._began = time.monotonic()
        self._sent: list[Sent] = []
        self._heard: list[Message] = []

    @property
    def transcript(self) -> Transcript:
        return Transcript(sent=tuple(self._sent), heard=tuple(self._heard))

    async def send(self, data: str | bytes) -> None:
        if not self._sent:
            self._began = time.monotonic()
        self._sent.append(Sent(at=time.monotonic() - self._began, data=data))
        await self._socket.send_to(**_as_event(data))

    async def recv(self) -> str:
        event = await self._socket.receive_output(timeout=60)
        if event["type"] == "websocket.close":
            raise ConnectionClosedOK(Close(event.get("code", 1000), ""), None)
        text: str = event["text"]
        self._heard.append(json.loads(text))
        return text


@dataclass(frozen=True, slots=True)
class Clip:
    """Pictures that answer one kind of step; times in seconds since the step was shown."""

    kind: str
    pictures: tuple[tuple[float, bytes], ...]
    colors: tuple[float, ...] = ()

    def at(self, since: float) -> bytes:
        """What the camera showed then: the picture nearest in time."""
        return min(self.pictures, key=lambda picture: abs(picture[0] - since))[1]

    @property
    def seconds(self) -> float:
        return self.pictures[-1][0]


@dataclass(frozen=True, slots=True)
class Film:
    """A transcript cut where its steps began."""

    before: Clip
    """Until the first step."""
    steps: tuple[Clip, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(clip.kind for clip in self.steps)


def cut(transcript: Transcript) -> Film:
    key = decode_frame_key(transcript.ready["frame_key"])
    pictures: list[tuple[float, bytes]] = []
    reports: list[Message] = []
    for message in transcript.sent:
        if isinstance(message.data, bytes):
            frame = parse_frame(message.data, key=key, max_bytes=10**7, received_at_seconds=0.0)
            pictures.append((frame.captured_at_seconds, frame.jpeg))
        else:
            reports.append(json.loads(message.data))
    kinds = {step["id"]: step["kind"] for answer in transcript.heard if (step := answer.get("step"))}
    shown = [
        (report["step"], report["shown_at_ms"] / 1000) for report in reports if report["type"] == "step.shown"
    ]
    ends = [*(at for _, at in shown[1:]), pictures[-1][0] + 1.0]

    def colors(step_id: int, since: float) -> tuple[float, ...]:
        of_step = (one for one in reports if one["type"] == "flash.shown" and one["step"] == step_id)
        return tuple(one["shown_at_ms"] / 1000 - since for one in of_step)

    def clip(kind: str, start: float, end: float, lit: tuple[float, ...] = ()) -> Clip:
        taken = tuple((at - start, jpeg) for at, jpeg in pictures if start <= at < end)
        return Clip(kind=kind, pictures=taken, colors=lit)

    first = shown[0][1]
    return Film(
        before=clip("", pictures[0][0], first),
        steps=tuple(
            clip(kinds[step], at, end, colors(step, at)) for (step, at), end in zip(shown, ends, strict=True)
        ),
    )


# The one who sends bytes -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Refusal:
    code: str
    reason: str
    close_code: int


async def send_again(page: Page, messages: Sequence[Sent]) -> Refusal:
    """Send at the times given until the server closes the socket."""
    began = time.monotonic()
    for message in messages:
        await asyncio.sleep(max(0.0, began + message.at - time.monotonic()))
        if not page.socket.output_queue.empty():
            break
        await page.socket.send_to(**_as_event(message.data))
    error = (await page.hear())["error"]
    return Refusal(error["code"], error["details"].get("reason", ""), await page.closed())


def shuffled(messages: Sequence[Sent], *, seed: int) -> list[Sent]:
    """Other messages at the same times."""
    order = [message.data for message in messages]
    random.Random(seed).shuffle(order)
    return [Sent(at=message.at, data=data) for message, data in zip(messages, order, strict=True)]


def delayed(messages: Sequence[Sent], *, seconds: float) -> list[Sent]:
    return [Sent(at=message.at + seconds, data=message.data) for message in messages]


def retimed(messages: Sequence[Sent], *, speed: float) -> list[Sent]:
    """Sent faster, and the pictures dated accordingly: that much of a frame can be changed without a key."""
    return [Sent(at=message.at / speed, data=_redated(message.data, speed=speed)) for message in messages]


def _redated(data: str | bytes, *, speed: float) -> str | bytes:
    if isinstance(data, str):
        return data
    (captured_ms,) = struct.unpack_from("!d", data, 8)
    return data[:8] + struct.pack("!d", captured_ms / speed) + data[16:]


def _as_event(data: str | bytes) -> dict[str, Any]:
    return {"text_data": data} if isinstance(data, str) else {"bytes_data": data}


# The one who knows the protocol ----------------------------------------------------------------


@dataclass(slots=True)
class Replayer:
    """Plays a film into one session; the page's clock is its own."""

    film: Film
    to_order: bool
    """Plays the clip that answers what is asked, where the film has one; else one clip after the other."""
    waits: float = 0.0
    """Seconds before each answer; the step is reported as shown only then."""
    speed: float = 1.0
    _now: Clip = field(init=False)
    _since: float = field(init=False, default=0.0)
    _step: int | None = field(init=False, default=None)
    _reports: list[tuple[float, Message]] = field(init=False, default_factory=list)
    _played: int = field(init=False, default=0)
    _began: float = field(init=False, default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._now = self.film.before

    async def run(self, page: Page) -> Message:
        """The server's last message: a verdict, or the error that closed the socket."""
        for sequence in itertools.count(1):
            at = self._clock()
            await self._report(page, until=at)
            frame = Frame(sequence=sequence, captured_at_seconds=at, jpeg=self._picture(at))
            await page.socket.send_to(bytes_data=pack_frame(frame, key=page.frame_key))
            ending = await self._hear(page, sequence)
            if ending:
                return ending
            await asyncio.sleep(max(0.0, at + SPACING_SECONDS - self._clock()))
        raise AssertionError("the server never ended the session")

    def _picture(self, at: float) -> bytes:
        since = (at - self._since) * self.speed
        if 0.0 <= since <= self._now.seconds:
            return self._now.at(since)
        # Waiting: the person looks into the camera.
        return self.film.before.at(since % max(self.film.before.seconds, SPACING_SECONDS))

    async def _report(self, page: Page, *, until: float) -> None:
        due = [report for report in self._reports if report[0] <= until]
        self._reports = self._reports[len(due) :]
        for at, report in due:
            await page.say(**report, shown_at_ms=at * 1000)

    async def _hear(self, page: Page, sequence: int) -> Message | None:
        give_up = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                answer = await asyncio.wait_for(page.hear(), max(0.01, give_up - time.monotonic()))
            except TimeoutError:
                return None
            if answer["type"] != "step":
                return answer
            if answer["step"]:
                self._follow(answer["step"])
            if answer["frame"] >= sequence:
                return None

    def _follow(self, step: Message) -> None:
        if step["id"] == self._step:
            return
        self._step, self._since = step["id"], self._clock() + self.waits
        self._now = self._choose(step["kind"])
        self._reports = [(self._since, {"type": "step.shown", "step": step["id"]})]
        if step["colors"]:
            self._reports += [
                (
                    self._since + lit / self.speed,
                    {"type": "flash.shown", "step": step["id"], "index": index},
                )
                for index, lit in enumerate(self._now.colors)
            ]

    def _choose(self, kind: str) -> Clip:
        self._played += 1
        following = self.film.steps[(self._played - 1) % len(self.film.steps)]
        if not self.to_order:
            return following
        return next((clip for clip in self.film.steps if clip.kind == kind), following)

    def _clock(self) -> float:
        return time.monotonic() - self._began
