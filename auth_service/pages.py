"""The person's page: one link, one session; and the cards for links that lead nowhere any more."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from auth_service.models import SessionState
from auth_service.page_frame import content_security_policy, page
from auth_service.page_problems import Problem, closed_texts
from auth_service.page_texts import page_texts, privacy_text
from auth_service.recording.page import declined_card, recording_context
from auth_service.recording.plan import find_plan
from auth_service.recording.sessions import DECLINED
from auth_service.selectors import find_session_by_link_token
from common import clock

UNKNOWN = "unknown"


@require_safe
@xframe_options_exempt  # the policy's frame-ancestors says which sites may, per client
@page
def session_page(request: HttpRequest, token: str) -> HttpResponse:
    """The camera page of an open session; 404 for an unknown link, 410 for one that has ended."""
    session = find_session_by_link_token(token)
    if session is None:
        return _closed_page(request, state=UNKNOWN, card=closed_texts(UNKNOWN, ""), status=404)
    state = SessionState.EXPIRED if session.is_open and clock.now() >= session.expires_at else session.state
    if state != SessionState.OPEN:
        declined = session.reasons == [DECLINED]
        card = declined_card() if declined else closed_texts(state, session.client.name)
        return _closed_page(request, state=state, card=card, status=410)
    texts, plan = page_texts(session), find_plan()
    context = {
        "session": session,
        "organisation": session.client.name,
        "token": token,
        "privacy": privacy_text(session),
        # Only the path: the page knows its own host and whether it was loaded securely, also behind a proxy.
        "config": {"socket_path": f"/ws/sessions/{session.pk}/", "token": token},
        "texts": texts,
        **(recording_context(plan, texts) if plan else {}),
    }
    response = render(request, "session/session.html", context)
    response["Content-Security-Policy"] = content_security_policy(
        # Older Safari does not count sockets of the same host as 'self'.
        sockets=[f"ws://{request.get_host()}", f"wss://{request.get_host()}"],
        embedders=session.client.allowed_origins,
    )
    response["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()"
    # The address of the page is itself a credential.
    response["Referrer-Policy"] = "no-referrer"
    return response


def _closed_page(request: HttpRequest, *, state: str, card: Problem, status: int) -> HttpResponse:
    return render(request, "session/closed.html", {"card": card, "state": state}, status=status)
