"""The session page in real Chromium, against a server that speaks the real protocol from a script."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from auth_service.models import AuthSession, SessionPurpose, SessionState
from auth_service.tokens import make_token
from clients.models import Client, ClientUser
from tests.e2e.conftest import Launch
from tests.e2e.scripted_server import RESUME_TOKEN, Peer, Script, ScriptedServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 375, "height": 667}
DESKTOP = {"width": 1280, "height": 800}
COLORS = ["#ff4040", "#40ff40", "#4040ff"]
VISIBLE_TARGETS = """() => [...document.querySelectorAll("button, a, label.switch")]
    .map((one) => [one.textContent.trim(), one.getBoundingClientRect(), one])
    .filter(([name, box, one]) => box.width > 1 && one.checkVisibility() && !one.matches(".skip"))
    .map(([name, box]) => [name, box.width, box.height])"""


@pytest.fixture
def server(live_server: LiveServer) -> Iterator[ScriptedServer]:
    scripted = ScriptedServer(upstream=live_server.url)
    scripted.start()
    yield scripted
    scripted.stop()
    scripted.check()


@pytest.fixture
def open_link(user: ClientUser) -> Callable[..., str]:
    """Path of the page of a new session."""

    def make(
        purpose: str = SessionPurpose.VERIFICATION, *, state: str = SessionState.OPEN, seconds: int = 600
    ) -> str:
        token, token_hash = make_token()
        now = timezone.now()
        AuthSession.objects.create(
            client=user.client,
            user=user,
            purpose=purpose,
            state=state,
            created_at=now,
            ended_at=None if state == SessionState.OPEN else now,
            expires_at=now + timedelta(seconds=seconds),
            link_token_hash=token_hash,
            max_attempts=3,
            liveness_level="standard",
            nonce="nonce",
        )
        return f"/session/{token}/"

    return make


@pytest.fixture
def new_page() -> Iterator[Callable[..., Page]]:
    """A page in a context of its own that fails the test on script errors and policy violations."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def note(text: str) -> None:
        # A refused or lost socket is the point of some tests; Chromium reports it as an error all the same.
        expected = ("WebSocket", "Failed to load resource", "Cross-Origin-Opener-Policy")
        if not any(part in text for part in expected):
            problems.append(text)

    def make(browser: Browser, **options: Any) -> Page:
        context = browser.new_context(
            **{"viewport": PHONE, "locale": "en", "color_scheme": "light"} | options
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: note(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: note(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def begin(
    camera_browser: Browser,
    new_page: Callable[..., Page],
    server: ScriptedServer,
    open_link: Callable[..., str],
) -> Callable[..., Page]:
    """Open a session's page, with these scripts behind it, and press the start button."""

    def make(*scripts: Script, **options: Any) -> Page:
        server.play(*scripts)
        page = new_page(camera_browser, **options)
        page.goto(server.url + open_link())
        page.get_by_role("button", name="Start camera").click()
        return page

    return make


@pytest.fixture
def keep() -> Callable[[Page, str], None]:
    """Screenshots for people to look at: ``var/screenshots``, never compared."""
    folder = Path(settings.DATA_DIR) / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)

    def shoot(page: Page, name: str) -> None:
        page.screenshot(path=str(folder / f"{name}.png"))

    return shoot


def wait_until(holds: Callable[[], bool], page: Page, *, seconds: float = 8) -> None:
    for _ in range(int(seconds * 20)):
        if holds():
            return
        page.wait_for_timeout(50)
    raise AssertionError("what the test waits for did not happen")


async def pass_quickly(peer: Peer) -> None:
    await peer.begin()
    await peer.answer()
    await peer.complete()


def picture_size(jpeg: bytes) -> tuple[int, int]:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture.shape[1], picture.shape[0]


def camera_is_off(page: Page) -> bool:
    off: bool = page.evaluate("() => document.querySelector('video').srcObject === null")
    return off


# --- The whole way ---------------------------------------------------------------------------------


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
        for _ in range(12):
            await peer.flash(["#ff0000", "#00ff00"], step_id=1, index=0, total=1, seconds=0.1)
        await peer.complete()

    page = begin(harsh)
    page.locator("html[data-lit]").wait_for()
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 64, 64)"
    page.get_by_role("heading", name="It is you").wait_for()
    first, second = [one["shown_at_ms"] for one in server.peers[0].reports if one["type"] == "flash.shown"]
    assert second - first >= 340


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


def test_a_movement_that_was_seen_sends_the_person_back_to_the_camera(begin: Callable[..., Page]) -> None:
    async def seen(peer: Peer) -> None:
        await peer.begin()
        while True:
            await peer.motion("turn_right", step_id=1, index=0, total=2, hint="look_straight")

    page = begin(seen)
    expect(page.locator("[data-part=instruction]")).to_have_text("Good. Now look at the camera again")
    expect(page.locator("[data-part=stage]")).to_have_attribute("data-direction", "")


# --- How it ends -----------------------------------------------------------------------------------


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


# --- Connection ------------------------------------------------------------------------------------


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


# --- Frames and limits -----------------------------------------------------------------------------


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


# --- No camera -------------------------------------------------------------------------------------


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


# --- The page itself -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "button", "heading"),
    [("en", "Start camera", "Check that it is you"), ("id", "Nyalakan kamera", "Pastikan bahwa ini Anda"),
     ("vi", "Bật camera", "Kiểm tra đúng là bạn")],
)  # fmt: skip
def test_the_page_speaks_the_chosen_language_to_the_end(
    camera_browser: Browser,
    new_page: Callable[..., Page],
    server: ScriptedServer,
    open_link: Callable[..., str],
    keep: Callable[[Page, str], None],
    language: str,
    button: str,
    heading: str,
) -> None:
    server.play(pass_quickly)
    page = new_page(camera_browser)
    page.goto(server.url + open_link())
    page.locator(f".languages a[lang={language}]").click()
    assert page.locator("html").get_attribute("lang") == language
    expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()
    keep(page, f"phone-light-start-{language}")
    page.get_by_role("button", name=button).click()
    expect(page.locator("[data-view=end][data-tone=good] h1")).to_be_visible()
    texts = page.evaluate("() => JSON.parse(document.getElementById('facegate-texts').textContent)")
    assert page.locator("[data-part=end-title]").inner_text() == texts["ends"]["passed"]["title"]


def test_the_keyboard_is_enough(
    camera_browser: Browser,
    new_page: Callable[..., Page],
    server: ScriptedServer,
    open_link: Callable[..., str],
) -> None:
    server.play(pass_quickly)
    page = new_page(camera_browser)
    page.goto(server.url + open_link())
    seen = []
    for _ in range(8):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate("() => document.activeElement.dataset.part ?? document.activeElement.className")
        )
        if seen[-1] == "safe-mode":
            page.keyboard.press("Space")
        if seen[-1] == "start":
            page.keyboard.press("Enter")
            break
    assert seen[0] == "skip"
    assert seen[-2:] == ["safe-mode", "start"]
    expect(page.get_by_role("heading", name="It is you")).to_be_focused()
    assert server.peers[0].start["safe_mode"] is True


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_text_is_readable_and_every_target_large(
    begin: Callable[..., Page],
    contrast: Callable[[Page], list[str]],
    keep: Callable[[Page, str], None],
    size: dict[str, int],
    scheme: str,
) -> None:
    async def show_all(peer: Peer) -> None:
        await peer.begin(steps=3)
        await peer.hold(hint="no_face", face=None)

    async def fail(peer: Peer) -> None:
        await peer.begin()
        await peer.fail(["flat_face"], retry_allowed=True)

    page = begin(show_all, fail, viewport=size, color_scheme=scheme)
    page.get_by_text("We cannot see your face").first.wait_for()
    name = f"{'phone' if size is PHONE else 'desktop'}-{scheme}"

    def judge(state: str) -> None:
        keep(page, f"{name}-{state}")
        assert contrast(page) == []
        assert [one for one in page.evaluate(VISIBLE_TARGETS) if min(one[1], one[2]) < 44] == []
        assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")

    judge("live")
    assert page.evaluate("() => document.documentElement.scrollHeight <= window.innerHeight")
    page.get_by_role("button", name="Stop").click()
    judge("start")
    page.get_by_role("button", name="Start camera").click()
    page.get_by_role("button", name="Try again").wait_for()
    page.wait_for_timeout(400)
    judge("failed")


def test_no_inline_script_or_style_is_needed(
    camera_browser: Browser,
    new_page: Callable[..., Page],
    server: ScriptedServer,
    open_link: Callable[..., str],
) -> None:
    page = new_page(camera_browser)
    response = page.goto(server.url + open_link())
    assert response is not None
    policy = response.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "no-store"
    html = response.text()
    assert not re.search(r"\son\w+=|\sstyle=|<style", html)
    assert all("src=" in tag or "application/json" in tag for tag in re.findall(r"<script[^>]*>", html))


def test_listed_sites_may_frame_the_page(
    camera_browser: Browser,
    new_page: Callable[..., Page],
    server: ScriptedServer,
    open_link: Callable[..., str],
    tenant: Client,
) -> None:
    Client.objects.filter(pk=tenant.pk).update(allowed_origins=["https://app.example.com"])
    response = new_page(camera_browser).goto(server.url + open_link())
    assert response is not None
    assert "frame-ancestors https://app.example.com" in response.headers["content-security-policy"]
    assert "x-frame-options" not in response.headers


def test_another_page_can_embed_the_client_without_our_view(
    camera_browser: Browser, new_page: Callable[..., Page], server: ScriptedServer
) -> None:
    async def session(peer: Peer) -> None:
        await peer.begin()
        await peer.answer(hint="move_closer")
        await peer.complete()

    server.play(session)
    page = new_page(camera_browser)
    html = f"""<!doctype html><video></video><script type="module">
      import {{ FacegateSession }} from "{server.url}/static/js/facegate-session.js";
      window.seen = [];
      const session = new FacegateSession({{
        video: document.querySelector("video"), socketUrl: "/ws/sessions/embedded/", token: "link-token",
        onReady: (ready) => seen.push(["ready", ready.challenge.steps_total]),
        onStep: (step) => seen.push(["step", step.hint]),
        onEnd: (result) => seen.push(["end", result.verdict]),
      }});
      await session.start();
    </script>"""
    server.pages["/embedding.html"] = html
    page.goto(server.url + "/embedding.html")
    wait_until(lambda: page.evaluate("() => window.seen?.length") == 3, page)
    assert page.evaluate("() => window.seen") == [["ready", 2], ["step", "move_closer"], ["end", "passed"]]
    # It gave no way to light the page, so it must not be asked to.
    assert server.peers[0].start == {"type": "session.start", "token": "link-token", "safe_mode": True}
