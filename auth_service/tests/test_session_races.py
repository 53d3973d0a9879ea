"""A session that is being decided meets whoever wants the same rows: nobody overwrites, nobody deadlocks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from auth_service import completion
from auth_service.completion import Ending
from auth_service.flows import Sample
from auth_service.models import AuthSession, SessionPurpose, SessionState, Verdict
from auth_service.services import ClaimedSession, OpenedSession, release_socket
from auth_service.tests.conftest import reload
from clients.models import ClientUser, FaceSample
from clients.services import delete_user

pytestmark = pytest.mark.django_db(transaction=True)

Held = Callable[..., ClaimedSession]
Finish = Callable[..., Ending]
Samples = Callable[..., list[Sample]]


class Race:
    """``decide`` is slowed down inside its transaction; ``meet`` begins then; both run to their ends."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._reached = threading.Event()

    def stop_at(self, name: str) -> None:
        real = getattr(completion, name)

        def slow(*arguments: Any, **options: Any) -> Any:
            self._reached.set()
            time.sleep(0.4)
            return real(*arguments, **options)

        self._monkeypatch.setattr(completion, name, slow)

    def run(
        self, decide: Callable[[], object], meet: Callable[[], object]
    ) -> tuple[Future[object], Future[object]]:
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(_on_own_connection, decide)
            assert self._reached.wait(10)
            second = pool.submit(_on_own_connection, meet)
        return first, second


def _on_own_connection(function: Callable[[], object]) -> object:
    try:
        return function()
    finally:
        connection.close()


@pytest.fixture
def race(monkeypatch: pytest.MonkeyPatch) -> Race:
    return Race(monkeypatch)


@pytest.mark.parametrize(
    ("purpose", "stop"),
    [
        (SessionPurpose.ENROLLMENT, "find_most_similar_person"),
        (SessionPurpose.VERIFICATION, "decide_verification"),
    ],
)
def test_a_new_link_does_not_cancel_a_session_that_is_just_completing(
    alice: ClientUser,
    enroll: Callable[[ClientUser, str], ClientUser],
    held: Held,
    finish: Finish,
    opens: Callable[..., OpenedSession],
    samples_of: Samples,
    race: Race,
    purpose: SessionPurpose,
    stop: str,
) -> None:
    enroll(alice, "alice")
    claimed = held(alice, purpose)
    race.stop_at(stop)
    decided, opened = race.run(
        lambda: finish(claimed, samples_of("alice")), lambda: opens(alice, purpose).session
    )
    assert decided.result() == Ending(verdict=Verdict.PASSED, reasons=(), retry_allowed=False)
    assert reload(claimed.session).state == SessionState.COMPLETED
    assert AuthSession.objects.get(state=SessionState.OPEN) == opened.result()


def test_a_person_deleted_while_they_are_enrolled_leaves_nothing(
    alice: ClientUser, held: Held, finish: Finish, samples_of: Samples, race: Race
) -> None:
    claimed = held(alice)
    race.stop_at("find_most_similar_person")
    decided, deleted = race.run(
        lambda: finish(claimed, samples_of("alice")), lambda: delete_user(user=alice).user
    )
    assert decided.exception() is None
    assert deleted.result() == "alice"
    assert not (ClientUser.objects.exists() or AuthSession.objects.exists() or FaceSample.objects.exists())


def test_two_look_alikes_enrolled_at_once_both_get_their_answer(
    alice: ClientUser,
    bob: ClientUser,
    enroll: Callable[..., ClientUser],
    held: Held,
    finish: Finish,
    samples_of: Samples,
    race: Race,
) -> None:
    """Each session names the other's person, whose row the other session holds."""
    for person in (alice, bob):
        enroll(person, "same face")
    first, second = held(alice), held(bob)
    race.stop_at("keep_samples")
    endings = race.run(
        lambda: finish(first, samples_of("same face")), lambda: finish(second, samples_of("same face"))
    )
    assert [ending.exception() for ending in endings] == [None, None]
    assert [reload(claimed.session).duplicate_of for claimed in (first, second)] == [bob, alice]


@pytest.mark.parametrize(("face", "verdict"), [("alice", Verdict.PASSED), ("mallory", Verdict.FAILED)])
def test_a_page_closed_while_its_attempt_is_decided_neither_loses_the_verdict_nor_keeps_the_session(
    alice: ClientUser,
    enroll: Callable[[ClientUser, str], ClientUser],
    held: Held,
    finish: Finish,
    samples_of: Samples,
    race: Race,
    face: str,
    verdict: Verdict,
) -> None:
    claimed = held(enroll(alice, "alice"), SessionPurpose.VERIFICATION)
    race.stop_at("decide_verification")
    decided, released = race.run(
        lambda: finish(claimed, samples_of(face)),
        lambda: release_socket(session_id=claimed.session.pk, socket_id=claimed.socket_id),
    )
    ending = decided.result()
    assert isinstance(ending, Ending)
    assert (ending.verdict, released.exception()) == (verdict, None)
    session = reload(claimed.session)
    assert (session.is_open, session.socket_id) == (verdict == Verdict.FAILED, None)
