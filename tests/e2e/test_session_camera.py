"""What a person is told when there is no camera to be had."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Launch, wait_until
from tests.e2e.scripted_server import Peer, ScriptedServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_denied_camera_is_explained(
    launch: Launch, new_page: Callable[..., Page], server: ScriptedServer, open_link: Callable[..., str]
) -> None:
    page = new_page(launch("--use-fake-device-for-media-stream", "--deny-permission-prompts"))
    page.goto(server.url + open_link())
    page.get_by_role("button", name="Start camera").click()
    expect(page.get_by_role("heading", name="The camera is not allowed")).to_be_focused()
    assert page.get_by_role("button", name="Try again").is_visible()
    assert server.peers == []


def test_a_computer_without_camera_is_told_so(
    launch: Launch, new_page: Callable[..., Page], server: ScriptedServer, open_link: Callable[..., str]
) -> None:
    page = new_page(launch("--use-fake-ui-for-media-stream"))
    page.goto(server.url + open_link())
    page.get_by_role("button", name="Start camera").click()
    expect(page.get_by_role("heading", name="No camera was found")).to_be_focused()


def test_a_camera_held_by_another_program_is_told_so(
    camera_browser: Browser,
    new_page: Callable[..., Page],
    server: ScriptedServer,
    open_link: Callable[..., str],
) -> None:
    page = new_page(camera_browser)
    # What Windows answers then; no flag of Chromium brings it about.
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = "
        "async () => { throw new DOMException('', 'NotReadableError'); }"
    )
    page.goto(server.url + open_link())
    page.get_by_role("button", name="Start camera").click()
    expect(page.get_by_role("heading", name="The camera is in use")).to_be_focused()


def test_a_page_without_secure_context_says_how_to_get_one(
    launch: Launch,
    new_page: Callable[..., Page],
    server: ScriptedServer,
    open_link: Callable[..., str],
    settings: Any,
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    page = new_page(launch("--host-resolver-rules=MAP plain.test 127.0.0.1"))
    page.goto(server.url.replace("localhost", "plain.test") + open_link())
    expect(
        page.get_by_role("heading", name="This page is not secure, so the camera is locked")
    ).to_be_focused()
    expect(page.get_by_text("https:// at the start")).to_be_visible()
    expect(page.locator("[data-part=retry]")).to_be_hidden()


def test_a_camera_that_is_unplugged_ends_the_attempt(
    begin: Callable[..., Page], server: ScriptedServer
) -> None:
    async def hold(peer: Peer) -> None:
        await peer.begin()
        await peer.hold()

    page = begin(hold)
    wait_until(lambda: bool(server.peers and server.peers[0].frames), page)
    page.evaluate(
        "() => document.querySelector('video').srcObject.getTracks()[0].dispatchEvent(new Event('ended'))"
    )
    expect(page.get_by_role("heading", name="The camera was disconnected")).to_be_focused()
