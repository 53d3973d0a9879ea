"""API keys of the asking client."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from clients import services
from clients.api import serializers
from clients.api.base import ClientAPIView, NewestFirstPagination, PageQuerySerializer
from clients.authentication import actor_of, api_key_of, client_of
from clients.choices import Scope
from clients.selectors import get_api_key, list_api_keys
from common.openapi import error_responses


class KeysView(ClientAPIView):
    scopes = {"GET": Scope.KEYS_WRITE, "POST": Scope.KEYS_WRITE}

    @extend_schema(
        operation_id="keys_list",
        tags=["keys"],
        parameters=[PageQuerySerializer],
        responses={200: serializers.KeyPageSerializer, **error_responses(400)},
    )
    def get(self, request: Request) -> Response:
        """List keys, revoked ones too, without their secrets."""
        self.parse(PageQuerySerializer, request.query_params.dict())
        paginator = NewestFirstPagination()
        page = paginator.paginate_queryset(list_api_keys(client=client_of(request)), request, view=self)
        return paginator.get_paginated_response([serializers.present_key(key) for key in page or []])

    @extend_schema(
        operation_id="keys_create",
        tags=["keys"],
        request=serializers.NewKeySerializer,
        responses={201: serializers.CreatedKeySerializer, **error_responses(400, 409)},
    )
    def post(self, request: Request) -> Response:
        """Create a key with at most the scopes and lifetime of the asking one; its token is shown once."""
        values = self.parse(serializers.NewKeySerializer, request.data)
        key, token = services.create_api_key(
            client=client_of(request), grantor=api_key_of(request), actor=actor_of(request), **values
        )
        body = {**serializers.present_key(key), "token": token}
        # A token in a shared cache would outlive its single showing.
        return Response(body, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})


class KeyView(ClientAPIView):
    scopes = {"DELETE": Scope.KEYS_WRITE}

    @extend_schema(operation_id="keys_revoke", tags=["keys"], responses={204: None, **error_responses(404)})
    def delete(self, request: Request, prefix: str) -> Response:
        """Revoke a key at once; revoking it again changes nothing."""
        key = get_api_key(client=client_of(request), prefix=prefix)
        services.revoke_api_key(key=key, actor=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
