"""Recorded sessions through the real flow on real packs: genuine ones get in, each attack is refused for its
cause."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from auth_service.flows import Accepted, EnrollmentFlow, Refused, VerificationFlow
from auth_service.flows.replay import replay_session
from core.engine.config import EngineConfig
from core.engine.registry import load_engine
from core.engine.types import FaceEngine
from core.liveness.policy import Level
from core.liveness.reasons import Reason
from core.liveness.sequences import read_session
from core.liveness.traits import traits_of

SHARED = Path(settings.BASE_DIR).parent / "shared"
SEQUENCES = SHARED / "sequences"
PACK = SHARED / "models" / "scrfd_mbf"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SEQUENCES.is_dir(), reason="no recorded sequences beside the repository"),
]

UNFOLLOWED = {Reason.CHALLENGE_NOT_FOLLOWED, Reason.WRONG_MOVEMENT}
PAPER = {Reason.FLAT_FACE, Reason.SCREEN_LIGHT_UNEVEN, Reason.MOVING_SURROUNDINGS}
UNLIT = {Reason.SCREEN_LIGHT_MISSING}
TRUE_CAUSES: dict[str, set[Reason]] = {
    "frozen": {Reason.REPEATED_FRAMES},
    "looped": {Reason.REPEATED_FRAMES},
    "inject_still": {Reason.REPEATED_FRAMES, Reason.MOVING_SURROUNDINGS, *UNFOLLOWED, *UNLIT},
    "photo_static": PAPER,
    "photo_fixed": PAPER,
    "photo_plane": PAPER,
    "photo_tilt": PAPER,
    "photo_tilt_full": PAPER,
    "photo_bend": PAPER,
    "photo_eyecut": PAPER,
    "replay_wrong_order": UNFOLLOWED | UNLIT,
    "screen_wrong_order": UNFOLLOWED | UNLIT,
    "replay_wrong_flash": UNLIT,
    "screen_right_order": UNLIT | PAPER,
    "screen_right_order_full": UNLIT | PAPER,
    "puppet3d": UNLIT,
    "puppet3d_tint": UNLIT | PAPER,
    "identity_swap": {Reason.IDENTITY_CHANGED},
    "two_faces": {Reason.SEVERAL_FACES},
}
"""By species: what the first reason may be."""
DLIB_SUBSET = {"genuine_obama", "genuine_hopper", "photo_tilt_df20", "puppet3d_df30", "identity_swap_collins"}


def sidecars(names: set[str] | None = None) -> list[Path]:
    found = sorted(SEQUENCES.glob("*/*.json"))
    return [path for path in found if names is None or path.stem in names]


def load(pack: str) -> FaceEngine:
    return load_engine(
        EngineConfig(
            pack=pack,
            models_dir=Path(settings.FACE_MODELS_DIR),
            antispoof_dir=None,
            providers=("CPUExecutionProvider",),
            worker_threads=1,
        )
    )


@pytest.fixture(scope="module")
def scrfd() -> Iterator[FaceEngine]:
    engine = load(str(PACK))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def dlib() -> Iterator[FaceEngine]:
    engine = load("dlib")
    yield engine
    engine.close()


def check(path: Path, engine: FaceEngine) -> None:
    session = read_session(path, level=Level.STANDARD)
    end = replay_session(session, engine=engine, traits=traits_of(engine), flow_class=VerificationFlow)
    if session.genuine:
        assert isinstance(end, Accepted), (end.reasons, end.liveness.signals)
        assert end.liveness.score > 0.5
    else:
        assert isinstance(end, Refused), end.liveness.signals
        assert end.reasons[0] in TRUE_CAUSES[session.kind], end.reasons
        assert end.liveness.score < 0.5


@pytest.mark.skipif(not PACK.is_dir(), reason="no InsightFace-shaped pack beside the repository")
@pytest.mark.parametrize("path", sidecars(), ids=lambda path: path.stem)
def test_the_onnx_pack_judges_every_sequence_rightly(path: Path, scrfd: FaceEngine) -> None:
    check(path, scrfd)


@pytest.mark.parametrize("path", sidecars(DLIB_SUBSET), ids=lambda path: path.stem)
def test_the_dlib_pack_judges_these_rightly(path: Path, dlib: FaceEngine) -> None:
    check(path, dlib)


@pytest.mark.skipif(not PACK.is_dir(), reason="no InsightFace-shaped pack beside the repository")
def test_a_genuine_sequence_gives_enough_samples_to_enroll(scrfd: FaceEngine) -> None:
    session = read_session(SEQUENCES / "genuine" / "genuine_obama.json", level=Level.STANDARD)
    end = replay_session(session, engine=scrfd, traits=traits_of(scrfd), flow_class=EnrollmentFlow)

    assert isinstance(end, Accepted)
    assert len(end.samples) >= 3
    # The sidecar asks for nothing unseen, the pack has no passive model.
    assert "passive" in end.liveness.not_measured
