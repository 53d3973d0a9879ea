"""The demo's virtual people before the real dlib pack: a person is enrolled live, a photo and a puppet are
not."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from auth_service.demo.attendance import Shot, attend
from auth_service.demo.cast import ASTRONAUT
from auth_service.demo.virtual_camera import Camera, PersonCamera, StillPhotoCamera
from auth_service.demo.virtual_person import VirtualPerson
from auth_service.flows import Accepted, EnrollmentFlow, Refused, Update
from core.engine.config import EngineConfig
from core.engine.registry import load_engine
from core.engine.types import FaceEngine
from core.liveness.analyzer import FrameAnalyzer
from core.liveness.policy import Level
from core.liveness.reasons import Reason
from core.liveness.script import draw_script
from core.liveness.traits import traits_of

FRAMES_PER_SECOND = 5.0


@pytest.fixture(scope="module")
def engine() -> Iterator[FaceEngine]:
    loaded = load_engine(
        EngineConfig(
            pack="dlib",
            models_dir=Path(settings.FACE_MODELS_DIR),
            antispoof_dir=None,
            providers=("CPUExecutionProvider",),
            worker_threads=1,
        )
    )
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def astronaut() -> VirtualPerson:
    return VirtualPerson(ASTRONAUT)


def film(camera: Camera, *, engine: FaceEngine, seed: int) -> Accepted | Refused:
    """One session at five frames a second."""
    rng = random.Random(seed)
    traits = traits_of(engine)
    script = draw_script(rng, layout=traits.layout, level=Level.STANDARD)
    flow, analyzer = EnrollmentFlow(script=script, traits=traits), FrameAnalyzer(engine)

    def answer(shot: Shot) -> Update:
        observation = analyzer.analyze(
            shot.jpeg, sequence=shot.number, captured_at_seconds=shot.at, request=flow.wants()
        )
        return flow.advance(observation)

    return attend(camera, flow=flow, answer=answer, frames_per_second=FRAMES_PER_SECOND, rng=rng)


@pytest.mark.slow
def test_a_person_is_enrolled_live(engine: FaceEngine, astronaut: VirtualPerson) -> None:
    end = film(PersonCamera(astronaut, seed=2), engine=engine, seed=2)

    assert isinstance(end, Accepted), (end.reasons, end.liveness.signals)
    assert len(end.samples) >= 3


@pytest.mark.slow
def test_a_photo_held_before_the_camera_is_not(engine: FaceEngine, astronaut: VirtualPerson) -> None:
    end = film(StillPhotoCamera(astronaut, seed=3), engine=engine, seed=3)

    assert isinstance(end, Refused)
    assert Reason.CHALLENGE_NOT_FOLLOWED in end.reasons


@pytest.mark.slow
def test_an_injected_puppet_that_moves_rightly_is_not(engine: FaceEngine, astronaut: VirtualPerson) -> None:
    end = film(PersonCamera(astronaut, seed=4, screen_gain=0.0), engine=engine, seed=4)

    assert isinstance(end, Refused)
    assert end.reasons[0] is Reason.SCREEN_LIGHT_MISSING
