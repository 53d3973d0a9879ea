"""A frame is worth something on the socket it was made for, and nowhere else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.core import serializers

from auth_service.frame_binding import new_frame_key
from auth_service.models import AuthSession
from auth_service.protocol import Frame, pack_frame
from auth_service.services import OpenedSession
from auth_service.tests.socket_page import Page, error_of, in_thread, jpeg_of, nothing_written, page_of
from clients.models import ClientUser

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def picture() -> bytes:
    return jpeg_of(np.full((480, 640, 3), 90, np.uint8))


@pytest.fixture
def opened(alice: ClientUser, opens: Callable[..., OpenedSession]) -> OpenedSession:
    return opens(alice)


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sequence numbers of the frames that any session's models saw."""
    from core.liveness.analyzer import FrameAnalyzer

    seen: list[int] = []
    analyze = FrameAnalyzer.analyze

    def note(self: FrameAnalyzer, jpeg: bytes, **arguments: Any) -> Any:
        seen.append(arguments["sequence"])
        return analyze(self, jpeg, **arguments)

    monkeypatch.setattr(FrameAnalyzer, "analyze", note)
    return seen


async def is_refused(page: Page) -> bool:
    refusal = await page.hear()
    assert refusal["error"]["details"] == {"reason": "frame_tag"}
    return error_of(refusal) == "invalid_parameter" and await page.closed() == 4400


async def test_a_frame_of_one_socket_closes_another_and_is_not_analysed(
    opened: OpenedSession,
    bob: ClientUser,
    opens: Callable[..., OpenedSession],
    picture: bytes,
    analysed: list[int],
) -> None:
    other = await in_thread(lambda: opens(bob))
    async with page_of(opened) as page, page_of(other) as elsewhere:
        await page.start(opened)
        await elsewhere.start(other)
        recorded = pack_frame(Frame(1, 0.2, picture), key=page.frame_key)
        await page.socket.send_to(bytes_data=recorded)
        assert (await page.hear())["type"] == "step"
        await elsewhere.socket.send_to(bytes_data=recorded)
        assert await is_refused(elsewhere)
    assert analysed == [1]
    assert await nothing_written(other)


async def test_a_resumed_session_has_a_key_of_its_own(
    opened: OpenedSession, picture: bytes, analysed: list[int]
) -> None:
    async with page_of(opened) as page:
        ready = await page.start(opened)
        await page.show(picture)
        await page.hear()
        earlier = page.frame_key
    async with page_of(opened) as page:
        again = await page.start(opened, token=ready["resume_token"])
        assert again["frame_key"] != ready["frame_key"]
        page.frame_key = earlier
        await page.show(picture, sequence=2)
        assert await is_refused(page)
    assert analysed == [1]


@pytest.mark.parametrize("key", [bytes(32), new_frame_key(), b""], ids=["zeros", "random", "empty"])
async def test_a_frame_without_the_sockets_key_is_refused(
    opened: OpenedSession, picture: bytes, key: bytes, analysed: list[int]
) -> None:
    async with page_of(opened) as page:
        await page.start(opened)
        page.frame_key = key
        await page.show(picture)
        assert await is_refused(page)
    assert analysed == []
    assert await nothing_written(opened)


async def test_a_recorded_frame_with_another_time_or_number_is_refused(
    opened: OpenedSession, picture: bytes
) -> None:
    for place in (7, 15):
        async with page_of(opened) as page:
            await page.start(opened)
            data = bytearray(pack_frame(Frame(1, 0.2, picture), key=page.frame_key))
            data[place] ^= 1
            await page.socket.send_to(bytes_data=bytes(data))
            assert await is_refused(page)


async def test_the_key_is_neither_stored_nor_logged(
    opened: OpenedSession, picture: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with page_of(opened) as page:
        text, key = (await page.start(opened))["frame_key"], page.frame_key
        await page.show(picture)
        await page.hear()
        stored = await in_thread(lambda: serializers.serialize("json", AuthSession.objects.all()))
        page.frame_key = bytes(32)
        await page.show(picture)
        await page.closed()
    for written in (stored, caplog.text, "".join(str(vars(record)) for record in caplog.records)):
        assert text not in written
        assert key.hex() not in written
        assert repr(key) not in written
