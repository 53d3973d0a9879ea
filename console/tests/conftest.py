"""The cast of the console: an operator, a clerk without rights, and sessions with evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client as Browser
from django.utils import timezone, translation

from auth_service.models import AuthSession, LivenessTrace, SessionPurpose, SessionState, Verdict
from clients.models import ClientUser
from console.tests.trace_cast import attempt_row, trace

OPERATOR, PASSWORD = "operator", "open sesame"


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """A page's language stays active in its thread until the next request."""
    yield
    translation.deactivate()


@pytest.fixture
def operator(db: None) -> User:
    """Staff who may see sessions, and nothing else."""
    account = User.objects.create_user(OPERATOR, password=PASSWORD, is_staff=True)
    account.user_permissions.add(Permission.objects.get(codename="view_authsession"))
    return account


@pytest.fixture
def console(operator: User) -> Browser:
    """A browser in which the operator has signed in."""
    browser = Browser()
    browser.force_login(operator)
    return browser


RecordSession = Callable[..., AuthSession]


@pytest.fixture
def record_session() -> RecordSession:
    """``record_session(user, verdict=..., traces=[...], evidence={...})``: a session that has ended."""
    made = 0

    def record(user: ClientUser, *, traces: list[Any] | None = None, **columns: Any) -> AuthSession:
        nonlocal made
        made += 1
        now = timezone.now() + timedelta(seconds=made)
        session = AuthSession.objects.create(
            **{
                "client": user.client,
                "user": user,
                "purpose": SessionPurpose.VERIFICATION,
                "state": SessionState.COMPLETED,
                "verdict": Verdict.PASSED,
                "created_at": now,
                "expires_at": now + timedelta(minutes=5),
                "ended_at": now,
                "link_token_hash": f"hash {made}",
                "attempt_count": len(traces or []),
                "max_attempts": 3,
                "liveness_level": "standard",
                "nonce": "nonce",
            }
            | columns
        )
        for number, stored in enumerate(traces or [], start=1):
            LivenessTrace.objects.create(session=session, attempt=number, created_at=now, trace=stored)
        return session

    return record


@pytest.fixture
def refused(user: ClientUser, record_session: RecordSession) -> AuthSession:
    """A session of one attempt that the flash refused."""
    return record_session(
        user,
        traces=[trace()],
        evidence={"attempts": [attempt_row()]},
        verdict=Verdict.FAILED,
        state=SessionState.FAILED,
        reasons=["screen_light_missing", "challenge_not_followed"],
        liveness_score=0.12,
        similarity=0.91234,
        threshold=0.8,
        liveness_risk=0.25,
    )
