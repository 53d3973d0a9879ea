"""What goes over the wire: resuming, limits, and the pace of frames."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import camera_is_off, wait_until
from tests.e2e.scripted_server import RESUME_TOKEN, Peer, ScriptedServer, pass_quickly

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def picture_size(jpeg: bytes) -> tuple[int, int]:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture.shape[1], picture.shape[0]


def test_a_lost_connection_is_told_and_resumed(begin: Callable[..., Page], server: ScriptedServer) -> None:
    gate = asyncio.Event()

    async def lose(peer: Peer) -> None:
        await peer.begin()
        for _ in range(2):
            await peer.motion("turn_left", step_id=1, index=0, total=2)
        await peer.socket.close(1011)

    async def resume(peer: Peer) -> None:
        await peer.begin(resume_token="resume-2")
        # The numbers of a new socket's script begin again, and so do the reports.
        for _ in range(2):
            await peer.motion("look_up", step_id=1, index=0, total=2)
        await asyncio.wait_for(gate.wait(), 10)
        await peer.complete()

    page = begin(lose, resume)
    expect(page.get_by_text("The connection was lost. Trying again…").first).to_be_visible()
    expect(page.locator("[data-part=instruction]")).to_have_text("Look up: raise your chin")
    expect(page.locator("[data-part=notice]")).to_be_hidden()
    wait_until(lambda: len(server.peers[1].reports) > 0, page)
    server._loop.call_soon_threadsafe(gate.set)
    page.get_by_role("heading", name="It is you").wait_for()
    first, second = server.peers
    assert (first.start["token"], second.start["token"]) != (RESUME_TOKEN, RESUME_TOKEN)
    assert second.start["token"] == RESUME_TOKEN
    assert [one["step"] for one in second.reports if one["type"] == "step.shown"] == [1]


def test_a_busy_server_and_an_old_socket_are_waited_for(
    begin: Callable[..., Page], server: ScriptedServer
) -> None:
    async def busy(peer: Peer) -> None:
        await peer.refuse("engine_unavailable", close=4503)

    async def lose(peer: Peer) -> None:
        await peer.begin()
        await peer.socket.close(1012)

    async def still_held(peer: Peer) -> None:
        await peer.refuse("conflict", close=4409, details={"reason": "second_socket"})

    page = begin(busy, lose, still_held, pass_quickly)
    page.get_by_role("heading", name="It is you").wait_for()
    assert len(server.peers) == 4


def test_a_reloaded_page_goes_on_with_its_session(begin: Callable[..., Page], server: ScriptedServer) -> None:
    async def hold(peer: Peer) -> None:
        await peer.begin()
        await peer.hold()

    page = begin(hold, pass_quickly)
    wait_until(lambda: bool(server.peers and server.peers[0].frames), page)
    page.reload()
    page.get_by_role("button", name="Start camera").click()
    page.get_by_role("heading", name="It is you").wait_for()
    assert server.peers[1].start["token"] == RESUME_TOKEN


def test_one_bad_frame_does_not_end_the_session(begin: Callable[..., Page]) -> None:
    async def bad_frame(peer: Peer) -> None:
        await peer.begin()
        await peer.next_frame()
        await peer.error("invalid_image")
        await peer.answer()
        await peer.complete()

    begin(bad_frame).get_by_role("heading", name="It is you").wait_for()


def test_stopping_switches_the_camera_off_and_starting_again_resumes(
    begin: Callable[..., Page], server: ScriptedServer
) -> None:
    async def hold(peer: Peer) -> None:
        await peer.begin()
        await peer.hold()

    page = begin(hold, pass_quickly)
    wait_until(lambda: bool(server.peers and server.peers[0].frames), page)
    page.get_by_role("button", name="Stop").click()
    assert camera_is_off(page)
    wait_until(lambda: server.peers[0].close_code == 1000, page)
    page.get_by_role("button", name="Start camera").click()
    page.get_by_role("heading", name="It is you").wait_for()
    assert server.peers[1].start["token"] == RESUME_TOKEN


def test_without_answers_one_frame_goes_out_each_second(
    begin: Callable[..., Page], server: ScriptedServer
) -> None:
    async def silent(peer: Peer) -> None:
        await peer.begin()
        for _ in range(3):
            await peer.next_frame()
        await peer.complete()

    page = begin(silent)
    page.get_by_role("heading", name="It is you").wait_for()
    sent = [received.at for received in server.peers[0].frames]
    assert all(later - earlier > 0.9 for earlier, later in itertools.pairwise(sent))


def test_frames_are_made_to_fit_the_limits(begin: Callable[..., Page], server: ScriptedServer) -> None:
    limit = 14_000

    async def small(peer: Peer) -> None:
        await peer.begin(limits={"max_frame_bytes": limit, "width": 480, "height": 360})
        for _ in range(4):
            await peer.answer()
        await peer.complete()

    begin(small).get_by_role("heading", name="It is you").wait_for()
    jpegs = [received.frame.jpeg for received in server.peers[0].frames]
    assert all(len(jpeg) + 16 <= limit for jpeg in jpegs)
    width, height = picture_size(jpegs[-1])
    assert width <= 480
    assert width / height == pytest.approx(4 / 3, abs=0.02)


def test_no_more_frames_are_sent_than_are_left(begin: Callable[..., Page], server: ScriptedServer) -> None:
    async def count(peer: Peer) -> None:
        await peer.begin(limits={"frames_left": 3, "frames_per_second": 20})
        for _ in range(3):
            await peer.answer()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(peer.next_frame(), 0.8)
        await peer.complete()

    begin(count).get_by_role("heading", name="It is you").wait_for()
    assert len(server.peers[0].frames) == 3


def test_a_hidden_page_sends_nothing_until_it_is_seen_again(
    begin: Callable[..., Page], server: ScriptedServer
) -> None:
    async def hold(peer: Peer) -> None:
        await peer.begin()
        await peer.hold()

    page = begin(hold)
    wait_until(lambda: bool(server.peers and server.peers[0].frames), page)
    set_hidden = """(hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(set_hidden, arg=True)
    expect(page.locator("[data-part=notice]")).to_contain_text("Paused")
    page.wait_for_timeout(200)
    before = len(server.peers[0].frames)
    page.wait_for_timeout(600)
    assert len(server.peers[0].frames) == before
    page.evaluate(set_hidden, arg=False)
    wait_until(lambda: len(server.peers[0].frames) > before, page)
    expect(page.locator("[data-part=notice]")).to_be_hidden()
