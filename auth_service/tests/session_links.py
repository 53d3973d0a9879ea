"""Sessions in any state with the link that leads to them."""

from __future__ import annotations

from datetime import timedelta

from auth_service.models import AuthSession, SessionPurpose, SessionState
from auth_service.tokens import make_token
from clients.models import ClientUser
from common import clock


def make_link(
    user: ClientUser,
    *,
    purpose: str = SessionPurpose.VERIFICATION,
    state: str = SessionState.OPEN,
    seconds: int = 600,
) -> str:
    """Path of the page of a new session."""
    token, token_hash = make_token()
    now = clock.now()
    AuthSession.objects.create(
        client=user.client,
        user=user,
        purpose=purpose,
        state=state,
        created_at=now,
        ended_at=None if state == SessionState.OPEN else now,
        expires_at=now + timedelta(seconds=seconds),
        link_token_hash=token_hash,
        max_attempts=3,
        liveness_level="standard",
        nonce="nonce",
    )
    return f"/session/{token}/"
