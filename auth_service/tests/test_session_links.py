"""What a person's link shows, by the state of its session."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.test import Client as Browser

from auth_service.models import AuthSession, SessionPurpose, SessionState
from auth_service.tests.session_links import make_link
from clients.models import Client, ClientUser

pytestmark = pytest.mark.django_db


@pytest.fixture
def open_link(user: ClientUser) -> Callable[..., str]:
    return partial(make_link, user)


def get(link: str, **query: Any) -> Any:
    return Browser().get(link, query)


def test_an_open_session_gets_its_page_with_the_socket_of_its_id(open_link: Callable[..., str]) -> None:
    response = get(open_link())
    session = AuthSession.objects.get()
    assert response.status_code == 200
    assert response.context["config"]["socket_path"] == f"/ws/sessions/{session.pk}/"
    assert response.templates[0].name == "session/session.html"


def test_neither_scores_nor_the_persons_id_are_on_the_page(open_link: Callable[..., str]) -> None:
    html = get(open_link()).content.decode()
    assert "alice" not in html.lower()
    assert "threshold" not in html


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (SessionState.COMPLETED, "This check is finished"),
        (SessionState.FAILED, "This check is over"),
        (SessionState.EXPIRED, "The time for this check is over"),
        (SessionState.CANCELLED, "This check was cancelled"),
    ],
)
def test_a_link_that_has_ended_is_gone_and_says_how(
    open_link: Callable[..., str], state: str, words: str
) -> None:
    response = get(open_link(state=state))
    assert response.status_code == 410
    assert words in response.content.decode()
    assert "facegate-config" not in response.content.decode()


def test_a_session_whose_time_is_over_is_shown_as_expired_before_the_sweep(
    open_link: Callable[..., str],
) -> None:
    response = get(open_link(seconds=-1))
    assert response.status_code == 410
    assert "The time for this check is over" in response.content.decode()


def test_an_unknown_link_is_not_found_and_names_nobody(open_link: Callable[..., str]) -> None:
    open_link()
    response = get("/session/of-my-own-making/")
    assert response.status_code == 404
    assert "This link is not valid" in response.content.decode()
    assert "Acme" not in response.content.decode()


@pytest.mark.parametrize(("retention", "kept"), [("none", False), ("samples", True)])
def test_the_privacy_note_says_what_the_clients_policy_does(
    open_link: Callable[..., str], tenant: Client, retention: str, kept: bool
) -> None:
    Client.objects.filter(pk=tenant.pk).update(image_retention=retention, retention_days=45)
    html = get(open_link(purpose=SessionPurpose.ENROLLMENT)).content.decode()
    assert ("45 days" in html) is kept
    assert ("They are not kept." in html) is not kept
    assert "description of your face in numbers" in html


@pytest.mark.parametrize(("language", "words"), [("id", "Nyalakan kamera"), ("vi", "Bật camera")])
def test_the_language_of_the_address_is_kept_for_the_next_page(
    open_link: Callable[..., str], language: str, words: str
) -> None:
    browser, link = Browser(), open_link()
    assert f'<html lang="{language}">' in browser.get(link, {"lang": language}).content.decode()
    again = browser.get(link)
    assert words in again.content.decode()
    assert again.headers["Content-Language"] == language


def test_the_browsers_language_is_used_without_a_choice_and_unknown_ones_fall_back(
    open_link: Callable[..., str],
) -> None:
    link = open_link()
    assert '<html lang="vi">' in Browser().get(link, headers={"accept-language": "vi-VN"}).content.decode()
    assert '<html lang="en">' in Browser().get(link, {"lang": "xx"}).content.decode()


def test_a_name_with_markup_stays_text(open_link: Callable[..., str], tenant: Client) -> None:
    Client.objects.filter(pk=tenant.pk).update(name="</script><b>Acme & 100% %(days)s")
    html = get(open_link()).content.decode()
    assert "</script><b>" not in html
    assert "&lt;/script&gt;&lt;b&gt;Acme &amp; 100% %(days)s" in html


def test_only_reading_is_allowed(open_link: Callable[..., str]) -> None:
    assert Browser().post(open_link()).status_code == 405
