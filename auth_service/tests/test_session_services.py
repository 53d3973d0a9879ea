"""A session is opened once, held by one socket, and ends once."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from auth_service import services
from auth_service.models import AuthSession, SessionPurpose, SessionState
from auth_service.services import ClaimedSession, OpenedSession
from auth_service.tests.conftest import reload
from clients.audit import SYSTEM
from clients.models import AuditEntry, ClientUser, Job
from common import clock, jobs
from common.errors import (
    Conflict,
    ContractMismatch,
    NotAuthenticated,
    PermissionDenied,
    SessionClosed,
    SessionExpired,
    Throttled,
)
from common.templates import Embedding, Template

Open = Callable[..., OpenedSession]
Claim = Callable[..., ClaimedSession]


def test_an_opened_session_keeps_only_the_hash_of_its_token(alice: ClientUser, opens: Open) -> None:
    opened = opens(alice)
    stored = AuthSession.objects.filter(pk=opened.session.pk).values().get()
    assert opened.token not in str(stored)
    assert opened.session.client_id == alice.client_id


def test_opening_is_audited_without_the_token(alice: ClientUser, opens: Open) -> None:
    opened = opens(alice)
    entry = AuditEntry.objects.get(action="session.opened")
    assert entry.target_id == str(opened.session.pk)
    assert opened.token not in str(entry.details)


def test_a_second_link_cancels_the_first(alice: ClientUser, opens: Open) -> None:
    first, second = opens(alice), opens(alice)
    assert reload(first.session).state == SessionState.CANCELLED
    assert reload(second.session).is_open


def test_a_verification_does_not_cancel_an_enrollment(
    alice: ClientUser, opens: Open, enroll: Callable[..., ClientUser]
) -> None:
    enrollment = opens(enroll(alice, "alice"))
    opens(alice, SessionPurpose.VERIFICATION)
    assert reload(enrollment.session).is_open


def test_someone_who_is_not_enrolled_cannot_be_verified_and_nothing_is_written(
    alice: ClientUser, opens: Open
) -> None:
    with pytest.raises(Conflict):
        opens(alice, SessionPurpose.VERIFICATION)
    assert not AuthSession.objects.exists()


def test_a_template_of_another_contract_is_refused_when_the_session_is_opened(
    alice: ClientUser, opens: Open, face_of: Callable[..., Embedding]
) -> None:
    alice.cache_embedding(Template(embedding=face_of("alice"), contract="other:128:0000"))
    alice.enrollment_state = "enrolled"
    alice.save()
    with pytest.raises(ContractMismatch):
        opens(alice, SessionPurpose.VERIFICATION)
    assert not AuthSession.objects.exists()


def test_inactive_people_get_no_session(alice: ClientUser, opens: Open) -> None:
    alice.is_active = False
    alice.save()
    with pytest.raises(Conflict):
        opens(alice)


def test_an_old_photo_is_asked_for_when_an_enrollment_is_opened(alice: ClientUser, opens: Open) -> None:
    opens(alice)
    assert not Job.objects.filter(name=jobs.PRELOAD_ENROLLMENT_USER).exists()
    ClientUser.objects.filter(pk=alice.pk).update(old_profile_photo="clients/x.jpg")
    opens(alice)
    assert Job.objects.get(name=jobs.PRELOAD_ENROLLMENT_USER).arguments == {"user_id": alice.pk}


def test_the_link_opens_one_page_and_after_its_first_frame_no_other(
    alice: ClientUser, opens: Open, claims: Claim
) -> None:
    opened = opens(alice)
    held = claims(opened)
    services.confirm_link_used(session_id=opened.session.pk, now=clock.now())
    services.release_socket(session_id=opened.session.pk, socket_id=held.socket_id)
    with pytest.raises(NotAuthenticated) as caught:
        claims(opened)
    assert caught.value.details == {"reason": "token_used"}
    again = claims(opened, token=held.resume_token)
    assert again.socket_id != held.socket_id


def test_a_page_that_never_heard_its_resume_token_may_use_the_link_again(
    alice: ClientUser, opens: Open, claims: Claim
) -> None:
    opened = opens(alice)
    held = claims(opened)
    services.release_socket(session_id=opened.session.pk, socket_id=held.socket_id)
    assert claims(opened).resume_token != held.resume_token


def test_a_second_socket_is_refused_while_the_first_is_heard_of(
    alice: ClientUser, opens: Open, claims: Claim
) -> None:
    opened = opens(alice)
    held = claims(opened)
    with pytest.raises(Conflict) as caught:
        claims(opened)
    assert caught.value.details == {"reason": "second_socket"}
    services.heartbeat_socket(session_id=opened.session.pk, socket_id=held.socket_id, now=clock.now())


def test_a_socket_that_died_without_a_word_can_be_replaced_and_has_lost_the_session(
    alice: ClientUser, opens: Open, claims: Claim
) -> None:
    opened = opens(alice)
    dead = claims(opened)
    claims(opened, token=dead.resume_token, later=services.SOCKET_SILENT_SECONDS + 1)
    with pytest.raises(SessionClosed):
        services.heartbeat_socket(session_id=opened.session.pk, socket_id=dead.socket_id, now=clock.now())
    with pytest.raises(SessionClosed):
        services.begin_attempt(session_id=opened.session.pk, socket_id=dead.socket_id, now=clock.now())


def test_wrong_tokens_and_other_sessions_tokens_are_refused_alike(
    alice: ClientUser, bob: ClientUser, opens: Open, claims: Claim
) -> None:
    mine, other = opens(alice), opens(bob)
    for token in ("wrong", "", other.token, "-"):
        with pytest.raises(NotAuthenticated):
            claims(mine, token=token or "x")
    unknown = OpenedSession(session=AuthSession(pk=uuid.uuid4()), token=mine.token)
    with pytest.raises(NotAuthenticated):
        claims(unknown)
    assert reload(mine.session).socket_id is None


def test_a_foreign_site_is_refused_before_anything_is_claimed(alice: ClientUser, opens: Open) -> None:
    opened = opens(alice)
    with pytest.raises(PermissionDenied):
        services.claim_socket(
            session_id=opened.session.pk,
            token=opened.token,
            origin="https://evil.test",
            host="testserver",
            now=clock.now(),
        )
    assert reload(opened.session).socket_id is None


def test_an_expired_session_cannot_be_claimed(alice: ClientUser, opens: Open, claims: Claim) -> None:
    opened = opens(alice)
    with pytest.raises(SessionExpired):
        claims(opened, later=opened.session.client.session_lifetime_seconds + 1)


def test_expiry_ends_what_is_due_once_and_leaves_the_rest(
    alice: ClientUser, bob: ClientUser, opens: Open
) -> None:
    due, other = opens(alice), opens(bob)
    AuthSession.objects.filter(pk=due.session.pk).update(expires_at=clock.now() - timedelta(seconds=1))
    assert services.expire_sessions(now=clock.now()) == 1
    assert services.expire_sessions(now=clock.now()) == 0
    assert reload(due.session).reasons == ["session_expired"]
    assert reload(other.session).is_open


def test_cancelling_twice_is_no_error_but_an_ended_session_stays_as_it_ended(
    alice: ClientUser, opens: Open
) -> None:
    session = opens(alice).session
    first = services.cancel_session(session=session, actor=SYSTEM)
    second = services.cancel_session(session=session, actor=SYSTEM)
    assert first.ended_at == second.ended_at
    AuthSession.objects.filter(pk=session.pk).update(state=SessionState.COMPLETED)
    with pytest.raises(SessionClosed):
        services.cancel_session(session=session, actor=SYSTEM)


def test_attempts_are_counted_when_they_begin_and_end_with_the_last_one(
    alice: ClientUser, opens: Open, claims: Claim
) -> None:
    alice.client.max_attempts = 50
    alice.client.save()
    opened = opens(alice)
    held = claims(opened)
    for _ in range(services.ATTEMPTS_PER_SESSION):
        services.begin_attempt(session_id=opened.session.pk, socket_id=held.socket_id, now=clock.now())
    with pytest.raises(SessionClosed):
        services.begin_attempt(session_id=opened.session.pk, socket_id=held.socket_id, now=clock.now())
    assert reload(opened.session).attempt_count == services.ATTEMPTS_PER_SESSION


def test_abandoned_attempts_of_all_sessions_lead_to_a_lockout_that_passes(
    alice: ClientUser, opens: Open, claims: Claim
) -> None:
    alice.client.max_attempts = 2
    alice.client.save()
    for _ in range(2):
        opened = opens(alice)
        held = claims(opened)
        services.begin_attempt(session_id=opened.session.pk, socket_id=held.socket_id, now=clock.now())
    with pytest.raises(Throttled) as caught:
        opens(alice)
    assert caught.value.details["reason"] == "too_many_attempts"
    AuthSession.objects.update(created_at=clock.now() - timedelta(days=1))
    assert opens(alice).session.is_open


def test_a_lockout_tells_how_long_it_still_lasts(alice: ClientUser, opens: Open) -> None:
    alice.client.max_attempts, alice.client.lockout_seconds = 1, 600
    alice.client.save()
    opens(alice)
    AuthSession.objects.update(attempt_count=1, created_at=clock.now() - timedelta(seconds=500))
    with pytest.raises(Throttled) as caught:
        opens(alice)
    wait = caught.value.details["retry_after"]
    assert isinstance(wait, int)
    assert 95 <= wait <= 100


def test_a_success_clears_earlier_failures(alice: ClientUser, opens: Open) -> None:
    alice.client.max_attempts = 1
    alice.client.save()
    failed = opens(alice).session
    AuthSession.objects.filter(pk=failed.pk).update(attempt_count=1)
    done = AuthSession.objects.create(
        client=alice.client,
        user=alice,
        purpose=SessionPurpose.ENROLLMENT,
        state=SessionState.COMPLETED,
        verdict="passed",
        created_at=clock.now(),
        expires_at=clock.now(),
        ended_at=clock.now(),
        link_token_hash="done",
        max_attempts=3,
        attempt_count=1,
        liveness_level="standard",
        nonce="n",
    )
    assert opens(alice).session.pk not in {failed.pk, done.pk}


@pytest.mark.django_db(transaction=True)
def test_of_two_sockets_at_the_same_moment_exactly_one_gets_the_session(
    alice: ClientUser, opens: Open, claims: Claim
) -> None:
    opened = opens(alice)
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def race() -> None:
        barrier.wait()
        try:
            claims(opened)
            outcomes.append("held")
        except Conflict:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=race) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["held", "refused"]
