"""Creating and changing clients."""

from __future__ import annotations

import base64
import secrets
import string
from typing import TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from clients.audit import SYSTEM, Actor, record_audit
from clients.models import Client
from clients.validators import normalize_origin
from common.errors import Conflict, InvalidParameter, NotFound
from common.validation import require_valid_fields

_ID_ALPHABET = string.ascii_uppercase + string.digits
_ID_LENGTH = 6
_ID_TRIES = 5


class ClientPolicy(TypedDict, total=False):
    """What a client may decide for itself; see the model for units and ranges."""

    is_active: bool
    verification_threshold: float | None
    identification_threshold: float | None
    liveness_level: str
    old_photo_policy: str
    duplicate_policy: str
    image_retention: str
    retention_days: int
    allowed_origins: list[str]
    webhook_url: str
    session_lifetime_seconds: int
    max_attempts: int | None
    lockout_seconds: int | None


def create_client(*, name: str, actor: Actor = SYSTEM, **policy: Unpack[ClientPolicy]) -> Client:
    """Create a client under a random id. Its webhook secret exists from the start, so that no webhook ever
    goes out unsigned; `rotate_webhook_secret` is what shows one. Raises InvalidParameter."""
    client = Client(name=name.strip(), **_normalize(policy))
    require_valid_fields(client, exclude=["client_id"])
    for _ in range(_ID_TRIES):
        client.client_id = _draw_client_id()
        client.keep_webhook_secret(_draw_secret())
        try:
            with transaction.atomic():
                client.save(force_insert=True)
                record_audit(
                    action="client.created",
                    actor=actor,
                    client=client,
                    target_kind="client",
                    target_id=client.client_id,
                )
        except IntegrityError:
            continue  # the id is taken: 36^6 are few enough to meet one
        return client
    raise Conflict("No free client id was found. Try again.")


def update_client(
    *, client: Client, actor: Actor = SYSTEM, name: str | None = None, **policy: Unpack[ClientPolicy]
) -> Client:
    """Change a client's name or policy. Raises InvalidParameter, writing nothing."""
    changes: dict[str, object] = {**_normalize(policy)}
    if name is not None:
        changes["name"] = name.strip()
    with transaction.atomic():
        locked = _lock(client)
        changed = [column for column, value in changes.items() if getattr(locked, column) != value]
        for column in changed:
            setattr(locked, column, changes[column])
        require_valid_fields(locked)
        if changed:
            locked.save(update_fields=changed)
            record_audit(
                action="client.updated",
                actor=actor,
                client=locked,
                target_kind="client",
                target_id=locked.client_id,
                details={"changed": sorted(changed)},
            )
    return locked


def rotate_webhook_secret(*, client: Client, actor: Actor = SYSTEM) -> str:
    """Replace the secret that signs webhooks and return the new one: the only time it is shown."""
    secret = _draw_secret()
    with transaction.atomic():
        locked = _lock(client)
        locked.keep_webhook_secret(secret)
        locked.save(update_fields=["webhook_secret"])
        record_audit(
            action="client.webhook_secret_rotated",
            actor=actor,
            client=locked,
            target_kind="client",
            target_id=locked.client_id,
        )
    client.webhook_secret = locked.webhook_secret
    return secret


def reveal_webhook_secret(client: Client) -> str:
    """The secret to sign with; for whoever delivers webhooks, never for presentation."""
    return client.get_webhook_secret()


def _lock(client: Client) -> Client:
    locked = Client.objects.select_for_update().filter(pk=client.pk).first()
    if locked is None:
        raise NotFound
    return locked


def _normalize(policy: ClientPolicy) -> ClientPolicy:
    if "allowed_origins" not in policy:
        return policy
    try:
        origins = [normalize_origin(origin) for origin in policy["allowed_origins"]]
    except ValidationError as error:
        raise InvalidParameter(details={"fields": {"allowed_origins": error.messages}}) from error
    return {**policy, "allowed_origins": list(dict.fromkeys(origins))}


def _draw_client_id() -> str:
    # A letter first: Django admin reads "_2F" in an address as an escaped slash.
    rest = "".join(secrets.choice(_ID_ALPHABET) for _ in range(_ID_LENGTH - 1))
    return "FR_" + secrets.choice(string.ascii_uppercase) + rest


def _draw_secret() -> str:
    # As Standard Webhooks' libraries expect it: the key in plain base64 behind the label.
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
