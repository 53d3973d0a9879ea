"""Clients: policy, webhook secret, counts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from clients import services
from clients.admin.base import ServiceAdmin, action, display, staff_actor
from clients.choices import EnrollmentState
from clients.models import Client


@admin.register(Client)
class ClientAdmin(ServiceAdmin):
    list_display = ("name", "client_id", "is_active", "people", "enrolled", "level", "webhook", "created_at")
    list_filter = ("is_active", "liveness_level", "old_photo_policy", "duplicate_policy", "image_retention")
    search_fields = ("name", "client_id")
    readonly_fields = ("client_id", "created_at", "links")
    actions = ("rotate_webhook_secrets",)
    fieldsets = (
        (None, {"fields": ("name", "client_id", "is_active", "created_at", "links")}),
        (_("Recognition"), {"fields": ("verification_threshold", "identification_threshold")}),
        (
            _("Sessions"),
            {"fields": ("liveness_level", "session_lifetime_seconds", "max_attempts", "lockout_seconds")},
        ),
        (_("Enrollment"), {"fields": ("old_photo_policy", "duplicate_policy")}),
        (_("Images"), {"fields": ("image_retention", "retention_days")}),
        (_("Integration"), {"fields": ("allowed_origins", "webhook_url")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Client]:
        enrolled = Q(users__enrollment_state=EnrollmentState.ENROLLED)
        clients: QuerySet[Client] = super().get_queryset(request)
        return clients.annotate(user_count=Count("users"), enrolled_count=Count("users", filter=enrolled))

    @display(description=_("People"), ordering="user_count")
    def people(self, client: Any) -> int:
        return int(client.user_count)

    @display(description=_("Enrolled"), ordering="enrolled_count")
    def enrolled(self, client: Any) -> int:
        return int(client.enrolled_count)

    @display(
        description=_("Liveness"),
        ordering="liveness_level",
        label={"basic": "warning", "standard": "info", "strict": "success"},
    )
    def level(self, client: Client) -> str:
        return client.liveness_level

    @display(description=_("Webhook"), boolean=True)
    def webhook(self, client: Client) -> bool:
        return bool(client.webhook_url)

    @display(description=_("See"))
    def links(self, client: Client) -> SafeString | str:
        if client._state.adding:
            return "-"
        query = f"?client__client_id__exact={client.pk}"
        return format_html(
            '<a href="{}{}">{}</a> · <a href="{}{}">{}</a>',
            reverse("admin:clients_clientuser_changelist"),
            query,
            _("People"),
            reverse("admin:clients_apikey_changelist"),
            query,
            _("API keys"),
        )

    @action(description=_("Replace the webhook secret (shown once)"), permissions=["change"])
    def rotate_webhook_secrets(self, request: HttpRequest, queryset: QuerySet[Client]) -> None:
        for client in queryset:
            self._show_new_secret(request, client)

    def _show_new_secret(self, request: HttpRequest, client: Client) -> None:
        secret = services.rotate_webhook_secret(client=client, actor=staff_actor(request))
        messages.warning(
            request, f"Webhook secret of {client}, shown only now: {secret} - note it down before you go on."
        )

    def save_model(self, request: HttpRequest, obj: Client, form: ModelForm[Client], change: bool) -> None:
        actor = staff_actor(request)
        if change:
            services.update_client(
                client=obj, actor=actor, **{name: form.cleaned_data[name] for name in form.changed_data}
            )
            return
        created = services.create_client(actor=actor, **form.cleaned_data)
        # The admin goes on with its own object: to log the addition and to say where it is.
        obj.client_id = created.client_id
        obj._state.adding = False
        self._show_new_secret(request, obj)

    def delete_model(self, request: HttpRequest, obj: Client) -> None:
        services.delete_client(client=obj, actor=staff_actor(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Client]) -> None:
        for client in queryset:
            services.delete_client(client=client, actor=staff_actor(request))
