"""Columns, constraints and same-row facts of clients, their credentials, people, samples and jobs."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar, NoReturn

from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from clients import validators
from clients.choices import (
    ActorKind,
    DuplicatePolicy,
    EnrollmentState,
    ImageRetention,
    JobState,
    LivenessLevel,
    OldPhotoPolicy,
    OldPhotoState,
    SampleSource,
)
from clients.storage import PrivateStorage, old_photo_path, sample_path
from common.encryption import decrypt, encrypt
from common.templates import Template, pack_template, unpack_template


def _within(low: int, high: int) -> list[Any]:
    return [MinValueValidator(low), MaxValueValidator(high)]


class Client(models.Model):
    """A tenant: an organisation with its own people, keys and policy."""

    client_id = models.CharField(
        primary_key=True, max_length=9, editable=False, validators=[validators.validate_client_id]
    )
    name = models.CharField(max_length=200, validators=[validators.validate_plain_text])
    is_active = models.BooleanField(default=True)
    verification_threshold = models.FloatField(
        null=True,
        blank=True,
        validators=[validators.validate_threshold],
        help_text="Cosine similarity that verifies a person; empty: the face model's calibrated default.",
    )
    identification_threshold = models.FloatField(
        null=True,
        blank=True,
        validators=[validators.validate_threshold],
        help_text="Cosine similarity that identifies a person; empty: the face model's calibrated default.",
    )
    liveness_level = models.CharField(
        max_length=16, choices=LivenessLevel.choices, default=LivenessLevel.STANDARD
    )
    old_photo_policy = models.CharField(
        max_length=16, choices=OldPhotoPolicy.choices, default=OldPhotoPolicy.REVIEW
    )
    duplicate_policy = models.CharField(
        max_length=16, choices=DuplicatePolicy.choices, default=DuplicatePolicy.FLAG
    )
    image_retention = models.CharField(
        max_length=24, choices=ImageRetention.choices, default=ImageRetention.NONE
    )
    retention_days = models.PositiveIntegerField(
        default=30, validators=_within(1, 3650), help_text="How long kept images stay, in days."
    )
    allowed_origins = models.JSONField(
        default=list,
        blank=True,
        validators=[validators.validate_allowed_origins],
        help_text='Other sites that may embed the session page, like ["https://app.example.com"].',
    )
    webhook_url = models.CharField(max_length=500, blank=True, validators=[validators.validate_webhook_url])
    webhook_secret = models.BinaryField(null=True, editable=False)
    session_lifetime_seconds = models.PositiveIntegerField(default=600, validators=_within(60, 86_400))
    max_attempts = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=_within(1, 50),
        help_text="Failed sessions of one person before a lockout; empty: the server's setting.",
    )
    lockout_seconds = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=_within(1, 604_800),
        help_text="How long a lockout lasts; empty: the server's setting.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name", "client_id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.client_id})"

    def keep_webhook_secret(self, secret: str) -> None:
        self.webhook_secret = encrypt(secret.encode(), purpose=f"webhook:{self.client_id}")

    def get_webhook_secret(self) -> str:
        """The secret that signs this client's webhooks, or an empty string when there is none."""
        if not self.webhook_secret:
            return ""
        return decrypt(bytes(self.webhook_secret), purpose=f"webhook:{self.client_id}").decode()


class ApiKey(models.Model):
    """A credential ``fg_<prefix>_<secret>``; only the SHA-256 of its secret is kept."""

    client = models.ForeignKey(Client, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100, validators=[validators.validate_plain_text])
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(validators=[validators.validate_scopes])
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering: ClassVar = ["-created_at", "-id"]
        verbose_name = "API key"
        constraints: ClassVar = [
            # A creation that was sent twice must not leave a key that nobody has noted down.
            models.UniqueConstraint(
                fields=["client", "name"], condition=Q(revoked_at=None), name="client_key_name"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} (fg_{self.prefix}_…)"

    def is_valid(self, *, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def has_scope(self, scope: str) -> bool:
        return scope in self.scopes


class ClientUser(models.Model):
    """A person one client knows by its own identifier."""

    client = models.ForeignKey(Client, models.CASCADE, related_name="users")
    external_user_id = models.CharField(max_length=128, validators=[validators.validate_external_user_id])
    name = models.CharField(max_length=200, blank=True, validators=[validators.validate_plain_text])
    attributes = models.JSONField(default=dict, blank=True, validators=[validators.validate_attributes])
    region = models.CharField(max_length=64, blank=True, validators=[validators.validate_region])
    is_active = models.BooleanField(default=True)
    old_profile_photo = models.ImageField(
        upload_to=old_photo_path, storage=PrivateStorage(), blank=True, max_length=200
    )
    old_photo_state = models.CharField(
        max_length=16, choices=OldPhotoState.choices, default=OldPhotoState.NONE, editable=False
    )
    old_photo_reason = models.CharField(max_length=64, blank=True, editable=False)
    cached_old_photo_embedding = models.BinaryField(null=True, editable=False)
    old_photo_contract = models.CharField(max_length=128, blank=True, editable=False)
    enrollment_state = models.CharField(
        max_length=16, choices=EnrollmentState.choices, default=EnrollmentState.NOT_ENROLLED, editable=False
    )
    enrolled_at = models.DateTimeField(null=True, editable=False)
    cached_embedding = models.BinaryField(null=True, editable=False)
    embedding_contract = models.CharField(max_length=128, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = "person"
        verbose_name_plural = "people"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "external_user_id"], name="client_user")
        ]
        indexes: ClassVar = [
            models.Index(fields=["client", "region"], name="client_region"),
            models.Index(fields=["client", "enrollment_state"], name="client_enrollment"),
        ]

    def __str__(self) -> str:
        return f"{self.external_user_id} ({self.client_id})"

    def cache_embedding(self, template: Template) -> None:
        """Take ``template`` as the person's own. The caller saves."""
        self.cached_embedding = pack_template(template, client_id=self.client_id)
        self.embedding_contract = template.contract

    def get_cached_embedding(self) -> Template | None:
        return _unpack(self.cached_embedding, client_id=self.client_id)

    def cache_old_photo_embedding(self, template: Template) -> None:
        """Take ``template`` as the old photo's. The caller saves."""
        self.cached_old_photo_embedding = pack_template(template, client_id=self.client_id)
        self.old_photo_contract = template.contract
        self.old_photo_state = OldPhotoState.READY
        self.old_photo_reason = ""

    def get_cached_old_photo_embedding(self) -> Template | None:
        return _unpack(self.cached_old_photo_embedding, client_id=self.client_id)

    def forget_old_photo_embedding(self, *, state: OldPhotoState, reason: str = "") -> None:
        """Drop what was read from the old photo, giving the state it is in now. The caller saves."""
        self.cached_old_photo_embedding = None
        self.old_photo_contract = ""
        self.old_photo_state = state
        self.old_photo_reason = reason


class FaceSample(models.Model):
    """One face of a user that was accepted: its template, quality and, if policy keeps it, its image."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(Client, models.CASCADE, related_name="samples")
    user = models.ForeignKey(ClientUser, models.CASCADE, related_name="samples")
    template = models.BinaryField(editable=False)
    contract = models.CharField(max_length=128, editable=False)
    source = models.CharField(max_length=16, choices=SampleSource.choices, editable=False)
    session_id = models.UUIDField(null=True, editable=False)
    quality = models.JSONField(default=dict, editable=False)
    box = models.JSONField(default=list, editable=False)
    """[left, top, right, bottom] in pixels of the frame, which may be reached beyond."""
    confidence = models.FloatField(default=0.0, editable=False)
    image = models.ImageField(
        upload_to=sample_path, storage=PrivateStorage(), blank=True, max_length=200, editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "id"]
        verbose_name = "face sample"
        indexes: ClassVar = [
            models.Index(fields=["user", "source"], name="sample_user_source"),
            models.Index(fields=["client", "created_at"], name="sample_client_created"),
        ]

    def __str__(self) -> str:
        return f"{self.source} sample {self.id}"

    def keep_template(self, template: Template) -> None:
        self.template = pack_template(template, client_id=self.client_id)
        self.contract = template.contract

    def get_template(self) -> Template:
        return unpack_template(bytes(self.template), client_id=self.client_id)


class Job(models.Model):
    """Background work as a durable row; the broker only carries its id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(Client, models.CASCADE, null=True, blank=True, related_name="jobs")
    name = models.CharField(max_length=100)
    arguments = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    dedupe_key = models.CharField(max_length=128, blank=True)
    state = models.CharField(max_length=8, choices=JobState.choices, default=JobState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=5)
    run_after = models.DateTimeField()
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["name", "dedupe_key"],
                condition=Q(state="queued") & ~Q(dedupe_key=""),
                name="job_queued_once",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["state", "run_after"], name="job_state_run_after")]

    def __str__(self) -> str:
        return f"{self.name} {self.id}"


class AppendOnlyError(RuntimeError):
    """Code tried to change or delete an audit entry."""


class AppendOnlyQuerySet(models.QuerySet["AuditEntry", "AuditEntry"]):
    def update(self, **_: Any) -> NoReturn:
        raise AppendOnlyError("audit entries are never changed")

    def bulk_update(self, *_: Any, **__: Any) -> NoReturn:
        raise AppendOnlyError("audit entries are never changed")

    def delete(self) -> NoReturn:
        raise AppendOnlyError("audit entries are never deleted")


class AuditEntry(models.Model):
    """Who changed what and when. Appended, never changed; outlives the client it tells of."""

    client = models.ForeignKey(
        Client, models.DO_NOTHING, null=True, blank=True, related_name="+", db_constraint=False
    )
    actor_kind = models.CharField(max_length=16, choices=ActorKind.choices)
    actor_id = models.CharField(max_length=128, blank=True)
    action = models.CharField(max_length=64)
    target_kind = models.CharField(max_length=64, blank=True)
    target_id = models.CharField(max_length=128, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    details = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at", "-id"]
        verbose_name_plural = "audit entries"
        indexes: ClassVar = [
            models.Index(fields=["client", "-created_at"], name="audit_client_created"),
            models.Index(fields=["target_kind", "target_id"], name="audit_target"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target_kind} {self.target_id}"

    def save(self, *arguments: Any, **options: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError("audit entries are never changed")
        super().save(*arguments, **options)

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        raise AppendOnlyError("audit entries are never deleted")


def _unpack(packed: bytes | memoryview | None, *, client_id: str) -> Template | None:
    return unpack_template(bytes(packed), client_id=client_id) if packed else None
