"""What changes around a running session: people, clients, reviews, photos; and what its attempts leave."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from auth_service import services
from auth_service.completion import Ending, fail_attempt
from auth_service.flows import Sample
from auth_service.models import SessionPurpose, Verdict
from auth_service.presenters import present_session
from auth_service.services import ClaimedSession, OpenedSession
from auth_service.tests.conftest import make_attempt, reload
from clients.audit import SYSTEM
from clients.choices import EnrollmentState, OldPhotoState
from clients.models import AuditEntry, Client, ClientUser
from clients.services import approve_enrollment, delete_user, reject_enrollment
from common import clock
from common.errors import NotFound, SessionClosed, TransientError

Open = Callable[..., OpenedSession]
Claim = Callable[..., ClaimedSession]
Held = Callable[..., ClaimedSession]
Finish = Callable[..., Ending]
Samples = Callable[..., list[Sample]]
Enroll = Callable[[ClientUser, str], ClientUser]


def deactivate_person(user: ClientUser) -> None:
    ClientUser.objects.filter(pk=user.pk).update(is_active=False)


def deactivate_client(user: ClientUser) -> None:
    Client.objects.filter(pk=user.client_id).update(is_active=False)


@pytest.mark.parametrize("deactivate", [deactivate_person, deactivate_client])
def test_a_link_of_a_deactivated_person_or_client_opens_nothing(
    alice: ClientUser, opens: Open, claims: Claim, deactivate: Callable[[ClientUser], None]
) -> None:
    opened = opens(alice)
    deactivate(alice)
    with pytest.raises(SessionClosed) as refused:
        claims(opened)
    assert refused.value.details == {"reason": "inactive"}
    assert reload(opened.session).socket_id is None


@pytest.mark.parametrize("deactivate", [deactivate_person, deactivate_client])
def test_a_person_or_client_deactivated_in_the_middle_gets_no_verdict(
    alice: ClientUser,
    enroll: Enroll,
    held: Held,
    finish: Finish,
    samples_of: Samples,
    deactivate: Callable[[ClientUser], None],
) -> None:
    claimed = held(enroll(alice, "alice"), SessionPurpose.VERIFICATION)
    deactivate(alice)
    with pytest.raises(SessionClosed):
        finish(claimed, samples_of("alice"))
    assert reload(claimed.session).is_open


def test_a_face_that_waits_for_review_cannot_be_verified_by_a_link_opened_before(
    alice: ClientUser, enroll: Enroll, held: Held, finish: Finish, samples_of: Samples
) -> None:
    claimed = held(enroll(alice, "alice"), SessionPurpose.VERIFICATION)
    enroll(alice, "mallory")
    ClientUser.objects.filter(pk=alice.pk).update(enrollment_state=EnrollmentState.NEEDS_REVIEW)
    with pytest.raises(SessionClosed):
        finish(claimed, samples_of("mallory"))
    assert reload(claimed.session).is_open


def test_another_face_that_comes_twice_still_waits_for_review(
    alice: ClientUser, enroll: Enroll, held: Held, finish: Finish, samples_of: Samples
) -> None:
    enroll(alice, "alice")
    for _ in range(3):
        ending = finish(held(alice), samples_of("mallory"))
        assert (ending.verdict, ending.reasons) == (Verdict.NEEDS_REVIEW, ("face_changed",))
    alice.refresh_from_db()
    assert alice.enrollment_state == EnrollmentState.NEEDS_REVIEW


def test_a_settled_review_is_not_held_against_the_next_enrollment(
    alice: ClientUser, enroll: Enroll, held: Held, finish: Finish, samples_of: Samples
) -> None:
    enroll(alice, "alice")
    finish(held(alice), samples_of("grown up"))
    approve_enrollment(user=alice)
    assert finish(held(alice), samples_of("grown up")).verdict == Verdict.PASSED
    finish(held(alice), samples_of("mallory"))
    reject_enrollment(user=alice)
    assert finish(held(alice), samples_of("alice")).verdict == Verdict.PASSED


def test_a_photo_changed_after_it_was_settled_is_not_passed_over(
    alice: ClientUser, held: Held, finish: Finish, samples_of: Samples
) -> None:
    claimed = held(alice)
    ClientUser.objects.filter(pk=alice.pk).update(old_photo_state=OldPhotoState.PENDING)
    with pytest.raises(TransientError):
        finish(claimed, samples_of("mallory"))
    alice.refresh_from_db()
    assert alice.cached_embedding is None


def test_a_session_is_opened_for_nobody_and_cancelled_for_nobody_once_the_person_is_deleted(
    alice: ClientUser, opens: Open
) -> None:
    session = opens(alice).session
    delete_user(user=ClientUser.objects.get(pk=alice.pk))
    with pytest.raises(NotFound):
        opens(alice)
    with pytest.raises(NotFound):
        services.cancel_session(session=session, actor=SYSTEM)


def test_a_result_holds_nothing_of_the_attempts_before_it(
    alice: ClientUser,
    bob: ClientUser,
    enroll: Enroll,
    held: Held,
    finish: Finish,
    samples_of: Samples,
) -> None:
    enroll(bob, "bob")
    Client.objects.filter(pk=alice.client_id).update(duplicate_policy="refuse")
    claimed = held(alice)
    assert finish(claimed, samples_of("bob")).reasons == ("duplicate_person",)
    assert finish(claimed, samples_of("alice")).verdict == Verdict.PASSED
    assert present_session(reload(claimed.session))["duplicate_of"] is None


def test_the_similarity_of_one_attempt_is_not_told_of_another(
    alice: ClientUser, enroll: Enroll, held: Held, finish: Finish, samples_of: Samples
) -> None:
    claimed = held(enroll(alice, "alice"), SessionPurpose.VERIFICATION)
    finish(claimed, samples_of("mallory"))
    assert reload(claimed.session).similarity is not None
    fail_attempt(
        session_id=claimed.session.pk,
        socket_id=claimed.socket_id,
        attempt=make_attempt(passed=False),
        reasons=["flat_face"],
        now=clock.now(),
    )
    session = reload(claimed.session)
    assert (session.similarity, session.threshold, session.reasons) == (None, None, ["flat_face"])


def test_every_decision_is_audited_also_a_refusal_that_leaves_attempts_and_an_end_without_one(
    alice: ClientUser, enroll: Enroll, held: Held, finish: Finish, opens: Open, samples_of: Samples
) -> None:
    claimed = held(enroll(alice, "alice"), SessionPurpose.VERIFICATION)
    finish(claimed, samples_of("mallory"))
    last = opens(alice, SessionPurpose.VERIFICATION).session
    services.expire_sessions(now=last.expires_at)
    entries = AuditEntry.objects.exclude(action="session.opened").filter(target_kind="session").order_by("id")
    told = [(entry.target_id, entry.action, entry.details.get("reason")) for entry in entries]
    assert told == [
        (str(claimed.session.pk), "session.attempt_failed", None),
        (str(claimed.session.pk), "session.cancelled", "superseded"),
        (str(last.pk), "session.expired", "session_expired"),
    ]
    assert entries[0].details["reasons"] == ["face_mismatch"]
