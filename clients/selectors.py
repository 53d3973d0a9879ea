"""Reads. Every one names its client, except the one that finds out which client is asking."""

from __future__ import annotations

import hmac
import re
from datetime import datetime

from django.db.models import Q, QuerySet

from clients.models import ApiKey, Client, ClientUser
from clients.services.keys import TOKEN_LABEL, hash_secret
from clients.validators import EXTERNAL_USER_ID_PATTERN
from common.errors import NotFound

_TOKEN = re.compile(rf"\A{TOKEN_LABEL}_([a-z0-9]{{8}})_([A-Za-z0-9_-]{{43}})\Z")
# No row can match anything else, and PostgreSQL refuses to look for a NUL.
_PREFIX = re.compile(r"\A[a-z0-9]{8}\Z")
_EXTERNAL_USER_ID = re.compile(rf"\A{EXTERNAL_USER_ID_PATTERN}\Z")
_NO_HASH = "0" * 64


def find_api_key(*, token: str, now: datetime) -> ApiKey | None:
    """The valid key behind a token, its client active and loaded; None without telling why."""
    parts = _TOKEN.match(token)
    if parts is None:
        return None
    prefix, secret = parts.groups()
    key = ApiKey.objects.select_related("client").filter(prefix=prefix).first()
    # Compared also when there is no such prefix, so that time does not tell which prefixes exist.
    genuine = hmac.compare_digest(hash_secret(secret), key.secret_hash if key else _NO_HASH)
    if key is None or not genuine or not key.is_valid(now=now) or not key.client.is_active:
        return None
    return key


def get_client(*, client_id: str) -> Client:
    client = Client.objects.filter(pk=client_id).first()
    if client is None:
        raise NotFound("There is no such client.")
    return client


def get_api_key(*, client: Client, prefix: str) -> ApiKey:
    keys = ApiKey.objects.filter(client=client, prefix=prefix).select_related("client")
    key = keys.first() if _PREFIX.match(prefix) else None
    if key is None:
        raise NotFound("There is no such key.")
    return key


def list_api_keys(*, client: Client) -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(client=client).order_by("-id")


def find_user(*, client: Client, external_user_id: str) -> ClientUser | None:
    if not _EXTERNAL_USER_ID.match(external_user_id):
        return None
    users = ClientUser.objects.filter(client=client, external_user_id=external_user_id)
    return users.select_related("client").first()


def get_user(*, client: Client, external_user_id: str) -> ClientUser:
    """One person of this client. Raises NotFound, also for a person of another client."""
    user = find_user(client=client, external_user_id=external_user_id)
    if user is None:
        raise NotFound("There is no such user.")
    return user


def list_users(
    *, client: Client, search: str = "", region: str = "", enrollment_state: str = ""
) -> QuerySet[ClientUser]:
    """People of a client, without their templates; ``search`` looks into id and name, any case."""
    users = ClientUser.objects.filter(client=client).defer("cached_embedding", "cached_old_photo_embedding")
    if search:
        users = users.filter(Q(external_user_id__icontains=search) | Q(name__icontains=search))
    if region:
        users = users.filter(region=region)
    if enrollment_state:
        users = users.filter(enrollment_state=enrollment_state)
    return users
