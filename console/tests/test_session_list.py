"""The list of sessions: newest first, page by page, filtered by what the address says and unharmed by it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client as Browser

from auth_service.models import AuthSession, SessionPurpose, SessionState, Verdict
from clients.models import Client, ClientUser
from clients.services import create_user
from console.selectors import SessionFilters, last_trace, list_sessions, parse_filters
from console.tests.conftest import RecordSession
from console.tests.trace_cast import attempt_row, trace
from console.views import SESSIONS_PER_PAGE

pytestmark = pytest.mark.django_db


def listed(browser: Browser, query: str = "") -> list[str]:
    """Ids of the sessions on the page, in order."""
    html = browser.get(f"/console/{query}").content.decode()
    return re.findall(r'class="row-link" href="/console/sessions/([0-9a-f-]+)/"', html)


def ids(*sessions: AuthSession) -> list[str]:
    return [str(session.pk) for session in sessions]


@pytest.fixture
def bob(tenant: Client) -> ClientUser:
    return create_user(client=tenant, external_user_id="bob-2", name="Bob")


def test_the_newest_session_comes_first(
    console: Browser, user: ClientUser, record_session: RecordSession
) -> None:
    first, second = record_session(user), record_session(user)
    assert listed(console) == ids(second, first)


def test_sessions_are_filtered_by_verdict_purpose_client_and_person(
    console: Browser, user: ClientUser, bob: ClientUser, stranger: Client, record_session: RecordSession
) -> None:
    eve = create_user(client=stranger, external_user_id="eve", name="Eve")
    passed = record_session(user)
    failed = record_session(bob, verdict=Verdict.FAILED, state=SessionState.FAILED)
    enrolled = record_session(eve, purpose=SessionPurpose.ENROLLMENT)
    cancelled = record_session(user, verdict="", state=SessionState.CANCELLED)
    assert listed(console, "?verdict=failed") == ids(failed)
    assert listed(console, "?verdict=none") == ids(cancelled)
    assert listed(console, "?purpose=enrollment") == ids(enrolled)
    assert listed(console, f"?client={stranger.pk}") == ids(enrolled)
    assert listed(console, "?q=BOB") == ids(failed)
    assert listed(console, "?q=lic&verdict=passed") == ids(passed)
    assert listed(console, "?q=alice&verdict=failed") == []


@pytest.mark.parametrize(
    "query",
    [
        "?verdict=anything",
        "?purpose=%00",
        "?client=FR_NOBODY",
        "?client=%00",
        "?page=x",
        "?page=0",
        "?page=-3",
        "?page=99999999999999999999",
        "?page=1.5",
        "?q=%20%20",
        "?verdict[]=failed",
        "?verdict=failed&verdict=",
        "?lang=xx",
    ],
)
def test_what_no_filter_knows_filters_nothing(
    console: Browser, user: ClientUser, record_session: RecordSession, query: str
) -> None:
    session = record_session(user)
    assert listed(console, query) == ids(session)


@pytest.mark.parametrize("query", ["?q=%00%00x", "?q=%25", "?q=_", "?q='%3B--", "?q=" + "x" * 5000])
def test_a_search_is_a_text_and_nothing_else(
    console: Browser, user: ClientUser, record_session: RecordSession, query: str
) -> None:
    record_session(user)
    assert listed(console, query) == []


def test_what_was_searched_stands_in_the_form_and_is_never_markup(console: Browser) -> None:
    html = console.get('/console/?q="><script>alert(1)</script>').content.decode()
    assert "<script>alert" not in html
    assert "&quot;&gt;&lt;script&gt;" in html


def test_a_search_is_cut_to_the_length_of_an_id() -> None:
    assert parse_filters({"q": "x" * 500}).search == "x" * 128


def test_long_lists_are_paged_and_keep_their_filters(
    console: Browser, user: ClientUser, record_session: RecordSession
) -> None:
    sessions = [record_session(user) for _ in range(SESSIONS_PER_PAGE + 2)][::-1]
    record_session(user, verdict=Verdict.FAILED)
    assert listed(console, "?verdict=passed") == ids(*sessions[:SESSIONS_PER_PAGE])
    assert listed(console, "?verdict=passed&page=2") == ids(*sessions[SESSIONS_PER_PAGE:])
    # Beyond the last page is the last page.
    assert listed(console, "?verdict=passed&page=77") == ids(*sessions[SESSIONS_PER_PAGE:])
    html = console.get("/console/?verdict=passed").content.decode()
    assert '<a rel="next" href="?verdict=passed&amp;page=2">' in html
    assert 'rel="prev"' not in html


def test_sessions_of_one_moment_stand_on_one_page_each(
    console: Browser, user: ClientUser, record_session: RecordSession
) -> None:
    for _ in range(2 * SESSIONS_PER_PAGE):
        record_session(user)
    AuthSession.objects.update(created_at=record_session(user).created_at)
    both = listed(console) + listed(console, "?page=2") + listed(console, "?page=3")
    assert len(both) == len(set(both)) == 2 * SESSIONS_PER_PAGE + 1


def test_a_line_says_what_matters(console: Browser, refused: AuthSession) -> None:
    AuthSession.objects.filter(pk=refused.pk).update(liveness_level="strict", liveness_level_reached="basic")
    html = console.get("/console/").content.decode()
    assert '<span class="badge" data-tone="bad">Failed</span>' in html
    assert "No answer to the screen light" in html
    assert "+1" in html
    assert "Strict" in html
    assert "reached Basic" in html
    assert "Yaw from -9° to 24°" in html


def test_a_session_that_passed_says_which_signal_was_weakest(
    console: Browser, user: ClientUser, record_session: RecordSession
) -> None:
    rows = [attempt_row(), attempt_row(passed=True, margins={"flash": 0.34, "ring": 1.2})]
    record_session(user, evidence={"attempts": rows})
    assert "weakest: Screen light +0.34" in console.get("/console/").content.decode()


def test_where_every_signal_is_clear_none_is_called_weakest(
    console: Browser, user: ClientUser, record_session: RecordSession
) -> None:
    rows = [attempt_row(passed=True, margins={"flash": 1.0, "ring": 1.2, "stillness": 1.0})]
    record_session(user, evidence={"attempts": rows})
    assert "weakest:" not in console.get("/console/").content.decode()


def test_a_session_that_ran_out_of_time_still_says_why_its_last_attempt_was_refused(
    console: Browser, user: ClientUser, record_session: RecordSession
) -> None:
    record_session(
        user, evidence={"attempts": [attempt_row()]}, reasons=["session_expired"], verdict=Verdict.FAILED
    )
    html = console.get("/console/").content.decode()
    assert "Expired" in html
    assert "last attempt: No answer to the screen light" in html


def test_the_sparkline_is_of_the_last_attempt_that_left_a_trace(
    user: ClientUser, record_session: RecordSession
) -> None:
    later = trace() | {"series": {"at": [0.0, 1.0], "yaw": [0.0, 30.0]}}
    session = record_session(user, traces=[trace(), later], attempt_count=3)
    (found,) = list_sessions(SessionFilters())
    assert found == session
    assert last_trace(found) == later


@pytest.mark.parametrize("stored", [{}, [], {"version": 9}, trace(series={"at": [], "yaw": []})])
def test_a_trace_that_cannot_be_read_leaves_its_cell_empty(
    console: Browser, user: ClientUser, record_session: RecordSession, stored: Any
) -> None:
    session = record_session(user, traces=[stored])
    html = console.get("/console/").content.decode()
    assert ids(session)[0] in html
    assert "sparkline" not in html


def test_an_unknown_reason_is_shown_by_its_code(
    console: Browser, user: ClientUser, record_session: RecordSession
) -> None:
    record_session(user, reasons=["solar_flare"], verdict=Verdict.FAILED)
    assert "solar flare" in console.get("/console/").content.decode()


def test_the_number_of_queries_does_not_grow_with_the_list(
    console: Browser, user: ClientUser, record_session: RecordSession, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        record_session(user, traces=[trace()])
    with django_assert_max_num_queries(12):
        console.get("/console/")


def test_an_empty_list_says_why(console: Browser) -> None:
    assert "There are no sessions yet" in console.get("/console/").content.decode()
    assert "No session fits these filters" in console.get("/console/?q=nobody").content.decode()


def test_a_hostile_external_id_stays_text(
    console: Browser, tenant: Client, record_session: RecordSession
) -> None:
    person = ClientUser.objects.create(client=tenant, external_user_id="<img src=x>")
    record_session(person)
    assert "<img src=x>" not in console.get("/console/").content.decode()
