"""What every HTTP way in shares: the request id and one shape of errors."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.views import defaults
from rest_framework import exceptions, status
from rest_framework.response import Response

from common.errors import FaceAppError, InvalidParameter, NotFound, StoreUnavailable
from common.request_id import REQUEST_ID_HEADER, bind_request_id, choose_request_id, current_request_id
from common.validation import invalid_parameter_from

logger = logging.getLogger("facegate.http")

_INTERNAL_MESSAGE = "Something went wrong. Give the request id to whoever runs this server."


class RequestIdMiddleware:
    """Gives every request an id, in a context variable for logs, and echoes it in the answer."""

    sync_capable = True
    async_capable = True

    def __init__(
        self,
        get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]],
    ) -> None:
        self.get_response: Callable[[HttpRequest], Any] = get_response
        self._async = iscoroutinefunction(get_response)
        if self._async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._async:
            return self._call_async(request)
        with bind_request_id(choose_request_id(request.headers.get(REQUEST_ID_HEADER, ""))):
            return self._echo(self.get_response(request))

    async def _call_async(self, request: HttpRequest) -> HttpResponseBase:
        with bind_request_id(choose_request_id(request.headers.get(REQUEST_ID_HEADER, ""))):
            return self._echo(await self.get_response(request))

    @staticmethod
    def _echo(response: HttpResponseBase) -> HttpResponseBase:
        response[REQUEST_ID_HEADER] = current_request_id()
        return response


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """One error as it goes over the wire."""

    code: str
    message: str
    http_status: int
    details: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, object]:
        error = {"code": self.code, "message": self.message, "details": dict(self.details)}
        return {"error": error, "request_id": current_request_id()}


def handle_exception(error: Exception, context: Mapping[str, Any]) -> Response:  # noqa: ARG001
    """DRF's EXCEPTION_HANDLER: one body for every failure; the unexpected are logged, never shown."""
    from rest_framework.views import set_rollback  # noqa: PLC0415  loads the settings that name this module

    set_rollback()
    answer = describe_error(error)
    if answer.http_status >= status.HTTP_500_INTERNAL_SERVER_ERROR:
        logger.error("request failed", exc_info=error, extra={"code": answer.code})
    return Response(answer.body, status=answer.http_status, headers=dict(answer.headers))


def describe_error(error: Exception) -> ErrorAnswer:
    """Translate any exception that can leave a view."""
    if isinstance(error, DjangoValidationError):
        error = invalid_parameter_from(error)
    elif isinstance(error, Http404):
        error = NotFound()
    elif isinstance(error, OperationalError):
        error = StoreUnavailable("The database is busy. Try again.")
    if isinstance(error, FaceAppError):
        return _describe_own(error)
    if isinstance(error, exceptions.APIException):
        return _describe_framework(error)
    if isinstance(error, DjangoPermissionDenied):
        return ErrorAnswer("permission_denied", "These credentials may not do this.", 403)
    if isinstance(error, RequestDataTooBig):
        return ErrorAnswer("request_too_large", "The request body is larger than the limit.", 413)
    if isinstance(error, SuspiciousOperation | UnreadablePostError):
        return ErrorAnswer("invalid_parameter", "The request could not be read.", 400)
    return ErrorAnswer("internal_error", _INTERNAL_MESSAGE, 500)


def _describe_own(error: FaceAppError) -> ErrorAnswer:
    wait = error.details.get("retry_after")
    headers = {"Retry-After": str(wait)} if isinstance(wait, int) else {}
    if type(error) is FaceAppError:
        return ErrorAnswer(error.code, _INTERNAL_MESSAGE, error.http_status)
    return ErrorAnswer(error.code, error.message, error.http_status, error.details, headers)


_FRAMEWORK_CODES: Mapping[int, str] = {
    400: "invalid_parameter",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "request_too_large",
    415: "unsupported_media_type",
    429: "throttled",
}


def _describe_framework(error: exceptions.APIException) -> ErrorAnswer:
    headers: dict[str, str] = {}
    details: dict[str, object] = {}
    code = _FRAMEWORK_CODES.get(error.status_code, "internal_error")
    message = _INTERNAL_MESSAGE if code == "internal_error" else str(error.detail)
    if isinstance(error, exceptions.ValidationError):
        message, details = InvalidParameter.default_message, {"fields": _fields(error.detail)}
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        # DRF puts the header on the exception while it still knows the authenticator.
        header = getattr(error, "auth_header", None)
        headers = {"WWW-Authenticate": header} if header else {}
    if isinstance(error, exceptions.Throttled):
        wait = getattr(error, "wait", None)
        if wait is not None:
            details, headers = {"retry_after": int(wait)}, {"Retry-After": str(int(wait))}
        message = "Too many requests. Try again later."
    return ErrorAnswer(code, message, error.status_code, details, headers)


def _fields(detail: Any) -> dict[str, object]:
    return dict(detail) if isinstance(detail, Mapping) else {"non_field_errors": detail}


def json_error(error: Exception) -> JsonResponse:
    """The common error body outside DRF."""
    answer = describe_error(error)
    return JsonResponse(answer.body, status=answer.http_status, headers=dict(answer.headers))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """``handler404``: JSON under ``/api/``, Django's page elsewhere."""
    if request.path.startswith("/api/"):
        return json_error(NotFound())
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """``handler500``: JSON under ``/api/``, Django's page elsewhere. Django has logged the traceback."""
    if request.path.startswith("/api/"):
        return json_error(RuntimeError())
    return defaults.server_error(request)
