"""The append-only record of who changed what."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clients.choices import ActorKind
from clients.models import AuditEntry, Client
from common.request_id import current_request_id

_PLAIN = (str, int, float, bool, datetime.datetime, uuid.UUID, type(None))
_MAX_ITEMS = 200


@dataclass(frozen=True, slots=True)
class Actor:
    """Who causes a change: an API key's prefix, a staff user's id, a person's row id, a command's name."""

    kind: ActorKind
    id: str = ""


SYSTEM = Actor(kind=ActorKind.SYSTEM)


def record_audit(
    *,
    action: str,
    actor: Actor,
    client: Client | None = None,
    target_kind: str = "",
    target_id: str = "",
    details: Mapping[str, object] | None = None,
) -> AuditEntry:
    """Append one entry in the caller's transaction, with the id of the request it runs in.

    ``details`` are plain values or short lists of them. Raises TypeError for anything else (bytes, arrays,
    nested objects), which is how biometric data would get here.
    """
    plain = dict(details or {})
    for key, value in plain.items():
        items = value if isinstance(value, list | tuple) else [value]
        if len(items) > _MAX_ITEMS or not all(isinstance(item, _PLAIN) for item in items):
            raise TypeError(f"audit detail {key!r} is not a plain value")
    return AuditEntry.objects.create(
        client=client,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action=action,
        target_kind=target_kind,
        target_id=target_id,
        request_id=current_request_id(),
        details=plain,
    )


def record_audit_of_each(
    *, action: str, actor: Actor, client: Client, target_kind: str, target_ids: Sequence[str]
) -> None:
    """`record_audit` for many targets of one change, in one statement."""
    AuditEntry.objects.bulk_create(
        AuditEntry(
            client=client,
            actor_kind=actor.kind,
            actor_id=actor.id,
            action=action,
            target_kind=target_kind,
            target_id=target_id,
            request_id=current_request_id(),
        )
        for target_id in target_ids
    )
