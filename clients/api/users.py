"""People of the asking client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from clients import services
from clients.api import serializers
from clients.api.base import ClientAPIView, NewestFirstPagination
from clients.authentication import actor_of, client_of
from clients.choices import Scope
from clients.selectors import get_user, list_users
from clients.services import BulkResult, NewUser, RowFailure
from common.errors import InvalidParameter
from common.openapi import error_responses


class UsersView(ClientAPIView):
    scopes = {"GET": Scope.USERS_READ, "POST": Scope.USERS_WRITE}

    @extend_schema(
        operation_id="users_list",
        tags=["users"],
        parameters=[serializers.UserQuerySerializer],
        responses={200: serializers.UserPageSerializer, **error_responses(400)},
    )
    def get(self, request: Request) -> Response:
        """List people, newest first."""
        query = self.parse(serializers.UserQuerySerializer, request.query_params.dict())
        query.pop("limit", None)
        query.pop("cursor", None)
        paginator = NewestFirstPagination()
        page = paginator.paginate_queryset(list_users(client=client_of(request), **query), request, view=self)
        return paginator.get_paginated_response([serializers.present_user(user) for user in page or []])

    @extend_schema(
        operation_id="users_create",
        tags=["users"],
        request=serializers.NewUserSerializer,
        responses={201: serializers.UserSerializer, **error_responses(400, 409)},
    )
    def post(self, request: Request) -> Response:
        """Create a person under your own identifier."""
        values = self.parse(serializers.NewUserSerializer, request.data)
        user = services.create_user(client=client_of(request), actor=actor_of(request), **values)
        location = reverse("clients:user", args=[user.external_user_id])
        return Response(
            serializers.present_user(user),
            status=status.HTTP_201_CREATED,
            headers={"Location": request.build_absolute_uri(location)},
        )


class BulkUsersView(ClientAPIView):
    scopes = {"POST": Scope.USERS_WRITE}

    @extend_schema(
        operation_id="users_bulk_create",
        tags=["users"],
        request=serializers.BulkUsersDocumentSerializer,
        responses={
            201: serializers.BulkResultSerializer,
            207: serializers.BulkResultSerializer,
            **error_responses(400, 413),
        },
    )
    def post(self, request: Request) -> Response:
        """Create up to 1,000 people: 201 if all were created, 207 with the reason of each that was not."""
        rows = self.parse(serializers.BulkUsersSerializer, request.data)["users"]
        good, bad = self._validate(rows)
        created = services.bulk_create_users(
            client=client_of(request), rows=list(good.values()), actor=actor_of(request)
        )
        # The service counts the rows it was given; the caller counts those of the request.
        positions = list(good)
        failures = bad + [
            RowFailure(index=positions[row.index], external_user_id=row.external_user_id, error=row.error)
            for row in created.failures
        ]
        result = BulkResult(created=created.created, failures=sorted(failures, key=lambda row: row.index))
        return Response(
            serializers.present_bulk_result(result),
            status=status.HTTP_207_MULTI_STATUS if result.failures else status.HTTP_201_CREATED,
        )

    @staticmethod
    def _validate(rows: list[Any]) -> tuple[dict[int, NewUser], list[RowFailure]]:
        good: dict[int, NewUser] = {}
        bad: list[RowFailure] = []
        for index, row in enumerate(rows):
            serializer = serializers.NewUserSerializer(data=row)
            if serializer.is_valid():
                good[index] = NewUser(**serializer.validated_data)
                continue
            offered = row.get("external_user_id") if isinstance(row, Mapping) else None
            external_user_id = offered[:128] if isinstance(offered, str) else ""
            error = InvalidParameter(details={"fields": dict(serializer.errors)})
            bad.append(RowFailure(index=index, external_user_id=external_user_id, error=error))
        return good, bad


class UserView(ClientAPIView):
    scopes = {"GET": Scope.USERS_READ, "PATCH": Scope.USERS_WRITE, "DELETE": Scope.USERS_WRITE}

    @extend_schema(
        operation_id="users_read",
        tags=["users"],
        responses={200: serializers.UserSerializer, **error_responses(404)},
    )
    def get(self, request: Request, external_user_id: str) -> Response:
        """Read one person."""
        user = get_user(client=client_of(request), external_user_id=external_user_id)
        return Response(serializers.present_user(user))

    @extend_schema(
        operation_id="users_update",
        tags=["users"],
        request=serializers.UserChangesSerializer,
        responses={200: serializers.UserSerializer, **error_responses(400, 404)},
    )
    def patch(self, request: Request, external_user_id: str) -> Response:
        """Change the given fields; `attributes` are replaced as a whole."""
        user = get_user(client=client_of(request), external_user_id=external_user_id)
        values = self.parse(serializers.UserChangesSerializer, request.data)
        user = services.update_user(user=user, actor=actor_of(request), **values)
        return Response(serializers.present_user(user))

    @extend_schema(
        operation_id="users_delete",
        tags=["users"],
        responses={200: serializers.DeletionReceiptSerializer, **error_responses(404)},
    )
    def delete(self, request: Request, external_user_id: str) -> Response:
        """Delete a person with everything held about them; the receipt says what went."""
        user = get_user(client=client_of(request), external_user_id=external_user_id)
        receipt = services.delete_user(user=user, actor=actor_of(request))
        return Response(serializers.present_receipt(receipt))


class PreloadView(ClientAPIView):
    scopes = {"POST": Scope.SESSIONS_WRITE}

    @extend_schema(
        operation_id="users_preload",
        tags=["users"],
        request=None,
        responses={202: serializers.JobSerializer, **error_responses(404)},
    )
    def post(self, request: Request, external_user_id: str) -> Response:
        """Get a person's old photo ready before their session starts."""
        user = get_user(client=client_of(request), external_user_id=external_user_id)
        job = services.request_preload(user=user)
        return Response(serializers.present_job(job), status=status.HTTP_202_ACCEPTED)
