"""Who may open a console page: staff who hold its permission. Others are sent to sign in, or told no."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from auth_service.page_frame import page

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

SEE_SESSIONS = "auth_service.view_authsession"
"""What Django's admin asks for to show a session."""


def console_page(*, permission: str) -> Callable[[View[P]], View[P]]:
    """A page to be read, for staff with ``permission``. Strangers go to the login and come back after it;
    who is signed in without the right gets 403."""

    def decorate(view: View[P]) -> View[P]:
        @require_safe
        @page
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path(), login_url=reverse("console:login"))
            if not (request.user.is_staff and request.user.has_perm(permission)):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate
