"""Real Chromium with a camera made of one packaged photo."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from pytest_django.live_server_helper import LiveServer
from skimage import data

from auth_service.tests.session_links import make_link
from clients.models import ClientUser
from tests.e2e.scripted_server import Script, ScriptedServer

FACE_CROP = (slice(20, 260), slice(65, 385))
"""Head and shoulders of `skimage.data.astronaut`, 4:3, so that the face is as large as at a desk."""
CAMERA_FRAMES = 30
PHONE = {"width": 375, "height": 667}


def chromium_path() -> Path | None:
    path = Path(os.environ.get("CHROMIUM_PATH") or "/usr/bin/chromium")
    return path if path.exists() else None


@pytest.fixture(scope="session")
def chromium() -> Path:
    path = chromium_path()
    if path is None:
        reason = "no Chromium: install it (make services) or set CHROMIUM_PATH"
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest.fixture(scope="session")
def face_camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MJPEG file for Chromium's fake camera: a face that sways a little, with sensor noise."""
    picture = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)[FACE_CROP]
    picture = cv2.resize(picture, (640, 480), interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(7)
    path = tmp_path_factory.mktemp("camera") / "face.mjpeg"
    with path.open("wb") as file:
        for index in range(CAMERA_FRAMES):
            sway = 6 * np.sin(2 * np.pi * index / CAMERA_FRAMES)
            moved = cv2.warpAffine(
                picture,
                np.array([[1, 0, sway], [0, 1, 0]], np.float32),
                (640, 480),
                borderMode=cv2.BORDER_REFLECT,
            )
            grain = noise.normal(0, 2, moved.shape)
            frame = np.clip(moved + grain, 0, 255).astype(np.uint8)
            file.write(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes())
    return path


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Module-scoped: Playwright's event loop keeps running, and later async tests must not meet it."""
    # Django takes that loop for an async view and would refuse every query of these plain tests.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as running:
            yield running
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        else:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


Launch = Callable[..., Browser]


@pytest.fixture(scope="module")
def launch(playwright: Playwright, chromium: Path) -> Iterator[Launch]:
    """Start Chromium with these flags; the same flags give the same browser again."""
    running: dict[tuple[str, ...], Browser] = {}

    def start(*flags: str) -> Browser:
        if flags not in running:
            running[flags] = playwright.chromium.launch(executable_path=str(chromium), args=list(flags))
        return running[flags]

    yield start
    for browser in running.values():
        browser.close()


@pytest.fixture(scope="module")
def camera_browser(launch: Launch, face_camera: Path) -> Browser:
    """Chromium whose camera shows the face and is allowed without asking."""
    return launch(
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={face_camera}",
    )


CONTRAST_SCRIPT = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def contrast() -> Callable[[Page], list[str]]:
    """Visible texts below WCAG AA (4.5, large ones 3), each with its ratio."""

    def measure(page: Page) -> list[str]:
        poor: list[str] = page.evaluate(CONTRAST_SCRIPT)
        return poor

    return measure


@pytest.fixture
def server(live_server: LiveServer) -> Iterator[ScriptedServer]:
    scripted = ScriptedServer(upstream=live_server.url)
    scripted.start()
    yield scripted
    scripted.stop()
    scripted.check()


@pytest.fixture
def open_link(user: ClientUser) -> Callable[..., str]:
    return partial(make_link, user)


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


def camera_is_off(page: Page) -> bool:
    off: bool = page.evaluate("() => document.querySelector('video').srcObject === null")
    return off
