"""What is kept of an attempt: numbers, the script, its trace, and the level it is worth."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from auth_service.completion import Ending, fail_attempt
from auth_service.flows import Sample
from auth_service.models import LivenessTrace, SessionPurpose, Verdict
from auth_service.services import ClaimedSession
from auth_service.steps import present_ending
from auth_service.tests.conftest import make_attempt, reload
from clients.models import Client, ClientUser
from clients.services import delete_user
from common import clock
from core.liveness.policy import Level

Samples = Callable[..., list[Sample]]
Enroll = Callable[[ClientUser, str], ClientUser]
Held = Callable[..., ClaimedSession]
Finish = Callable[..., Ending]


def test_the_evidence_keeps_numbers_and_the_script_but_no_face(
    alice: ClientUser, held: Held, finish: Finish, samples_of: Samples
) -> None:
    claimed = held(alice)
    finish(claimed, samples_of("alice"))
    [attempt] = reload(claimed.session).evidence["attempts"]
    assert attempt["liveness"]["signals"] == {"flash_rho": 0.93}
    assert attempt["liveness"]["not_measured"] == ["passive"]
    assert set(attempt) == {
        "level",
        "script",
        "reasons",
        "liveness",
        "frames",
        "frames_dropped",
        "seconds",
        "engine",
        "models",
    }
    assert attempt["models"] == {"model.onnx": "0" * 64}
    assert attempt["liveness"]["level_reached"] == "standard"
    assert attempt["liveness"]["thresholds"] == {"flash_correlation": 0.75}


@pytest.mark.parametrize(
    ("level", "verdict", "reasons"),
    [
        ("basic", Verdict.PASSED, []),
        ("standard", Verdict.NEEDS_REVIEW, ["liveness_incomplete"]),
        ("strict", Verdict.NEEDS_REVIEW, ["liveness_incomplete"]),
    ],
)
@pytest.mark.parametrize("purpose", list(SessionPurpose))
def test_who_switches_the_flash_off_gets_past_it_at_the_basic_level_only(
    alice: ClientUser,
    enroll: Enroll,
    held: Held,
    finish: Finish,
    samples_of: Samples,
    purpose: SessionPurpose,
    level: str,
    verdict: Verdict,
    reasons: list[str],
) -> None:
    Client.objects.filter(pk=alice.client_id).update(liveness_level=level)
    claimed = held(enroll(alice, "alice"), purpose)
    ending = finish(claimed, samples_of("alice"), attempt=make_attempt(reached=Level.BASIC))
    assert ending.verdict == verdict
    session = reload(claimed.session)
    assert session.reasons == reasons
    assert (session.liveness_level, session.liveness_level_reached) == (level, "basic")


def test_each_attempt_leaves_its_trace_and_a_deleted_person_takes_them_along(
    alice: ClientUser, held: Held, finish: Finish, samples_of: Samples
) -> None:
    claimed = held(alice)
    fail_attempt(
        session_id=claimed.session.pk,
        socket_id=claimed.socket_id,
        attempt=make_attempt(passed=False, reached=None),
        reasons=["flat_face"],
        now=clock.now(),
    )
    finish(claimed, samples_of("alice"))
    traces = LivenessTrace.objects.filter(session=claimed.session)
    assert [trace.attempt for trace in traces] == [1, 2]
    assert traces[0].trace["series"]["yaw"] == [None, 1.5]
    delete_user(user=alice)
    assert not LivenessTrace.objects.exists()


def test_a_refused_attempt_reached_no_level(
    alice: ClientUser, held: Held, finish: Finish, samples_of: Samples
) -> None:
    claimed = held(alice)
    fail_attempt(
        session_id=claimed.session.pk,
        socket_id=claimed.socket_id,
        attempt=make_attempt(passed=False, reached=None),
        reasons=["flat_face"],
        now=clock.now(),
    )
    assert reload(claimed.session).liveness_level_reached == ""


@pytest.mark.parametrize("purpose", list(SessionPurpose))
def test_a_doubtful_pass_is_for_a_person_to_look_at(
    alice: ClientUser,
    enroll: Enroll,
    held: Held,
    finish: Finish,
    samples_of: Samples,
    purpose: SessionPurpose,
) -> None:
    claimed = held(enroll(alice, "alice"), purpose)
    ending = finish(claimed, samples_of("alice"), attempt=make_attempt(doubtful=True))
    assert (ending.verdict, ending.reasons) == (Verdict.NEEDS_REVIEW, ("injection_suspected",))
    session = reload(claimed.session)
    assert session.liveness_risk == 0.2
    assert session.evidence["attempts"][0]["liveness"]["hints"] == ["no_device_report"]


def test_the_page_is_not_told_that_an_injected_feed_was_noticed() -> None:
    ending = Ending(
        verdict=Verdict.NEEDS_REVIEW,
        reasons=("liveness_incomplete", "injection_suspected"),
        retry_allowed=False,
    )
    assert present_ending(ending) == {
        "type": "session.completed",
        "verdict": "needs_review",
        "reasons": ["liveness_incomplete"],
    }
