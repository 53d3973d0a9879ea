"""One shape for every error, a request id on every answer, nothing leaked."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, ValidationError
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.test import AsyncClient, Client, RequestFactory
from django.urls import path
from rest_framework import exceptions
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from common import errors
from common.http import describe_error, page_not_found, server_error
from common.request_id import (
    RequestIdFilter,
    bind_request_id,
    choose_request_id,
    current_request_id,
)

RAISED: list[Exception] = []


@api_view(["GET"])
@authentication_classes([])
@permission_classes([])
def failing_view(request: Request) -> Response:
    raise RAISED[-1]


def plain_view(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"id": current_request_id()})


async def async_view(request: HttpRequest) -> HttpResponse:
    await asyncio.sleep(0)
    return JsonResponse({"id": current_request_id()})


urlpatterns = [
    path("api/failing/", failing_view),
    path("api/plain/", plain_view),
    path("api/async/", async_view),
]


@pytest.fixture(autouse=True)
def _own_addresses(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__


def answer_to(error: Exception) -> Any:
    RAISED.append(error)
    return Client(raise_request_exception=False).get("/api/failing/", headers={"x-request-id": "req.1"})


CASES: list[tuple[Exception, int, str]] = [
    (errors.InvalidParameter(), 400, "invalid_parameter"),
    (errors.NotAuthenticated(), 401, "not_authenticated"),
    (errors.PermissionDenied(), 403, "permission_denied"),
    (errors.NotFound(), 404, "not_found"),
    (errors.AlreadyExists(), 409, "already_exists"),
    (errors.ContractMismatch(), 409, "contract_mismatch"),
    (errors.SessionExpired(), 409, "session_expired"),
    (errors.ImageTooLarge(), 413, "image_too_large"),
    (errors.FaceNotFound(), 422, "face_not_found"),
    (errors.Throttled(), 429, "throttled"),
    (errors.EngineUnavailable(), 503, "engine_unavailable"),
    (errors.FaceAppError("inner detail"), 500, "internal_error"),
    (exceptions.ValidationError({"name": ["bad"]}), 400, "invalid_parameter"),
    (exceptions.ValidationError("bad"), 400, "invalid_parameter"),
    (exceptions.ParseError(), 400, "invalid_parameter"),
    (exceptions.AuthenticationFailed(), 403, "permission_denied"),
    (exceptions.PermissionDenied(), 403, "permission_denied"),
    (exceptions.NotFound(), 404, "not_found"),
    (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
    (exceptions.NotAcceptable(), 406, "not_acceptable"),
    (exceptions.UnsupportedMediaType("text/x"), 415, "unsupported_media_type"),
    (exceptions.Throttled(wait=12), 429, "throttled"),
    (exceptions.APIException("inner detail"), 500, "internal_error"),
    (Http404("inner detail"), 404, "not_found"),
    (DjangoPermissionDenied("inner detail"), 403, "permission_denied"),
    (ValidationError({"name": ["bad"]}), 400, "invalid_parameter"),
    (ValidationError("bad"), 400, "invalid_parameter"),
    (RequestDataTooBig("inner detail"), 413, "request_too_large"),
    (SuspiciousOperation("inner detail"), 400, "invalid_parameter"),
    (OperationalError("inner detail"), 503, "store_unavailable"),
    (RuntimeError("inner detail"), 500, "internal_error"),
    (KeyError("inner detail"), 500, "internal_error"),
]


@pytest.mark.parametrize(("error", "status", "code"), CASES, ids=lambda case: type(case).__name__)
def test_every_failure_has_one_shape_and_leaks_nothing(error: Exception, status: int, code: str) -> None:
    answer = answer_to(error)
    body = answer.json()
    assert answer.status_code == status
    assert set(body) == {"error", "request_id"}
    assert set(body["error"]) == {"code", "message", "details"}
    assert body["error"]["code"] == code
    assert body["request_id"] == answer["X-Request-ID"] == "req.1"
    assert body["error"]["message"]
    assert "inner detail" not in answer.content.decode()
    assert "Traceback" not in answer.content.decode()


def test_unexpected_error_is_logged_with_its_traceback(caplog: Any) -> None:
    answer_to(RuntimeError("inner detail"))
    (record,) = [record for record in caplog.records if record.name == "facegate.http"]
    assert record.exc_info is not None
    assert record.exc_info[0] is RuntimeError


def test_expected_error_is_not_logged_as_a_failure(caplog: Any) -> None:
    answer_to(errors.NotFound())
    assert [record for record in caplog.records if record.name == "facegate.http"] == []


def test_field_errors_are_told_by_field() -> None:
    nested = exceptions.ValidationError({"users": {"0": {"name": ["bad"]}}})
    assert answer_to(nested).json()["error"]["details"] == {"fields": {"users": {"0": {"name": ["bad"]}}}}
    assert answer_to(ValidationError("bad")).json()["error"]["details"] == {
        "fields": {"non_field_errors": ["bad"]}
    }


@pytest.mark.parametrize(
    "error", [exceptions.Throttled(wait=11.2), errors.Throttled(details={"retry_after": 12})]
)
def test_waiting_time_is_in_header_and_body(error: Exception) -> None:
    answer = answer_to(error)
    assert answer["Retry-After"] == "12"
    assert answer.json()["error"]["details"]["retry_after"] == 12


def test_details_of_own_errors_reach_the_caller() -> None:
    answer = answer_to(errors.ImageTooLarge(details={"max_bytes": 5}))
    assert answer.json()["error"]["details"] == {"max_bytes": 5}


class TestRequestId:
    @pytest.mark.parametrize("offered", ["abc", "A.b_c-9", "x" * 64])
    def test_harmless_id_is_kept(self, offered: str) -> None:
        assert choose_request_id(offered) == offered

    @pytest.mark.parametrize("offered", ["", "a b", "a\nb", "a\n", "x" * 65, "<script>", "é", "a\x00"])
    def test_anything_else_is_replaced(self, offered: str) -> None:
        chosen = choose_request_id(offered)
        assert chosen != offered
        assert len(chosen) == 32
        assert choose_request_id(offered) != chosen

    def test_view_sees_the_id_that_is_echoed(self) -> None:
        answer = Client().get("/api/plain/", headers={"x-request-id": "mine"})
        assert answer.json() == {"id": "mine"}
        assert answer["X-Request-ID"] == "mine"
        assert Client().get("/api/plain/")["X-Request-ID"] not in ("", "mine")
        assert current_request_id() == ""

    async def test_concurrent_requests_keep_their_ids_apart(self) -> None:
        async def ask(request_id: str) -> str:
            answer = await AsyncClient().get("/api/async/", headers={"x-request-id": request_id})
            assert answer["X-Request-ID"] == request_id
            return str(answer.json()["id"])

        ids = [f"id{number}" for number in range(10)]
        assert await asyncio.gather(*map(ask, ids)) == ids

    async def test_sync_views_under_asgi_see_it_too(self) -> None:
        answer = await AsyncClient().get("/api/plain/", headers={"x-request-id": "mine"})
        assert answer.json() == {"id": "mine"}

    def test_log_lines_carry_it(self) -> None:
        record = logging.LogRecord("x", logging.INFO, "x", 1, "x", (), None)
        assert RequestIdFilter().filter(record)
        assert record.request_id == "-"  # type: ignore[attr-defined]
        with bind_request_id("mine"):
            RequestIdFilter().filter(record)
        assert record.request_id == "mine"  # type: ignore[attr-defined]


class TestPagesOutsideTheApi:
    def test_unknown_api_address_is_json_and_a_page_is_a_page(self) -> None:
        asked = RequestFactory()
        api = page_not_found(asked.get("/api/nothing/"), Http404())
        assert (api.status_code, api["Content-Type"]) == (404, "application/json")
        page = page_not_found(asked.get("/nothing/"), Http404())
        assert (page.status_code, page["Content-Type"].partition(";")[0]) == (404, "text/html")

    def test_server_error_is_json_under_api_only(self) -> None:
        asked = RequestFactory()
        assert server_error(asked.get("/api/x/"))["Content-Type"] == "application/json"
        assert server_error(asked.get("/x/"))["Content-Type"].startswith("text/html")


def test_describing_an_error_outside_a_request_needs_no_id() -> None:
    assert describe_error(errors.NotFound()).body["request_id"] == ""
