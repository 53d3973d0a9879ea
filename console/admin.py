"""The way from a session in Django admin to its evidence over time."""

from __future__ import annotations

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auth_service.admin import AuthSessionAdmin
from auth_service.models import AuthSession
from clients.admin.base import display


@display(description=gettext_lazy("Evidence over time"))
def evidence_over_time(session: AuthSession) -> str:
    address = reverse("console:session", args=[session.pk])
    # The theme's own classes of a link.
    return format_html(
        '<a class="text-primary-600 dark:text-primary-500 underline" href="{}">{}</a>',
        address,
        _("Open in the console"),
    )


AuthSessionAdmin.add_fact(evidence_over_time)
