"""An attempt ends in one transaction: enrolled, verified or refused."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from auth_service import completion, services
from auth_service.completion import Ending, fail_attempt
from auth_service.flows import Sample
from auth_service.models import AuthSession, SessionPurpose, SessionState, Verdict
from auth_service.services import ClaimedSession
from auth_service.tests.conftest import make_attempt, reload
from clients.models import AuditEntry, Client, ClientUser, FaceSample
from clients.services import create_user
from common import clock
from common.errors import ContractMismatch, SessionClosed
from common.templates import Embedding, Template
from core.engine.types import EmbeddingContract
from core.liveness.reasons import Reason

Samples = Callable[..., list[Sample]]
Enroll = Callable[[ClientUser, str], ClientUser]


Held = Callable[..., ClaimedSession]
Finish = Callable[..., Ending]


def test_accepted_samples_become_the_persons_template(
    alice: ClientUser, held: Held, finish: Finish, samples_of: Samples, contract: EmbeddingContract
) -> None:
    claimed = held(alice)
    ending = finish(claimed, samples_of("alice"))
    alice.refresh_from_db()
    template = alice.get_cached_embedding()
    assert ending == Ending(verdict=Verdict.PASSED, reasons=(), retry_allowed=False)
    assert template is not None
    assert template.contract == contract.key
    assert float(template.embedding @ samples_of("alice")[0].embedding) > 0.9
    assert alice.enrollment_state == "enrolled"
    assert FaceSample.objects.filter(user=alice, contract=contract.key).count() == 3
    assert reload(claimed.session).state == SessionState.COMPLETED


def test_completing_is_audited_as_the_persons_own_act(
    alice: ClientUser, held: Held, finish: Finish, samples_of: Samples
) -> None:
    finish(held(alice), samples_of("alice"))
    entry = AuditEntry.objects.get(action="session.completed")
    assert (entry.actor_kind, entry.actor_id) == ("person", str(alice.pk))


def test_a_session_completes_once(alice: ClientUser, held: Held, finish: Finish, samples_of: Samples) -> None:
    claimed = held(alice)
    finish(claimed, samples_of("alice"))
    with pytest.raises(SessionClosed):
        finish(claimed, samples_of("mallory"))
    alice.refresh_from_db()
    template = alice.get_cached_embedding()
    assert template is not None
    assert float(template.embedding @ samples_of("alice")[0].embedding) > 0.9


def test_a_socket_that_lost_the_session_writes_nothing(
    alice: ClientUser, held: Held, finish: Finish, samples_of: Samples
) -> None:
    claimed = held(alice)
    services.release_socket(session_id=claimed.session.pk, socket_id=claimed.socket_id)
    with pytest.raises(SessionClosed):
        finish(claimed, samples_of("alice"))
    alice.refresh_from_db()
    assert alice.cached_embedding is None
    assert not FaceSample.objects.exists()
    assert reload(claimed.session).is_open


def test_a_cancelled_session_cannot_enroll_any_more(
    alice: ClientUser, held: Held, finish: Finish, samples_of: Samples
) -> None:
    claimed = held(alice)
    AuthSession.objects.filter(pk=claimed.session.pk).update(
        state=SessionState.CANCELLED, ended_at=clock.now()
    )
    with pytest.raises(SessionClosed):
        finish(claimed, samples_of("alice"))
    assert not FaceSample.objects.exists()


def test_a_crash_at_the_last_write_leaves_the_person_as_before(
    alice: ClientUser,
    held: Held,
    finish: Finish,
    samples_of: Samples,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    claimed = held(alice)

    def crash(**_: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(completion, "record_delivery", crash)
    with pytest.raises(RuntimeError):
        finish(claimed, samples_of("alice"))
    alice.refresh_from_db()
    assert alice.cached_embedding is None
    assert not FaceSample.objects.exists()
    assert not AuditEntry.objects.filter(action="session.completed").exists()
    assert reload(claimed.session).is_open


def test_enrolling_again_replaces_template_and_samples(
    alice: ClientUser, held: Held, finish: Finish, samples_of: Samples
) -> None:
    finish(held(alice), samples_of("alice", count=5))
    finish(held(alice), samples_of("alice", count=3))
    assert FaceSample.objects.filter(user=alice).count() == 3


@pytest.mark.parametrize("retention", ["none", "samples"])
def test_pictures_are_kept_only_where_policy_says_so(
    alice: ClientUser, held: Held, finish: Finish, samples_of: Samples, retention: str
) -> None:
    Client.objects.filter(pk=alice.client_id).update(image_retention=retention)
    finish(held(alice), samples_of("alice"))
    kept = [bool(sample.image) for sample in FaceSample.objects.filter(user=alice)]
    assert kept == [retention == "samples"] * 3


@pytest.fixture
def with_old_photo(
    alice: ClientUser, contract: EmbeddingContract, face_of: Callable[..., Embedding]
) -> Callable[[str], ClientUser]:
    """Alice with an old photo of the named person, extracted already."""

    def give(name: str) -> ClientUser:
        alice.cache_old_photo_embedding(Template(embedding=face_of(name), contract=contract.key))
        alice.save()
        return alice

    return give


def set_policy(client_id: str, **policy: str) -> None:
    Client.objects.filter(pk=client_id).update(**policy)


@pytest.mark.parametrize(
    ("photo", "policy", "verdict", "reasons", "outcome"),
    [
        ("alice", "require", Verdict.PASSED, (), "match"),
        ("mallory", "ignore", Verdict.PASSED, (), "mismatch"),
        ("mallory", "review", Verdict.NEEDS_REVIEW, ("old_photo_review",), "mismatch"),
        ("mallory", "require", Verdict.FAILED, ("old_photo_mismatch",), "mismatch"),
    ],
)
def test_the_old_photo_decides_by_policy(
    with_old_photo: Callable[[str], ClientUser],
    held: Held,
    finish: Finish,
    samples_of: Samples,
    photo: str,
    policy: str,
    verdict: Verdict,
    reasons: tuple[str, ...],
    outcome: str,
) -> None:
    alice = with_old_photo(photo)
    set_policy(alice.client_id, old_photo_policy=policy)
    claimed = held(alice)
    ending = finish(claimed, samples_of("alice"))
    alice.refresh_from_db()
    assert (ending.verdict, ending.reasons) == (verdict, reasons)
    assert reload(claimed.session).old_photo_verdict == outcome
    assert (alice.cached_embedding is None) == (verdict == Verdict.FAILED)


@pytest.mark.parametrize(
    ("policy", "verdict", "enrolled"),
    [
        ("allow", Verdict.PASSED, True),
        ("flag", Verdict.NEEDS_REVIEW, True),
        ("refuse", Verdict.FAILED, False),
    ],
)
def test_a_face_enrolled_under_another_id_is_reported_by_policy(
    alice: ClientUser,
    bob: ClientUser,
    enroll: Enroll,
    held: Held,
    finish: Finish,
    samples_of: Samples,
    policy: str,
    verdict: Verdict,
    enrolled: bool,
) -> None:
    enroll(bob, "same face")
    set_policy(alice.client_id, duplicate_policy=policy)
    claimed = held(alice)
    ending = finish(claimed, samples_of("same face"))
    alice.refresh_from_db()
    assert ending.verdict == verdict
    assert reload(claimed.session).duplicate_of_id == bob.pk
    assert (alice.cached_embedding is not None) == enrolled


def test_another_face_enrolled_over_the_first_waits_for_a_person_to_look_at_it(
    alice: ClientUser, enroll: Enroll, held: Held, finish: Finish, samples_of: Samples
) -> None:
    ending = finish(held(enroll(alice, "alice")), samples_of("mallory"))
    alice.refresh_from_db()
    assert (ending.verdict, ending.reasons) == (Verdict.NEEDS_REVIEW, ("face_changed",))
    assert alice.enrollment_state == "needs_review"


def test_people_of_another_client_are_no_duplicates(
    alice: ClientUser, stranger: Client, enroll: Enroll, held: Held, finish: Finish, samples_of: Samples
) -> None:
    enroll(create_user(client=stranger, external_user_id="twin"), "same face")
    set_policy(alice.client_id, duplicate_policy="refuse")
    assert finish(held(alice), samples_of("same face")).verdict == Verdict.PASSED


def test_a_persons_own_old_template_is_no_duplicate(
    alice: ClientUser, enroll: Enroll, held: Held, finish: Finish, samples_of: Samples
) -> None:
    set_policy(alice.client_id, duplicate_policy="refuse")
    assert finish(held(enroll(alice, "alice")), samples_of("alice")).verdict == Verdict.PASSED


def test_the_enrolled_person_is_verified_and_the_similarity_is_kept_for_the_client(
    alice: ClientUser, enroll: Enroll, held: Held, finish: Finish, samples_of: Samples
) -> None:
    claimed = held(enroll(alice, "alice"), SessionPurpose.VERIFICATION)
    ending = finish(claimed, samples_of("alice"))
    session = reload(claimed.session)
    assert ending.verdict == Verdict.PASSED
    assert session.similarity is not None
    assert session.threshold is not None
    assert session.similarity > 0.9 > session.threshold


def test_another_face_is_refused_and_the_session_stays_open_while_attempts_are_left(
    alice: ClientUser, enroll: Enroll, held: Held, finish: Finish, samples_of: Samples
) -> None:
    claimed = held(enroll(alice, "alice"), SessionPurpose.VERIFICATION)
    ending = finish(claimed, samples_of("mallory"))
    assert ending == Ending(verdict=Verdict.FAILED, reasons=("face_mismatch",), retry_allowed=True)
    assert reload(claimed.session).is_open


def test_the_last_failed_attempt_ends_the_session(
    alice: ClientUser, enroll: Enroll, held: Held, finish: Finish, samples_of: Samples
) -> None:
    claimed = held(enroll(alice, "alice"), SessionPurpose.VERIFICATION)
    AuthSession.objects.filter(pk=claimed.session.pk).update(attempt_count=services.ATTEMPTS_PER_SESSION)
    ending = finish(claimed, samples_of("mallory"))
    session = reload(claimed.session)
    assert not ending.retry_allowed
    assert (session.state, session.verdict, session.reasons) == ("failed", "failed", ["face_mismatch"])


def test_a_clients_own_threshold_counts(
    alice: ClientUser, enroll: Enroll, held: Held, finish: Finish, samples_of: Samples
) -> None:
    Client.objects.filter(pk=alice.client_id).update(verification_threshold=0.9999)
    claimed = held(enroll(alice, "alice"), SessionPurpose.VERIFICATION)
    assert finish(claimed, samples_of("alice")).verdict == Verdict.FAILED
    assert reload(claimed.session).threshold == 0.9999


def test_a_model_changed_during_the_session_is_a_mismatch_and_nothing_is_decided(
    alice: ClientUser, enroll: Enroll, held: Held, finish: Finish, samples_of: Samples
) -> None:
    claimed = held(enroll(alice, "alice"), SessionPurpose.VERIFICATION)
    other = EmbeddingContract(model_id="other", digest="0" * 64, dimension=128, preprocessing="")
    with pytest.raises(ContractMismatch):
        finish(claimed, samples_of("alice"), contract=other)
    assert reload(claimed.session).verdict == ""


def test_a_failed_liveness_attempt_names_its_reasons_and_leaves_the_person_untouched(
    alice: ClientUser, held: Held
) -> None:
    claimed = held(alice)
    ending = fail_attempt(
        session_id=claimed.session.pk,
        socket_id=claimed.socket_id,
        attempt=make_attempt(passed=False, reasons=(Reason.FLAT_FACE,)),
        reasons=["flat_face"],
        now=clock.now(),
    )
    alice.refresh_from_db()
    session = reload(claimed.session)
    assert ending == Ending(verdict=Verdict.FAILED, reasons=("flat_face",), retry_allowed=True)
    assert session.evidence["attempts"][0]["reasons"] == ["flat_face"]
    assert alice.cached_embedding is None


@pytest.mark.django_db(transaction=True)
def test_one_person_enrolling_under_two_ids_at_once_is_caught_once(
    alice: ClientUser, bob: ClientUser, held: Held, finish: Finish, samples_of: Samples
) -> None:
    set_policy(alice.client_id, duplicate_policy="refuse")
    sessions = [held(alice), held(bob)]
    barrier = threading.Barrier(2)
    verdicts: list[str] = []

    def race(claimed: ClaimedSession) -> None:
        barrier.wait()
        try:
            verdicts.append(finish(claimed, samples_of("same face")).verdict)
        finally:
            connection.close()

    threads = [threading.Thread(target=race, args=(claimed,)) for claimed in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(verdicts) == [Verdict.FAILED, Verdict.PASSED]
    assert ClientUser.objects.exclude(cached_embedding=None).count() == 1
