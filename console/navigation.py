"""The console's places. A new page adds its line here and is linked for those who may see it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from console.access import SEE_SESSIONS


@dataclass(frozen=True, slots=True)
class Place:
    label: str
    address: str
    current: bool
    """The open page lies in it."""


def places(request: HttpRequest) -> list[Place]:
    """What this request's user may open, in order."""
    known = (
        (_("Sessions"), "sessions", SEE_SESSIONS, ("sessions", "session")),
        (_("Scorecard"), "scorecard", SEE_SESSIONS, ("scorecard",)),
    )
    here = request.resolver_match.url_name if request.resolver_match else None
    return [
        Place(label=label, address=reverse(f"console:{name}"), current=here in pages)
        for label, name, permission, pages in known
        if request.user.has_perm(permission)
    ]
