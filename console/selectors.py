"""Sessions as the console lists them: of every client, for staff who may see sessions at all."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from auth_service.models import AuthSession, LivenessTrace, SessionPurpose, Verdict
from clients.models import Client

NO_VERDICT = "none"
_LONGEST_SEARCH = 128
_LAST = "last_traces"


@dataclass(frozen=True, slots=True)
class SessionFilters:
    """Empty texts filter nothing."""

    verdict: str = ""
    """A `Verdict`, or `NO_VERDICT` for sessions that are open or ended without one."""
    purpose: str = ""
    client: str = ""
    search: str = ""
    """Part of the person's external id, in any case."""

    @property
    def are_set(self) -> bool:
        return bool(self.verdict or self.purpose or self.client or self.search)


def parse_filters(query: Mapping[str, str]) -> SessionFilters:
    """From an address's parameters; what no filter knows filters nothing."""
    verdict, purpose = query.get("verdict", ""), query.get("purpose", "")
    client, search = query.get("client", ""), query.get("q", "")
    return SessionFilters(
        verdict=verdict if verdict in (*Verdict.values, NO_VERDICT) else "",
        purpose=purpose if purpose in SessionPurpose.values else "",
        client=client if Client.objects.filter(pk=_printable(client)).exists() else "",
        search=_printable(search).strip()[:_LONGEST_SEARCH],
    )


def list_sessions(filters: SessionFilters) -> QuerySet[AuthSession]:
    """Newest first, each with its client, its person and its last attempt's trace."""
    sessions = AuthSession.objects.select_related("client", "user").order_by("-created_at", "pk")
    if filters.verdict:
        sessions = sessions.filter(verdict="" if filters.verdict == NO_VERDICT else filters.verdict)
    if filters.purpose:
        sessions = sessions.filter(purpose=filters.purpose)
    if filters.client:
        sessions = sessions.filter(client_id=filters.client)
    if filters.search:
        sessions = sessions.filter(user__external_user_id__icontains=filters.search)
    # Not the attempt that the session counts: one that was broken off left no trace.
    later = LivenessTrace.objects.filter(session=OuterRef("session"), attempt__gt=OuterRef("attempt"))
    last = LivenessTrace.objects.filter(~Exists(later))
    return sessions.prefetch_related(Prefetch("traces", queryset=last, to_attr=_LAST))


def last_trace(session: AuthSession) -> object:
    """What is stored of the last attempt that left a trace, of a session from `list_sessions`; None without
    one."""
    return next((found.trace for found in vars(session)[_LAST]), None)


def find_session(session_id: uuid.UUID) -> AuthSession | None:
    """With its client, person and traces in the order of attempts."""
    sessions = AuthSession.objects.select_related("client", "user", "duplicate_of")
    traces = LivenessTrace.objects.order_by("attempt")
    return sessions.prefetch_related(Prefetch("traces", queryset=traces)).filter(pk=session_id).first()


def list_clients() -> QuerySet[Client]:
    return Client.objects.order_by("name", "client_id")


def _printable(text: str) -> str:
    """PostgreSQL refuses a NUL in a string."""
    return text.replace("\x00", "")
