"""Traces of attempts do not outlive their client's retention: a face's movements are personal data too."""

from __future__ import annotations

from datetime import datetime, timedelta

from auth_service.models import LivenessTrace
from clients.models import Client

BATCH = 500
"""Rows deleted in one statement: no lock is held for long, however much has piled up."""


def purge_expired_traces(*, now: datetime) -> int:
    """Delete traces older than their client's ``retention_days``; returns how many.

    Verdicts and numbers of their sessions stay. Safe to run twice, at once, and to break off.
    """
    spans = Client.objects.order_by().values_list("retention_days", flat=True).distinct()
    return sum(_purge_span(days, now=now) for days in list(spans))


def _purge_span(days: int, *, now: datetime) -> int:
    expired = LivenessTrace.objects.filter(
        session__client__retention_days=days, created_at__lt=now - timedelta(days=days)
    )
    removed = 0
    while batch := list(expired.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        removed += LivenessTrace.objects.filter(pk__in=batch).delete()[0]
    return removed
