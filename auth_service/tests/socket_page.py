"""The page's side of a session socket in tests, and what the database holds afterwards."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import cv2
import numpy as np
from channels.testing import WebsocketCommunicator

from auth_service.frame_binding import KEY_BYTES, decode_frame_key
from auth_service.models import AuthSession
from auth_service.protocol import Frame, pack_frame
from auth_service.services import OpenedSession
from clients.models import ClientUser, FaceSample
from common.db_threads import in_db_thread
from face_app.asgi import application

Message = dict[str, Any]
HEADERS = [(b"host", b"testserver")]


class Page:
    """A page's side of the socket."""

    def __init__(self, communicator: WebsocketCommunicator) -> None:
        self.socket = communicator
        self._sequence = 0
        self.frame_key = bytes(KEY_BYTES)

    async def say(self, **message: object) -> None:
        await self.socket.send_to(text_data=json.dumps(message))

    async def hear(self) -> Message:
        message: Message = json.loads(await self.socket.receive_from(timeout=20))
        return message

    async def closed(self) -> int:
        while True:
            event = await self.socket.receive_output(timeout=20)
            if event["type"] == "websocket.close":
                return int(event.get("code", 1000))

    async def show(self, jpeg: bytes, *, sequence: int | None = None) -> None:
        self._sequence = sequence or self._sequence + 1
        frame = Frame(sequence=self._sequence, captured_at_seconds=self._sequence * 0.2, jpeg=jpeg)
        await self.socket.send_to(bytes_data=pack_frame(frame, key=self.frame_key))

    async def start(self, opened: OpenedSession, token: str | None = None, **members: object) -> Message:
        await self.say(type="session.start", token=token or opened.token, safe_mode=False, **members)
        answer = await self.hear()
        if answer["type"] == "session.ready":
            self.frame_key = decode_frame_key(answer["frame_key"])
        return answer


@asynccontextmanager
async def page_of(
    opened: OpenedSession, *, headers: list[tuple[bytes, bytes]] | None = None
) -> AsyncIterator[Page]:
    communicator = WebsocketCommunicator(
        application, f"/ws/sessions/{opened.session.pk}/", headers=headers or HEADERS
    )
    connected, _ = await communicator.connect(timeout=20)
    assert connected
    try:
        yield Page(communicator)
    finally:
        await communicator.disconnect(timeout=20)


def error_of(message: Message) -> str:
    assert message["type"] == "error"
    return str(message["error"]["code"])


def jpeg_of(image: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    return bytes(cv2.imencode(".jpg", image)[1])


def in_thread(function: Callable[[], Any]) -> Awaitable[Any]:
    return in_db_thread(function)()


async def state_of(opened: OpenedSession) -> AuthSession:
    session: AuthSession = await in_thread(lambda: AuthSession.objects.get(pk=opened.session.pk))
    return session


async def nothing_written(opened: OpenedSession) -> bool:
    session = await state_of(opened)
    user = await in_thread(lambda: ClientUser.objects.get(pk=session.user_id))
    samples = await in_thread(FaceSample.objects.count)
    return (session.verdict, user.cached_embedding, samples) == ("", None, 0)
