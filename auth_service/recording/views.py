"""Saying no to a recording: as easy as saying yes."""

from __future__ import annotations

import contextlib

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from auth_service.recording.plan import find_plan
from auth_service.recording.sessions import decline
from auth_service.selectors import find_session_by_link_token
from common.errors import SessionClosed, SessionExpired


@require_POST
@csrf_exempt  # who knows the link holds the credential; and its page sends no origin that could be compared
def decline_recording(_request: HttpRequest, token: str) -> HttpResponse:
    """End the link's session, on a recording server. The link's page then tells how it ended."""
    session = find_session_by_link_token(token) if find_plan() else None
    if session is None:
        raise Http404
    with contextlib.suppress(SessionClosed, SessionExpired):
        decline(session)
    return redirect("session-page", token=token)
