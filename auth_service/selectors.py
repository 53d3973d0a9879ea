"""Reads of sessions, always for one client or by the holder's own token."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from auth_service.models import AuthSession
from auth_service.tokens import hash_token
from clients.models import Client
from common.errors import NotFound


def list_sessions(*, client: Client) -> QuerySet[AuthSession]:
    """Newest first, with what presenting them needs."""
    return AuthSession.objects.filter(client=client).select_related("user", "duplicate_of")


def get_session(*, client: Client, session_id: uuid.UUID) -> AuthSession:
    """Raises NotFound, also for another client's session."""
    session = list_sessions(client=client).select_related("client").filter(pk=session_id).first()
    if session is None:
        raise NotFound("There is no such session.")
    return session


def find_session_by_link_token(token: str) -> AuthSession | None:
    """The session a person's link belongs to, in whatever state it is."""
    return (
        AuthSession.objects.select_related("client", "user").filter(link_token_hash=hash_token(token)).first()
    )
