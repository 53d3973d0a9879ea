"""The operator's start page: what this is, what is running, and how to try it."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from auth_service.models import SessionPurpose
from auth_service.page_frame import page
from clients.audit import Actor
from clients.choices import ActorKind
from common import clock
from common.errors import FaceAppError
from monitoring.demo import find_demo_user, open_demo_session
from monitoring.figures import count_jobs, count_people, count_sessions_today, describe_parts


@require_safe
@page
def start_page(request: HttpRequest) -> HttpResponse:
    """Anybody learns that the server is up; figures are for staff."""
    context: dict[str, object] = {"version": settings.VERSION, "may_try": may_try(request)}
    if may_try(request):
        context |= {"demo_user": find_demo_user()}
    if request.user.is_staff:
        now = clock.now()
        context |= {
            "parts": describe_parts(),
            "people": count_people(),
            "sessions": count_sessions_today(now=now),
            "jobs": count_jobs(),
        }
    return render(request, "monitoring/start.html", context)


def may_try(request: HttpRequest) -> bool:
    """Staff may, and on an installation that is being tried out anybody."""
    return request.user.is_staff or settings.FACE_DEMO


@require_POST
@page
def try_session(request: HttpRequest) -> HttpResponse:
    """Open a session for the demo person and go to its page."""
    if not may_try(request):
        return redirect_to_login("/", login_url=reverse("admin:login"))
    purpose = request.POST.get("purpose", "")
    if purpose not in SessionPurpose.values:
        return redirect("start")
    actor = Actor(kind=ActorKind.STAFF, id=str(request.user.pk or "demo"))
    try:
        opened = open_demo_session(purpose=SessionPurpose(purpose), actor=actor)
    except FaceAppError as error:
        messages.error(request, error.message)
        return redirect("start")
    return redirect("session-page", token=opened.token)
