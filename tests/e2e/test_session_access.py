"""The page itself: languages, keyboard, contrast, headers, embedding."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from clients.models import Client
from tests.e2e.conftest import PHONE, wait_until
from tests.e2e.scripted_server import Peer, ScriptedServer, pass_quickly

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DESKTOP = {"width": 1280, "height": 800}
VISIBLE_TARGETS = """() => [...document.querySelectorAll("button, a, label.switch")]
    .map((one) => [one.textContent.trim(), one.getBoundingClientRect(), one])
    .filter(([name, box, one]) => box.width > 1 && one.checkVisibility() && !one.matches(".skip"))
    .map(([name, box]) => [name, box.width, box.height])"""


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
    start = server.peers[0].start
    assert (start["type"], start["token"], start["safe_mode"]) == ("session.start", "link-token", True)
