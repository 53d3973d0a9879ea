"""One session after another on the recording server: the link out, what came of it back."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.urls import reverse

from auth_service.models import AuthSession, SessionPurpose
from auth_service.recording.plan import RecordingPlan
from auth_service.recording.report import Outcome, ReportReader
from auth_service.services import cancel_session, expire_sessions, open_session
from clients.audit import SYSTEM
from clients.models import Client
from clients.services import create_client, create_user
from common import clock
from common.errors import SessionClosed, SessionExpired

LINK_SECONDS = 3600
POLL_SECONDS = 0.5
REPORT_SECONDS = 15.0


class ServerEnded(Exception):
    """The recording server is gone, or who started it."""

    def __init__(self) -> None:
        super().__init__("The recording server has ended. What was finished is kept.")


@dataclass(frozen=True, slots=True)
class Opened:
    number: int
    link: str


@dataclass(frozen=True, slots=True)
class Ended:
    number: int
    state: str
    reasons: tuple[str, ...]


Event = Opened | Outcome | Ended
"""Between a session's two come its outcomes: one for each socket that sent pictures, usually one."""


def run_sessions(plan: RecordingPlan, *, run: Path, server_ended: Callable[[], bool]) -> Iterator[Event]:
    """Open each session when the one before has ended. Raises ServerEnded.

    ``server_ended`` tells of the process: at its address another server may answer.
    """
    client = create_client(
        name=plan.recorder,
        liveness_level=plan.level,
        # The same subject comes again and again, and that is no finding here.
        duplicate_policy="allow",
        session_lifetime_seconds=LINK_SECONDS,
    )
    reader = ReportReader(run)
    for number in range(1, plan.sessions + 1):
        session, link = _open(client, plan=plan, number=number)
        yield Opened(number=number, link=link)
        yield from _follow(session, reader=reader, server_ended=server_ended)
        yield Ended(number=number, state=session.state, reasons=tuple(session.reasons))


def _open(client: Client, *, plan: RecordingPlan, number: int) -> tuple[AuthSession, str]:
    # A person of its own for each session: failures of attacks must not lock out the next.
    user = create_user(client=client, external_user_id=f"session-{number}")
    opened = open_session(user=user, purpose=SessionPurpose.ENROLLMENT, actor=SYSTEM)
    # One presentation, one session: what a second try would show is the next session's to show.
    AuthSession.objects.filter(pk=opened.session.pk).update(max_attempts=1)
    return opened.session, plan.url + reverse("session-page", args=[opened.token])


def _follow(
    session: AuthSession, *, reader: ReportReader, server_ended: Callable[[], bool]
) -> Iterator[Outcome]:
    """What is reported until the session has ended, which `session` then tells."""
    outcomes: list[Outcome] = []
    give_up = None
    while True:
        expire_sessions(now=clock.now())
        session.refresh_from_db()
        for outcome in reader.news():
            # One of the session before may come this late.
            if outcome.session == str(session.pk):
                outcomes.append(outcome)
            yield outcome
        if not session.is_open:
            # A verdict is written a moment before the recording that it belongs to.
            give_up = give_up or time.monotonic() + REPORT_SECONDS
            if outcomes or session.verdict == "" or time.monotonic() > give_up:
                return
        elif _cannot_go_on(session, outcomes):
            with contextlib.suppress(SessionClosed, SessionExpired):
                cancel_session(session=session, actor=SYSTEM)
        if server_ended():
            raise ServerEnded
        time.sleep(POLL_SECONDS)


def _cannot_go_on(session: AuthSession, outcomes: list[Outcome]) -> bool:
    """Its one try was broken off, or could not be stored: its page has nothing more to offer."""
    left = bool(outcomes) and session.socket_id is None
    return left and (not session.attempts_left or any(outcome.error for outcome in outcomes))
