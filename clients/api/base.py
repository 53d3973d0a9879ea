"""What the views of every app's client API share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from rest_framework import pagination, serializers
from rest_framework.exceptions import NotFound as FrameworkNotFound
from rest_framework.request import Request
from rest_framework.views import APIView

from common.errors import ImageTooLarge, InvalidParameter
from common.parsers import JSONParser

_MULTIPART_OVERHEAD_BYTES = 64 * 1024


class ClientAPIView(APIView):
    """A view for API keys: the scope of each method is declared, the body is parsed strictly."""

    scopes: ClassVar[Mapping[str, str]] = {}
    parser_classes = [JSONParser]

    def parse(self, serializer_class: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
        """Validated values under their domain names. Raises a 400 with the reason of each field."""
        serializer = serializer_class(data=data)
        serializer.is_valid(raise_exception=True)
        values: dict[str, Any] = serializer.validated_data
        return values


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields it does not know: a misspelt optional field must not be dropped in silence."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            writable = {name for name, field in self.fields.items() if not field.read_only}
            unknown = sorted(str(name) for name in set(data) - writable)
            if unknown:
                raise serializers.ValidationError({name: ["Unknown field."] for name in unknown[:20]})
        return super().to_internal_value(data)


class PageQuerySerializer(StrictSerializer):
    limit = serializers.IntegerField(required=False, min_value=1, max_value=200, help_text="Rows per page.")
    cursor = serializers.CharField(required=False, help_text="From `next` or `previous` of another page.")


class NewestFirstPagination(pagination.CursorPagination):
    """Pages by row id: rows added or deleted meanwhile neither repeat nor hide others."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200

    def decode_cursor(self, request: Request) -> Any:
        try:
            cursor = super().decode_cursor(request)
            if cursor is not None and cursor.position is not None:
                _require_row_id(str(cursor.position))
        except (FrameworkNotFound, ValueError) as error:
            raise InvalidParameter(details={"fields": {"cursor": ["Invalid cursor."]}}) from error
        return cursor


def _require_row_id(position: str) -> None:
    if not re.fullmatch(r"-?[0-9]{1,40}", position):
        raise ValueError("not a row id")


def require_upload_size(request: Request) -> None:
    """Refuse a multipart request by its announced length, before parsing. Raises ImageTooLarge."""
    announced = int(request.META.get("CONTENT_LENGTH") or 0)
    if announced > settings.MAX_IMAGE_BYTES + _MULTIPART_OVERHEAD_BYTES:
        raise ImageTooLarge(details={"max_bytes": settings.MAX_IMAGE_BYTES})


def read_upload(upload: UploadedFile[bytes]) -> bytes:
    """The file's bytes. Raises ImageTooLarge before reading more than the limit."""
    if upload.size is None or upload.size > settings.MAX_IMAGE_BYTES:
        raise ImageTooLarge(details={"max_bytes": settings.MAX_IMAGE_BYTES})
    return bytes(upload.read())
