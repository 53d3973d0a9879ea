"""API keys: added with the token shown once, revoked, never edited."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from clients import services
from clients.admin.base import ServiceAdmin, action, display, staff_actor
from clients.choices import Scope
from clients.models import ApiKey
from common import clock


class NewKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        initial=[Scope.USERS_READ, Scope.USERS_WRITE, Scope.SESSIONS_READ, Scope.SESSIONS_WRITE],
    )

    class Meta:
        model = ApiKey
        fields = ("client", "name", "scopes", "expires_at")


@admin.register(ApiKey)
class ApiKeyAdmin(ServiceAdmin):
    form = NewKeyForm
    list_display = ("name", "prefix", "client", "state", "shown_scopes", "last_used_at", "expires_at")
    list_filter = (("client", RelatedDropdownFilter), "created_at", "last_used_at")
    search_fields = ("name", "prefix", "client__name", "client__client_id")
    list_select_related = ("client",)
    autocomplete_fields = ("client",)
    actions = ("revoke",)

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("client", "name", "scopes", "expires_at")
        return (
            "client",
            "name",
            "prefix",
            "state",
            "shown_scopes",
            "created_at",
            "last_used_at",
            "expires_at",
            "revoked_at",
        )

    @display(description=_("State"), label={"valid": "success", "expired": "warning", "revoked": "danger"})
    def state(self, key: ApiKey) -> str:
        if key.revoked_at:
            return "revoked"
        return "valid" if key.is_valid(now=clock.now()) else "expired"

    @display(description=_("Scopes"))
    def shown_scopes(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @action(description=_("Revoke the selected keys"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        actor = staff_actor(request)
        keys = queryset.select_related("client")
        self.run_for_each(
            request,
            keys,
            lambda key: services.revoke_api_key(key=key, actor=actor),
            done=_("Keys revoked"),
        )

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("clients.change_apikey")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, obj: ApiKey, form: forms.ModelForm[ApiKey], change: bool
    ) -> None:
        key, token = services.create_api_key(actor=staff_actor(request), **form.cleaned_data)
        obj.pk, obj.prefix = key.pk, key.prefix
        obj._state.adding = False
        messages.warning(
            request, f"API key of {key.client}, shown only now: {token} - note it down before you go on."
        )
