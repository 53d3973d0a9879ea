"""How an attempt ends: enrolled, verified or refused; each written in one transaction or not at all."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from auth_service.decisions import decide_duplicate, decide_old_photo, decide_verification
from auth_service.evidence import Attempt
from auth_service.flows import Sample
from auth_service.models import AuthSession, LivenessTrace, SessionPurpose, SessionState, Verdict
from auth_service.people import find_most_similar_person, keep_samples
from auth_service.services import lock_held_session, require_verifiable
from auth_service.webhooks import record_delivery
from clients.audit import Actor, record_audit
from clients.choices import ActorKind, EnrollmentState, OldPhotoState
from clients.models import Client, ClientUser
from common.errors import SessionClosed, TransientError
from common.templates import Embedding, Template
from core.calibration import Calibration, calibration_for
from core.engine.types import EmbeddingContract
from core.matching import cosine, fuse_embeddings
from core.old_photo_extractor import OldPhotoEmbeddingExtractor

OLD_PHOTO_MATCH_FMR = 1e-3
OLD_PHOTO_REVIEW_FMR = 1e-2


@dataclass(frozen=True, slots=True)
class Ending:
    """What the page is told."""

    verdict: Verdict
    reasons: tuple[str, ...]
    retry_allowed: bool


def complete_enrollment(
    *,
    session_id: uuid.UUID,
    socket_id: uuid.UUID,
    samples: Sequence[Sample],
    attempt: Attempt,
    contract: EmbeddingContract,
    now: datetime,
) -> Ending:
    """Turn accepted samples into the user's template.

    Raises SessionClosed, SessionExpired, ContractMismatch or TransientError, writing nothing. A face that
    policy refuses counts as a failed attempt.
    """
    _settle_old_photo(session_id)
    with transaction.atomic():
        session = _lock_for_decision(session_id=session_id, socket_id=socket_id, attempt=attempt, now=now)
        # Lock the client too: one person enrolling under two ids at once must meet in the duplicate check.
        # Not its key: whoever adds rows of this client must not wait for the comparison.
        client = Client.objects.select_for_update(no_key=True).get(pk=session.client_id)
        user = session.user
        embedding = fuse_embeddings([sample.embedding for sample in samples])
        calibration = calibration_for(contract)
        session.contract = contract.key

        similarity = _old_photo_similarity(user=user, embedding=embedding, contract=contract)
        old_photo = decide_old_photo(
            similarity=similarity,
            match_threshold=calibration.threshold(OLD_PHOTO_MATCH_FMR),
            review_threshold=calibration.threshold(OLD_PHOTO_REVIEW_FMR),
            policy=client.old_photo_policy,
        )
        session.old_photo_verdict, session.old_photo_similarity = old_photo.outcome, similarity
        if old_photo.blocks:
            return _refuse(session, reasons=("old_photo_mismatch",), attempt=attempt, now=now)

        nearest = find_most_similar_person(
            client=client, embedding=embedding, contract=contract.key, except_user=user
        )
        duplicate = decide_duplicate(
            similarity=nearest.similarity if nearest else None,
            threshold=_identification_threshold(client, calibration),
            policy=client.duplicate_policy,
        )
        if duplicate.suspect and nearest:
            session.duplicate_of_id = nearest.user_id
        if duplicate.blocks:
            return _refuse(session, reasons=("duplicate_person",), attempt=attempt, now=now)

        reasons = _true_codes(
            old_photo_review=old_photo.needs_review,
            duplicate_person=duplicate.needs_review,
            face_changed=_differs_from_enrolled(user, embedding, contract=contract, calibration=calibration),
            liveness_incomplete=_liveness_incomplete(session, attempt),
            injection_suspected=attempt.liveness.doubtful,
        )
        user.cache_embedding(Template(embedding=embedding, contract=contract.key))
        user.enrollment_state = "needs_review" if reasons else "enrolled"
        user.enrolled_at = now
        user.save(
            update_fields=[
                "cached_embedding",
                "embedding_contract",
                "enrollment_state",
                "enrolled_at",
                "updated_at",
            ]
        )
        keep_samples(session=session, samples=samples, contract=contract.key, replace=True)
        return _complete(session, verdict=_verdict_of(reasons), reasons=reasons, attempt=attempt, now=now)


@transaction.atomic
def complete_verification(
    *,
    session_id: uuid.UUID,
    socket_id: uuid.UUID,
    samples: Sequence[Sample],
    attempt: Attempt,
    contract: EmbeddingContract,
    now: datetime,
) -> Ending:
    """Compare the live face with the enrolled template: one dot product, no store.

    Raises SessionClosed (also when the template was removed since, or replaced by one that waits for review),
    SessionExpired or ContractMismatch.
    """
    session = _lock_for_decision(session_id=session_id, socket_id=socket_id, attempt=attempt, now=now)
    if session.user.enrollment_state != EnrollmentState.ENROLLED:
        raise SessionClosed(details={"reason": "not_enrolled"})
    template = require_verifiable(session.user).require_contract(contract.key)
    probe = fuse_embeddings([sample.embedding for sample in samples])
    threshold = session.client.verification_threshold
    if threshold is None:
        threshold = calibration_for(contract).default_threshold
    session.contract = contract.key
    session.similarity, session.threshold = cosine(template.embedding, probe), threshold
    if not decide_verification(similarity=session.similarity, threshold=threshold):
        return _refuse(session, reasons=("face_mismatch",), attempt=attempt, now=now)
    reasons = _true_codes(
        liveness_incomplete=_liveness_incomplete(session, attempt),
        injection_suspected=attempt.liveness.doubtful,
    )
    return _complete(session, verdict=_verdict_of(reasons), reasons=reasons, attempt=attempt, now=now)


@transaction.atomic
def fail_attempt(
    *, session_id: uuid.UUID, socket_id: uuid.UUID, attempt: Attempt, reasons: Sequence[str], now: datetime
) -> Ending:
    """Note a failed liveness attempt; the last one allowed ends the session."""
    session = _lock_for_decision(session_id=session_id, socket_id=socket_id, attempt=attempt, now=now)
    return _refuse(session, reasons=tuple(reasons), attempt=attempt, now=now)


def _lock_for_decision(
    *, session_id: uuid.UUID, socket_id: uuid.UUID, attempt: Attempt, now: datetime
) -> AuthSession:
    """The held session with this attempt's score and nothing that an earlier attempt found."""
    session = lock_held_session(session_id=session_id, socket_id=socket_id, now=now)
    session.similarity = session.threshold = session.old_photo_similarity = None
    session.old_photo_verdict = session.contract = ""
    session.duplicate_of = None
    session.liveness_score = attempt.liveness.score
    session.liveness_level_reached = attempt.liveness.reached or ""
    session.liveness_risk = attempt.liveness.injection.risk
    return session


def _refuse(session: AuthSession, *, reasons: tuple[str, ...], attempt: Attempt, now: datetime) -> Ending:
    _note_attempt(session, attempt=attempt, reasons=reasons, now=now)
    if session.attempts_left:
        session.save()
        _audit_decision(session, action="session.attempt_failed")
        return Ending(verdict=Verdict.FAILED, reasons=reasons, retry_allowed=True)
    session.mark_ended(state=SessionState.FAILED, verdict=Verdict.FAILED, reasons=reasons, now=now)
    _save_end(session, now=now)
    return Ending(verdict=Verdict.FAILED, reasons=reasons, retry_allowed=False)


def _complete(
    session: AuthSession, *, verdict: Verdict, reasons: tuple[str, ...], attempt: Attempt, now: datetime
) -> Ending:
    _note_attempt(session, attempt=attempt, reasons=reasons, now=now)
    session.mark_ended(state=SessionState.COMPLETED, verdict=verdict, reasons=reasons, now=now)
    _save_end(session, now=now)
    return Ending(verdict=verdict, reasons=reasons, retry_allowed=False)


def _save_end(session: AuthSession, *, now: datetime) -> None:
    session.save()
    _audit_decision(session, action=f"session.{session.state}")
    record_delivery(session=session, now=now)


def _audit_decision(session: AuthSession, *, action: str) -> None:
    record_audit(
        client=session.client,
        actor=Actor(kind=ActorKind.PERSON, id=str(session.user_id)),
        action=action,
        target_kind="session",
        target_id=str(session.pk),
        details={
            "purpose": session.purpose,
            "verdict": session.verdict,
            "reasons": session.reasons,
            "similarity": session.similarity,
            "threshold": session.threshold,
            "contract": session.contract,
        },
    )


def _note_attempt(session: AuthSession, *, attempt: Attempt, reasons: tuple[str, ...], now: datetime) -> None:
    attempts = [*session.evidence.get("attempts", []), attempt.describe(reasons=reasons)]
    session.evidence = {"attempts": attempts}
    LivenessTrace.objects.create(
        session=session, attempt=len(attempts), created_at=now, trace=attempt.timeline.as_json()
    )
    session.reasons = list(reasons)


def _verdict_of(review_reasons: tuple[str, ...]) -> Verdict:
    return Verdict.NEEDS_REVIEW if review_reasons else Verdict.PASSED


def _true_codes(**codes: bool) -> tuple[str, ...]:
    return tuple(code for code, holds in codes.items() if holds)


def _liveness_incomplete(session: AuthSession, attempt: Attempt) -> bool:
    """Whoever holds the camera chooses the mode without flash: where the level counts on it, that alone must
    not pass."""
    return attempt.liveness.reached != session.liveness_level


def _differs_from_enrolled(
    user: ClientUser, embedding: Embedding, *, contract: EmbeddingContract, calibration: Calibration
) -> bool:
    """Another face than the one enrolled before: a leaked link must not hand the identity over unseen."""
    enrolled = user.get_cached_embedding()
    if user.enrollment_state == EnrollmentState.NEEDS_REVIEW and _face_change_unsettled(user):
        # The face to compare with is the suspect one now: coming a second time must not settle the review.
        return True
    if enrolled is None or enrolled.contract != contract.key:
        return False
    return cosine(enrolled.embedding, embedding) < calibration.threshold(OLD_PHOTO_MATCH_FMR)


def _face_change_unsettled(user: ClientUser) -> bool:
    completed = AuthSession.objects.filter(
        user=user, purpose=SessionPurpose.ENROLLMENT, state=SessionState.COMPLETED
    )
    latest = completed.order_by("-ended_at").first()
    return latest is not None and "face_changed" in latest.reasons


def _settle_old_photo(session_id: uuid.UUID) -> None:
    """Have the old photo's embedding ready before the transaction, which must not wait for a model."""
    session = AuthSession.objects.select_related("user").filter(pk=session_id).first()
    if session and session.user.old_profile_photo:
        OldPhotoEmbeddingExtractor().extract_from_client_user(session.user)


def _old_photo_similarity(
    *, user: ClientUser, embedding: Embedding, contract: EmbeddingContract
) -> float | None:
    if user.old_photo_state == OldPhotoState.PENDING:
        # Replaced since it was settled: going on without it would be a way around the comparison.
        raise TransientError("The old photo was just changed.")
    template = user.get_cached_old_photo_embedding()
    if template is None:
        return None
    return cosine(template.require_contract(contract.key).embedding, embedding)


def _identification_threshold(client: Client, calibration: Calibration) -> float:
    own = client.identification_threshold
    return calibration.default_threshold if own is None else own
