"""Deletion: rows, files and queued work go together, and a receipt says what went."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from clients.audit import SYSTEM, Actor, record_audit
from clients.models import Client, ClientUser, FaceSample, Job
from clients.services.users import lock_user
from common import clock
from common.errors import NotFound


@dataclass(frozen=True, slots=True)
class DeletionReceipt:
    """What a deletion removed. ``rows`` counts them per table, jobs not included."""

    receipt_id: uuid.UUID
    user: str
    rows: Mapping[str, int]
    files: int
    jobs: int
    deleted_at: datetime


def delete_user(*, user: ClientUser, actor: Actor = SYSTEM) -> DeletionReceipt:
    """Remove everything held about a person: rows of every app, photos, samples, jobs.

    Files go once the deletion is committed (`clients.signals`). Raises NotFound, also when another was
    faster.
    """
    with transaction.atomic():
        locked = lock_user(user)
        files = _list_files(ClientUser.objects.filter(pk=locked.pk))
        jobs = _delete_jobs(locked)
        client, external_user_id = locked.client, locked.external_user_id
        _, rows = locked.delete()
        receipt = DeletionReceipt(
            receipt_id=uuid.uuid4(),
            user=external_user_id,
            rows=_drop_empty(rows),
            files=len(files),
            jobs=jobs,
            deleted_at=clock.now(),
        )
        record_audit(
            action="user.deleted",
            actor=actor,
            client=client,
            target_kind="user",
            target_id=external_user_id,
            details={
                "receipt_id": str(receipt.receipt_id),
                "rows": sum(receipt.rows.values()),
                "files": receipt.files,
                "jobs": receipt.jobs,
            },
        )
    return receipt


def delete_client(*, client: Client, actor: Actor = SYSTEM) -> Mapping[str, int]:
    """Remove a client with its people, files, keys, jobs. Audit entries stay. Returns rows per table."""
    with transaction.atomic():
        locked = Client.objects.select_for_update().filter(pk=client.pk).first()
        if locked is None:
            raise NotFound
        files = _list_files(ClientUser.objects.filter(client=locked))
        record_audit(
            action="client.deleted",
            actor=actor,
            client=locked,
            target_kind="client",
            target_id=locked.client_id,
            details={"files": len(files)},
        )
        _, rows = locked.delete()
    return _drop_empty(rows)


def _list_files(users: QuerySet[ClientUser]) -> list[str]:
    photos = users.exclude(old_profile_photo="").values_list("old_profile_photo", flat=True)
    samples = FaceSample.objects.filter(user__in=users).exclude(image="").values_list("image", flat=True)
    return [*photos, *samples]


def _delete_jobs(user: ClientUser) -> int:
    """Jobs in every state: a running one finds its row gone and writes nothing."""
    about = Q(arguments__user_id=user.pk) | Q(arguments__user_id=str(user.pk))
    return Job.objects.filter(about, client_id=user.client_id).delete()[0]


def _drop_empty(rows: Mapping[str, Any]) -> dict[str, int]:
    return {table: int(count) for table, count in rows.items() if count}
