"""The life of a session: opened for a user, held by one socket at a time, cancelled or expired."""

from __future__ import annotations

import hmac
import math
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Min, Sum

from auth_service.models import AuthSession, SessionPurpose, SessionState, Verdict
from auth_service.origin import origin_allowed
from auth_service.tokens import hash_token, make_token
from auth_service.webhooks import record_delivery
from clients.audit import SYSTEM, Actor, record_audit
from clients.models import ClientUser
from clients.services import request_preload
from clients.services.users import lock_user
from common import clock
from common.errors import (
    Conflict,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    SessionClosed,
    Throttled,
)
from common.templates import Template
from core.engine.registry import get_engine

ATTEMPTS_PER_SESSION = 3
SOCKET_SILENT_SECONDS = 15
"""A socket not heard of for this long is taken for dead, and the session may be resumed."""


@dataclass(frozen=True, slots=True)
class OpenedSession:
    session: AuthSession
    token: str
    """For the person's link; kept nowhere."""


@dataclass(frozen=True, slots=True)
class ClaimedSession:
    session: AuthSession
    socket_id: uuid.UUID
    resume_token: str


@transaction.atomic
def open_session(*, user: ClientUser, purpose: SessionPurpose, actor: Actor) -> OpenedSession:
    """Open a session for ``user``; an open one of the same purpose is cancelled, so that one link works.

    Raises Throttled while the person is locked out, Conflict when a person who is not enrolled should be
    verified, ContractMismatch when their template was made by another model pack, NotFound when they were
    deleted meanwhile. Writes nothing then.
    """
    now = clock.now()
    user = lock_user(user)
    if not user.is_active or not user.client.is_active:
        raise Conflict("The person or the client is not active.")
    require_not_locked_out(user=user, purpose=purpose, now=now)
    if purpose == SessionPurpose.VERIFICATION:
        require_verifiable(user)
    open_ones = AuthSession.objects.filter(user=user, purpose=purpose, state=SessionState.OPEN)
    for earlier in open_ones.select_for_update():
        _end(earlier, state=SessionState.CANCELLED, reason="superseded", actor=actor, now=now)
    token, token_hash = make_token()
    session = AuthSession.objects.create(
        client=user.client,
        user=user,
        purpose=purpose,
        created_at=now,
        expires_at=now + timedelta(seconds=user.client.session_lifetime_seconds),
        link_token_hash=token_hash,
        max_attempts=ATTEMPTS_PER_SESSION,
        liveness_level=user.client.liveness_level,
        nonce=uuid.uuid4().hex,
    )
    record_audit(
        client=user.client,
        actor=actor,
        action="session.opened",
        target_kind="session",
        target_id=str(session.pk),
        details={"purpose": purpose, "external_user_id": user.external_user_id},
    )
    if purpose == SessionPurpose.ENROLLMENT and user.old_profile_photo:
        request_preload(user=user)
    return OpenedSession(session=session, token=token)


def require_not_locked_out(*, user: ClientUser, purpose: str, now: datetime) -> None:
    """Raises Throttled once the person's failed tries since their last success reach the limit.

    Every challenge that was begun counts, also one that was abandoned: otherwise a forger could leave
    each script that does not suit.
    """
    limit = user.client.max_attempts or settings.LOCKOUT_FAILURES
    window = timedelta(seconds=user.client.lockout_seconds or settings.LOCKOUT_SECONDS)
    tries = AuthSession.objects.filter(user=user, purpose=purpose, created_at__gt=now - window)
    success = tries.filter(verdict=Verdict.PASSED).order_by("-ended_at").first()
    if success and success.ended_at:
        tries = tries.filter(created_at__gt=success.ended_at)
    failed = tries.exclude(state=SessionState.COMPLETED).exclude(attempt_count=0)
    found = failed.aggregate(total=Sum("attempt_count"), oldest=Min("created_at"))
    if (found["total"] or 0) >= limit:
        wait = math.ceil((found["oldest"] + window - now).total_seconds())
        raise Throttled(
            "Too many failed attempts; try again later.",
            details={"reason": "too_many_attempts", "retry_after": max(1, wait)},
        )


@transaction.atomic
def claim_socket(
    *, session_id: uuid.UUID, token: str, origin: str | None, host: str, now: datetime
) -> ClaimedSession:
    """Give the session to one socket. The link's token works until its first frame, then the resume token.

    Raises NotAuthenticated for a wrong or used token, PermissionDenied for a foreign site, SessionClosed or
    SessionExpired, and Conflict while another socket holds the session.
    """
    session = (
        AuthSession.objects.select_for_update(of=("self",))
        .select_related("client", "user")
        .filter(pk=session_id)
        .first()
    )
    presented = hash_token(token)
    by_link = session is not None and hmac.compare_digest(presented, session.link_token_hash)
    by_resume = session is not None and hmac.compare_digest(presented, session.resume_token_hash or "-")
    if session is None or not (by_link or by_resume):
        raise NotAuthenticated("The session token is wrong.")
    if not origin_allowed(origin=origin, host=host, allowed_origins=session.client.allowed_origins):
        raise PermissionDenied("This site may not open the session.", details={"reason": "origin"})
    session.require_open(now=now)
    _require_active(session)
    if by_link and session.link_used_at:
        raise NotAuthenticated("This link was used already.", details={"reason": "token_used"})
    if session.socket_id and session.socket_seen_at:
        silent = (now - session.socket_seen_at).total_seconds()
        if silent < SOCKET_SILENT_SECONDS:
            raise Conflict("Another page is connected to this session.", details={"reason": "second_socket"})
    resume_token = token
    if by_link:
        resume_token, session.resume_token_hash = make_token()
    session.socket_id, session.socket_seen_at = uuid.uuid4(), now
    session.save(update_fields=["socket_id", "socket_seen_at", "resume_token_hash"])
    return ClaimedSession(session=session, socket_id=session.socket_id, resume_token=resume_token)


def confirm_link_used(*, session_id: uuid.UUID, now: datetime) -> None:
    """The page has its resume token and sends frames: from here on the link opens nothing. Idempotent."""
    AuthSession.objects.filter(pk=session_id, link_used_at=None).update(link_used_at=now)


def heartbeat_socket(*, session_id: uuid.UUID, socket_id: uuid.UUID, now: datetime) -> None:
    """Raises SessionClosed when the session ended or passed to another socket meanwhile."""
    held = AuthSession.objects.filter(pk=session_id, socket_id=socket_id, state=SessionState.OPEN)
    if not held.update(socket_seen_at=now):
        raise SessionClosed


def release_socket(*, session_id: uuid.UUID, socket_id: uuid.UUID, frames: int = 0) -> None:
    """Let go of the session, which stays open for a resume; ``frames`` were analysed meanwhile.

    Does nothing for another socket's session.
    """
    held = AuthSession.objects.filter(pk=session_id, socket_id=socket_id)
    held.update(socket_id=None, socket_seen_at=None, frames_analyzed=F("frames_analyzed") + frames)


@transaction.atomic
def begin_attempt(*, session_id: uuid.UUID, socket_id: uuid.UUID, now: datetime) -> None:
    """Count one try, at the moment its challenge becomes known. Raises SessionClosed or Throttled."""
    session = lock_held_session(session_id=session_id, socket_id=socket_id, now=now)
    if not session.attempts_left:
        raise SessionClosed(details={"reason": "too_many_attempts"})
    require_not_locked_out(user=session.user, purpose=session.purpose, now=now)
    AuthSession.objects.filter(pk=session.pk).update(attempt_count=F("attempt_count") + 1)


def lock_held_session(*, session_id: uuid.UUID, socket_id: uuid.UUID, now: datetime) -> AuthSession:
    """The session and its person, locked: open and held by this socket.

    Raises SessionClosed or SessionExpired.
    """
    # The person first, as those who open a session or delete a person do: they wait then, nobody deadlocks.
    # Not their key: a look-alike's session that names them must be able to commit.
    people = ClientUser.objects.select_for_update(of=("self",), no_key=True)
    people.filter(sessions__pk=session_id).only("pk").first()
    session = (
        AuthSession.objects.select_for_update(of=("self",))
        .select_related("client", "user", "user__client")
        .filter(pk=session_id)
        .first()
    )
    if session is None:
        raise SessionClosed  # the person was deleted while looking into the camera
    session.require_open(now=now)
    _require_active(session)
    if session.socket_id != socket_id:
        raise SessionClosed(details={"reason": "second_socket"})
    return session


@transaction.atomic
def cancel_session(*, session: AuthSession, actor: Actor, reason: str = "cancelled") -> AuthSession:
    """End an open session without a verdict. Cancelling twice is no error; an ended session is one.

    Raises SessionClosed, SessionExpired, or NotFound when its person was deleted meanwhile.
    """
    now = clock.now()
    locked = AuthSession.objects.select_for_update(of=("self",)).select_related("client", "user")
    current = locked.filter(pk=session.pk).first()
    if current is None:
        raise NotFound("There is no such session.")
    session = current
    if session.state == SessionState.CANCELLED:
        return session
    session.require_open(now=now)
    _end(session, state=SessionState.CANCELLED, reason=reason, actor=actor, now=now)
    return session


def expire_sessions(*, now: datetime) -> int:
    """End every open session whose time is over. Returns how many. Safe to run twice and at once."""
    due = AuthSession.objects.filter(state=SessionState.OPEN, expires_at__lte=now).values_list(
        "pk", flat=True
    )
    return sum(_expire(session_id=pk, now=now) for pk in list(due))


@transaction.atomic
def _expire(*, session_id: uuid.UUID, now: datetime) -> bool:
    session = (
        AuthSession.objects.select_for_update(of=("self",))
        .select_related("client", "user")
        .filter(pk=session_id, state=SessionState.OPEN)
        .first()
    )
    if session is None:
        return False
    _end(session, state=SessionState.EXPIRED, reason="session_expired", actor=SYSTEM, now=now)
    return True


def _end(session: AuthSession, *, state: SessionState, reason: str, actor: Actor, now: datetime) -> None:
    verdict = Verdict.FAILED if state == SessionState.EXPIRED else None
    session.mark_ended(state=state, verdict=verdict, reasons=(reason,), now=now)
    session.save()
    record_audit(
        client=session.client,
        actor=actor,
        action=f"session.{state}",
        target_kind="session",
        target_id=str(session.pk),
        details={"purpose": session.purpose, "reason": reason},
    )
    record_delivery(session=session, now=now)


def _require_active(session: AuthSession) -> None:
    if not session.user.is_active or not session.client.is_active:
        raise SessionClosed(details={"reason": "inactive"})


def require_verifiable(user: ClientUser) -> Template:
    """The template to compare with. Raises Conflict for a person who is not (or no longer) enrolled.

    Raises ContractMismatch for a template of another model pack.
    """
    template = user.get_cached_embedding()
    if template is None or user.enrollment_state != "enrolled":
        raise Conflict("The person is not enrolled.", details={"enrollment_state": user.enrollment_state})
    return template.require_contract(get_engine().contract.key)
