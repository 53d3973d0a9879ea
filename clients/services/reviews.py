"""Settling enrollments that need review: a person decides what the policy would not."""

from __future__ import annotations

from django.db import transaction

from clients.audit import SYSTEM, Actor, record_audit
from clients.choices import EnrollmentState, SampleSource
from clients.models import ClientUser, FaceSample
from clients.services.users import lock_user
from common.errors import Conflict


def approve_enrollment(*, user: ClientUser, actor: Actor = SYSTEM) -> ClientUser:
    """Accept an enrollment that needs review. Raises Conflict when it does not, NotFound."""
    with transaction.atomic():
        locked = _lock_in_review(user)
        locked.enrollment_state = EnrollmentState.ENROLLED
        locked.save(update_fields=["enrollment_state", "updated_at"])
        _audit(locked, action="enrollment.approved", actor=actor)
    return locked


def reject_enrollment(*, user: ClientUser, actor: Actor = SYSTEM) -> ClientUser:
    """Forget an enrollment that needs review, with its template and samples. Raises Conflict, NotFound."""
    with transaction.atomic():
        locked = _lock_in_review(user)
        locked.enrollment_state = EnrollmentState.NOT_ENROLLED
        locked.enrolled_at = None
        locked.cached_embedding = None
        locked.embedding_contract = ""
        locked.save(
            update_fields=[
                "enrollment_state",
                "enrolled_at",
                "cached_embedding",
                "embedding_contract",
                "updated_at",
            ]
        )
        FaceSample.objects.filter(user=locked, source=SampleSource.ENROLLMENT).delete()
        _audit(locked, action="enrollment.rejected", actor=actor)
    return locked


def _lock_in_review(user: ClientUser) -> ClientUser:
    locked = lock_user(user)
    if locked.enrollment_state != EnrollmentState.NEEDS_REVIEW:
        raise Conflict(
            "This enrollment does not need review.", details={"enrollment_state": locked.enrollment_state}
        )
    return locked


def _audit(user: ClientUser, *, action: str, actor: Actor) -> None:
    record_audit(
        action=action,
        actor=actor,
        client=user.client,
        target_kind="user",
        target_id=user.external_user_id,
    )
