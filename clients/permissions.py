"""What a key may do, per view and method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from clients.models import ApiKey
from common.errors import PermissionDenied

if TYPE_CHECKING:
    # DRF loads this module while it is still loading its own views.
    from rest_framework.views import APIView


class HasScope(BasePermission):
    """Requires the scope that the view's ``scopes`` mapping names for the method.

    A view that names none fails loudly instead of being open to every key.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, ApiKey):
            return False
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method == "OPTIONS" or method not in view.allowed_methods:
            return True
        scope = getattr(view, "scopes", {}).get(method)
        if scope is None:
            raise ImproperlyConfigured(f"{type(view).__name__} names no scope for {method}")
        if not request.auth.has_scope(scope):
            raise PermissionDenied("The API key lacks a scope.", details={"required_scope": str(scope)})
        return True
