"""The error body as the OpenAPI document shows it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers


class ErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="Stable; branch on this.")
    message = serializers.CharField(help_text="For people; may change.")
    details = serializers.DictField()


class ErrorBodySerializer(serializers.Serializer[Any]):
    error = ErrorSerializer()
    request_id = serializers.CharField(help_text="Also in the X-Request-ID header; quote it when asking.")


_MEANINGS = {
    400: "invalid_parameter: `details.fields` says what is wrong with which field.",
    401: "not_authenticated: the key is missing, wrong, expired or revoked.",
    403: "permission_denied: the key lacks `details.required_scope`.",
    404: "not_found: there is no such thing, or it belongs to another client.",
    409: "already_exists or conflict.",
    413: "image_too_large or request_too_large.",
    415: "unsupported_media_type.",
    422: "invalid_image: not a readable JPEG, PNG or WebP.",
    429: "throttled: wait for the seconds of Retry-After.",
    503: "temporarily_unavailable and its kin: try again later.",
}


def error_responses(*statuses: int) -> dict[int, OpenApiResponse]:
    """Responses for ``extend_schema``: 401, 403 and 429, which every endpoint has, and the given ones."""
    return {
        status: OpenApiResponse(response=ErrorBodySerializer, description=_MEANINGS[status])
        for status in sorted({401, 403, 429, *statuses})
    }
