"""A person's old photo."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from clients import services
from clients.api import serializers
from clients.api.base import ClientAPIView, read_upload, require_upload_size
from clients.authentication import actor_of, client_of
from clients.choices import Scope
from clients.selectors import get_user
from common.openapi import error_responses


class OldPhotoView(ClientAPIView):
    scopes = {"POST": Scope.USERS_WRITE, "DELETE": Scope.USERS_WRITE}
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="users_old_photo_set",
        tags=["users"],
        request={"multipart/form-data": serializers.OldPhotoUploadSerializer},
        responses={202: serializers.UserSerializer, **error_responses(400, 404, 413, 415, 422)},
    )
    def post(self, request: Request, external_user_id: str) -> Response:
        """Upload or replace the old photo; its face is read in the background (`old_photo.state`)."""
        require_upload_size(request)
        user = get_user(client=client_of(request), external_user_id=external_user_id)
        upload = self.parse(serializers.OldPhotoUploadSerializer, request.data)["file"]
        user = services.set_old_photo(user=user, data=read_upload(upload), actor=actor_of(request))
        return Response(serializers.present_user(user), status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        operation_id="users_old_photo_clear",
        tags=["users"],
        responses={204: None, **error_responses(404)},
    )
    def delete(self, request: Request, external_user_id: str) -> Response:
        """Remove the old photo and what was read from it."""
        user = get_user(client=client_of(request), external_user_id=external_user_id)
        services.clear_old_photo(user=user, actor=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
