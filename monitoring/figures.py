"""What the operator's start page counts and what it says about the running parts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from auth_service.models import AuthSession, SessionState, Verdict
from clients.choices import EnrollmentState, JobState
from clients.models import Client, ClientUser, Job
from common.errors import FaceAppError
from core.engine.registry import get_engine

GOOD, BAD = "good", "bad"


@dataclass(frozen=True, slots=True)
class Part:
    """One running part: what it is, and whether it works."""

    name: str
    value: str
    note: str = ""
    state: str = GOOD


@dataclass(frozen=True, slots=True)
class Figure:
    label: str
    value: int
    link: str = ""
    """Name of the admin page that lists what is counted."""
    query: str = ""
    state: str = ""
    """``bad`` for a number that asks to be looked at."""


def describe_parts() -> list[Part]:
    return [_describe_engine(), _describe_database(), _describe_jobs(), _describe_memory()]


def _describe_engine() -> Part:
    name = _("Face engine")
    try:
        pack = get_engine().summary()
    except FaceAppError as error:
        return Part(name, _("Not loaded"), error.message, BAD)
    use = "" if pack.commercial_use else _("Not for commercial use.")
    return Part(name, pack.name, " · ".join(filter(None, [pack.licence, use, pack.note])))


def _describe_database() -> Part:
    note = (
        "" if connection.vendor == "postgresql" else _("For one machine. Set DATABASE_URL to use PostgreSQL.")
    )
    return Part(_("Database"), connection.display_name, note)


def _describe_jobs() -> Part:
    if settings.CELERY_BROKER_URL:
        # The address holds a password: only its kind is shown.
        scheme = urlsplit(settings.CELERY_BROKER_URL).scheme
        return Part(_("Background jobs"), _("Celery workers"), _("Broker: %(kind)s") % {"kind": scheme})
    return Part(
        _("Background jobs"),
        _("In this process"),
        _("Set CELERY_BROKER_URL to use workers of their own."),
    )


def _describe_memory() -> Part:
    if settings.REDIS_URL:
        return Part(_("Cache and sockets"), "Redis")
    return Part(
        _("Cache and sockets"), _("In this process"), _("For one web process. Set REDIS_URL for several.")
    )


def count_people() -> list[Figure]:
    states = ClientUser.objects.aggregate(
        people=Count("pk"),
        enrolled=Count("pk", filter=Q(enrollment_state=EnrollmentState.ENROLLED)),
        review=Count("pk", filter=Q(enrollment_state=EnrollmentState.NEEDS_REVIEW)),
    )
    users = "admin:clients_clientuser_changelist"
    return [
        Figure(_("Clients"), Client.objects.count(), "admin:clients_client_changelist"),
        Figure(_("People"), states["people"], users),
        Figure(_("Enrolled"), states["enrolled"], users),
        Figure(_("Need review"), states["review"], users),
    ]


def count_sessions_today(*, now: datetime) -> list[Figure]:
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    counts = AuthSession.objects.filter(created_at__gte=midnight).aggregate(
        passed=Count("pk", filter=Q(verdict=Verdict.PASSED)),
        review=Count("pk", filter=Q(verdict=Verdict.NEEDS_REVIEW)),
        failed=Count("pk", filter=Q(verdict=Verdict.FAILED)),
        open=Count("pk", filter=Q(state=SessionState.OPEN, expires_at__gt=now)),
    )
    link = "admin:auth_service_authsession_changelist"
    return [
        Figure(_("Passed"), counts["passed"], link),
        Figure(_("Need review"), counts["review"], link),
        Figure(_("Failed"), counts["failed"], link),
        Figure(_("Open now"), counts["open"], link),
    ]


def count_jobs() -> list[Figure]:
    counts = Job.objects.aggregate(
        waiting=Count("pk", filter=Q(state=JobState.QUEUED)),
        running=Count("pk", filter=Q(state=JobState.RUNNING)),
        failed=Count("pk", filter=Q(state=JobState.FAILED)),
    )
    link = "admin:clients_job_changelist"
    return [
        Figure(_("Waiting"), counts["waiting"], link),
        Figure(_("Running"), counts["running"], link),
        Figure(_("Failed"), counts["failed"], link, state=BAD if counts["failed"] else ""),
    ]
