"""Where a person's session is found."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from auth_service.models import AuthSession


def page_address(request: HttpRequest, token: str) -> str:
    """The link for the person, on ``PUBLIC_URL`` where set, else on the host that was asked."""
    return _absolute(request, reverse("session-page", args=[token]))


def socket_address(request: HttpRequest, session: AuthSession) -> str:
    """The session's socket; secure when the page is."""
    address = urlsplit(_absolute(request, f"/ws/sessions/{session.pk}/"))
    return address._replace(scheme="wss" if address.scheme == "https" else "ws").geturl()


def _absolute(request: HttpRequest, path: str) -> str:
    if settings.PUBLIC_URL:
        return settings.PUBLIC_URL.rstrip("/") + path
    return request.build_absolute_uri(path)
