"""Recorded sessions through the real flow on real packs: genuine ones get in, each attack is refused for its
cause."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from auth_service.flows import Accepted, EnrollmentFlow
from auth_service.flows.replay import SessionReplay, replay_session
from auth_service.pad.evaluation import Plan, evaluate, find_recordings
from auth_service.pad.scorecard import Run
from auth_service.tests.true_causes import CAUSES, misnamed
from core.engine.config import EngineConfig
from core.engine.registry import load_engine
from core.engine.types import FaceEngine
from core.liveness.gates import gates_for
from core.liveness.observation import FrameRequest
from core.liveness.policy import SHIPPED_POLICIES, Level
from core.liveness.sequences import read_session
from core.liveness.traits import traits_of

SHARED = Path(settings.BASE_DIR).parent / "shared"
SEQUENCES = SHARED / "sequences"
PACKS = {"dlib": "dlib", "SCRFD and MobileFaceNet": str(SHARED / "models" / "scrfd_mbf")}
ANTISPOOF = SHARED / "models" / "antispoof"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SEQUENCES.is_dir(), reason="no recorded sequences beside the repository"),
]


@pytest.fixture(scope="module", params=list(PACKS))
def engine(request: pytest.FixtureRequest) -> Iterator[FaceEngine]:
    if not ANTISPOOF.is_dir() or (request.param != "dlib" and not Path(PACKS[request.param]).is_dir()):
        pytest.skip("no model packs beside the repository")
    loaded = load_engine(
        EngineConfig(
            pack=PACKS[request.param],
            models_dir=Path(settings.FACE_MODELS_DIR),
            antispoof_dir=ANTISPOOF,
            providers=("CPUExecutionProvider",),
            worker_threads=1,
        )
    )
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def runs(engine: FaceEngine) -> tuple[Run, ...]:
    """Every sequence at every level, with passive models and without."""
    plan = Plan(policies=SHIPPED_POLICIES, levels=tuple(Level), without_passive=True)
    return evaluate(find_recordings(SEQUENCES), engine=engine, plan=plan, progress=lambda _: None)


def test_with_passive_models_and_without_there_is_a_run_for_each_level(runs: tuple[Run, ...]) -> None:
    assert {(bool(run.passive_models), run.level) for run in runs} == {
        (passive, level) for passive in (True, False) for level in Level
    }
    assert all(len(run.presentations) == 25 for run in runs)


def test_every_attack_is_refused_and_at_most_one_genuine_session(runs: tuple[Run, ...]) -> None:
    for run in runs:
        assert [one.name for one in run.attacks if one.accepted] == [], (run.title, run.level)
        assert run.bpcer.errors <= 1, (run.title, run.level)


def test_the_leading_reason_names_the_true_cause(runs: tuple[Run, ...]) -> None:
    assert set(runs[0].species) <= set(CAUSES)
    wrong = [
        (run.title, run.level.value, one.name, one.reasons)
        for run in runs
        for one in run.attacks
        if misnamed(one, level=run.level)
    ]
    assert wrong == []


def test_every_refusal_is_explained_by_a_number_beyond_its_threshold(runs: tuple[Run, ...]) -> None:
    """The signals decide by margins, the report shows numbers beside thresholds: they must say the same."""
    for run in runs:
        for one in run.presentations:
            for gate in gates_for(run.detector_layout):
                if gate.signal not in one.margins or gate.value not in one.signals:
                    continue
                agrees = gate.agrees(one.signals[gate.value], threshold=run.thresholds[gate.threshold])
                if one.margins[gate.signal] >= 0:
                    assert agrees, (run.title, one.name, gate)
    by_number = [
        any(
            gate.signal == signal
            and gate.value in one.signals
            and not gate.agrees(one.signals[gate.value], threshold=run.thresholds[gate.threshold])
            for gate in gates_for(run.detector_layout)
        )
        for run in runs
        for one in run.attacks
        for signal in one.refused_by
    ]
    assert len(by_number) > 100
    # The others: a wrong movement scores what it scores, stillness and timing have no number of their own.
    assert sum(by_number) / len(by_number) > 0.95


def test_what_was_analysed_once_is_what_a_fresh_analysis_gives(engine: FaceEngine) -> None:
    session = read_session(SEQUENCES / "attacks" / "photo_tilt_df20.json", level=Level.STRICT)
    traits = traits_of(engine)
    replay = SessionReplay(session, engine=engine, traits=traits)
    replay.judge(level=Level.BASIC)

    again = replay.judge(level=Level.STRICT)

    fresh = replay_session(session, engine=engine, traits=traits)
    assert again.liveness == fresh.liveness


class CuriousFlow(EnrollmentFlow):
    """Wants to know more of one frame than other flows do."""

    def wants(self) -> FrameRequest:
        request = super().wants()
        return FrameRequest(search=None, light=True) if self.frames_left == 30 else request


def test_a_flow_that_wants_something_else_gets_an_analysis_of_its_own(engine: FaceEngine) -> None:
    session = read_session(SEQUENCES / "genuine" / "genuine_obama.json", level=Level.STANDARD)
    traits = traits_of(engine)
    replay = SessionReplay(session, engine=engine, traits=traits)
    replay.judge(level=Level.STANDARD)

    curious = replay.judge(level=Level.STANDARD, flow_class=CuriousFlow)

    fresh = replay_session(session, engine=engine, traits=traits, flow_class=CuriousFlow)
    assert curious.liveness == fresh.liveness


def test_a_genuine_sequence_gives_enough_samples_to_enroll(engine: FaceEngine) -> None:
    session = read_session(SEQUENCES / "genuine" / "genuine_obama.json", level=Level.STANDARD)
    end = replay_session(session, engine=engine, traits=traits_of(engine), flow_class=EnrollmentFlow)

    assert isinstance(end, Accepted)
    assert len(end.samples) >= 3
