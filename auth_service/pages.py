"""The person's page: one link, one session; and the cards for links that lead nowhere any more."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from auth_service.models import AuthSession, SessionState
from auth_service.page_frame import content_security_policy, page
from auth_service.page_problems import closed_texts
from auth_service.page_texts import page_texts
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
        return _closed_page(request, state=UNKNOWN, organisation="", status=404)
    state = SessionState.EXPIRED if session.is_open and clock.now() >= session.expires_at else session.state
    if state != SessionState.OPEN:
        return _closed_page(request, state=state, organisation=session.client.name, status=410)
    socket = socket_url(request, session)
    context = {
        "session": session,
        "organisation": session.client.name,
        "config": {"socket_url": socket, "token": token, "purpose": session.purpose},
        "texts": page_texts(session),
    }
    response = render(request, "session/session.html", context)
    response["Content-Security-Policy"] = content_security_policy(
        sockets=[socket], embedders=session.client.allowed_origins
    )
    response["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()"
    # The address of the page is itself a credential.
    response["Referrer-Policy"] = "no-referrer"
    return response


def socket_url(request: HttpRequest, session: AuthSession) -> str:
    """The session's socket on the host that served the page, secure when the page is."""
    address = urlsplit(request.build_absolute_uri(f"/ws/sessions/{session.pk}/"))
    return address._replace(scheme="wss" if request.is_secure() else "ws").geturl()


def _closed_page(request: HttpRequest, *, state: str, organisation: str, status: int) -> HttpResponse:
    card = closed_texts(state, organisation)
    return render(request, "session/closed.html", {"card": card, "state": state}, status=status)
