"""What the admin pages of every app share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from django.contrib import messages
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from unfold import decorators
from unfold.admin import ModelAdmin

from clients.audit import Actor
from clients.choices import ActorKind
from common.errors import FaceAppError

Method = TypeVar("Method", bound=Callable[..., Any])


def display(**options: Any) -> Callable[[Method], Method]:
    """Unfold's decorator, typed."""
    return cast(Callable[[Method], Method], decorators.display(**options))


def action(**options: Any) -> Callable[[Method], Method]:
    """Unfold's decorator, typed."""
    return cast(Callable[[Method], Method], decorators.action(**options))


def staff_actor(request: HttpRequest) -> Actor:
    return Actor(kind=ActorKind.STAFF, id=str(request.user.pk))


class ServiceAdmin(ModelAdmin):  # type: ignore[misc]
    """Saves and deletes through services: what they refuse becomes a message, not a server error."""

    list_per_page = 50
    list_filter_submit = True
    show_full_result_count = False

    def changeform_view(self, request: HttpRequest, *arguments: Any, **options: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().changeform_view(request, *arguments, **options)
        except FaceAppError as error:
            messages.error(request, _explain(error))
            return HttpResponseRedirect(request.get_full_path())
        return response

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, set[str], Any]:
        """What goes along with a deletion needs no permission of its own: nobody may delete it alone."""
        listed, counts, _needed, protected = super().get_deleted_objects(objs, request)
        return listed, counts, set(), protected

    def run_for_each(
        self,
        request: HttpRequest,
        rows: Iterable[Model],
        service: Callable[[Any], object],
        *,
        done: str | Promise,
    ) -> None:
        """Call ``service`` with every row, each in a transaction of its own; report ``done`` and how many."""
        count = 0
        for row in rows:
            try:
                with transaction.atomic():
                    service(row)
            except FaceAppError as error:
                messages.warning(request, f"{row}: {_explain(error)}")
            else:
                count += 1
        if count:
            messages.success(request, f"{done}: {count}")


class ReadOnlyAdmin(ServiceAdmin):
    """What happened is looked at, not edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _explain(error: FaceAppError) -> str:
    fields = error.details.get("fields")
    if not isinstance(fields, dict):
        return error.message
    return "; ".join(f"{name}: {' '.join(map(str, texts))}" for name, texts in fields.items())
