"""The analyzer turns a frame into numbers, does only what was asked, and keeps nothing of a bad frame."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from common.errors import InvalidImage
from core.engine.synthetic import SyntheticEngine
from core.engine.types import Box, DetectedFace, Embeddings, FaceEngine, Image, LandmarkLayout
from core.liveness.analyzer import FrameAnalyzer
from core.liveness.observation import FrameRequest
from core.tests.liveness_cast import head_points

NOTHING = FrameRequest()
EVERYTHING = FrameRequest(embed=True, passive=True, light=True)
FACE = DetectedFace(Box(240, 130, 400, 340), 0.95, head_points())
MOVED_FACE = DetectedFace(Box(250, 130, 410, 340), 0.95, head_points(center=(330.0, 240.0)))


class StagedEngine(SyntheticEngine):
    """The unit-test engine with faces where the test puts them: JPEG would change drawn markers."""

    def __init__(self, faces: list[DetectedFace]) -> None:
        self.faces = faces
        self.embedded = 0
        self.searches: list[Box | None] = []
        self.turns: list[int | None] = []

    @property
    def landmark_layout(self) -> LandmarkLayout:
        return LandmarkLayout.EYES_NOSE_MOUTH

    def detect(
        self, image: Image, *, search: Box | None = None, input_size: int | None = None
    ) -> list[DetectedFace]:
        self.searches.append(search)
        return self.faces

    def align(self, image: Image, face: DetectedFace) -> Image:
        return np.asarray(cv2.resize(image, (112, 112)), np.uint8)

    def embed(self, crops: Sequence[Image]) -> Embeddings:
        self.embedded += len(crops)
        return np.full((len(crops), 64), 1 / 8, np.float32)

    def live_probability(self, image: Image, face: DetectedFace, *, turn: int | None = None) -> float | None:
        self.turns.append(turn)
        return 0.7


def jpeg(seed: int = 0, *, level: int = 120) -> bytes:
    picture = np.random.default_rng(seed).normal(level, 12, (480, 640, 3)).clip(0, 255).astype(np.uint8)
    return bytes(cv2.imencode(".jpg", picture)[1].tobytes())


@pytest.fixture
def engine() -> StagedEngine:
    return StagedEngine([FACE])


def test_the_staged_engine_is_a_face_engine(engine: StagedEngine) -> None:
    checked: FaceEngine = engine
    assert checked.landmark_layout is LandmarkLayout.EYES_NOSE_MOUTH


def test_only_what_was_asked_is_computed(engine: StagedEngine) -> None:
    plain = FrameAnalyzer(engine).analyze(jpeg(), sequence=1, captured_at_seconds=1.0, request=NOTHING)

    assert plain.face is not None
    assert (plain.face.embedding, plain.face.crop, plain.face.light) == (None, None, None)
    assert (plain.face.passive_asked, plain.face.live_probability) == (False, None)
    assert engine.embedded == 0


def test_what_was_asked_is_there(engine: StagedEngine) -> None:
    full = FrameAnalyzer(engine).analyze(
        jpeg(), sequence=7, captured_at_seconds=2.5, request=EVERYTHING, received_at_seconds=9.0
    )

    assert full.face is not None
    assert (full.sequence, full.captured_at, full.received_at) == (7, 2.5, 9.0)
    assert (full.width, full.height) == (640, 480)
    assert full.face.embedding is not None
    assert full.face.crop is not None
    assert (full.face.passive_asked, full.face.live_probability) == (True, 0.7)
    assert full.face.light is not None
    assert np.isfinite(full.face.light.log_map).all()
    assert full.face.light.skin == pytest.approx((120 / 255) ** 2.2, abs=0.03)
    assert abs(full.face.head.pose.yaw) < 1


def test_passive_models_take_turns_over_the_frames_that_ask_and_show_a_face(engine: StagedEngine) -> None:
    analyzer, other = FrameAnalyzer(engine), FrameAnalyzer(engine)
    asked = FrameRequest(passive=True)
    for number, (request, faces) in enumerate(
        [(asked, [FACE]), (NOTHING, [FACE]), (asked, []), (asked, [FACE]), (asked, [FACE])]
    ):
        engine.faces = faces
        analyzer.analyze(jpeg(1), sequence=number, captured_at_seconds=number / 8, request=request)
    other.analyze(jpeg(1), sequence=1, captured_at_seconds=0.0, request=asked)

    assert engine.turns == [0, 1, 2, 0]


def test_equal_bytes_have_equal_digests_and_nothing_else_does(engine: StagedEngine) -> None:
    analyzer = FrameAnalyzer(engine)
    digests = [
        analyzer.analyze(data, sequence=n, captured_at_seconds=n / 8, request=NOTHING).digest
        for n, data in enumerate([jpeg(1), jpeg(1), jpeg(2)])
    ]

    assert digests[0] == digests[1] != digests[2]


def test_a_repeated_picture_is_near_an_earlier_one(engine: StagedEngine) -> None:
    analyzer = FrameAnalyzer(engine)
    first = analyzer.analyze(jpeg(1), sequence=1, captured_at_seconds=0.0, request=NOTHING)
    again = analyzer.analyze(jpeg(1), sequence=2, captured_at_seconds=1.0, request=NOTHING)

    assert first.nearest_earlier is None
    assert again.nearest_earlier == 0.0


def test_flow_needs_a_moving_face_in_the_frame_before(engine: StagedEngine) -> None:
    analyzer = FrameAnalyzer(engine)
    flows = []
    for number, faces in enumerate([[FACE], [FACE], [MOVED_FACE], [], [FACE]]):
        engine.faces = faces
        seen = analyzer.analyze(jpeg(1), sequence=number, captured_at_seconds=number / 8, request=NOTHING)
        flows.append(seen.face.flow if seen.face is not None else None)

    assert [flow is not None for flow in flows] == [False, False, True, False, False]


def test_a_changed_frame_shape_has_no_flow(engine: StagedEngine) -> None:
    analyzer = FrameAnalyzer(engine)
    analyzer.analyze(jpeg(1), sequence=1, captured_at_seconds=0.0, request=NOTHING)
    engine.faces = [MOVED_FACE]
    wide = np.random.default_rng(1).normal(120, 12, (360, 640, 3)).clip(0, 255).astype(np.uint8)
    seen = analyzer.analyze(
        bytes(cv2.imencode(".jpg", wide)[1].tobytes()), sequence=2, captured_at_seconds=0.1, request=NOTHING
    )

    assert seen.face is not None
    assert seen.face.flow is None


def test_a_frame_without_a_face_is_an_observation_too(engine: StagedEngine) -> None:
    engine.faces = []
    seen = FrameAnalyzer(engine).analyze(jpeg(), sequence=1, captured_at_seconds=0.0, request=EVERYTHING)

    assert seen.face is None


def test_a_second_face_is_known_only_where_the_whole_image_was_searched(engine: StagedEngine) -> None:
    analyzer = FrameAnalyzer(engine)
    near = analyzer.analyze(
        jpeg(), sequence=1, captured_at_seconds=0.0, request=FrameRequest(search=FACE.box)
    )
    engine.faces = [FACE, DetectedFace(Box(0, 0, 80, 105), 0.9, head_points(scale=5, center=(40, 50)))]
    whole = analyzer.analyze(jpeg(), sequence=2, captured_at_seconds=0.2, request=NOTHING)

    assert near.face is not None
    assert near.face.second_face_ratio is None
    assert whole.face is not None
    assert whole.face.second_face_ratio == pytest.approx(0.25)
    assert engine.searches == [FACE.box, None]


def test_a_face_that_fills_the_frame_has_no_surroundings(engine: StagedEngine) -> None:
    engine.faces = [DetectedFace(Box(-20, -20, 660, 500), 0.9, head_points(scale=30))]
    seen = FrameAnalyzer(engine).analyze(jpeg(), sequence=1, captured_at_seconds=0.0, request=EVERYTHING)

    assert seen.face is not None
    assert seen.face.light is not None
    assert np.isnan(seen.face.light.surroundings).all()


def test_a_face_outside_the_frame_has_no_light(engine: StagedEngine) -> None:
    engine.faces = [DetectedFace(Box(900, 900, 1000, 1000), 0.9, head_points(center=(950, 950)))]
    seen = FrameAnalyzer(engine).analyze(
        jpeg(), sequence=1, captured_at_seconds=0.0, request=FrameRequest(light=True)
    )

    assert seen.face is not None
    assert seen.face.light is None


def test_a_bad_frame_leaves_the_session_as_it_was(engine: StagedEngine) -> None:
    analyzer = FrameAnalyzer(engine)
    analyzer.analyze(jpeg(1), sequence=1, captured_at_seconds=0.0, request=NOTHING)
    with pytest.raises(InvalidImage):
        analyzer.analyze(b"no picture", sequence=2, captured_at_seconds=0.5, request=NOTHING)
    after = analyzer.analyze(jpeg(1), sequence=3, captured_at_seconds=1.0, request=NOTHING)

    assert after.nearest_earlier == 0.0
