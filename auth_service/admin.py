"""Sessions and webhook deliveries in Django admin: read-only, for what happened is not edited."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from auth_service import services
from auth_service.addresses import page_address
from auth_service.models import AuthSession, SessionPurpose, WebhookDelivery
from clients.admin.base import ReadOnlyAdmin, action, display, staff_actor
from clients.admin.people import ClientUserAdmin
from clients.jobs import enqueue_on_commit
from clients.models import ClientUser
from common import jobs
from common.errors import FaceAppError

LINKS_AT_ONCE = 20
"""People whose links fit a page of messages."""


def _rounded(score: float | None) -> str:
    return "-" if score is None else f"{score:.3f}"


@admin.register(AuthSession)
class AuthSessionAdmin(ReadOnlyAdmin):
    """Other apps may add facts with `add_fact`: they know this page, it does not know them."""

    list_display = (
        "created_at",
        "client",
        "person",
        "purpose",
        "shown_state",
        "shown_verdict",
        "shown_reasons",
        "short_similarity",
        "short_liveness",
        "attempt_count",
    )
    list_filter = ("purpose", "state", "verdict", "client")
    search_fields = ("id", "user__external_user_id", "user__name", "client__name", "client__client_id")
    date_hierarchy = "created_at"
    list_select_related = ("client", "user")
    actions = ("cancel",)
    fields: ClassVar[tuple[str | Callable[[AuthSession], str], ...]] = (
        "id",
        "client",
        "user",
        "purpose",
        "state",
        "verdict",
        "shown_reasons",
        "similarity",
        "threshold",
        "liveness_level",
        "liveness_level_reached",
        "liveness_score",
        "liveness_risk",
        "old_photo_verdict",
        "old_photo_similarity",
        "duplicate_of",
        "contract",
        "attempt_count",
        "max_attempts",
        "created_at",
        "expires_at",
        "ended_at",
        "shown_evidence",
    )

    @display(
        description=_("State"),
        ordering="state",
        label={"open": "info", "completed": "success", "failed": "danger", "expired": "warning"},
    )
    def shown_state(self, session: AuthSession) -> tuple[str, str]:
        return session.state, session.get_state_display()

    @display(
        description=_("Verdict"),
        ordering="verdict",
        label={"passed": "success", "failed": "danger", "needs_review": "warning"},
    )
    def shown_verdict(self, session: AuthSession) -> tuple[str, str] | None:
        return (session.verdict, session.get_verdict_display()) if session.verdict else None

    @display(description=_("Similarity"), ordering="similarity")
    def short_similarity(self, session: AuthSession) -> str:
        return _rounded(session.similarity)

    @display(description=_("Liveness"), ordering="liveness_score")
    def short_liveness(self, session: AuthSession) -> str:
        return _rounded(session.liveness_score)

    @display(description=_("Person"), ordering="user__external_user_id")
    def person(self, session: AuthSession) -> str:
        return session.user.external_user_id

    @display(description=_("Reasons"))
    def shown_reasons(self, session: AuthSession) -> str:
        return ", ".join(session.reasons) or "-"

    @display(description=_("Evidence"))
    def shown_evidence(self, session: AuthSession) -> str:
        return format_html("<pre>{}</pre>", json.dumps(session.evidence, indent=2))

    @classmethod
    def add_fact(cls, function: Callable[[AuthSession], str]) -> None:
        """Show ``function(session)`` above the evidence of a session's page. Safe to repeat."""
        if function not in cls.readonly_fields:
            cls.readonly_fields = (*cls.readonly_fields, function)
            cls.fields = (*cls.fields[:-1], function, cls.fields[-1])

    @action(description=_("Cancel open sessions"))
    def cancel(self, request: HttpRequest, queryset: QuerySet[AuthSession]) -> None:
        actor = staff_actor(request)
        self.run_for_each(
            request,
            queryset,
            lambda session: services.cancel_session(session=session, actor=actor),
            done=_("Sessions cancelled"),
        )


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "client", "event", "attempts", "last_status", "last_error", "delivered_at")
    list_filter = ("event", "client")
    search_fields = ("id", "session__id", "client__name")
    list_select_related = ("client",)
    actions = ("send_again",)
    fields = (
        "id",
        "client",
        "session",
        "event",
        "payload",
        "attempts",
        "last_status",
        "last_error",
        "created_at",
        "delivered_at",
    )

    @action(description=_("Send again those that were not delivered"))
    def send_again(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        for delivery in queryset.filter(delivered_at=None).select_related("client"):
            enqueue_on_commit(
                jobs.DELIVER_WEBHOOK,
                client=delivery.client,
                dedupe_key=f"webhook:{delivery.pk}",
                delivery_id=str(delivery.pk),
            )


@action(description=_("Open an enrollment link"))
def open_enrollment_link(_page: Any, request: HttpRequest, queryset: QuerySet[ClientUser]) -> None:
    _open_links(request, queryset, purpose=SessionPurpose.ENROLLMENT)


@action(description=_("Open a verification link"))
def open_verification_link(_page: Any, request: HttpRequest, queryset: QuerySet[ClientUser]) -> None:
    _open_links(request, queryset, purpose=SessionPurpose.VERIFICATION)


def _open_links(request: HttpRequest, people: QuerySet[ClientUser], *, purpose: SessionPurpose) -> None:
    """A link per person, shown once in a message: only its hash is kept."""
    for person in people.select_related("client")[:LINKS_AT_ONCE]:
        try:
            opened = services.open_session(user=person, purpose=purpose, actor=staff_actor(request))
        except FaceAppError as error:
            messages.warning(request, f"{person}: {error.message}")
            continue
        address = page_address(request, opened.token)
        messages.success(
            request,
            format_html('{}: <a href="{}" target="_blank" rel="noopener">{}</a>', person, address, address),
        )


ClientUserAdmin.add_action(open_enrollment_link)
ClientUserAdmin.add_action(open_verification_link)
