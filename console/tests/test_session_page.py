"""One session's page: what was asked, measured and held against it; clear words where there is nothing."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client as Browser

from auth_service.models import AuthSession, SessionState, Verdict
from clients.models import Client, ClientUser
from clients.services import create_user
from console.tests.conftest import RecordSession
from console.tests.trace_cast import FRAMES, attempt_row, trace

pytestmark = pytest.mark.django_db


def page(browser: Browser, session: AuthSession) -> str:
    answer = browser.get(f"/console/sessions/{session.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_shows_plots_script_signals_and_words(console: Browser, refused: AuthSession) -> None:
    html = page(console, refused)
    assert html.count('class="plot"') == 6
    assert html.count('class="plot script"') == 1
    assert html.count('role="img"') >= 7
    assert f"All values of {FRAMES} frames" in html
    assert html.count("<tr data-at=") == FRAMES
    assert "No answer to the screen light" in html
    assert "The skin did not follow the colours shown" in html
    assert 'data-state="refused"' in html
    assert "≥ 0.012" in html
    assert html.count("figure fails") == 1
    assert "abababababababab…" in html
    assert "0.912" in html


@pytest.mark.parametrize(
    ("value", "limit", "shown"),
    [
        (0.0003, 0.0015, ("0.0003", "≤ 0.0015")),
        (0.25, 0.02, ("0.25", "≤ 0.020")),
        (0.0, 0.1, ("0.00", "≤ 0.10")),
    ],
)
def test_no_limit_is_rounded_to_another_one(
    console: Browser,
    user: ClientUser,
    record_session: RecordSession,
    value: float,
    limit: float,
    shown: tuple[str, str],
) -> None:
    row = attempt_row(signals={"flash_chance": value}, thresholds={"flash_chance": limit})
    html = page(console, record_session(user, traces=[trace()], evidence={"attempts": [row]}))
    assert f"<b>{shown[0]}</b> <i>{shown[1]}</i>" in html


def test_what_was_asked_is_told_with_its_colours(console: Browser, refused: AuthSession) -> None:
    html = page(console, refused)
    asked = html[html.index('class="asked"') : html.index('class="timeline"')]
    assert "Turn left" in asked
    assert 'fill="#ff4040"' in asked
    assert 'fill="#40ff40"' in asked


def test_attempts_stand_last_first_and_the_last_is_open(
    console: Browser, user: ClientUser, record_session: RecordSession
) -> None:
    rows = [attempt_row(), attempt_row(passed=True, margins={"flash": 1.0}) | {"reasons": []}]
    session = record_session(user, traces=[trace(), trace()], evidence={"attempts": rows})
    html = page(console, session)
    second, first = html.index('id="attempt-2"'), html.index('id="attempt-1"')
    assert second < first
    assert html[second : second + 40].endswith(" open>\n") or " open>" in html[second : second + 30]
    assert " open>" not in html[first : first + 30]


def test_two_attempts_have_no_id_in_common(
    console: Browser, user: ClientUser, record_session: RecordSession
) -> None:
    import re

    rows = [attempt_row(), attempt_row()]
    html = page(console, record_session(user, traces=[trace(), trace()], evidence={"attempts": rows}))
    found = re.findall(r'\sid="([^"]+)"', html)
    assert sorted(found) == sorted(set(found))
    named = {name for names in re.findall(r'aria-labelledby="([^"]+)"', html) for name in names.split()}
    assert named <= set(found)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"state": SessionState.OPEN, "ended_at": None, "verdict": ""}, "nobody has finished an attempt yet"),
        ({"state": SessionState.EXPIRED, "verdict": "", "attempt_count": 2}, "Every attempt was broken off"),
        ({"state": SessionState.CANCELLED, "verdict": ""}, "ended before anybody began"),
    ],
)
def test_a_session_without_evidence_says_why(
    console: Browser, user: ClientUser, record_session: RecordSession, columns: dict[str, Any], words: str
) -> None:
    html = page(console, record_session(user, **columns))
    assert "No evidence was recorded" in html
    assert words in html


def test_why_a_session_without_attempts_ended_is_told(
    console: Browser, user: ClientUser, record_session: RecordSession
) -> None:
    html = page(
        console, record_session(user, verdict="", state=SessionState.CANCELLED, reasons=["superseded"])
    )
    assert "A newer session of the same purpose took its place." in html


def test_an_older_attempt_without_a_trace_says_so(
    console: Browser, user: ClientUser, record_session: RecordSession
) -> None:
    older = {"level": "standard", "reasons": [], "liveness": {"passed": True, "signals": {"ring": 0.1}}}
    html = page(console, record_session(user, evidence={"attempts": [older]}))
    assert "Nothing was recorded over time" in html
    assert "recorded only" in html


def test_a_trace_of_a_later_version_is_explained(
    console: Browser, user: ClientUser, record_session: RecordSession
) -> None:
    session = record_session(user, traces=[trace(version=2)], evidence={"attempts": [attempt_row()]})
    html = page(console, session)
    assert "cannot be read: version 2 is not 1" in html
    assert "No answer to the screen light" in html


def test_an_attempt_that_saw_no_frame_has_no_plot(
    console: Browser, user: ClientUser, record_session: RecordSession
) -> None:
    empty = trace(series={"at": []}, steps=[])
    html = page(console, record_session(user, traces=[empty], evidence={"attempts": [attempt_row()]}))
    assert "Nothing was recorded over time" in html


def test_attempts_that_left_nothing_are_counted(
    console: Browser, user: ClientUser, record_session: RecordSession
) -> None:
    rows = {"attempts": [attempt_row()]}
    html = page(console, record_session(user, traces=[trace()], evidence=rows, attempt_count=3))
    assert "broken off and left no evidence: 2." in html


def test_a_level_that_was_not_reached_stands_out(
    console: Browser, user: ClientUser, record_session: RecordSession
) -> None:
    row = attempt_row(passed=True, margins={"ring": 1.0}) | {"reasons": ["liveness_incomplete"]}
    session = record_session(
        user,
        traces=[trace()],
        evidence={"attempts": [row]},
        verdict=Verdict.NEEDS_REVIEW,
        reasons=["liveness_incomplete"],
        liveness_level_reached="basic",
    )
    html = page(console, session)
    assert '<dd class="warn">Basic</dd>' in html
    assert "Not everything measured" in html
    assert html.count('data-tone="wait"') == 2


def test_risk_and_hints_are_shown_where_they_were_recorded(
    console: Browser, user: ClientUser, record_session: RecordSession
) -> None:
    rows = {"attempts": [attempt_row(risk=0.4, hints=["unheard_of_hint"])]}
    html = page(console, record_session(user, traces=[trace()], evidence=rows, liveness_risk=0.4))
    assert "unheard of hint" in html
    assert "risk 0.40" in html
    assert "Injection risk" in html


def test_who_looks_like_whom_is_told_by_external_id(
    console: Browser, tenant: Client, user: ClientUser, record_session: RecordSession
) -> None:
    twin = create_user(client=tenant, external_user_id="twin-7", name="Secret Name")
    html = page(console, record_session(user, duplicate_of=twin))
    assert "twin-7" in html
    assert "Secret Name" not in html
    assert "Alice Adams" not in html


@pytest.mark.parametrize("address", [f"/console/sessions/{uuid.uuid4()}/", "/console/sessions/x/"])
def test_there_is_no_page_of_no_session(console: Browser, address: str) -> None:
    assert console.get(address).status_code == 404


GARBAGE: list[Any] = [[], "x", {"attempts": [None, 3, {"liveness": 3, "script": "x", "models": []}]}]


@pytest.mark.parametrize("evidence", GARBAGE, ids=["list", "text", "rows"])
@pytest.mark.parametrize("stored", [[], {"version": 1}, "x"], ids=["list", "hollow", "text"])
def test_garbage_in_the_database_is_no_server_error(
    console: Browser, user: ClientUser, record_session: RecordSession, evidence: Any, stored: Any
) -> None:
    page(console, record_session(user, evidence=evidence, traces=[stored], reasons=[3, None]))


def test_nothing_recorded_can_become_markup(
    console: Browser, user: ClientUser, record_session: RecordSession
) -> None:
    bad = "<script>alert(1)</script>"
    row = attempt_row(hints=[bad], margins={bad: 1.0}) | {
        "reasons": [bad],
        "engine": bad,
        "level": bad,
        "models": {bad: bad},
        "script": [{"kind": bad, "colors": []}],
    }
    stored = trace(steps=[{"kind": bad, "start": 0, "end": 5, "outcome": bad}])
    session = record_session(user, traces=[stored], evidence={"attempts": [row]}, reasons=[bad])
    html = page(console, session)
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_numbers_are_written_as_the_language_does(console: Browser, refused: AuthSession) -> None:
    html = console.get(f"/console/sessions/{refused.pk}/?lang=vi").content.decode()
    assert "0,912" in html
    assert 'data-seconds="8"' in html
