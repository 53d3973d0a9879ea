"""The liveness figure counts what it says: detection in the baseline, embedding nowhere, the rest on top."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

from benchmarks import liveness
from benchmarks.liveness import FrameCost
from benchmarks.metered_engine import MeteredEngine
from core.engine.config import EngineConfig
from core.engine.registry import load_engine
from core.engine.synthetic import SyntheticEngine, draw_marker
from core.engine.types import Box, DetectedFace, Embeddings, FaceEngine, Image
from core.liveness.observation import FrameRequest

BOX = Box(20, 20, 80, 90)
FACE_IMAGE = draw_marker(np.zeros((120, 160, 3), np.uint8), BOX, identity=7)
BUSY_SECONDS = 0.02


def busy() -> None:
    """Processor time, not sleep."""
    end = time.process_time() + BUSY_SECONDS
    while time.process_time() < end:
        pass


class SlowEngine(SyntheticEngine):
    def detect(
        self, image: Image, *, search: Box | None = None, input_size: int | None = None
    ) -> list[DetectedFace]:
        busy()
        return super().detect(image, search=search, input_size=input_size)

    def align(self, image: Image, face: DetectedFace) -> Image:
        busy()
        return super().align(image, face)

    def embed(self, crops: Sequence[Image]) -> Embeddings:
        busy()
        return super().embed(crops)

    def live_probability(self, image: Image, face: DetectedFace, *, turn: int | None = None) -> float | None:
        busy()
        return None if turn is None else turn / 10


def test_a_metered_engine_answers_as_the_engine_does() -> None:
    engine = SyntheticEngine()
    metered: FaceEngine = MeteredEngine(engine)
    (face,), (expected,) = metered.detect(FACE_IMAGE), engine.detect(FACE_IMAGE)
    crop = metered.align(FACE_IMAGE, face)

    assert face.box == expected.box
    assert np.array_equal(crop, engine.align(FACE_IMAGE, expected))
    assert np.array_equal(metered.embed([crop]), engine.embed([crop]))
    assert metered.contract == engine.contract
    assert metered.capabilities == engine.capabilities
    assert metered.landmark_layout == engine.landmark_layout
    assert metered.summary() == engine.summary()
    assert MeteredEngine(SlowEngine()).live_probability(FACE_IMAGE, face, turn=3) == 0.3


def test_detection_and_embedding_are_metered_apart_and_nothing_else_is() -> None:
    metered = MeteredEngine(SlowEngine())
    (face,) = metered.detect(FACE_IMAGE)
    assert (metered.detecting >= BUSY_SECONDS, metered.embedding) == (True, 0.0)

    found = metered.detecting
    metered.embed([metered.align(FACE_IMAGE, face)])
    metered.live_probability(FACE_IMAGE, face, turn=0)
    assert metered.detecting == found
    assert metered.embedding >= 2 * BUSY_SECONDS

    metered.detect(FACE_IMAGE)
    assert metered.detecting >= found + BUSY_SECONDS
    metered.reset()
    assert (metered.detecting, metered.embedding) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("request_", "flow", "heavy"),
    [
        (FrameRequest(light=True, search=BOX), True, True),
        (FrameRequest(light=True, search=BOX), False, False),
        (FrameRequest(light=True), True, False),
        (FrameRequest(search=BOX), True, False),
    ],
)
def test_the_heaviest_frame_has_all_signals_and_the_least_detection(
    request_: FrameRequest, flow: bool, heavy: bool
) -> None:
    assert FrameCost(5.0, 6.0, request=request_, flow=flow).heavy is heavy


def test_a_figure_of_no_frames_is_refused() -> None:
    with pytest.raises(RuntimeError, match="no frame of this kind"):
        liveness.headline_of("liveness, a rare frame", [])


@pytest.mark.slow
def test_whole_sessions_of_the_default_pack_are_measured() -> None:
    engine = load_engine(
        EngineConfig(
            pack="dlib",
            models_dir=Path(settings.FACE_MODELS_DIR),
            antispoof_dir=None,
            providers=("CPUExecutionProvider",),
            worker_threads=1,
        )
    )
    try:
        headlines = liveness.measure(engine, iterations=5)
    finally:
        engine.close()

    assert [one.name for one in headlines] == [
        "liveness, all frames of a session",
        "liveness, a flash frame with flow",
    ]
    for one in headlines:
        assert 0 < one.baseline < one.optimised
        assert one.ratio == pytest.approx(one.baseline / one.optimised)
