"""Creating and changing people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction

from clients.audit import SYSTEM, Actor, record_audit, record_audit_of_each
from clients.jobs import enqueue_on_commit
from clients.models import Client, ClientUser, Job
from common.errors import AlreadyExists, FaceAppError, InvalidParameter, NotFound
from common.jobs import PRELOAD_ENROLLMENT_USER
from common.validation import require_valid_fields

BULK_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class NewUser:
    """A person to create."""

    external_user_id: str
    name: str = ""
    attributes: Mapping[str, object] = field(default_factory=dict)
    region: str = ""


@dataclass(frozen=True, slots=True)
class RowFailure:
    """Why one row of a bulk request was not created; ``index`` counts from 0."""

    index: int
    external_user_id: str
    error: FaceAppError


@dataclass(frozen=True, slots=True)
class BulkResult:
    created: list[ClientUser]
    failures: list[RowFailure]


def create_user(
    *,
    client: Client,
    external_user_id: str,
    name: str = "",
    attributes: Mapping[str, object] | None = None,
    region: str = "",
    actor: Actor = SYSTEM,
) -> ClientUser:
    """Create one person. Raises AlreadyExists or InvalidParameter, writing nothing."""
    user = _build(
        client=client,
        row=NewUser(external_user_id=external_user_id, name=name, attributes=attributes or {}, region=region),
    )
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            record_audit(
                action="user.created",
                actor=actor,
                client=client,
                target_kind="user",
                target_id=user.external_user_id,
            )
    except IntegrityError as error:
        raise _user_exists() from error
    return user


def _user_exists() -> AlreadyExists:
    return AlreadyExists("A user of this external_user_id exists.")


def _build(*, client: Client, row: NewUser) -> ClientUser:
    user = ClientUser(
        client=client,
        external_user_id=row.external_user_id,
        name=row.name.strip(),
        attributes=dict(row.attributes),
        region=row.region.strip(),
    )
    require_valid_fields(user)
    return user


def bulk_create_users(*, client: Client, rows: Sequence[NewUser], actor: Actor = SYSTEM) -> BulkResult:
    """Create what can be created, in one transaction, and say why the rest cannot.

    A row that fails does not touch its neighbours. Of two rows with one id the first wins. Raises
    InvalidParameter for more than 1,000 rows.
    """
    if len(rows) > BULK_LIMIT:
        raise InvalidParameter(f"At most {BULK_LIMIT} users at once.", details={"limit": BULK_LIMIT})
    failures: dict[int, FaceAppError] = {}
    built: dict[int, ClientUser] = {}
    for index, row in enumerate(rows):
        try:
            built[index] = _build(client=client, row=row)
        except InvalidParameter as error:
            failures[index] = error
    with transaction.atomic():
        created = _insert_new(client=client, built=built)
        record_audit_of_each(
            action="user.created",
            actor=actor,
            client=client,
            target_kind="user",
            target_ids=[user.external_user_id for user in created.values()],
        )
    failures.update({index: _user_exists() for index in built.keys() - created.keys()})
    return BulkResult(
        created=[created[index] for index in sorted(created)],
        failures=[
            RowFailure(index=index, external_user_id=rows[index].external_user_id, error=failures[index])
            for index in sorted(failures)
        ],
    )


def _insert_new(*, client: Client, built: Mapping[int, ClientUser]) -> dict[int, ClientUser]:
    wanted = [user.external_user_id for user in built.values()]
    taken = set(
        ClientUser.objects.filter(client=client, external_user_id__in=wanted).values_list(
            "external_user_id", flat=True
        )
    )
    new: dict[int, ClientUser] = {}
    for index, user in built.items():
        if user.external_user_id not in taken:
            taken.add(user.external_user_id)
            new[index] = user
    try:
        with transaction.atomic():
            ClientUser.objects.bulk_create(new.values())
    except IntegrityError:
        # Somebody created one of them since we looked; find out which, row by row.
        return {index: user for index, user in new.items() if _insert_one(user)}
    return new


def _insert_one(user: ClientUser) -> bool:
    user.pk = None
    user._state.adding = True
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def update_user(
    *,
    user: ClientUser,
    name: str | None = None,
    attributes: Mapping[str, object] | None = None,
    region: str | None = None,
    is_active: bool | None = None,
    actor: Actor = SYSTEM,
) -> ClientUser:
    """Change what is given; ``attributes`` are replaced as a whole. Raises NotFound or InvalidParameter."""
    wanted: dict[str, object] = {
        "name": None if name is None else name.strip(),
        "attributes": None if attributes is None else dict(attributes),
        "region": None if region is None else region.strip(),
        "is_active": is_active,
    }
    with transaction.atomic():
        locked = lock_user(user)
        changed = [
            column
            for column, value in wanted.items()
            if value is not None and getattr(locked, column) != value
        ]
        for column in changed:
            setattr(locked, column, wanted[column])
        require_valid_fields(locked, exclude=["old_profile_photo"])
        if changed:
            locked.save(update_fields=[*changed, "updated_at"])
            record_audit(
                action="user.updated",
                actor=actor,
                client=locked.client,
                target_kind="user",
                target_id=locked.external_user_id,
                details={"changed": sorted(changed)},
            )
    return locked


def lock_user(user: ClientUser) -> ClientUser:
    """The current row, locked until the transaction ends. Raises NotFound when it was deleted."""
    locked = ClientUser.objects.select_for_update(of=("self",)).select_related("client").filter(pk=user.pk)
    current = locked.first()
    if current is None:
        raise NotFound
    return current


def request_preload(*, user: ClientUser) -> Job:
    """Ask for everything that makes this person's next session start fast. Asked twice, done once."""
    return enqueue_on_commit(
        PRELOAD_ENROLLMENT_USER,
        client=user.client,
        dedupe_key=f"preload:{user.pk}",
        user_id=user.pk,
    )
