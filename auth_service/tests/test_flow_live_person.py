"""The demo's virtual people before the real dlib pack: a person is enrolled live, a photo and a puppet are
not."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from auth_service.demo.cast import ASTRONAUT
from auth_service.demo.virtual_camera import Camera, PersonCamera, StillPhotoCamera
from auth_service.demo.virtual_person import VirtualPerson
from auth_service.flows import Accepted, EnrollmentFlow, InProgress, Refused
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


def attend(camera: Camera, *, engine: FaceEngine, seed: int) -> Accepted | Refused:
    """One session at five frames a second with jitter, on the camera's clock: no waiting."""
    rng = random.Random(seed)
    traits = traits_of(engine)
    script = draw_script(rng, layout=traits.layout, level=Level.STANDARD)
    flow, analyzer = EnrollmentFlow(script=script, traits=traits), FrameAnalyzer(engine)
    at, shown, number = 10.0, 0, 0
    colors: list[tuple[float, int, str | None]] = []
    while True:
        number += 1
        for begins, index, color in [entry for entry in colors if entry[0] <= at]:
            camera.show_color(color, at=begins)
            if color is not None:
                flow.record_color_shown(shown, index, begins)
        colors = [entry for entry in colors if entry[0] > at]
        observation = analyzer.analyze(
            camera.frame(at=at), sequence=number, captured_at_seconds=at, request=flow.wants()
        )
        update = flow.advance(observation)
        if not isinstance(update, InProgress):
            return update
        if update.step is not None and update.step.id != shown:
            shown, seen = update.step.id, at + 0.1
            flow.record_step_shown(shown, seen)
            camera.show_step(update.step.kind.value, at=seen)
            if update.step.colors and update.step.color_seconds:
                length = update.step.color_seconds
                colors = [(seen + i * length, i, color) for i, color in enumerate(update.step.colors)]
                colors.append((seen + len(update.step.colors) * length, len(colors), None))
        at += rng.uniform(0.85, 1.2) / FRAMES_PER_SECOND


@pytest.mark.slow
def test_a_person_is_enrolled_live(engine: FaceEngine, astronaut: VirtualPerson) -> None:
    end = attend(PersonCamera(astronaut, seed=2), engine=engine, seed=2)

    assert isinstance(end, Accepted), (end.reasons, end.liveness.signals)
    assert len(end.samples) >= 3


@pytest.mark.slow
def test_a_photo_held_before_the_camera_is_not(engine: FaceEngine, astronaut: VirtualPerson) -> None:
    end = attend(StillPhotoCamera(astronaut, seed=3), engine=engine, seed=3)

    assert isinstance(end, Refused)
    assert Reason.CHALLENGE_NOT_FOLLOWED in end.reasons


@pytest.mark.slow
def test_an_injected_puppet_that_moves_rightly_is_not(engine: FaceEngine, astronaut: VirtualPerson) -> None:
    end = attend(PersonCamera(astronaut, seed=4, screen_gain=0.0), engine=engine, seed=4)

    assert isinstance(end, Refused)
    assert end.reasons[0] is Reason.SCREEN_LIGHT_MISSING
