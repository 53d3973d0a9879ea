"""Jobs and the audit, to look at."""

from __future__ import annotations

import json

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RelatedDropdownFilter

from clients.admin.base import ReadOnlyAdmin, display
from clients.choices import JobState
from clients.models import AuditEntry, Job


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = (
        "short_name",
        "client",
        "shown_state",
        "attempts",
        "progress",
        "error_code",
        "run_after",
        "created_at",
    )
    list_filter = ("state", "name", "error_code", ("client", RelatedDropdownFilter), "created_at")
    search_fields = ("id", "name", "dedupe_key", "error_code", "client__client_id")
    list_select_related = ("client",)
    fields = (
        "id",
        "name",
        "client",
        "shown_state",
        "arguments",
        "dedupe_key",
        "attempts",
        "max_attempts",
        "progress",
        "run_after",
        "heartbeat_at",
        "finished_at",
        "error_code",
        "error_message",
        "created_at",
    )

    @display(description=_("Work"), ordering="name")
    def short_name(self, job: Job) -> str:
        return job.name.rpartition(".")[2]

    @display(
        description=_("State"),
        ordering="state",
        label={
            JobState.QUEUED.value: "info",
            JobState.RUNNING.value: "warning",
            JobState.DONE.value: "success",
            JobState.FAILED.value: "danger",
        },
    )
    def shown_state(self, job: Job) -> tuple[str, str]:
        return job.state, job.get_state_display()

    @display(description=_("Progress"))
    def progress(self, job: Job) -> str:
        return f"{job.progress_done} / {job.progress_total}" if job.progress_total else "-"


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "client_id", "action", "target", "actor", "summary", "request_id")
    list_filter = ("action", "actor_kind", "target_kind", "created_at")
    search_fields = ("client_id__exact", "action", "target_id", "actor_id", "request_id")
    date_hierarchy = "created_at"
    fields = (
        "created_at",
        "client_id",
        "action",
        "target",
        "actor",
        "request_id",
        "shown_details",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        # The client may be gone; only its id is shown, so nothing is joined.
        entries: QuerySet[AuditEntry] = super().get_queryset(request)
        return entries.select_related(None)

    @display(description=_("Target"), ordering="target_kind")
    def target(self, entry: AuditEntry) -> str:
        return f"{entry.target_kind} {entry.target_id}".strip() or "-"

    @display(description=_("By"), ordering="actor_kind")
    def actor(self, entry: AuditEntry) -> str:
        return f"{entry.get_actor_kind_display()} {entry.actor_id}".strip()

    @display(description=_("Details"))
    def summary(self, entry: AuditEntry) -> str:
        text = ", ".join(f"{name}={value}" for name, value in entry.details.items())
        return text if len(text) <= 80 else text[:79] + "…"

    @display(description=_("Details"))
    def shown_details(self, entry: AuditEntry) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(entry.details, indent=2, ensure_ascii=False))
