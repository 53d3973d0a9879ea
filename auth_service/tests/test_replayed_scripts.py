"""How seldom a fixed recording answers a script that was drawn at random: the odds of the best replay."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from auth_service.demo.cast import ASTRONAUT
from auth_service.demo.virtual_camera import PersonCamera
from auth_service.demo.virtual_person import VirtualPerson
from auth_service.flows import Accepted
from auth_service.tests.replayed_observations import Footage, film, replay
from core.engine.config import EngineConfig
from core.engine.registry import load_engine
from core.liveness.policy import Level
from core.liveness.script import PALETTE, Script, StepKind, draw_script, flash_step, motion_step
from core.liveness.traits import PackTraits, traits_of

pytestmark = pytest.mark.slow

RECORDED = Script(
    level=Level.STANDARD,
    steps=(
        motion_step(StepKind.TURN_LEFT, step_id=1),
        motion_step(StepKind.CLOSER, step_id=2),
        flash_step([PALETTE[index] for index in (0, 2, 1, 4, 3, 5, 0)], step_id=3),
        motion_step(StepKind.LOOK_UP, step_id=4),
    ),
    spares=(motion_step(StepKind.TURN_RIGHT, step_id=5),),
)
"""As much as one session at standard gives away."""


@pytest.fixture(scope="module")
def filmed() -> Iterator[tuple[Footage, PackTraits]]:
    engine = load_engine(
        EngineConfig(
            pack="dlib",
            models_dir=Path(settings.FACE_MODELS_DIR),
            antispoof_dir=None,
            providers=("CPUExecutionProvider",),
            worker_threads=1,
        )
    )
    camera = PersonCamera(VirtualPerson(ASTRONAUT), seed=5)
    yield film(camera, engine=engine, script=RECORDED), traits_of(engine)
    engine.close()


def count_accepted(
    filmed: tuple[Footage, PackTraits], *, draws: int, to_order: bool, fresh_noise: bool
) -> int:
    footage, traits = filmed
    scripts = (
        draw_script(random.Random(seed), layout=traits.layout, level=Level.STANDARD) for seed in range(draws)
    )
    endings = (
        replay(footage, script, traits=traits, to_order=to_order, fresh_noise=fresh_noise)
        for script in scripts
    )
    return sum(isinstance(ending, Accepted) for ending in endings)


def test_the_recording_passes_its_own_script_and_so_does_its_replay(
    filmed: tuple[Footage, PackTraits],
) -> None:
    footage, traits = filmed
    again = replay(footage, RECORDED, traits=traits, to_order=False, fresh_noise=False)

    assert isinstance(footage.ending, Accepted), footage.ending
    assert isinstance(again, Accepted), again.reasons


@pytest.mark.parametrize(
    ("to_order", "fresh_noise", "draws", "most"),
    [(False, False, 500, 0), (True, False, 1000, 2), (True, True, 500, 4)],
    ids=["as it was", "cut to order", "cut to order with fresh noise"],
)
def test_random_scripts_are_hardly_ever_answered_by_a_recording(
    filmed: tuple[Footage, PackTraits], to_order: bool, fresh_noise: bool, draws: int, most: int
) -> None:
    """Of 2000 draws 0, 1 and 3: the last is the work of an editor, not of a replay."""
    accepted = count_accepted(filmed, draws=draws, to_order=to_order, fresh_noise=fresh_noise)
    assert accepted <= most
