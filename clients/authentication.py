"""``Authorization: Bearer fg_<prefix>_<secret>``."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from clients.audit import Actor
from clients.choices import ActorKind
from clients.models import ApiKey, Client
from clients.selectors import find_api_key
from clients.services.keys import touch_api_key
from common import clock
from common.errors import NotAuthenticated


class ApiKeyAuthentication(BaseAuthentication):
    """Sets ``request.auth`` to the `ApiKey` and ``request.user`` to its `Client`."""

    def authenticate(self, request: Request) -> tuple[Client, ApiKey] | None:
        scheme, _space, token = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        now = clock.now()
        key = find_api_key(token=token.strip().decode("latin-1"), now=now)
        if key is None:
            # One answer for unknown, wrong, expired and revoked: the others would confirm a guess.
            raise AuthenticationFailed(_("The API key is not valid."))
        touch_api_key(key=key, now=now)
        return key.client, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def api_key_of(request: Request) -> ApiKey:
    """The key a request came with. Raises NotAuthenticated."""
    if not isinstance(request.auth, ApiKey):
        raise NotAuthenticated
    return request.auth


def client_of(request: Request) -> Client:
    """The client a request acts for. Raises NotAuthenticated."""
    return api_key_of(request).client


def actor_of(request: Request) -> Actor:
    """Who to name in the audit for what this request changes."""
    return Actor(kind=ActorKind.API_KEY, id=api_key_of(request).prefix)
