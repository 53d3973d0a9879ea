"""Sessions over REST: open, look at, cancel."""

from __future__ import annotations

import uuid
from typing import ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from auth_service import services
from auth_service.addresses import page_address, socket_address
from auth_service.models import SessionPurpose
from auth_service.presenters import present_session
from auth_service.selectors import get_session, list_sessions
from auth_service.serializers import OpenedSessionSerializer, OpenSessionSerializer, SessionSerializer
from clients.authentication import actor_of, client_of
from clients.choices import Scope
from clients.selectors import find_user, get_user


class _OpenSessionView(APIView):
    scopes: ClassVar = {"POST": Scope.SESSIONS_WRITE}
    purpose: SessionPurpose

    def open(self, request: Request) -> Response:
        query = OpenSessionSerializer(data=request.data)
        query.is_valid(raise_exception=True)
        user = get_user(client=client_of(request), external_user_id=query.validated_data["external_user_id"])
        opened = services.open_session(user=user, purpose=self.purpose, actor=actor_of(request))
        body = present_session(opened.session) | {
            "token": opened.token,
            "url": page_address(request, opened.token),
            "socket_url": socket_address(request, opened.session),
        }
        return Response(body, status=status.HTTP_201_CREATED)


class CreateEnrollmentSessionView(_OpenSessionView):
    purpose = SessionPurpose.ENROLLMENT

    @extend_schema(
        operation_id="create_enrollment_session",
        request=OpenSessionSerializer,
        responses={201: OpenedSessionSerializer},
        tags=["sessions"],
    )
    def post(self, request: Request) -> Response:
        """Open an enrollment session; an open one of the same user is cancelled."""
        return self.open(request)


class CreateVerificationSessionView(_OpenSessionView):
    purpose = SessionPurpose.VERIFICATION

    @extend_schema(
        operation_id="create_verification_session",
        request=OpenSessionSerializer,
        responses={201: OpenedSessionSerializer},
        tags=["sessions"],
    )
    def post(self, request: Request) -> Response:
        """Open a verification session of an enrolled user."""
        return self.open(request)


create_enrollment_session = CreateEnrollmentSessionView.as_view()
create_verification_session = CreateVerificationSessionView.as_view()


class SessionCursor(CursorPagination):
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500
    ordering = ("-created_at", "id")


class SessionListView(APIView):
    scopes: ClassVar = {"GET": Scope.SESSIONS_READ}

    @extend_schema(
        operation_id="list_sessions",
        responses=SessionSerializer(many=True),
        parameters=[
            OpenApiParameter("cursor", str),
            OpenApiParameter("page_size", int),
            OpenApiParameter("external_user_id", str),
        ],
        tags=["sessions"],
    )
    def get(self, request: Request) -> Response:
        """The client's sessions, newest first."""
        client = client_of(request)
        sessions = list_sessions(client=client)
        user_id = request.query_params.get("external_user_id")
        if user_id:
            sessions = sessions.filter(user=find_user(client=client, external_user_id=user_id))
        cursor = SessionCursor()
        page = cursor.paginate_queryset(sessions, request, view=self) or []
        return cursor.get_paginated_response([present_session(session) for session in page])


class SessionView(APIView):
    scopes: ClassVar = {"GET": Scope.SESSIONS_READ, "DELETE": Scope.SESSIONS_WRITE}

    @extend_schema(operation_id="get_session", responses=SessionSerializer, tags=["sessions"])
    def get(self, request: Request, session_id: uuid.UUID) -> Response:
        """One session's state and, once it has ended, its result."""
        return Response(present_session(get_session(client=client_of(request), session_id=session_id)))

    @extend_schema(operation_id="cancel_session", responses=SessionSerializer, tags=["sessions"])
    def delete(self, request: Request, session_id: uuid.UUID) -> Response:
        """Cancel an open session. Cancelling it again answers the same."""
        session = get_session(client=client_of(request), session_id=session_id)
        return Response(present_session(services.cancel_session(session=session, actor=actor_of(request))))
