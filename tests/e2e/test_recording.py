"""Recording in real Chromium: asked first, agreed or declined, kept as the scorecard reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from auth_service.demo.browser_camera import BrowserCamera
from auth_service.demo.cast import ASTRONAUT
from auth_service.demo.virtual_camera import PersonCamera
from auth_service.demo.virtual_person import VirtualPerson
from auth_service.flows import Accepted
from auth_service.flows.replay import replay_session
from auth_service.models import AuthSession, SessionState
from auth_service.recording.consent import consent_text
from auth_service.recording.plan import read_plan
from auth_service.tests.recording_cast import make_run
from core.engine.registry import get_engine
from core.liveness.policy import Level
from core.liveness.sequences import find_sidecars, read_session
from core.liveness.traits import traits_of
from tests.e2e.scripted_server import ScriptedServer, pass_quickly
from tests.system.pad_record import PadRecord

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NARROW: ViewportSize = {"width": 375, "height": 667}
DESK: ViewportSize = {"width": 1280, "height": 900}
END_TIMEOUT_MS = 90_000
COUNT_CAMERAS = """
    window.cameras = 0;
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = (wanted) => { window.cameras += 1; return open(wanted); };
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This process's server is that of a recording."""
    return make_run(tmp_path, monkeypatch, subject="Ana", organisation="Acme")


@pytest.fixture
def visit(
    camera_browser: Browser,
    new_page: Callable[..., Page],
    live_server: LiveServer,
    open_link: Callable[..., str],
) -> Callable[..., Page]:
    """The page of a new link, counting how often it asks for the camera."""

    def visit_(*, server: str = "", lang: str = "en", **options: Any) -> Page:
        page = new_page(camera_browser, **options)
        page.add_init_script(COUNT_CAMERAS)
        page.goto(f"{server or live_server.url}{open_link()}?lang={lang}")
        return page

    return visit_


Visit = Callable[..., Page]


def consent_of(page: Page) -> Any:
    return page.locator('[data-view="consent"]')


def cameras_asked(page: Page) -> int:
    asked: int = page.evaluate("() => window.cameras")
    return asked


@pytest.mark.usefixtures("run")
def test_nothing_begins_before_the_box_is_ticked_and_agreed_to(visit: Visit) -> None:
    page = visit()
    expect(consent_of(page)).to_be_visible()
    expect(page.get_by_role("checkbox")).not_to_be_checked()
    expect(page.get_by_role("button", name="Start camera")).to_be_hidden()

    page.get_by_role("button", name="I agree").click()
    expect(page.get_by_role("alert").filter(has_text="Tick the box")).to_be_visible()
    expect(page.get_by_role("checkbox")).to_be_focused()
    expect(consent_of(page)).to_be_visible()

    page.get_by_role("checkbox").check()
    expect(page.locator("[data-part=agree-first]")).to_be_hidden()
    page.get_by_role("button", name="I agree").click()
    expect(page.get_by_role("heading", name="The check is recorded")).to_be_focused()
    expect(consent_of(page)).to_be_hidden()
    assert cameras_asked(page) == 0


def test_the_session_starts_with_the_version_that_was_read(
    visit: Visit, server: ScriptedServer, run: Path
) -> None:
    server.play(pass_quickly)
    page = visit(server=server.url)
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="Start camera").click()

    expect(page.get_by_role("heading", name="The recording is finished")).to_be_focused()
    assert server.peers[0].start["consent"] == consent_text(read_plan(run)).version
    assert cameras_asked(page) == 1


def test_a_page_that_does_not_record_sends_no_consent(visit: Visit, server: ScriptedServer) -> None:
    server.play(pass_quickly)
    page = visit(server=server.url)
    page.get_by_role("button", name="Start camera").click()
    page.get_by_role("heading", name="It is you").wait_for()

    assert "consent" not in server.peers[0].start


@pytest.mark.usefixtures("run")
def test_both_answers_are_equally_large_and_reached_by_keyboard(visit: Visit) -> None:
    page = visit(viewport=DESK)
    yes, no = (page.get_by_role("button", name=name).bounding_box() for name in ("I agree", "I do not agree"))
    assert yes
    assert no
    assert [yes[side] for side in ("width", "height", "y")] == pytest.approx(
        [no[side] for side in ("width", "height", "y")], abs=1
    )

    page.get_by_role("checkbox").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="I do not agree")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Nothing was recorded")).to_be_visible()

    assert AuthSession.objects.get().state == SessionState.CANCELLED


@pytest.mark.usefixtures("run")
def test_who_declines_never_sees_the_camera_and_the_link_is_over(visit: Visit) -> None:
    page = visit()
    asked = cameras_asked(page)
    page.get_by_role("button", name="I do not agree").click()
    expect(page.get_by_role("heading", name="Nothing was recorded")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Nothing was recorded")).to_be_visible()

    assert asked == 0


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", [code for code, _ in settings.LANGUAGES])
def test_the_text_can_be_read_on_a_phone_and_at_a_desk(
    visit: Visit,
    contrast: Callable[[Page], list[str]],
    keep: Callable[[Page, str], None],
    scheme: str,
    lang: str,
) -> None:
    page = visit(lang=lang, color_scheme=scheme)
    for name, viewport in (("phone", NARROW), ("desk", DESK)):
        page.set_viewport_size(viewport)
        expect(consent_of(page)).to_be_visible()
        assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
        assert contrast(page) == []
        keep(page, f"{name}-{scheme}-consent-{lang}")


@pytest.mark.slow
def test_a_person_agrees_and_is_recorded_and_the_scorecard_accepts_them_too(
    tmp_path: Path,
    launch: Callable[..., Browser],
    new_page: Callable[..., Page],
    keep: Callable[[Page, str], None],
) -> None:
    folder = tmp_path / "recordings"
    arguments = ("--kind", "genuine", "--subject", "Ana", "--organisation", "Acme", "--sessions", "3")
    with PadRecord(folder, *arguments) as command:
        # Frames for the camera, the page and the models share this machine's cores: a try may come too late.
        for seed in (1, 2, 3):
            page = new_page(launch(), viewport={"width": 390, "height": 800})
            camera = BrowserCamera(PersonCamera(VirtualPerson(ASTRONAUT), seed=seed))
            page.expose_function(BrowserCamera.binding, camera.picture_for)
            page.add_init_script(camera.init_script)
            page.goto(command.next_link())
            page.get_by_role("checkbox").check()
            page.get_by_role("button", name="I agree").click()
            page.get_by_role("button", name="Start camera").click()
            expect(page.locator('[data-phase="challenge"]')).to_be_visible(timeout=END_TIMEOUT_MS)
            expect(page.get_by_text("Recording", exact=True)).to_be_visible()
            keep(page, "recording-runs")
            expect(page.locator('[data-view="end"]')).to_be_visible(timeout=END_TIMEOUT_MS)
            keep(page, "recording-ended")
            if page.locator('[data-view="end"]').get_attribute("data-tone") == "good":
                break
        command.next_line("accepted: genuine-")

    accepted = [
        path for path in find_sidecars(folder) if json.loads(path.read_text())["verdict"] == "accepted"
    ]
    (sidecar,) = accepted
    written = json.loads(sidecar.read_text())
    assert written["consent"]["language"] == "en"
    assert "Acme" in json.dumps(written["consent"]["text"])
    # What its browser told: the picture is as large as the virtual camera's.
    assert (written["device"]["width"], written["device"]["height"]) == (640, 480)
    engine = get_engine()
    session = read_session(sidecar, level=Level.STANDARD)
    assert isinstance(replay_session(session, engine=engine, traits=traits_of(engine)), Accepted)
    assert list(folder.glob(".run-*")) == []
