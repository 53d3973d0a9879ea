"""Input that no page sends: each gets a stable code, and the server stays as it was."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from auth_service import consumers
from auth_service.protocol import parse_message
from auth_service.services import OpenedSession
from auth_service.tests.socket_page import HEADERS, error_of, page_of
from clients.models import ClientUser
from common.errors import InvalidParameter

HALF_A_PAIR = r'{"type": "session.start", "token": "\ud800"}'
TOO_DEEP = "[" * 4000
NO_FLOAT = '{"type": "step.shown", "step": 1, "shown_at_ms": 1' + "0" * 400 + "}"


@pytest.fixture
def opened(alice: ClientUser, opens: Callable[..., OpenedSession]) -> OpenedSession:
    return opens(alice)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("text", "code"),
    [
        (HALF_A_PAIR, "not_authenticated"),
        (TOO_DEEP, "invalid_parameter"),
        (NO_FLOAT, "invalid_parameter"),
    ],
)
async def test_a_text_made_to_crash_the_socket_is_refused_and_gives_its_place_back(
    opened: OpenedSession, text: str, code: str
) -> None:
    async with page_of(opened) as page:
        await page.socket.send_to(text_data=text)
        assert error_of(await page.hear()) == code
        await page.closed()
    assert not consumers._open_sockets


@pytest.mark.django_db(transaction=True)
async def test_an_origin_that_is_no_address_is_another_site(opened: OpenedSession) -> None:
    async with page_of(opened, headers=[*HEADERS, (b"origin", b"http://[")]) as page:
        assert error_of(await page.start(opened)) == "permission_denied"
        await page.closed()
    assert not consumers._open_sockets


@pytest.mark.django_db(transaction=True)
async def test_a_failure_nobody_foresaw_closes_the_socket_and_gives_its_place_back(
    opened: OpenedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(**_: object) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(consumers, "SessionRunner", crash)
    async with page_of(opened) as page:
        assert error_of(await page.start(opened)) == "internal_error"
        assert await page.closed() == 4500
    assert not consumers._open_sockets


@pytest.mark.parametrize("shown", ["NaN", "Infinity", "-1", "1e300"])
def test_a_time_no_clock_shows_is_refused(shown: str) -> None:
    with pytest.raises(InvalidParameter):
        parse_message('{"type": "step.shown", "step": 1, "shown_at_ms": ' + shown + "}")
