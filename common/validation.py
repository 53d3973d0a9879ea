"""From Django's field validation to the error vocabulary."""

from __future__ import annotations

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db.models import Model

from common.errors import InvalidParameter


def require_valid_fields(instance: Model, *, exclude: Collection[str] = ()) -> None:
    """Run every field's validators, no query. Raises InvalidParameter with ``details.fields``.

    Uniqueness is left to the database: asking first and writing later lets two writers through.
    """
    relations = {field.name for field in instance._meta.concrete_fields if field.is_relation}
    try:
        instance.clean_fields(exclude={*exclude, *relations})
    except ValidationError as error:
        raise invalid_parameter_from(error) from error


def invalid_parameter_from(error: ValidationError) -> InvalidParameter:
    if hasattr(error, "error_dict"):
        fields = {name: [str(text) for text in texts] for name, texts in error.message_dict.items()}
    else:
        fields = {"non_field_errors": [str(text) for text in error.messages]}
    return InvalidParameter(details={"fields": fields})
