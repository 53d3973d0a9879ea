"""The session socket through the real router and engine: what it refuses, and that it writes nothing then."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta

import cv2
import numpy as np
import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from pytest_django import Settings
from skimage import data as pictures

from auth_service import consumers, services
from auth_service.models import AuthSession, SessionState
from auth_service.services import OpenedSession
from auth_service.tests.socket_page import (
    HEADERS,
    error_of,
    in_thread,
    jpeg_of,
    nothing_written,
    page_of,
    state_of,
)
from clients.audit import SYSTEM
from clients.models import ClientUser
from common import clock
from core.liveness.script import StepKind
from face_app.asgi import application

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def one_face() -> bytes:
    """A webcam-sized picture of one person."""
    astronaut = cv2.cvtColor(pictures.astronaut(), cv2.COLOR_RGB2BGR)[:340, 60:393]
    scaled = cv2.resize(astronaut, (470, 480))
    return jpeg_of(cv2.copyMakeBorder(scaled, 0, 0, 85, 85, cv2.BORDER_REPLICATE))


@pytest.fixture(scope="module")
def no_face() -> bytes:
    return jpeg_of(np.full((480, 640, 3), 90, np.uint8))


@pytest.fixture(scope="module")
def three_faces() -> bytes:
    astronaut = cv2.cvtColor(pictures.astronaut(), cv2.COLOR_RGB2BGR)[20:240, 120:330]
    return jpeg_of(cv2.copyMakeBorder(np.hstack([astronaut] * 3), 130, 130, 5, 5, cv2.BORDER_REPLICATE))


@pytest.fixture
def opened(alice: ClientUser, opens: Callable[..., OpenedSession]) -> OpenedSession:
    return opens(alice)


async def test_a_started_session_tells_limits_and_how_many_steps_but_not_which(opened: OpenedSession) -> None:
    async with page_of(opened) as page:
        ready = await page.start(opened)
    assert ready["type"] == "session.ready"
    assert set(ready["challenge"]) == {"steps_total", "level", "flash"}
    assert ready["limits"]["max_frame_bytes"] == 512 * 1024
    assert not ({kind.value for kind in StepKind} - {"flash"}) & set(json.dumps(ready).split('"'))


async def test_a_frame_is_answered_with_a_step(opened: OpenedSession, one_face: bytes) -> None:
    async with page_of(opened) as page:
        await page.start(opened)
        await page.show(one_face)
        step = await page.hear()
    assert (step["type"], step["frame"], step["phase"]) == ("step", 1, "framing")
    assert 0.2 < step["face"]["width"] < 0.6


async def test_an_empty_room_is_a_hint_not_an_error(opened: OpenedSession, no_face: bytes) -> None:
    async with page_of(opened) as page:
        await page.start(opened)
        await page.show(no_face)
        step = await page.hear()
    assert (step["hint"], step["face"]) == ("no_face", None)


async def test_three_people_are_a_hint_not_an_error(opened: OpenedSession, three_faces: bytes) -> None:
    async with page_of(opened) as page:
        await page.start(opened)
        await page.show(three_faces)
        assert (await page.hear())["hint"] == "several_faces"


@pytest.mark.parametrize("token", ["wrong", "", "x" * 3000])
async def test_a_wrong_token_is_refused(opened: OpenedSession, token: str) -> None:
    async with page_of(opened) as page:
        await page.say(type="session.start", token=token)
        assert error_of(await page.hear()) == "not_authenticated"
        assert await page.closed() == 4401
    assert (await state_of(opened)).socket_id is None


async def test_another_sessions_token_is_refused(
    opened: OpenedSession, bob: ClientUser, opens: Callable[..., OpenedSession]
) -> None:
    other = await in_thread(lambda: opens(bob))
    async with page_of(opened) as page:
        assert error_of(await page.start(opened, token=other.token)) == "not_authenticated"
        assert await page.closed() == 4401


async def test_an_expired_link_is_refused(opened: OpenedSession) -> None:
    past = clock.now() - timedelta(seconds=1)
    await in_thread(lambda: AuthSession.objects.update(expires_at=past))
    async with page_of(opened) as page:
        assert error_of(await page.start(opened)) == "session_expired"
        assert await page.closed() == 4409


async def test_a_used_link_is_refused_and_the_resume_token_is_not(
    opened: OpenedSession, one_face: bytes
) -> None:
    async with page_of(opened) as page:
        resume_token = (await page.start(opened))["resume_token"]
        await page.show(one_face)
        await page.hear()
    async with page_of(opened) as page:
        assert error_of(await page.start(opened)) == "not_authenticated"
        assert await page.closed() == 4401
    async with page_of(opened) as page:
        assert (await page.start(opened, token=resume_token))["type"] == "session.ready"


async def test_a_second_socket_on_a_session_is_refused_and_the_first_goes_on(
    opened: OpenedSession, one_face: bytes
) -> None:
    async with page_of(opened) as first:
        await first.start(opened)
        async with page_of(opened) as second:
            assert error_of(await second.start(opened)) == "conflict"
            assert await second.closed() == 4409
        await first.show(one_face)
        assert (await first.hear())["type"] == "step"


async def test_another_site_is_refused(opened: OpenedSession) -> None:
    headers = [*HEADERS, (b"origin", b"https://evil.test")]
    async with page_of(opened, headers=headers) as page:
        assert error_of(await page.start(opened)) == "permission_denied"
        assert await page.closed() == 4403


async def test_a_cancelled_session_cannot_be_started(opened: OpenedSession) -> None:
    await in_thread(lambda: services.cancel_session(session=opened.session, actor=SYSTEM))
    async with page_of(opened) as page:
        assert error_of(await page.start(opened)) == "session_closed"
        assert await page.closed() == 4409


@pytest.mark.parametrize("text", ["hello", "{}", '{"type": "session.verdict"}', "[1]"])
async def test_text_that_is_no_message_is_refused(opened: OpenedSession, text: str) -> None:
    async with page_of(opened) as page:
        await page.start(opened)
        await page.socket.send_to(text_data=text)
        assert error_of(await page.hear()) == "invalid_parameter"
        assert await page.closed() == 4400
    assert await nothing_written(opened)


async def test_frames_before_the_start_are_refused(opened: OpenedSession, one_face: bytes) -> None:
    async with page_of(opened) as page:
        await page.show(one_face)
        assert error_of(await page.hear()) == "not_authenticated"
        assert await page.closed() == 4401


async def test_a_silent_socket_is_closed(opened: OpenedSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "START_SECONDS", 0.1)
    async with page_of(opened) as page:
        assert error_of(await page.hear()) == "not_authenticated"
        assert await page.closed() == 4401


async def test_a_bad_frame_is_answered_and_the_fifth_closes_the_socket(
    opened: OpenedSession, one_face: bytes
) -> None:
    async with page_of(opened) as page:
        await page.start(opened)
        for garbage in (b"not an image", one_face[:2000], b"\xff\xd8\xff\xe0" + b"\0" * 64, b"GIF89a"):
            await page.show(garbage)
            assert error_of(await page.hear()) == "invalid_image"
        await page.show(one_face)
        assert (await page.hear())["type"] == "step"
        await page.show(b"again")
        assert error_of(await page.hear()) == "invalid_image"
        assert await page.closed() == 4422
    assert await nothing_written(opened)


async def test_a_pixel_bomb_is_refused_before_it_is_decoded(opened: OpenedSession) -> None:
    bomb = jpeg_of(np.zeros((7000, 7200, 3), np.uint8))
    async with page_of(opened) as page:
        await page.start(opened)
        await page.show(bomb)
        message = await page.hear()
    assert error_of(message) in {"image_too_large", "invalid_image"}
    assert await nothing_written(opened)


async def test_a_ten_megabyte_frame_closes_the_socket(opened: OpenedSession) -> None:
    async with page_of(opened) as page:
        await page.start(opened)
        await page.show(b"\xff" * 10_000_000)
        assert error_of(await page.hear()) == "image_too_large"
        assert await page.closed() == 4413
    assert await nothing_written(opened)


async def test_a_repeated_sequence_number_is_refused(opened: OpenedSession, no_face: bytes) -> None:
    async with page_of(opened) as page:
        await page.start(opened)
        await page.show(no_face, sequence=5)
        await page.hear()
        await page.show(no_face, sequence=5)
        assert error_of(await page.hear()) == "invalid_parameter"
        assert await page.closed() == 4400


async def test_leaving_in_the_middle_lets_go_of_the_session_and_writes_nothing(
    opened: OpenedSession, one_face: bytes
) -> None:
    async with page_of(opened) as page:
        await page.start(opened)
        for _ in range(3):
            await page.show(one_face)
            await page.hear()
    session = await state_of(opened)
    assert (session.state, session.socket_id) == (SessionState.OPEN, None)
    assert await nothing_written(opened)


async def test_a_session_cancelled_meanwhile_ends_its_socket(
    opened: OpenedSession, monkeypatch: pytest.MonkeyPatch, no_face: bytes
) -> None:
    monkeypatch.setattr("auth_service.runner.HEARTBEAT_SECONDS", 0.2)
    async with page_of(opened) as page:
        await page.start(opened)
        await in_thread(lambda: services.cancel_session(session=opened.session, actor=SYSTEM))
        assert error_of(await page.hear()) == "session_closed"
        assert await page.closed() == 4409


async def test_a_session_that_expires_while_it_runs_says_so_and_is_expired(
    opened: OpenedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth_service.runner.HEARTBEAT_SECONDS", 0.1)
    soon = clock.now() + timedelta(seconds=2)
    await in_thread(lambda: AuthSession.objects.update(expires_at=soon))
    async with page_of(opened) as page:
        await page.start(opened)
        ending = await page.hear()
        assert (ending["type"], ending["reasons"]) == ("session.failed", ["session_expired"])
        assert await page.closed() == 4409
    assert (await state_of(opened)).state == SessionState.EXPIRED


async def test_a_full_server_says_so(opened: OpenedSession, settings: Settings) -> None:
    settings.FACE_MAX_OPEN_SOCKETS = 0
    async with page_of(opened) as page:
        assert error_of(await page.hear()) == "throttled"
        assert await page.closed() == 4429


async def test_a_silent_socket_gives_way_to_a_newcomer_and_a_started_one_does_not(
    opened: OpenedSession, settings: Settings
) -> None:
    settings.FACE_MAX_OPEN_SOCKETS = 1
    async with page_of(opened) as silent, page_of(opened) as person:
        assert error_of(await silent.hear()) == "throttled"
        assert await silent.closed() == 4429
        assert (await person.start(opened))["type"] == "session.ready"
        async with page_of(opened) as late:
            assert error_of(await late.hear()) == "throttled"
            assert await late.closed() == 4429


async def test_a_frame_as_large_as_the_setting_allows_is_analysed(
    opened: OpenedSession, settings: Settings
) -> None:
    settings.FACE_MAX_FRAME_BYTES = 1024 * 1024
    noise = np.random.default_rng(1).integers(0, 256, (720, 1280, 3)).astype(np.uint8)
    large = bytes(cv2.imencode(".jpg", noise, [cv2.IMWRITE_JPEG_QUALITY, 80])[1])
    assert 512 * 1024 < len(large) < settings.FACE_MAX_FRAME_BYTES
    async with page_of(opened) as page:
        await page.start(opened)
        await page.show(large)
        assert (await page.hear())["type"] == "step"


@pytest.mark.parametrize(("trusted", "heard"), [(True, "session.ready"), (False, "error")])
async def test_behind_a_trusted_proxy_our_own_page_is_the_one_the_browser_asked_for(
    opened: OpenedSession, settings: Settings, trusted: bool, heard: str
) -> None:
    settings.USE_X_FORWARDED_HOST = trusted
    headers = [
        (b"host", b"10.0.0.7:8000"),
        (b"x-forwarded-host", b"id.example.com"),
        (b"origin", b"https://id.example.com"),
    ]
    async with page_of(opened, headers=headers) as page:
        assert (await page.start(opened))["type"] == heard


async def test_frames_that_come_faster_than_they_are_analysed_are_dropped_not_queued(
    opened: OpenedSession, one_face: bytes
) -> None:
    async with page_of(opened) as page:
        await page.start(opened)
        for _ in range(30):
            await page.show(one_face)
        answered = [(await page.hear())["frame"]]
        while answered[-1] < 30:
            answered.append((await page.hear())["frame"])
    assert len(answered) < 30
    assert answered == sorted(answered)


async def test_the_event_loop_is_free_while_a_frame_is_analysed(
    opened: OpenedSession, one_face: bytes
) -> None:
    async with page_of(opened) as page:
        await page.start(opened)
        await page.show(one_face)
        turns = 0
        answer = asyncio.create_task(page.hear())
        while not answer.done():
            await asyncio.sleep(0)
            turns += 1
        await sync_to_async(lambda: None)()
    assert turns > 10


async def test_all_sockets_of_a_session_share_one_budget_of_frames(
    opened: OpenedSession, one_face: bytes, settings: Settings
) -> None:
    settings.FACE_MAX_FRAMES_PER_SESSION = 3
    async with page_of(opened) as page:
        ready = await page.start(opened)
        for _ in range(2):
            await page.show(one_face)
            await page.hear()
    async with page_of(opened) as page:
        again = await page.start(opened, token=ready["resume_token"])
        assert (ready["limits"]["frames_left"], again["limits"]["frames_left"]) == (3, 1)
        await page.show(one_face)
        assert (await page.hear())["reasons"] == ["frame_budget_exceeded"]
    async with page_of(opened) as page:
        assert error_of(await page.start(opened, token=ready["resume_token"])) == "quota_exceeded"
        assert await page.closed() == 4409


async def test_the_pace_delays_the_next_frame_and_not_the_answer(
    opened: OpenedSession, no_face: bytes, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FACE_FRAMES_PER_SECOND = 2
    monkeypatch.setattr("auth_service.runner.PACE_ALLOWED", 0.01)
    async with page_of(opened) as page:
        await page.start(opened)
        await page.show(no_face)
        # The pace is fifty seconds here and hearing gives up after twenty.
        assert (await page.hear())["frame"] == 1


async def test_a_page_that_sends_too_fast_is_slowed(
    opened: OpenedSession, no_face: bytes, settings: Settings
) -> None:
    settings.FACE_FRAMES_PER_SECOND = 2
    async with page_of(opened) as page:
        await page.start(opened)
        began = asyncio.get_running_loop().time()
        for _ in range(4):
            await page.show(no_face)
            await page.hear()
        assert asyncio.get_running_loop().time() - began >= 0.7


async def test_an_unknown_address_is_closed_as_not_found() -> None:
    communicator = WebsocketCommunicator(application, "/ws/nothing/", headers=HEADERS)
    await communicator.connect(timeout=20)
    assert (await communicator.receive_output(timeout=20))["code"] == 4404
