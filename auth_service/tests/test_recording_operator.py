"""The operator gets a link at a time, hears what came of it, and is not left waiting for what cannot come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from auth_service.models import AuthSession, SessionState, Verdict
from auth_service.recording import operator
from auth_service.recording.operator import Ended, Event, Opened, ServerEnded, run_sessions
from auth_service.recording.report import Outcome, write_outcome
from auth_service.recording.sessions import decline
from auth_service.recording.wording import describe_event
from auth_service.selectors import find_session_by_link_token
from auth_service.tests.recording_cast import make_plan, make_run
from clients.models import Client
from common import clock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(operator, "POLL_SECONDS", 0.01)
    return make_run(tmp_path, monkeypatch)


@pytest.fixture
def events(run: Path) -> Iterator[Event]:
    """Of two sessions; the server lives."""
    plan = make_plan(run.parent, sessions=2, level="strict")
    return run_sessions(plan, run=run, server_ended=lambda: False)


def current() -> AuthSession:
    return AuthSession.objects.filter(state=SessionState.OPEN).get()


def end(session: AuthSession, verdict: Verdict) -> None:
    state = SessionState.FAILED if verdict == Verdict.FAILED else SessionState.COMPLETED
    session.mark_ended(state=state, verdict=verdict, reasons=(), now=clock.now())
    session.save()


def test_each_session_is_of_a_person_of_its_own_with_one_try_at_the_level_asked_for(
    events: Iterator[Event], run: Path
) -> None:
    opened = next(events)
    assert isinstance(opened, Opened)
    session = current()
    assert find_session_by_link_token(opened.link.rstrip("/").rpartition("/")[2]) == session
    assert (session.attempts_left, session.liveness_level) == (1, "strict")
    assert Client.objects.get().name == "Acme"

    write_outcome(Outcome(str(session.pk), "genuine-1", verdict="accepted"), run)
    end(session, Verdict.PASSED)
    assert next(events) == Outcome(str(session.pk), "genuine-1", verdict="accepted")
    assert next(events) == Ended(number=1, state="completed", reasons=())
    assert next(events).__class__ is Opened
    assert current().user != session.user


def test_who_declines_makes_way_for_the_next(events: Iterator[Event]) -> None:
    next(events)
    decline(current())

    ended = next(events)

    assert isinstance(ended, Ended)
    assert describe_event(ended, sessions=2).strip() == "the person did not agree: nothing is kept"
    assert isinstance(next(events), Opened)


def test_who_broke_off_their_one_try_makes_way_for_the_next(events: Iterator[Event], run: Path) -> None:
    next(events)
    session = current()
    AuthSession.objects.update(attempt_count=1)
    write_outcome(Outcome(str(session.pk), "genuine-1", verdict="broken_off"), run)

    assert isinstance(next(events), Outcome)
    ended = next(events)

    assert isinstance(ended, Ended)
    assert ended.state == SessionState.CANCELLED
    assert "broken off" in describe_event(ended, sessions=2)


def test_who_broke_off_before_the_first_step_may_come_back(events: Iterator[Event], run: Path) -> None:
    next(events)
    session = current()
    write_outcome(Outcome(str(session.pk), "genuine-1", verdict="broken_off"), run)
    assert isinstance(next(events), Outcome)
    write_outcome(Outcome(str(session.pk), "genuine-2", verdict="refused"), run)

    assert isinstance(next(events), Outcome)
    assert current() == session


def test_a_late_report_of_the_session_before_ends_no_other(events: Iterator[Event], run: Path) -> None:
    next(events)
    first = current()
    decline(first)
    next(events)
    next(events)
    late = Outcome(str(first.pk), "genuine-1", verdict="", error="No space left on device")
    write_outcome(late, run)

    assert next(events) == late
    second = current()
    decline(second)
    assert next(events) == Ended(number=2, state="cancelled", reasons=("consent_declined",))
    assert list(events) == []


def test_what_could_not_be_stored_ends_that_session_and_is_told(events: Iterator[Event], run: Path) -> None:
    next(events)
    failed = Outcome(str(current().pk), "genuine-1", verdict="", error="No space left on device")
    write_outcome(failed, run)

    told = next(events)

    assert describe_event(told, sessions=2).strip() == "not stored: No space left on device"
    assert next(events) == Ended(number=1, state="cancelled", reasons=("cancelled",))


def test_a_link_that_nobody_opens_runs_out(events: Iterator[Event], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator, "REPORT_SECONDS", 0.0)
    next(events)
    AuthSession.objects.update(expires_at=clock.now() - timedelta(seconds=1))

    ended = next(events)

    assert isinstance(ended, Ended)
    assert ended.state == SessionState.EXPIRED
    assert "ran out" in describe_event(ended, sessions=2)


def test_nobody_waits_for_a_server_that_has_ended(run: Path) -> None:
    events = run_sessions(make_plan(run.parent), run=run, server_ended=lambda: True)
    next(events)

    with pytest.raises(ServerEnded, match="has ended"):
        next(events)
