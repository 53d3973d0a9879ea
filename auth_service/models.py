"""One person, one session: what was asked, who holds it, how it ended; and the webhooks that tell."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clients.models import Client, ClientUser
from common.errors import SessionClosed, SessionExpired


class SessionPurpose(models.TextChoices):
    ENROLLMENT = "enrollment", _("Enrollment")
    VERIFICATION = "verification", _("Verification")


class SessionState(models.TextChoices):
    OPEN = "open", _("Open")
    COMPLETED = "completed", _("Completed")
    FAILED = "failed", _("Failed")
    EXPIRED = "expired", _("Expired")
    CANCELLED = "cancelled", _("Cancelled")


class Verdict(models.TextChoices):
    PASSED = "passed", _("Passed")
    NEEDS_REVIEW = "needs_review", _("Needs review")
    FAILED = "failed", _("Failed")


class OldPhotoVerdict(models.TextChoices):
    ABSENT = "absent", _("No usable photo")
    MATCH = "match", _("Match")
    REVIEW = "review", _("Needs review")
    MISMATCH = "mismatch", _("Mismatch")


class AuthSession(models.Model):
    """One enrollment or verification of one user; ended exactly once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(Client, models.CASCADE, related_name="sessions")
    user = models.ForeignKey(ClientUser, models.CASCADE, related_name="sessions")
    purpose = models.CharField(max_length=16, choices=SessionPurpose)
    state = models.CharField(max_length=16, choices=SessionState, default=SessionState.OPEN)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    link_token_hash = models.CharField(max_length=64, unique=True, editable=False)
    link_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    resume_token_hash = models.CharField(max_length=64, blank=True, editable=False)
    socket_id = models.UUIDField(null=True, blank=True, editable=False)
    socket_seen_at = models.DateTimeField(null=True, blank=True, editable=False)

    attempt_count = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField()
    frames_analyzed = models.PositiveIntegerField(default=0)
    liveness_level = models.CharField(max_length=16)
    nonce = models.CharField(max_length=32, editable=False)

    verdict = models.CharField(max_length=16, choices=Verdict, blank=True)
    reasons = models.JSONField(default=list, blank=True)
    liveness_score = models.FloatField(null=True, blank=True)
    liveness_level_reached = models.CharField(max_length=16, blank=True)
    """Of the last attempt; below ``liveness_level`` where a signal that it expects could not be measured."""
    liveness_risk = models.FloatField(null=True, blank=True)
    """Hints of an injected feed in the last attempt, 0 (none) to 1."""
    similarity = models.FloatField(null=True, blank=True)
    threshold = models.FloatField(null=True, blank=True)
    old_photo_verdict = models.CharField(max_length=16, choices=OldPhotoVerdict, blank=True)
    old_photo_similarity = models.FloatField(null=True, blank=True)
    duplicate_of = models.ForeignKey(
        ClientUser, models.SET_NULL, null=True, blank=True, related_name="duplicate_sessions"
    )
    contract = models.CharField(max_length=96, blank=True)
    evidence = models.JSONField(default=dict, blank=True)
    """Per attempt: the script, per-signal numbers and reasons; never frames or embeddings."""

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "purpose"], condition=Q(state="open"), name="one_open_session_per_purpose"
            ),
            models.CheckConstraint(
                condition=Q(state="open", ended_at__isnull=True)
                | ~Q(state="open") & Q(ended_at__isnull=False),
                name="ended_sessions_have_an_end",
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at"], name="session_by_time"),
            models.Index(fields=["client", "-created_at"], name="session_by_client"),
            models.Index(fields=["user", "purpose", "-ended_at"], name="session_by_user"),
            models.Index(fields=["expires_at"], condition=Q(state="open"), name="session_open_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.id}"

    @property
    def is_open(self) -> bool:
        return self.state == SessionState.OPEN

    @property
    def attempts_left(self) -> int:
        return max(0, self.max_attempts - self.attempt_count)

    def require_open(self, *, now: datetime) -> None:
        """Raise SessionClosed when it has ended, SessionExpired when its time is over."""
        if self.state == SessionState.EXPIRED or (self.is_open and now >= self.expires_at):
            raise SessionExpired
        if not self.is_open:
            raise SessionClosed(details={"state": self.state})

    def mark_ended(
        self, *, state: SessionState, verdict: Verdict | None, reasons: tuple[str, ...], now: datetime
    ) -> None:
        self.state = state
        self.verdict = verdict or ""
        self.reasons = list(reasons)
        self.ended_at = now
        self.socket_id = None
        self.socket_seen_at = None
        self.resume_token_hash = ""


class LivenessTrace(models.Model):
    """One attempt over time: what was asked and measured, frame by frame. Numbers, never pictures.

    Deleted when the client's ``retention_days`` are over, before its session is: see `retention`.
    """

    session = models.ForeignKey(AuthSession, models.CASCADE, related_name="traces")
    attempt = models.PositiveSmallIntegerField()
    """From 1, as in the session's evidence."""
    created_at = models.DateTimeField()
    trace = models.JSONField()
    """See `core.liveness.timeline.Timeline.as_json`."""

    class Meta:
        ordering = ["session", "attempt"]
        constraints = [models.UniqueConstraint(fields=["session", "attempt"], name="one_trace_per_attempt")]

    def __str__(self) -> str:
        return f"{self.session_id} {self.attempt}"


class WebhookDelivery(models.Model):
    """One event for one client's webhook; its id lets the receiver drop repeats."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(Client, models.CASCADE, related_name="webhook_deliveries")
    session = models.ForeignKey(AuthSession, models.CASCADE, related_name="webhook_deliveries")
    event = models.CharField(max_length=64)
    payload = models.JSONField()
    created_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)
    last_error = models.CharField(max_length=200, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = _("webhook deliveries")
        constraints = [models.UniqueConstraint(fields=["session", "event"], name="one_delivery_per_event")]

    def __str__(self) -> str:
        return f"{self.event} {self.id}"
