"""The operator's start page: open to all that it is up, figures for staff, and the two buttons."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client as Browser
from django.utils import timezone

from auth_service.models import AuthSession, SessionPurpose, SessionState, Verdict
from clients.models import Client, ClientUser, Job
from common import clock
from monitoring.demo import ensure_demo_user
from monitoring.figures import count_jobs, count_people, count_sessions_today, describe_parts

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_user("op", is_staff=True, is_superuser=True))
    return browser


def record_session(
    user: ClientUser, *, verdict: str = "", state: str = SessionState.COMPLETED, **columns: Any
) -> None:
    now = timezone.now()
    AuthSession.objects.create(
        **{
            "client": user.client,
            "user": user,
            "purpose": SessionPurpose.VERIFICATION,
            "state": state,
            "verdict": verdict,
            "created_at": now,
            "expires_at": now + timedelta(minutes=5),
            "ended_at": None if state == SessionState.OPEN else now,
            "link_token_hash": str(AuthSession.objects.count()),
            "max_attempts": 3,
            "liveness_level": "standard",
            "nonce": "nonce",
        }
        | columns
    )


def test_without_login_it_says_that_it_is_up_and_no_more(user: ClientUser) -> None:
    response = Browser().get("/")
    html = response.content.decode()
    assert response.status_code == 200
    assert "Running" in html
    assert "/api/docs/" in html
    assert "What is running" not in html
    assert "people" not in response.context


def test_a_login_that_is_not_staff_sees_no_figures() -> None:
    browser = Browser()
    browser.force_login(User.objects.create_user("somebody"))
    assert "What is running" not in browser.get("/").content.decode()


def test_staff_see_parts_and_figures(operator: Browser, user: ClientUser) -> None:
    html = operator.get("/").content.decode()
    assert "What is running" in html
    assert "SQLite" in html or "PostgreSQL" in html
    assert "Sessions today" in html


def test_sessions_are_counted_by_verdict_and_only_todays(user: ClientUser) -> None:
    record_session(user, verdict=Verdict.PASSED)
    record_session(user, verdict=Verdict.PASSED)
    record_session(user, verdict=Verdict.FAILED, state=SessionState.FAILED)
    record_session(user, verdict=Verdict.NEEDS_REVIEW)
    record_session(user, state=SessionState.OPEN)
    record_session(user, verdict=Verdict.PASSED, created_at=timezone.now() - timedelta(days=1))
    figures = {figure.label: figure.value for figure in count_sessions_today(now=clock.now())}
    assert figures == {"Passed": 2, "Need review": 1, "Failed": 1, "Open now": 1}


def test_people_are_counted_by_enrollment_state(user: ClientUser, stranger: Client) -> None:
    ClientUser.objects.create(client=stranger, external_user_id="eve", enrollment_state="enrolled")
    figures = {figure.label: figure.value for figure in count_people()}
    assert figures == {"Clients": 2, "People": 2, "Enrolled": 1, "Need review": 0}


def test_failed_jobs_ask_to_be_looked_at() -> None:
    assert [figure.state for figure in count_jobs()] == ["", "", ""]
    Job.objects.create(name="core.tasks.run_job", state="failed", run_after=timezone.now())
    waiting, running, failed = count_jobs()
    assert (waiting.value, running.value, failed.value) == (0, 0, 1)
    assert failed.state == "bad"


def test_a_pack_that_cannot_be_loaded_is_shown_and_breaks_nothing(
    operator: Browser, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.engine import registry

    monkeypatch.setattr(registry, "_engine", None)
    settings.FACE_MODEL_PACK = "nowhere"
    engine = describe_parts()[0]
    assert (engine.value, engine.state) == ("Not loaded", "bad")
    assert "models list" in engine.note
    assert operator.get("/").status_code == 200


def test_the_broker_is_named_without_its_password(settings: Any) -> None:
    settings.CELERY_BROKER_URL = "redis://:secret-word@broker:6379/0"
    described = " ".join(f"{part.value} {part.note}" for part in describe_parts())
    assert "redis" in described
    assert "secret-word" not in described


def test_trying_enrollment_leads_to_the_page_of_a_new_session(operator: Browser) -> None:
    person = ensure_demo_user()
    response = operator.post("/try/", {"purpose": "enrollment"})
    assert response.status_code == 302
    assert response["Location"].startswith("/session/")
    session = AuthSession.objects.get()
    assert (session.user, session.purpose) == (person, SessionPurpose.ENROLLMENT)
    assert operator.get(response["Location"]).status_code == 200


def test_trying_verification_before_enrollment_says_what_is_missing(operator: Browser) -> None:
    ensure_demo_user()
    response = operator.post("/try/", {"purpose": "verification"}, follow=True)
    assert response.redirect_chain[-1][0] == "/"
    assert "not enrolled" in response.content.decode()
    assert not AuthSession.objects.exists()


def test_trying_is_for_staff_and_by_post_with_a_token_only(operator: Browser) -> None:
    ensure_demo_user()
    assert "/admin/login/" in Browser().post("/try/", {"purpose": "enrollment"})["Location"]
    assert operator.get("/try/").status_code == 405
    strict = Browser(enforce_csrf_checks=True)
    strict.cookies = operator.cookies
    assert strict.post("/try/", {"purpose": "enrollment"}).status_code == 403
    assert operator.post("/try/", {"purpose": "anything"})["Location"] == "/"
    assert not AuthSession.objects.exists()


def test_error_pages_have_the_same_look() -> None:
    response = Browser().get("/nowhere/")
    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()
    assert "css/base.css" in response.content.decode()


def test_the_page_of_a_server_error_needs_nothing_that_could_fail() -> None:
    from django.template import loader

    assert "Something went wrong on the server" in loader.get_template("500.html").render()


def test_a_new_operator_is_told_where_the_console_is() -> None:
    said = StringIO()
    call_command("make_demo", url="http://localhost:8000/", stdout=said)
    for place in ("Console: http://localhost:8000/console/", "Admin: http://localhost:8000/admin/"):
        assert place in said.getvalue()
