"""The cast of session tests: a company with two people, and a stranger company that must never get in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from auth_service.completion import Ending, complete_enrollment, complete_verification
from auth_service.evidence import Attempt
from auth_service.flows import Sample
from auth_service.models import AuthSession, SessionPurpose
from auth_service.services import ClaimedSession, OpenedSession, begin_attempt, claim_socket, open_session
from clients.audit import SYSTEM
from clients.models import Client, ClientUser
from clients.services import create_client, create_user
from common import clock
from common.templates import Embedding, Template
from core.engine.registry import get_engine
from core.engine.types import EmbeddingContract
from core.liveness.injection import Hint as InjectionHint
from core.liveness.injection import InjectionRisk
from core.liveness.policy import Level
from core.liveness.pose import Pose
from core.liveness.reasons import Reason
from core.liveness.script import Script
from core.liveness.timeline import Timeline
from core.liveness.verdict import LivenessVerdict
from core.quality import FaceQuality


@pytest.fixture
def contract() -> EmbeddingContract:
    return get_engine().contract


@pytest.fixture
def company(db: None) -> Client:
    return create_client(name="Acme")


@pytest.fixture
def stranger(db: None) -> Client:
    return create_client(name="Stranger")


@pytest.fixture
def alice(company: Client) -> ClientUser:
    return create_user(client=company, external_user_id="alice", name="Alice")


@pytest.fixture
def bob(company: Client) -> ClientUser:
    return create_user(client=company, external_user_id="bob", name="Bob")


Open = Callable[..., OpenedSession]


@pytest.fixture
def opens() -> Open:
    """``opens(user)`` or ``opens(user, SessionPurpose.VERIFICATION)``."""

    def open_(user: ClientUser, purpose: SessionPurpose = SessionPurpose.ENROLLMENT) -> OpenedSession:
        return open_session(user=user, purpose=purpose, actor=SYSTEM)

    return open_


@pytest.fixture
def claims() -> Callable[..., ClaimedSession]:
    def claim(opened: OpenedSession, *, token: str | None = None, later: float = 0) -> ClaimedSession:
        return claim_socket(
            session_id=opened.session.pk,
            token=token or opened.token,
            origin=None,
            host="testserver",
            now=clock.now() + timedelta(seconds=later),
        )

    return claim


@pytest.fixture
def face_of(contract: EmbeddingContract) -> Callable[..., Embedding]:
    """A person's embedding: the same name gives the same direction, ``noise`` moves it."""

    def face(name: str, *, noise: float = 0.0, seed: int = 0) -> Embedding:
        rng = np.random.default_rng([len(name), *name.encode()])
        shaken = rng.standard_normal(contract.dimension)
        shaken /= np.linalg.norm(shaken)
        other = np.random.default_rng(seed + 1).standard_normal(contract.dimension)
        shaken = shaken + noise * other / np.linalg.norm(other)
        return (shaken / np.linalg.norm(shaken)).astype(np.float32)

    return face


@pytest.fixture
def samples_of(face_of: Callable[..., Embedding]) -> Callable[..., list[Sample]]:
    def samples(name: str, *, count: int = 3, noise: float = 0.1) -> list[Sample]:
        return [
            Sample(
                sequence=number + 1,
                captured_at=float(number),
                embedding=face_of(name, noise=noise, seed=number),
                crop=np.full((112, 112, 3), 127, np.uint8),
                quality=FaceQuality(
                    size_px=160,
                    sharpness=50,
                    brightness=120,
                    yaw_degrees=0,
                    pitch_degrees=0,
                    roll_degrees=0,
                    confidence=0.9,
                ),
                pose=Pose(yaw=1, pitch=0, roll=0),
            )
            for number in range(count)
        ]

    return samples


def make_attempt(
    *,
    passed: bool = True,
    reasons: tuple[Reason, ...] = (),
    reached: Level | None = Level.STANDARD,
    doubtful: bool = False,
) -> Attempt:
    verdict = LivenessVerdict(
        passed=passed,
        score=0.9 if passed else 0.1,
        reasons=reasons,
        signals={"flash_rho": 0.93, "plane": float("nan")},
        margins={"flash": 0.8, "plane": 0.9},
        not_measured=("passive",),
        injection=InjectionRisk(risk=0.2, hints=(InjectionHint.NO_DEVICE_REPORT,)),
        doubtful=doubtful,
        reached=reached,
    )
    script = Script(level=Level.STANDARD, steps=())
    return Attempt(
        script=script,
        liveness=verdict,
        timeline=Timeline(
            challenge_start=0.5, limits={"yaw": 15.0}, series={"at": (0.0, 0.5), "yaw": (None, 1.5)}, steps=()
        ),
        frames=40,
        frames_dropped=2,
        seconds=9.0,
        engine="test pack",
        models={"model.onnx": "0" * 64},
        thresholds={"flash_correlation": 0.75},
    )


@pytest.fixture
def held(opens: Open, claims: Callable[..., ClaimedSession]) -> Callable[..., ClaimedSession]:
    """An open session of a person, held by a socket, its first attempt begun."""

    def hold(user: ClientUser, purpose: SessionPurpose = SessionPurpose.ENROLLMENT) -> ClaimedSession:
        claimed = claims(opens(user, purpose))
        begin_attempt(session_id=claimed.session.pk, socket_id=claimed.socket_id, now=clock.now())
        return claimed

    return hold


@pytest.fixture
def finish(contract: EmbeddingContract) -> Callable[..., Ending]:
    def finish_(claimed: ClaimedSession, samples: list[Sample], **changes: Any) -> Ending:
        complete = (
            complete_enrollment
            if claimed.session.purpose == SessionPurpose.ENROLLMENT
            else complete_verification
        )
        arguments: dict[str, Any] = {
            "session_id": claimed.session.pk,
            "socket_id": claimed.socket_id,
            "samples": samples,
            "attempt": make_attempt(),
            "contract": contract,
            "now": clock.now(),
        }
        return complete(**(arguments | changes))

    return finish_


@pytest.fixture
def enroll(
    contract: EmbeddingContract, face_of: Callable[..., Embedding]
) -> Callable[[ClientUser, str], ClientUser]:
    """Give a person a template without a session."""

    def enrolled(user: ClientUser, name: str) -> ClientUser:
        user.cache_embedding(Template(embedding=face_of(name), contract=contract.key))
        user.enrollment_state, user.enrolled_at = "enrolled", clock.now()
        user.save()
        return user

    return enrolled


def reload(session: AuthSession) -> AuthSession:
    return AuthSession.objects.select_related("client", "user").get(pk=session.pk)


def soon() -> datetime:
    return clock.now()
