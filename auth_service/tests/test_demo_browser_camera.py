"""A browser's camera that is the virtual person: it sees the page, and the page sees a real stream."""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest

from auth_service.demo.browser_camera import REPEAT_SECONDS, BrowserCamera, ScreenState
from auth_service.demo.cast import ASTRONAUT
from auth_service.demo.virtual_camera import PersonCamera
from auth_service.demo.virtual_person import VirtualPerson

PAGE = """<!doctype html><html><head>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'nonce-1'; img-src data:">
</head><body>
<div data-cue="face_the_camera"></div><div data-phase="framing"></div><video muted playsinline></video>
<script nonce="1">
const video = document.querySelector("video");
window.pictures = 0;
window.ready = (async () => {
  video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
  await video.play();
  const next = () => { window.pictures += 1; video.requestVideoFrameCallback(next); };
  video.requestVideoFrameCallback(next);
})();
</script></body></html>"""


class Noted:
    def __init__(self) -> None:
        self.told: list[tuple[str, str | None, float]] = []

    def show_step(self, kind: str, *, at: float) -> None:
        self.told.append(("step", kind, at))

    def show_color(self, color: str | None, *, at: float) -> None:
        self.told.append(("color", color, at))

    def frame(self, *, at: float) -> bytes:
        return b"picture"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def screen(cue: str = "face_the_camera", *, phase: str = "challenge", light: str = "") -> ScreenState:
    return {"cue": cue, "phase": phase, "light": light}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def noted() -> Noted:
    return Noted()


@pytest.fixture
def camera(noted: Noted, clock: Clock) -> BrowserCamera:
    return BrowserCamera(noted, clock=clock)


def test_an_instruction_is_followed_once_while_it_stands(
    camera: BrowserCamera, noted: Noted, clock: Clock
) -> None:
    for _ in range(10):
        clock.now += 0.1
        camera.picture_for(screen("turn_left"))
    assert [kind for _, kind, _ in noted.told] == ["turn_left"]
    assert noted.told[0][2] == pytest.approx(0.1)


def test_an_instruction_that_still_stands_much_later_is_followed_again(
    camera: BrowserCamera, noted: Noted, clock: Clock
) -> None:
    camera.picture_for(screen("turn_left"))
    clock.now += REPEAT_SECONDS + 0.01
    camera.picture_for(screen("turn_left"))
    assert [kind for _, kind, _ in noted.told] == ["turn_left", "turn_left"]


def test_each_new_instruction_is_followed(camera: BrowserCamera, noted: Noted) -> None:
    for cue in ("turn_left", "look_back", "turn_right", "turn_left", "closer", "flash", "processing"):
        camera.picture_for(screen(cue))
    assert [kind for _, kind, _ in noted.told] == ["turn_left", "turn_right", "turn_left", "closer"]


def test_an_instruction_that_flickers_back_is_not_followed_twice(
    camera: BrowserCamera, noted: Noted, clock: Clock
) -> None:
    for cue in ("turn_left", "look_back", "turn_left", "look_back"):
        clock.now += 0.5
        camera.picture_for(screen(cue))
    assert [kind for _, kind, _ in noted.told] == ["turn_left"]


def test_nothing_is_followed_outside_the_challenge(camera: BrowserCamera, noted: Noted) -> None:
    camera.picture_for(screen("turn_left", phase="framing"))
    assert noted.told == []
    camera.picture_for(screen("turn_left"))
    assert len(noted.told) == 1


def test_the_pages_light_falls_on_the_person_when_it_changes(
    camera: BrowserCamera, noted: Noted, clock: Clock
) -> None:
    for light in ("", "#ff4040", "#ff4040", "#40ff40", ""):
        clock.now += 0.5
        camera.picture_for(screen("flash", light=light))
    assert [color for _, color, _ in noted.told] == ["#ff4040", "#40ff40", None]
    assert [at for _, _, at in noted.told] == pytest.approx([1.0, 2.0, 2.5])


def test_a_picture_is_the_cameras_jpeg_in_base64(camera: BrowserCamera) -> None:
    assert base64.b64decode(camera.picture_for(screen())) == b"picture"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome")
    if not program:
        # In CI a missing service is a failure.
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


def await_pictures(page: Any, count: int) -> None:
    # Not wait_for_function: it needs eval, which the page's policy forbids.
    for _ in range(100):
        if page.evaluate("window.pictures") >= count:
            return
        page.wait_for_timeout(100)
    pytest.fail(f"fewer than {count} pictures came")


@pytest.mark.browser
def test_a_page_with_a_strict_policy_plays_the_person_and_the_person_sees_the_page(chromium: Any) -> None:
    live = BrowserCamera(PersonCamera(VirtualPerson(ASTRONAUT), seed=1))
    seen: list[ScreenState] = []

    def picture_for(state: ScreenState) -> str:
        seen.append(state)
        return live.picture_for(state)

    page = chromium.new_page()
    page.route("https://facegate.test/", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    page.expose_function(BrowserCamera.binding, picture_for)
    page.add_init_script(live.init_script)
    page.goto("https://facegate.test/")
    await_pictures(page, 5)
    page.evaluate(
        """() => {
          document.querySelector("[data-cue]").dataset.cue = "turn_left";
          document.querySelector("[data-phase]").dataset.phase = "challenge";
          document.documentElement.dataset.lit = "";
          document.documentElement.style.setProperty("--light", "#ff4040");
          window.pictures = 0;
        }"""
    )
    await_pictures(page, 8)
    size = page.evaluate(
        "[document.querySelector('video').videoWidth, document.querySelector('video').videoHeight]"
    )
    shot = page.locator("video").screenshot()
    page.evaluate("document.querySelector('video').srcObject.getTracks().forEach((track) => track.stop())")
    page.wait_for_timeout(300)
    asked = len(seen)
    page.wait_for_timeout(400)

    assert size == [640, 480]
    assert seen[0] == screen("face_the_camera", phase="framing")
    assert seen[-1] == screen("turn_left", light="#ff4040")
    assert len(seen) == asked, "the camera went on after its track was stopped"
    picture = np.asarray(cv2.imdecode(np.frombuffer(shot, np.uint8), cv2.IMREAD_COLOR))
    assert picture.std() > 30
    page.close()
