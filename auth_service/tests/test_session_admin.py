"""Sessions in the admin: looked at, cancelled, and links opened for people."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.utils import timezone

from auth_service.models import AuthSession, SessionState, Verdict
from auth_service.services import OpenedSession
from clients.models import ClientUser


@pytest.fixture
def operator(db: None) -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("operator"))
    return browser


def do(browser: Browser, page: str, action: str, *rows: object) -> str:
    answer = browser.post(
        page, {"action": action, "_selected_action": [str(row) for row in rows]}, follow=True
    )
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_operator_opens_a_link_that_works_and_is_shown_once(operator: Browser, alice: ClientUser) -> None:
    page = "/admin/clients/clientuser/"
    shown = do(operator, page, "open_enrollment_link", alice.pk)
    found = re.search(r'href="http://testserver(/session/[^"]+/)"', shown)
    assert found
    assert Browser().get(found[1]).status_code == 200
    assert found[1] not in operator.get(page).content.decode()


def test_a_link_that_cannot_be_opened_is_a_message_not_an_error(operator: Browser, alice: ClientUser) -> None:
    shown = do(operator, "/admin/clients/clientuser/", "open_verification_link", alice.pk)
    assert "not enrolled" in shown
    assert not AuthSession.objects.exists()


def test_open_sessions_are_listed_shown_and_cancelled(
    operator: Browser, alice: ClientUser, opens: Callable[..., OpenedSession]
) -> None:
    session = opens(alice).session
    page = "/admin/auth_service/authsession/"
    assert "alice" in operator.get(page).content.decode()
    assert operator.get(f"{page}{session.pk}/change/").status_code == 200
    do(operator, page, "cancel", session.pk)
    session.refresh_from_db()
    assert session.state == SessionState.CANCELLED


def test_the_list_shows_the_verdict_in_words_and_scores_that_can_be_read(
    operator: Browser, alice: ClientUser, opens: Callable[..., OpenedSession]
) -> None:
    ended = AuthSession.objects.filter(pk=opens(alice).session.pk)
    verdict = {"verdict": Verdict.NEEDS_REVIEW, "similarity": 0.99861526}
    ended.update(state=SessionState.COMPLETED, ended_at=timezone.now(), **verdict)
    shown = operator.get("/admin/auth_service/authsession/").content.decode()
    assert "Needs review" in shown
    assert "0.999" in shown
    assert "0.9986" not in shown


def test_nobody_edits_or_deletes_what_happened(
    operator: Browser, alice: ClientUser, opens: Callable[..., OpenedSession]
) -> None:
    session = opens(alice).session
    page = f"/admin/auth_service/authsession/{session.pk}"
    assert operator.post(f"{page}/change/", {"state": "completed"}).status_code == 403
    assert operator.post(f"{page}/delete/", {"post": "yes"}).status_code == 403
    assert operator.get("/admin/auth_service/authsession/add/").status_code == 403
