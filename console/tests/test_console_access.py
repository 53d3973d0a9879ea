"""Who gets in: staff with the right to see sessions; nobody is led astray by signing in or out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client as Browser

from auth_service.models import AuthSession
from clients.models import Client
from console.tests.conftest import OPERATOR, PASSWORD

pytestmark = pytest.mark.django_db

SIGN_IN = "/console/login/"


@pytest.fixture
def pages(refused: AuthSession) -> list[str]:
    return ["/console/", f"/console/sessions/{refused.pk}/", "/console/scorecard/"]


def sign_in(browser: Browser, **changes: str) -> object:
    form = {"username": OPERATOR, "password": PASSWORD} | changes
    return browser.post(SIGN_IN, form)


def test_strangers_are_sent_to_sign_in_and_come_back(operator: User, pages: list[str]) -> None:
    for page in pages:
        browser = Browser()
        sent = browser.get(f"{page}?q=alice")
        assert sent.status_code == 302
        assert sent["Location"].startswith(SIGN_IN)
        form = browser.get(sent["Location"])
        next_page = re.search(r'name="next" value="([^"]*)"', form.content.decode())
        assert next_page
        back = browser.post(SIGN_IN, {"username": OPERATOR, "password": PASSWORD, "next": next_page[1]})
        assert back["Location"] == f"{page}?q=alice"


@pytest.mark.parametrize(
    "rights",
    [
        {"is_staff": False, "is_superuser": False},
        {"is_staff": True, "is_superuser": False},
        {"is_staff": False, "is_superuser": True},
    ],
)
def test_who_lacks_the_right_is_told_no(pages: list[str], rights: dict[str, Any]) -> None:
    browser = Browser()
    browser.force_login(User.objects.create_user("clerk", **rights))
    for page in pages:
        answer = browser.get(page)
        assert answer.status_code == 403
        assert "You may not see this page" in answer.content.decode()
        assert "alice" not in answer.content.decode()


def test_the_right_without_being_staff_is_not_enough(pages: list[str]) -> None:
    visitor = User.objects.create_user("visitor")
    visitor.user_permissions.add(Permission.objects.get(codename="view_authsession"))
    browser = Browser()
    browser.force_login(visitor)
    assert {browser.get(page).status_code for page in pages} == {403}


def test_the_right_of_the_admin_opens_every_page(console: Browser, pages: list[str]) -> None:
    assert {console.get(page).status_code for page in pages} == {200}


def test_an_account_that_was_switched_off_loses_its_pages(
    console: Browser, operator: User, pages: list[str]
) -> None:
    operator.is_active = False
    operator.save()
    assert {console.get(page).status_code for page in pages} == {302}


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_pages_are_read_and_nothing_else(console: Browser, pages: list[str], method: str) -> None:
    assert {getattr(console, method)(page).status_code for page in pages} == {405}


def test_only_staff_can_sign_in_here(operator: User) -> None:
    User.objects.create_user("visitor", password=PASSWORD)
    answer = Browser().post(SIGN_IN, {"username": "visitor", "password": PASSWORD})
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()


def test_a_wrong_password_says_so_and_keeps_the_way_back(operator: User) -> None:
    form = {"username": OPERATOR, "password": "wrong", "next": "/console/scorecard/"}
    html = Browser().post(SIGN_IN, form).content.decode()
    assert 'role="alert"' in html
    assert 'value="/console/scorecard/"' in html


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_signing_in_never_leads_to_another_site(operator: User, target: str) -> None:
    answer = Browser().post(SIGN_IN, {"username": OPERATOR, "password": PASSWORD, "next": target})
    assert answer["Location"] == "/console/"


def test_signing_in_and_out_need_the_forms_token(operator: User) -> None:
    browser = Browser(enforce_csrf_checks=True)
    answer = browser.post(SIGN_IN, {"username": OPERATOR, "password": PASSWORD})
    assert answer.status_code == 403
    browser.force_login(operator)
    assert browser.post("/console/logout/").status_code == 403
    assert browser.get("/console/").status_code == 200


def test_signing_out_is_a_post_and_ends_the_session(console: Browser) -> None:
    assert console.get("/console/logout/").status_code == 405
    assert console.get("/console/").status_code == 200
    assert console.post("/console/logout/")["Location"] == SIGN_IN
    assert console.get("/console/").status_code == 302


def test_pages_keep_to_themselves(console: Browser, pages: list[str]) -> None:
    for page in [*pages, SIGN_IN]:
        answer = console.get(page)
        policy = answer["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer["Cache-Control"] == "no-store"
        html = answer.content.decode()
        assert not re.search(r"\son\w+=|\sstyle=|<style", html)
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))


def test_the_navigation_shows_where_one_is(console: Browser, pages: list[str]) -> None:
    current = re.compile(r'<a href="([^"]+)" aria-current="page">(?:Sessions|Scorecard)')
    assert [current.findall(console.get(page).content.decode())[:1] for page in pages] == [
        ["/console/"],
        ["/console/"],
        ["/console/scorecard/"],
    ]


@pytest.mark.parametrize(("language", "heading"), [("en", "Sessions"), ("id", "Sesi"), ("vi", "Phiên")])
def test_the_chosen_language_stays(console: Browser, language: str, heading: str) -> None:
    console.get(f"/console/?lang={language}")
    html = console.get("/console/").content.decode()
    assert f'lang="{language}"' in html
    assert f"<h1>{heading}</h1>" in html


def test_changing_the_language_keeps_the_filters(console: Browser) -> None:
    html = console.get("/console/?verdict=failed&q=al").content.decode()
    assert 'href="?verdict=failed&amp;q=al&amp;lang=vi"' in html


def test_the_admin_leads_to_the_evidence(refused: AuthSession) -> None:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("root"))
    html = browser.get(f"/admin/auth_service/authsession/{refused.pk}/change/").content.decode()
    assert f'href="/console/sessions/{refused.pk}/"' in html
    assert "Evidence over time" in html


def test_the_start_page_leads_operators_to_the_console(console: Browser, db: None) -> None:
    assert 'href="/console/"' in console.get("/").content.decode()
    assert 'href="/console/"' not in Browser().get("/").content.decode()
    clerk = Browser()
    clerk.force_login(User.objects.create_user("clerk", is_staff=True))
    assert 'href="/console/"' not in clerk.get("/").content.decode()


def test_api_keys_open_no_console_page(
    tenant: Client, token_factory: Callable[..., str], pages: list[str]
) -> None:
    headers = {"Authorization": f"Bearer {token_factory(tenant)}"}
    assert {Browser().get(page, headers=headers).status_code for page in pages} == {302}
