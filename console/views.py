"""The console's pages: parse, select, present."""

from __future__ import annotations

import uuid
from typing import cast

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from auth_service.models import SessionPurpose, Verdict
from auth_service.page_frame import page
from console.access import SEE_SESSIONS, console_page
from console.navigation import places
from console.scorecard_page import scorecard_page
from console.selectors import NO_VERDICT, find_session, list_clients, list_sessions, parse_filters
from console.session_list import session_line
from console.session_page import session_view

SESSIONS_PER_PAGE = 25


class _Login(LoginView):
    """As Django admin's own: staff only, then on to where they were sent from if that is on this server."""

    template_name = "console/login.html"
    authentication_form = AdminAuthenticationForm
    next_page = "console:sessions"


class _Logout(LogoutView):
    """By POST only, so that no other site can sign anybody out."""

    next_page = "console:login"


@page
def login(request: HttpRequest) -> HttpResponse:
    return cast(HttpResponse, _Login.as_view()(request))


@page
def logout(request: HttpRequest) -> HttpResponse:
    return _Logout.as_view()(request)


@console_page(permission=SEE_SESSIONS)
def sessions(request: HttpRequest) -> HttpResponse:
    """Newest first, filtered by the address's parameters."""
    filters = parse_filters(request.GET.dict())
    found = Paginator(list_sessions(filters), SESSIONS_PER_PAGE)
    shown = found.get_page(request.GET.get("page"))
    context = {
        "places": places(request),
        "filters": filters,
        "page": shown,
        "pages": found.get_elided_page_range(shown.number, on_each_side=1, on_ends=1),
        "lines": [session_line(session) for session in shown],
        "clients": list_clients(),
        "verdicts": Verdict.choices,
        "no_verdict": NO_VERDICT,
        "purposes": SessionPurpose.choices,
    }
    return render(request, "console/sessions.html", context)


@console_page(permission=SEE_SESSIONS)
def session(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """What was asked of one person and what was measured, over time."""
    found = find_session(session_id)
    if found is None:
        raise Http404
    return render(request, "console/session.html", {"places": places(request), "view": session_view(found)})


@console_page(permission=SEE_SESSIONS)
def scorecard(request: HttpRequest) -> HttpResponse:
    """How attacks and genuine sessions of recorded data were judged, per pack and level."""
    shown = scorecard_page(source=request.GET.get("source", ""), run=request.GET.get("run", ""))
    return render(request, "console/scorecard.html", {"places": places(request), "card": shown})
