"""The virtual person passes the real liveness rules, and the cameras that attack do not."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from auth_service.demo.cast import ADMIRAL, ASTRONAUT, CARD_PLAYER, CastMember
from auth_service.demo.virtual_camera import Camera, FrozenCamera, PersonCamera, StillPhotoCamera
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

SHARED_PACK = Path(settings.BASE_DIR).parent / "shared" / "models" / "scrfd_mbf"
FRAME_SECONDS = 0.125
PAGE_DELAY_SECONDS = 0.06


def load(pack: str) -> FaceEngine:
    return load_engine(
        EngineConfig(
            pack=pack,
            models_dir=Path(),
            antispoof_dir=None,
            providers=("CPUExecutionProvider",),
            worker_threads=1,
        )
    )


@pytest.fixture(scope="module")
def engine() -> Iterator[FaceEngine]:
    loaded = load("dlib")
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def mouth_engine() -> Iterator[FaceEngine]:
    """A pack with mouth corners, where one lies beside the repository."""
    if not SHARED_PACK.is_dir():
        pytest.skip(f"no model pack at {SHARED_PACK}")
    loaded = load(str(SHARED_PACK))
    yield loaded
    loaded.close()


def hold_session(
    engine: FaceEngine, camera: Camera, *, seed: int, level: Level = Level.STRICT
) -> Accepted | Refused:
    """One session through the real flow on a clock of its own, eight frames a second."""
    script = draw_script(random.Random(seed), layout=engine.landmark_layout, level=level)
    flow = EnrollmentFlow(script=script, traits=traits_of(engine))
    analyzer = FrameAnalyzer(engine)
    shown: int | None = None
    colors: list[tuple[float, int, str | None]] = []
    for sequence in range(1, 400):
        at = sequence * FRAME_SECONDS
        while colors and colors[0][0] <= at:
            lit_at, index, color = colors.pop(0)
            camera.show_color(color, at=lit_at)
            if color:
                flow.record_color_shown(shown or 0, index, lit_at)
        observation = analyzer.analyze(
            camera.frame(at=at), sequence=sequence, captured_at_seconds=at, request=flow.wants()
        )
        update = flow.advance(observation)
        if not isinstance(update, InProgress):
            return update
        if update.step and update.step.id != shown:
            shown, shown_at = update.step.id, at + PAGE_DELAY_SECONDS
            camera.show_step(update.step.kind, at=shown_at)
            flow.record_step_shown(shown, shown_at)
            lit = [*(update.step.colors or ()), None] if update.step.colors else []
            seconds = update.step.color_seconds or 0.0
            colors = [(shown_at + number * seconds, number, color) for number, color in enumerate(lit)]
    raise AssertionError("the session never ended")


@pytest.mark.parametrize("member", [ASTRONAUT, CARD_PLAYER], ids=lambda member: member.name)
def test_a_live_person_passes_the_strictest_level(member: CastMember, engine: FaceEngine) -> None:
    update = hold_session(engine, PersonCamera(VirtualPerson(member), seed=11), seed=3)

    assert isinstance(update, Accepted), update.reasons
    assert update.liveness.score > 0.6
    assert len(update.samples) >= 3


def test_a_live_person_passes_on_a_pack_with_mouth_corners(mouth_engine: FaceEngine) -> None:
    update = hold_session(mouth_engine, PersonCamera(VirtualPerson(ADMIRAL), seed=11), seed=3)

    assert isinstance(update, Accepted), update.reasons
    assert update.liveness.signals["plane"] > 0.15


def refused(update: Accepted | Refused) -> tuple[Reason, ...]:
    assert isinstance(update, Refused)
    return update.reasons


def test_a_puppet_that_no_screen_lights_is_refused_for_that(engine: FaceEngine) -> None:
    puppet = PersonCamera(VirtualPerson(ADMIRAL), seed=11, screen_gain=0.0)
    assert refused(hold_session(engine, puppet, seed=3)) == (Reason.SCREEN_LIGHT_MISSING,)


def test_a_still_photo_is_refused_because_it_follows_nothing(engine: FaceEngine) -> None:
    photo = StillPhotoCamera(VirtualPerson(ASTRONAUT), seed=11)
    assert Reason.CHALLENGE_NOT_FOLLOWED in refused(hold_session(engine, photo, seed=3))


def test_a_frozen_stream_is_refused_because_it_repeats(engine: FaceEngine) -> None:
    frozen = FrozenCamera(VirtualPerson(ASTRONAUT), seed=11)
    assert Reason.REPEATED_FRAMES in refused(hold_session(engine, frozen, seed=3))
