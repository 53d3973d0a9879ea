"""Wire names of people and keys, in and out."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clients.api.base import PageQuerySerializer, StrictSerializer
from clients.choices import EnrollmentState, JobState, OldPhotoState, Scope
from clients.models import ApiKey, ClientUser, Job
from clients.services import BULK_LIMIT, BulkResult, DeletionReceipt
from clients.validators import (
    validate_attributes,
    validate_external_user_id,
    validate_plain_text,
    validate_region,
)


class UserFieldsSerializer(StrictSerializer):
    """What may be changed about a person."""

    name = serializers.CharField(
        required=False, allow_blank=True, max_length=200, validators=[validate_plain_text]
    )
    attributes = serializers.DictField(
        required=False, validators=[validate_attributes], help_text="Any JSON object up to 16 KiB."
    )
    region = serializers.CharField(
        required=False, allow_blank=True, max_length=64, validators=[validate_region]
    )


class NewUserSerializer(UserFieldsSerializer):
    external_user_id = serializers.CharField(
        max_length=128,
        trim_whitespace=False,
        validators=[validate_external_user_id],
        help_text="Your own identifier: A-Z a-z 0-9 _ . : @ -",
    )


class UserChangesSerializer(UserFieldsSerializer):
    is_active = serializers.BooleanField(required=False)


class BulkUsersSerializer(StrictSerializer):
    """The envelope only: each row is validated by itself, so that one bad row does not refuse the others."""

    users = serializers.ListField(
        child=serializers.JSONField(allow_null=True), min_length=1, max_length=BULK_LIMIT
    )


class BulkUsersDocumentSerializer(serializers.Serializer[Any]):
    """The same, as the OpenAPI document shows it."""

    users = NewUserSerializer(many=True)


class UserQuerySerializer(PageQuerySerializer):
    search = serializers.CharField(required=False, max_length=128, help_text="Part of the id or name.")
    region = serializers.CharField(required=False, max_length=64)
    enrollment_state = serializers.ChoiceField(required=False, choices=EnrollmentState.choices)


class OldPhotoUploadSerializer(StrictSerializer):
    file = serializers.FileField(help_text="JPEG, PNG or WebP with the person's face.", max_length=255)


class OldPhotoStatusSerializer(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=OldPhotoState.choices)
    reason = serializers.CharField(help_text="Why the photo is unusable, as an error code.")


class UserSerializer(serializers.Serializer[Any]):
    external_user_id = serializers.CharField()
    name = serializers.CharField()
    attributes = serializers.DictField()
    region = serializers.CharField()
    is_active = serializers.BooleanField()
    enrollment_state = serializers.ChoiceField(choices=EnrollmentState.choices)
    enrolled_at = serializers.DateTimeField(allow_null=True)
    old_photo = OldPhotoStatusSerializer()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class PageSerializer(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class UserPageSerializer(PageSerializer):
    results = UserSerializer(many=True)


class RowErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    details = serializers.DictField()


class RowFailureSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="Position in the request, from 0.")
    external_user_id = serializers.CharField(allow_blank=True)
    error = RowErrorSerializer()


class BulkResultSerializer(serializers.Serializer[Any]):
    created = UserSerializer(many=True)
    failed = RowFailureSerializer(many=True)


class DeletionReceiptSerializer(serializers.Serializer[Any]):
    receipt_id = serializers.UUIDField()
    user = serializers.CharField()
    rows = serializers.DictField(child=serializers.IntegerField(), help_text="Removed rows per table.")
    files = serializers.IntegerField()
    jobs = serializers.IntegerField()
    deleted_at = serializers.DateTimeField()


class JobSerializer(serializers.Serializer[Any]):
    job_id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=JobState.choices)


class NewKeySerializer(StrictSerializer):
    name = serializers.CharField(max_length=100, validators=[validate_plain_text])
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices), min_length=1, max_length=len(Scope)
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class KeySerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    prefix = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


class CreatedKeySerializer(KeySerializer):
    token = serializers.CharField(help_text="Shown now and never again.")


class KeyPageSerializer(PageSerializer):
    results = KeySerializer(many=True)


def present_user(user: ClientUser) -> dict[str, Any]:
    return {
        "external_user_id": user.external_user_id,
        "name": user.name,
        "attributes": user.attributes,
        "region": user.region,
        "is_active": user.is_active,
        "enrollment_state": user.enrollment_state,
        "enrolled_at": user.enrolled_at,
        "old_photo": {"state": user.old_photo_state, "reason": user.old_photo_reason},
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    }


def present_failure(*, index: int, external_user_id: str, error: Any) -> dict[str, Any]:
    return {
        "index": index,
        "external_user_id": external_user_id,
        "error": {"code": error.code, "message": error.message, "details": error.details},
    }


def present_bulk_result(result: BulkResult) -> dict[str, list[dict[str, Any]]]:
    return {
        "created": [present_user(user) for user in result.created],
        "failed": [
            present_failure(index=row.index, external_user_id=row.external_user_id, error=row.error)
            for row in result.failures
        ],
    }


def present_receipt(receipt: DeletionReceipt) -> dict[str, Any]:
    return {
        "receipt_id": str(receipt.receipt_id),
        "user": receipt.user,
        "rows": dict(receipt.rows),
        "files": receipt.files,
        "jobs": receipt.jobs,
        "deleted_at": receipt.deleted_at,
    }


def present_job(job: Job) -> dict[str, Any]:
    return {"job_id": str(job.pk), "state": job.state}


def present_key(key: ApiKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "created_at": key.created_at,
        "last_used_at": key.last_used_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }
