"""Sessions and webhook deliveries in Django admin: read-only, for what happened is not edited."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from auth_service import services
from auth_service.models import AuthSession, WebhookDelivery
from clients.audit import Actor
from clients.choices import ActorKind
from clients.jobs import enqueue_on_commit
from common import jobs
from common.errors import FaceAppError


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]
    list_per_page = 50
    actions_on_top = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AuthSession)
class AuthSessionAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "client",
        "user",
        "purpose",
        "shown_state",
        "shown_verdict",
        "shown_reasons",
        "similarity",
        "liveness_score",
        "attempt_count",
    )
    list_filter = ("purpose", "state", "verdict", "client")
    search_fields = ("id", "user__external_user_id", "user__name", "client__name", "client__client_id")
    date_hierarchy = "created_at"
    list_select_related = ("client", "user")
    actions = ("cancel",)
    fields = (
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
        "liveness_score",
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
    def shown_state(self, session: AuthSession) -> str:
        return session.state

    @display(
        description=_("Verdict"),
        ordering="verdict",
        label={"passed": "success", "failed": "danger", "needs_review": "warning"},
    )
    def shown_verdict(self, session: AuthSession) -> str:
        return session.verdict

    @display(description=_("Reasons"))
    def shown_reasons(self, session: AuthSession) -> str:
        return ", ".join(session.reasons) or "-"

    @display(description=_("Evidence"))
    def shown_evidence(self, session: AuthSession) -> str:
        return format_html("<pre>{}</pre>", json.dumps(session.evidence, indent=2))

    @action(description=_("Cancel open sessions"))
    def cancel(self, request: HttpRequest, queryset: QuerySet[AuthSession]) -> None:
        actor = Actor(kind=ActorKind.STAFF, id=str(request.user.pk))
        for session in queryset:
            try:
                services.cancel_session(session=session, actor=actor)
            except FaceAppError as error:
                messages.warning(request, f"{session}: {error.message}")


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
