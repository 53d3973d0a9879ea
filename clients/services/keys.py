"""API keys: drawn, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import secrets
import string
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from clients.audit import SYSTEM, Actor, record_audit
from clients.models import ApiKey, Client
from common import clock
from common.errors import AlreadyExists, InvalidParameter, NotAuthenticated, PermissionDenied
from common.validation import require_valid_fields

TOKEN_LABEL = "fg"  # noqa: S105  a label that secret scanners can look for
LAST_USED_STEP = timedelta(minutes=1)
_PREFIX_ALPHABET = string.ascii_lowercase + string.digits
_PREFIX_LENGTH = 8
_SECRET_BYTES = 32


def hash_secret(secret: str) -> str:
    """SHA-256 in hex. The secret has 256 random bits, so a slow password hash would add nothing but time."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create_api_key(
    *,
    client: Client,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
    grantor: ApiKey | None = None,
    actor: Actor = SYSTEM,
) -> tuple[ApiKey, str]:
    """Create a key and return it with its token, which is never readable again.

    A ``grantor`` key cannot give away a scope or a lifetime that it lacks itself: PermissionDenied. Raises
    AlreadyExists for a second unrevoked key of the same name, InvalidParameter for anything malformed.
    """
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    prefix = "".join(secrets.choice(_PREFIX_ALPHABET) for _ in range(_PREFIX_LENGTH))
    key = ApiKey(
        client=client,
        name=name.strip(),
        prefix=prefix,
        secret_hash=hash_secret(secret),
        scopes=list(scopes),
        expires_at=expires_at,
    )
    require_valid_fields(key)
    if expires_at is not None and expires_at <= clock.now():
        raise InvalidParameter(details={"fields": {"expires_at": ["This time has passed."]}})
    if grantor is not None:
        _require_grantable(key, grantor=grantor)
    try:
        with transaction.atomic():
            if grantor is not None:
                _require_still_valid(grantor)
            key.save(force_insert=True)
            record_audit(
                action="api_key.created",
                actor=actor,
                client=client,
                target_kind="api_key",
                target_id=key.prefix,
                details={"name": key.name, "scopes": key.scopes, "expires_at": key.expires_at},
            )
    except IntegrityError as error:
        raise AlreadyExists("An unrevoked key of this name exists.") from error
    return key, f"{TOKEN_LABEL}_{prefix}_{secret}"


def _require_grantable(key: ApiKey, *, grantor: ApiKey) -> None:
    missing = sorted(set(key.scopes) - set(grantor.scopes))
    if missing:
        raise PermissionDenied("A key cannot grant scopes that it lacks.", details={"missing": missing})
    if grantor.expires_at and (key.expires_at is None or key.expires_at > grantor.expires_at):
        raise PermissionDenied(
            "A key cannot grant a longer life than its own.",
            details={"expires_at": grantor.expires_at.isoformat()},
        )


def _require_still_valid(grantor: ApiKey) -> None:
    """A leaked key that is being revoked must not leave an heir: look again under the row's lock."""
    current = ApiKey.objects.select_for_update().filter(pk=grantor.pk).first()
    if current is None or not current.is_valid(now=clock.now()):
        raise NotAuthenticated


def revoke_api_key(*, key: ApiKey, actor: Actor = SYSTEM) -> ApiKey:
    """Make a key useless from the next request on. Safe to repeat; only the first time is audited."""
    now = clock.now()
    with transaction.atomic():
        if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
            record_audit(
                action="api_key.revoked",
                actor=actor,
                client=key.client,
                target_kind="api_key",
                target_id=key.prefix,
            )
    key.refresh_from_db(fields=["revoked_at"])
    return key


def touch_api_key(*, key: ApiKey, now: datetime) -> None:
    """Note the use of a key, at most once a minute: a write per request would serialise all requests."""
    before = now - LAST_USED_STEP
    if key.last_used_at is not None and key.last_used_at > before:
        return
    not_yet = Q(last_used_at=None) | Q(last_used_at__lte=before)
    ApiKey.objects.filter(not_yet, pk=key.pk).update(last_used_at=now)
