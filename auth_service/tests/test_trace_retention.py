"""Traces go when their client's retention is over, in batches; their sessions and everybody else's stay."""

from __future__ import annotations

import io
import threading
from datetime import datetime, timedelta

import pytest
from celery import current_app
from django.core.management import call_command
from django.db import connection

from auth_service import retention
from auth_service.models import AuthSession, LivenessTrace, SessionPurpose, SessionState, Verdict
from auth_service.retention import purge_expired_traces
from clients.models import Client, ClientUser
from clients.services import create_user, update_client
from common import clock, jobs
from face_app.celery import app


def ended(user: ClientUser, *, at: datetime, attempts: int = 1) -> AuthSession:
    session = AuthSession.objects.create(
        client=user.client,
        user=user,
        purpose=SessionPurpose.VERIFICATION,
        state=SessionState.FAILED,
        verdict=Verdict.FAILED,
        created_at=at,
        expires_at=at + timedelta(minutes=5),
        ended_at=at,
        link_token_hash=f"{user.pk} {at} {attempts}",
        max_attempts=3,
        liveness_level="standard",
        nonce="nonce",
        evidence={"attempts": [{"reasons": ["flat_face"]}]},
    )
    LivenessTrace.objects.bulk_create(
        LivenessTrace(session=session, attempt=number, created_at=at, trace={"version": 1})
        for number in range(1, attempts + 1)
    )
    return session


@pytest.fixture
def now() -> datetime:
    return clock.now()


def test_a_trace_stays_as_long_as_its_client_says_and_its_session_longer(
    alice: ClientUser, now: datetime
) -> None:
    update_client(client=alice.client, retention_days=10)
    session = ended(alice, at=now, attempts=3)

    assert purge_expired_traces(now=now + timedelta(days=10)) == 0
    assert LivenessTrace.objects.count() == 3
    assert purge_expired_traces(now=now + timedelta(days=10, seconds=1)) == 3
    assert not LivenessTrace.objects.exists()
    session.refresh_from_db()
    assert (session.verdict, session.evidence["attempts"][0]["reasons"]) == (Verdict.FAILED, ["flat_face"])


def test_each_client_has_its_own_span(alice: ClientUser, stranger: Client, now: datetime) -> None:
    update_client(client=alice.client, retention_days=5)
    update_client(client=stranger, retention_days=90)
    ended(alice, at=now)
    kept = ended(create_user(client=stranger, external_user_id="eve", name="Eve"), at=now)

    assert purge_expired_traces(now=now + timedelta(days=30)) == 1
    assert [trace.session_id for trace in LivenessTrace.objects.all()] == [kept.pk]


def test_a_shorter_span_counts_for_what_is_there_already(alice: ClientUser, now: datetime) -> None:
    update_client(client=alice.client, retention_days=90)
    ended(alice, at=now - timedelta(days=30))
    assert purge_expired_traces(now=now) == 0

    update_client(client=alice.client, retention_days=7)

    assert purge_expired_traces(now=now) == 1


def test_twice_is_as_once_and_nothing_is_no_failure(alice: ClientUser, now: datetime) -> None:
    assert purge_expired_traces(now=now) == 0
    ended(alice, at=now - timedelta(days=400))
    assert [purge_expired_traces(now=now) for _ in range(2)] == [1, 0]


@pytest.mark.parametrize("rows", [3, 4, 7])
def test_no_statement_deletes_more_than_a_batch(
    alice: ClientUser,
    now: datetime,
    rows: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    ended(alice, at=now - timedelta(days=400), attempts=rows)
    ended(alice, at=now)
    deleted: list[int] = []

    def note(execute: object, sql: str, params: tuple[object, ...], many: bool, context: object) -> object:
        if sql.startswith("DELETE"):
            deleted.append(len(params))
        return execute(sql, params, many, context)  # type: ignore[operator]

    with connection.execute_wrapper(note):
        assert purge_expired_traces(now=now) == rows

    assert sum(deleted) == rows
    assert max(deleted) <= 3
    assert LivenessTrace.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_once_count_every_trace_once(
    alice: ClientUser, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 4)
    ended(alice, at=now - timedelta(days=400), attempts=40)
    barrier, removed = threading.Barrier(2), []

    def purge() -> None:
        barrier.wait()
        try:
            removed.append(purge_expired_traces(now=now))
        finally:
            connection.close()

    threads = [threading.Thread(target=purge) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(removed) == 2
    assert sum(removed) == 40
    assert not LivenessTrace.objects.exists()


def test_the_hourly_job_and_the_command_purge_them(alice: ClientUser, now: datetime) -> None:
    current_app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert jobs.PURGE_TRACES in scheduled

    ended(alice, at=now - timedelta(days=400))
    current_app.tasks[jobs.PURGE_TRACES]()
    assert not LivenessTrace.objects.exists()

    ended(alice, at=now - timedelta(days=401), attempts=2)
    out = io.StringIO()
    call_command("purge_files", stdout=out)
    assert out.getvalue() == "expired=0 orphans=0 traces=2\n"
