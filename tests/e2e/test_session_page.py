"""The session page in real Chromium: from the start button to each kind of end."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from auth_service.device import parse_device
from core.liveness.injection import Hint, assess_injection
from tests.e2e.conftest import camera_is_off
from tests.e2e.scripted_server import RESUME_TOKEN, Peer, ScriptedServer, pass_quickly

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

COLORS = ["#ff4040", "#40ff40", "#4040ff"]


def picture_size(jpeg: bytes) -> tuple[int, int]:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture.shape[1], picture.shape[0]


async def whole_session(peer: Peer) -> None:
    await peer.begin(steps=2)
    for _ in range(6):
        await peer.answer(hint="no_face", face=None)
    for _ in range(3):
        await peer.answer()
    for _ in range(10):
        await peer.motion("turn_left", step_id=4, index=0, total=2)
    for _ in range(12):
        await peer.flash(COLORS, step_id=9, index=1, total=2, seconds=0.4)
    await peer.answer(phase="finishing", instruction="processing", progress=1.0)
    await peer.complete()


def test_a_session_from_framing_to_the_end(
    begin: Callable[..., Page], server: ScriptedServer, keep: Callable[[Page, str], None]
) -> None:
    page = begin(whole_session)
    expect(page.locator("[data-part=hint]")).to_have_text("We cannot see your face. Bring it into the oval.")
    expect(page.locator("[data-part=instruction]")).to_have_text("Turn your head to your left")
    expect(page.locator("[data-part=polite]")).to_have_text("Turn your head to your left")
    assert page.locator("[data-part=stage]").get_attribute("data-direction") == "left"
    keep(page, "phone-light-turn_left")
    page.locator("html[data-lit]").wait_for()
    keep(page, "phone-light-flash")

    expect(page.get_by_role("heading", name="It is you")).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("It is you")
    keep(page, "phone-light-passed")
    assert camera_is_off(page)
    assert page.evaluate("() => sessionStorage.length") == 0
    assert page.locator("html[data-lit]").count() == 0

    (peer,) = server.peers
    frames = [received.frame for received in peer.frames]
    assert [frame.sequence for frame in frames] == list(range(1, len(frames) + 1))
    captured = [frame.captured_at_seconds for frame in frames]
    assert all(later > earlier for earlier, later in itertools.pairwise(captured))
    # 8 a second, and never a second one before the first was answered.
    assert min(later - earlier for earlier, later in itertools.pairwise(captured)) > 0.1
    assert max(received.unanswered for received in peer.frames) == 0
    assert picture_size(frames[-1].jpeg) == (640, 480)


def test_steps_and_colours_are_reported_when_they_are_on_screen(
    begin: Callable[..., Page], server: ScriptedServer
) -> None:
    page = begin(whole_session)
    page.get_by_role("heading", name="It is you").wait_for()

    (peer,) = server.peers
    steps = [report for report in peer.reports if report["type"] == "step.shown"]
    assert [report["step"] for report in steps] == [4, 9]
    colours = [report for report in peer.reports if report["type"] == "flash.shown"]
    assert [(report["step"], report["index"]) for report in colours] == [(9, 0), (9, 1), (9, 2)]
    shown = [report["shown_at_ms"] for report in colours]
    assert all(390 <= later - earlier < 600 for earlier, later in itertools.pairwise(shown))
    # The same clock as the capture times of the frames.
    captured = [received.frame.captured_at_seconds * 1000 for received in peer.frames]
    assert captured[0] < steps[0]["shown_at_ms"] < shown[0] < captured[-1]


def test_the_camera_is_described_in_the_first_message(
    begin: Callable[..., Page], server: ScriptedServer
) -> None:
    page = begin(pass_quickly)
    page.get_by_role("heading", name="It is you").wait_for()

    told = parse_device(server.peers[0].start["device"])
    assert told is not None
    assert (told.width, told.height) == (640, 480)
    assert told.capabilities
    assert told.screen_width
    # Chromium names a fake camera by the file that it plays.
    assert told.camera_label.endswith(".mjpeg")
    assert assess_injection(told, []).hints == (Hint.VIRTUAL_CAMERA,)


def test_the_screen_light_fills_the_page_and_leaves_the_picture(begin: Callable[..., Page]) -> None:
    async def long_light(peer: Peer) -> None:
        await peer.begin()
        while True:
            await peer.flash(["#ff4040"], step_id=1, index=0, total=2, seconds=1.5)

    page = begin(long_light, color_scheme="dark")
    page.locator("html[data-lit]").wait_for()
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 64, 64)"
    assert page.locator("video").is_visible()
    assert page.locator("[data-part=instruction]").is_visible()
    assert not page.locator(".top").is_visible()


def test_a_red_that_is_too_saturated_is_softened_and_short_colours_are_slowed(
    begin: Callable[..., Page], server: ScriptedServer
) -> None:
    async def harsh(peer: Peer) -> None:
        await peer.begin()
        for _ in range(20):
            await peer.flash(["#ff0000"] * 5, step_id=1, index=0, total=1, seconds=0.1)
        await peer.complete()

    page = begin(harsh)
    page.locator("html[data-lit]").wait_for()
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 64, 64)"
    page.get_by_role("heading", name="It is you").wait_for()
    shown = [one["shown_at_ms"] for one in server.peers[0].reports if one["type"] == "flash.shown"]
    assert len(shown) == 5
    assert all(later - earlier >= 340 for earlier, later in itertools.pairwise(shown))


def test_safe_mode_is_asked_for_and_no_colour_is_ever_shown(
    camera_browser: Browser,
    new_page: Callable[..., Page],
    server: ScriptedServer,
    open_link: Callable[..., str],
) -> None:
    async def flashes_anyway(peer: Peer) -> None:
        await peer.begin()
        for _ in range(4):
            await peer.flash(COLORS, step_id=1, index=0, total=1, seconds=0.4)
        await peer.complete()

    server.play(flashes_anyway)
    page = new_page(camera_browser)
    page.add_init_script(
        """window.lit = 0;
        document.addEventListener("DOMContentLoaded", () => new MutationObserver(() => {
          if ("lit" in document.documentElement.dataset) window.lit += 1;
        }).observe(document.documentElement, { attributes: true }));"""
    )
    page.goto(server.url + open_link())
    page.get_by_role("switch", name="No flashing colours").check()
    page.get_by_role("button", name="Start camera").click()
    page.get_by_role("heading", name="It is you").wait_for()
    assert server.peers[0].start["safe_mode"] is True
    assert page.evaluate("() => window.lit") == 0
    assert server.peers[0].reports == []


def test_who_wants_less_motion_starts_in_safe_mode(
    begin: Callable[..., Page], server: ScriptedServer
) -> None:
    page = begin(pass_quickly, reduced_motion="reduce")
    page.get_by_role("heading", name="It is you").wait_for()
    assert server.peers[0].start["safe_mode"] is True


def test_the_start_card_asks_for_a_bright_screen_where_its_light_is_used(
    camera_browser: Browser,
    new_page: Callable[..., Page],
    server: ScriptedServer,
    open_link: Callable[..., str],
    keep: Callable[[Page, str], None],
) -> None:
    page = new_page(camera_browser)
    page.goto(server.url + open_link())
    keep(page, "phone-light-start-bright")
    advice = page.get_by_text("Make the screen bright")
    expect(advice).to_be_visible()
    page.get_by_role("switch", name="No flashing colours").check()
    expect(advice).to_be_hidden()


def test_a_movement_that_was_seen_sends_the_person_back_to_the_camera(begin: Callable[..., Page]) -> None:
    async def seen(peer: Peer) -> None:
        await peer.begin()
        while True:
            await peer.motion("turn_right", step_id=1, index=0, total=2, hint="look_straight")

    page = begin(seen)
    expect(page.locator("[data-part=instruction]")).to_have_text("Good. Now look at the camera again")
    expect(page.locator("[data-part=stage]")).to_have_attribute("data-direction", "")


def test_a_failed_check_says_why_and_tries_again_with_the_resume_token(
    begin: Callable[..., Page], server: ScriptedServer, keep: Callable[[Page, str], None]
) -> None:
    async def fail(peer: Peer) -> None:
        await peer.begin()
        await peer.answer()
        await peer.fail(["screen_light_missing", "no_face", "never_heard_of"], retry_allowed=True)

    page = begin(fail, pass_quickly)
    expect(page.get_by_role("heading", name="We could not confirm that it is you")).to_be_focused()
    reasons = page.locator("[data-part=end-list] li")
    expect(reasons).to_have_count(3)
    expect(reasons.first).to_contain_text("The light of the screen could not be seen on your face.")
    expect(reasons.last).to_have_text("The check could not be completed.")
    assert camera_is_off(page)
    keep(page, "phone-light-failed")
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("heading", name="It is you").wait_for()
    assert server.peers[1].start["token"] == RESUME_TOKEN


def test_the_last_attempt_offers_no_retry_but_whom_to_ask(begin: Callable[..., Page]) -> None:
    async def fail(peer: Peer) -> None:
        await peer.begin()
        await peer.fail(["face_mismatch"], retry_allowed=False)

    page = begin(fail)
    expect(page.locator("[data-part=end-text]")).to_contain_text("contact Acme")
    expect(page.locator("[data-part=retry]")).to_be_hidden()
    assert page.evaluate("() => sessionStorage.length") == 0


def test_a_check_that_needs_review_is_neither_success_nor_failure(begin: Callable[..., Page]) -> None:
    async def review(peer: Peer) -> None:
        await peer.begin()
        await peer.complete("needs_review", ["old_photo_review"])

    page = begin(review)
    page.get_by_role("heading", name="Done. Somebody will have a look").wait_for()
    expect(page.locator("[data-view=end]")).to_have_attribute("data-tone", "wait")
    expect(page.locator("[data-part=end-details]")).to_be_hidden()


@pytest.mark.parametrize(
    ("code", "close", "details", "heading"),
    [
        ("not_authenticated", 4401, {"reason": "token_used"}, "This link has been used"),
        ("session_closed", 4409, {}, "This link has been used"),
        ("conflict", 4409, {"reason": "second_socket"}, "This link has been used"),
        ("session_expired", 4409, {}, "The time for this check is over"),
        ("throttled", 4429, {"reason": "too_many_attempts"}, "Too many attempts"),
        ("contract_mismatch", 4409, {}, "Something went wrong"),
    ],
)
def test_a_refused_start_is_explained(
    begin: Callable[..., Page], code: str, close: int, details: dict[str, str], heading: str
) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.refuse(code, close=close, details=details)

    page = begin(refuse)
    expect(page.get_by_role("heading", name=heading)).to_be_focused()
    assert camera_is_off(page)
