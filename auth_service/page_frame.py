"""What every page shares: the language of the request and headers that keep the page to itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

P = ParamSpec("P")
LANGUAGE_COOKIE_SECONDS = 365 * 24 * 3600


def page(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let ``?lang=`` choose the language (kept in Django's cookie) and add the security headers."""

    @wraps(view)
    def framed(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        chosen = request.GET.get("lang", "")
        if chosen in dict(settings.LANGUAGES):
            translation.activate(chosen)
        response = view(request, *args, **kwargs)
        if chosen in dict(settings.LANGUAGES):
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                chosen,
                max_age=LANGUAGE_COOKIE_SECONDS,
                secure=request.is_secure(),
                samesite="Lax",
            )
        response.headers.setdefault("Content-Security-Policy", content_security_policy())
        response["Cache-Control"] = "no-store"
        response["X-Robots-Tag"] = "noindex"
        return response

    return framed


def content_security_policy(*, sockets: Sequence[str] = (), embedders: Sequence[str] = ()) -> str:
    """``sockets``: origins the page opens sockets to; ``embedders``: origins that may frame it."""
    rules = {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "media-src": ["'self'", "blob:"],
        "manifest-src": ["'self'"],
        "connect-src": ["'self'", *sockets],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": list(embedders) or ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in rules.items())
