"""The main job as its users do it: the installed server, real Chromium, a person before the camera."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, ViewportSize, expect

from auth_service.demo.browser_camera import BrowserCamera
from auth_service.demo.cast import ADMIRAL, ASTRONAUT, CastMember
from auth_service.demo.virtual_camera import PersonCamera
from auth_service.demo.virtual_person import VirtualPerson
from tests.system.processes import Installation

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SCREENSHOTS = Path(settings.BASE_DIR) / "var" / "screenshots"
END_TIMEOUT_MS = 90_000
PHONE = ViewportSize(width=390, height=800)
DESKTOP = ViewportSize(width=1280, height=800)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("installation"), FACE_DEMO="true") as running:
        running.manage("make_demo", "--url", running.url)
        running.serve()
        yield running


@pytest.fixture
def visit(camera_browser: Browser, launch: Callable[..., Browser]) -> Iterator[Callable[..., Page]]:
    """A fresh browser profile whose camera sees this person (None: a moving picture of a photo)."""
    contexts = []

    def visit_(person: CastMember | None, *, seed: int = 1, phone: bool = True) -> Page:
        browser = launch() if person else camera_browser
        context = browser.new_context(
            viewport=PHONE if phone else DESKTOP, is_mobile=phone, has_touch=phone, locale="en-GB"
        )
        contexts.append(context)
        page = context.new_page()
        if person:
            camera = BrowserCamera(PersonCamera(VirtualPerson(person), seed=seed))
            page.expose_function(BrowserCamera.binding, camera.picture_for)
            page.add_init_script(camera.init_script)
        return page

    yield visit_
    for context in contexts:
        context.close()


Visit = Callable[..., Page]


def try_session(page: Page, installation: Installation, button: str) -> None:
    page.goto(installation.url)
    page.get_by_role("button", name=button).click()
    page.get_by_role("button", name="Start camera").click()


def expect_end(page: Page, tone: str, *, picture: str, patience: int = 0) -> None:
    """``patience``: how often the person may press "Try again", as the page offers."""
    end = page.locator('[data-view="end"]')
    expect(end).to_be_visible(timeout=END_TIMEOUT_MS)
    take_picture(page, picture)
    if patience and end.get_attribute("data-tone") != tone:
        page.get_by_role("button", name="Try again").click()
        expect(end).to_be_hidden()
        expect_end(page, tone, picture=picture, patience=patience - 1)
        return
    expect(end).to_have_attribute("data-tone", tone)


def take_picture(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def test_a_person_enrolls_is_verified_and_somebody_else_is_refused(
    installation: Installation, visit: Visit
) -> None:
    page = visit(ASTRONAUT)
    try_session(page, installation, "Try enrollment")
    expect(page.locator('[data-phase="challenge"]')).to_be_visible(timeout=END_TIMEOUT_MS)
    take_picture(page, "journey-challenge")
    # Frames for the camera, the page and the models share this machine's cores: a try may come too late.
    expect_end(page, "good", picture="journey-enrolled", patience=2)

    # Enrolled on a phone, verified at a desk: the same script, another screen.
    again = visit(ASTRONAUT, seed=2, phone=False)
    try_session(again, installation, "Try verification")
    expect_end(again, "good", picture="journey-verified", patience=2)

    other = visit(ADMIRAL)
    try_session(other, installation, "Try verification")
    expect_end(other, "bad", picture="journey-refused")
    expect(
        other.get_by_text(re.compile("does not match|did not match|not recognised", re.I)).first
    ).to_be_visible()


def test_a_photo_before_the_camera_is_refused(installation: Installation, visit: Visit) -> None:
    page = visit(None)
    try_session(page, installation, "Try enrollment")
    expect_end(page, "bad", picture="journey-photo-refused")
