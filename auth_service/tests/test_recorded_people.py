"""Recorded people through engine, flow and services: each is enrolled and verified, nobody as another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings as project
from pytest_django import Settings

from auth_service import services
from auth_service.completion import Ending, complete_enrollment, complete_verification
from auth_service.flows import Accepted, EnrollmentFlow, Sample, SessionFlow, VerificationFlow
from auth_service.flows.replay import replay_session
from auth_service.models import SessionPurpose, Verdict
from auth_service.services import ClaimedSession, OpenedSession
from auth_service.tests.conftest import make_attempt
from clients.models import Client, ClientUser
from clients.services import create_user
from common import clock
from core.engine.registry import close_engine, get_engine
from core.engine.types import FaceEngine
from core.liveness.policy import Level
from core.liveness.sequences import read_session
from core.liveness.traits import traits_of

SHARED = Path(project.BASE_DIR).parent / "shared"
GENUINE = SHARED / "sequences" / "genuine"
PEOPLE = {
    "": ("collins", "hopper", "obama"),
    "scrfd_mbf": ("collins", "df20", "df22", "df30", "hopper", "obama"),
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not GENUINE.is_dir(), reason="no recorded sequences beside the repository"),
]

Open = Callable[..., OpenedSession]
Claim = Callable[..., ClaimedSession]


@pytest.fixture(params=list(PEOPLE), ids=["dlib", "SCRFD and MobileFaceNet"])
def pack(request: pytest.FixtureRequest, settings: Settings) -> Iterator[str]:
    """The process's own engine is this pack for one test."""
    name = str(request.param)
    settings.FACE_MODEL_PACK = str(SHARED / "models" / name) if name else ""
    close_engine()
    yield name
    close_engine()


def samples_of(person: str, flow: type[SessionFlow], engine: FaceEngine) -> tuple[Sample, ...]:
    session = read_session(GENUINE / f"genuine_{person}.json", level=Level.STANDARD)
    end = replay_session(session, engine=engine, traits=traits_of(engine), flow_class=flow)
    assert isinstance(end, Accepted)
    return end.samples


def test_recorded_people_are_enrolled_and_verified_and_nobody_passes_for_another(
    company: Client, pack: str, opens: Open, claims: Claim
) -> None:
    Client.objects.filter(pk=company.pk).update(duplicate_policy="refuse", max_attempts=50)
    engine, people = get_engine(), PEOPLE[pack]
    users = {name: create_user(client=company, external_user_id=name) for name in people}

    def finish(user: ClientUser, purpose: SessionPurpose, samples: tuple[Sample, ...]) -> Ending:
        held = claims(opens(user, purpose))
        services.begin_attempt(session_id=held.session.pk, socket_id=held.socket_id, now=clock.now())
        complete = complete_enrollment if purpose == SessionPurpose.ENROLLMENT else complete_verification
        return complete(
            session_id=held.session.pk,
            socket_id=held.socket_id,
            samples=samples,
            attempt=make_attempt(),
            contract=engine.contract,
            now=clock.now(),
        )

    for name, user in users.items():
        samples = samples_of(name, EnrollmentFlow, engine)
        assert finish(user, SessionPurpose.ENROLLMENT, samples).verdict == Verdict.PASSED, name
    for looking in people:
        samples = samples_of(looking, VerificationFlow, engine)
        for claimed in people:
            ending = finish(users[claimed], SessionPurpose.VERIFICATION, samples)
            expected = Verdict.PASSED if looking == claimed else Verdict.FAILED
            assert ending.verdict == expected, f"{looking} as {claimed}"
