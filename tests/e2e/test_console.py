"""The operators' console in real Chromium: signing in, reading the evidence, by eye, pointer or keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from auth_service.models import AuthSession
from clients.models import ClientUser
from console.formats import ABSENT
from console.tests.conftest import OPERATOR, PASSWORD, record_session, refused
from tests.e2e.conftest import PHONE, Launch

__all__ = ["record_session", "refused"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DESKTOP = {"width": 1280, "height": 800}
SMALL_TARGETS = """() => [...document.querySelectorAll("button, summary, select, .field input, li > a")]
    .filter((one) => one.checkVisibility() && !one.matches(".skip"))
    .map((one) => [one.textContent.trim() || one.name, one.getBoundingClientRect()])
    .filter(([name, box]) => box.width > 1 && Math.min(box.width, box.height) < 44)
    .map(([name, box]) => `${name} ${box.width}x${box.height}`)"""
FAINT_STROKES = """() => {
  const luminance = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const surface = luminance(getComputedStyle(document.querySelector(".card")).backgroundColor);
  return [...document.querySelectorAll(".plot .line, .plot .limits line, .plot .reach, .sparkline .line")]
    .map((one) => [one.getAttribute("class"), luminance(getComputedStyle(one).stroke)])
    .map(([name, ink]) => [name, (Math.max(ink, surface) + 0.05) / (Math.min(ink, surface) + 0.05)])
    .filter(([name, ratio]) => ratio < 3);
}"""


@pytest.fixture
def operator(db: None) -> User:
    account = User.objects.create_user(OPERATOR, password=PASSWORD, is_staff=True)
    account.user_permissions.add(Permission.objects.get(codename="view_authsession"))
    return account


@pytest.fixture
def browser(launch: Launch) -> Browser:
    return launch()


SignIn = Callable[..., Page]


@pytest.fixture
def sign_in(
    browser: Browser, new_page: Callable[..., Page], live_server: LiveServer, operator: User
) -> SignIn:
    """``sign_in("/console/scorecard/", viewport=DESKTOP)``: the page as the operator sees it."""

    def go(address: str = "/console/", **options: object) -> Page:
        page = new_page(browser, **options)
        page.goto(live_server.url + address)
        page.get_by_label("Username").fill(OPERATOR)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(re.compile(re.escape(address)))
        return page

    return go


def test_an_operator_signs_in_and_reads_a_session_with_the_keyboard_alone(
    browser: Browser,
    new_page: Callable[..., Page],
    live_server: LiveServer,
    operator: User,
    refused: AuthSession,
) -> None:
    page = new_page(browser, viewport=DESKTOP)
    page.goto(f"{live_server.url}/console/")
    expect(page.get_by_role("heading", name="Sign in to the console")).to_be_visible()
    page.get_by_label("Username").focus()
    page.keyboard.type(OPERATOR)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.matches('.row-link')"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("alice")
    expect(page.get_by_role("img", name="Yaw over time")).to_be_visible()

    slider = page.get_by_role("slider", name="Moment")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator('[data-series="yaw"] .readout')).to_have_text("24.2°")
    expect(page.locator('[data-series^="skin"] .readout')).to_have_text(" · ".join([ABSENT] * 3))
    told = slider.get_attribute("aria-valuetext")
    assert told
    assert told.startswith("2.00 s: Yaw 24.2°, Pitch -1°")
    assert page.locator(".here").first.get_attribute("x1") == "25%"
    assert page.locator("tr[data-here]").get_attribute("data-at") == "2"


def test_the_pointer_shows_one_moment_in_every_plot(sign_in: SignIn, refused: AuthSession) -> None:
    page = sign_in(f"/console/sessions/{refused.pk}/", viewport=DESKTOP)
    plot = page.locator('[data-series="pitch"] svg.plot')
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 20)
    expect(page.locator('[data-series="yaw"] .readout')).to_have_text("0°")
    expect(page.locator('[data-series^="skin"] .readout')).to_have_text("0.620 · 0.300 · 0.100")
    expect(page.locator(".moment output")).to_have_text("6.00 s")
    lines = page.locator(".here").all()
    assert len(lines) == 7
    assert {line.get_attribute("x1") for line in lines} == {"75%"}


def test_the_script_stays_in_view_below_the_plots(sign_in: SignIn, refused: AuthSession) -> None:
    page = sign_in(f"/console/sessions/{refused.pk}/", viewport={"width": 1280, "height": 560})
    page.get_by_role("img", name="Yaw over time").scroll_into_view_if_needed()
    script = page.get_by_role("img", name="The commanded script").bounding_box()
    assert script
    assert script["y"] + script["height"] <= 560


def test_plots_share_one_time_axis_and_keep_the_size_of_their_letters(
    sign_in: SignIn, refused: AuthSession
) -> None:
    for size in (DESKTOP, PHONE):
        page = sign_in(f"/console/sessions/{refused.pk}/", viewport=size)
        boxes = [plot.bounding_box() for plot in page.locator(".timeline svg.plot").all()]
        assert len({(box["x"], box["width"]) for box in boxes if box}) == 1
        heights = page.evaluate(
            "() => [...document.querySelectorAll('.plot text')].map((one) => getComputedStyle(one).fontSize)"
        )
        assert set(heights) <= {"12px", "14px"}


def test_without_scripts_nothing_is_missing_but_the_crosshair(sign_in: SignIn, refused: AuthSession) -> None:
    page = sign_in(f"/console/sessions/{refused.pk}/", viewport=DESKTOP, java_script_enabled=False)
    expect(page.get_by_role("img", name="Yaw over time")).to_be_visible()
    expect(page.get_by_role("img", name="The commanded script")).to_be_visible()
    expect(page.locator(".moment")).to_have_count(0)
    page.get_by_text("All values of 9 frames").click()
    expect(page.get_by_role("cell", name="24.2°")).to_be_visible()


def test_the_whole_line_of_a_session_can_be_pressed(sign_in: SignIn, refused: AuthSession) -> None:
    page = sign_in(viewport=PHONE)
    row = page.locator(".sessions tbody tr").bounding_box()
    assert row
    assert row["height"] >= 44
    page.mouse.click(row["x"] + row["width"] - 30, row["y"] + row["height"] - 12)
    expect(page.get_by_role("heading", level=1)).to_contain_text("alice")


def test_filters_narrow_the_list_and_can_be_cleared(
    sign_in: SignIn, refused: AuthSession, user: ClientUser, record_session: Callable[..., AuthSession]
) -> None:
    record_session(user)
    page = sign_in(viewport=DESKTOP)
    expect(page.locator(".row-link")).to_have_count(2)
    page.get_by_label("Verdict").select_option("Failed")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator(".row-link")).to_have_count(1)
    page.get_by_role("link", name="Clear").click()
    expect(page.locator(".row-link")).to_have_count(2)


def test_signing_out_is_in_the_accounts_menu(sign_in: SignIn, live_server: LiveServer) -> None:
    page = sign_in(viewport=PHONE)
    page.locator(".account summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to the console")).to_be_visible()
    page.goto(f"{live_server.url}/console/")
    assert "/console/login/" in page.url


SCROLLED_WITHOUT_A_NAME = """() => [...document.querySelectorAll("main *")]
    .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX === "auto")
    .filter((one) => one.tabIndex < 0 || !one.matches("[aria-label], [aria-labelledby]"))
    .map((one) => one.outerHTML.slice(0, 80))"""


def test_on_a_phone_the_runs_are_read_without_scrolling_sideways(
    sign_in: SignIn, keep: Callable[[Page, str], None]
) -> None:
    page = sign_in("/console/scorecard/?source=shipped", viewport=PHONE)
    keep(page, "phone-console-runs")
    for row in page.locator(".runs tbody tr").all():
        box = row.bounding_box()
        assert box
        assert box["x"] + box["width"] <= PHONE["width"]
    row = page.locator(".runs tbody tr").first
    assert row.evaluate("(one) => one.scrollWidth <= one.clientWidth")
    expect(row.get_by_text("0 % to 39 %")).to_be_in_viewport()
    assert page.evaluate(SCROLLED_WITHOUT_A_NAME) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_text_is_readable_every_target_large_and_nothing_sticks_out(
    sign_in: SignIn,
    refused: AuthSession,
    contrast: Callable[[Page], list[str]],
    keep: Callable[[Page, str], None],
    live_server: LiveServer,
    size: dict[str, int],
    scheme: str,
) -> None:
    page = sign_in(viewport=size, color_scheme=scheme)
    name = f"{'phone' if size is PHONE else 'desktop'}-{scheme}"

    def judge(state: str) -> None:
        keep(page, f"{name}-console-{state}")
        assert contrast(page) == []
        assert page.evaluate(SMALL_TARGETS) == []
        assert page.evaluate(FAINT_STROKES) == []
        assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")

    judge("sessions")
    page.locator(".account summary").click()
    judge("menu")
    page.goto(f"{live_server.url}/console/sessions/{refused.pk}/")
    page.get_by_text("All values of 9 frames").click()
    judge("session")
    page.goto(f"{live_server.url}/console/scorecard/?source=shipped")
    judge("scorecard")
    page.context.clear_cookies()
    page.goto(f"{live_server.url}/console/")
    judge("login")
