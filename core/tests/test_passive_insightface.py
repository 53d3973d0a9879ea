"""InsightFace's liveness addon: generated models of its shape through the library's own class."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from common.errors import EngineUnavailable
from core.engine.digests import file_sha256
from core.engine.passive.insightface_addon import InsightFaceLiveness, load_insightface_liveness
from core.engine.passive.model import OPERATING_POINT, to_common_scale
from core.engine.types import Image
from core.liveness.policy import Level, policy_for
from core.tests.conftest import engine_config
from core.tests.passive_cast import FACE, addon_face, constant_model, redness_model


@pytest.fixture
def model(tmp_path: Path) -> InsightFaceLiveness:
    return load_insightface_liveness(redness_model(tmp_path / "liveness.onnx"), engine_config(tmp_path))


def picture(*, red: int, size: int = 300) -> Image:
    image = np.zeros((size, size, 3), np.uint8)
    image[:, :, 2] = red
    return image


@pytest.mark.parametrize(
    ("red", "expected"),
    [(0, 0.0), (102, OPERATING_POINT / 2), (204, OPERATING_POINT), (255, 1.0)],
)
def test_its_threshold_of_0_8_is_the_operating_point_of_the_common_scale(
    model: InsightFaceLiveness, red: int, expected: float
) -> None:
    answer = model.live_probability(picture(red=red), addon_face(left=50, top=50, side_px=160))

    assert answer == pytest.approx(expected, abs=1e-5)


def test_the_common_scale_keeps_the_order(model: InsightFaceLiveness) -> None:
    face = addon_face(left=50, top=50, side_px=160)

    answers = [model.live_probability(picture(red=red), face) for red in range(0, 256, 5)]

    assert all(isinstance(answer, float) and 0 <= answer <= 1 for answer in answers)
    assert answers == sorted(set(answers), key=lambda answer: answer or 0.0)


def test_level_standard_asks_for_the_models_own_threshold() -> None:
    assert to_common_scale(0.8, operating_point=0.8) == OPERATING_POINT
    assert policy_for(Level.STANDARD).live_probability == OPERATING_POINT
    assert (
        policy_for(Level.BASIC).live_probability < OPERATING_POINT < policy_for(Level.STRICT).live_probability
    )


def test_it_sees_red_first_and_only_what_its_alignment_puts_into_the_crop(model: InsightFaceLiveness) -> None:
    face = addon_face(left=60, top=90, side_px=160)
    image = np.zeros((300, 300, 3), np.uint8)
    image[90:250, 60:220, 2] = 255
    blue = np.zeros((300, 300, 3), np.uint8)
    blue[:, :, 0] = 255
    around = np.full((300, 300, 3), 255, np.uint8)
    around[80:260, 50:230] = 0

    assert model.live_probability(image, face) == pytest.approx(1.0, abs=0.02)
    assert model.live_probability(blue, face) == 0.0
    assert model.live_probability(around, face) == 0.0


@pytest.mark.parametrize(
    ("left", "measured"), [(0, True), (-40, True), (-60, False), (-120, False), (-5000, False)]
)
def test_a_crop_too_far_out_of_the_image_is_not_measured(
    model: InsightFaceLiveness, left: float, measured: bool
) -> None:
    """Of its 160 pixels 40 are a quarter, 60 more than the 30 % that the library allows."""
    answer = model.live_probability(picture(red=255), addon_face(left=left, top=50, side_px=160))

    assert (answer is not None) == measured


def test_it_answers_as_the_library_does(model: InsightFaceLiveness, tmp_path: Path, astronaut: Image) -> None:
    from insightface.addons import Liveness

    theirs = Liveness(tmp_path / "liveness.onnx", providers=["CPUExecutionProvider"])
    score = theirs.predict(astronaut, FACE.landmarks)["live_score"]

    answer = model.live_probability(astronaut, FACE)

    assert answer is not None
    assert answer == pytest.approx(OPERATING_POINT * score / theirs.threshold, abs=1e-6)


def test_the_addon_has_one_network_whoever_s_turn_it_is(model: InsightFaceLiveness, astronaut: Image) -> None:
    answers = {model.live_probability(astronaut, FACE, turn=turn) for turn in (None, 0, 1, 7)}

    assert len(answers) == 1


def test_threads_share_it(model: InsightFaceLiveness) -> None:
    face = addon_face(left=50, top=50, side_px=160)
    images = [picture(red=red) for red in range(0, 250, 10)]
    alone = [model.live_probability(image, face) for image in images]

    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda image: model.live_probability(image, face), images * 4))

    assert together == alone * 4


def test_points_that_coincide_are_an_error_and_no_verdict(model: InsightFaceLiveness) -> None:
    face = addon_face(left=50, top=50, side_px=0)

    with pytest.raises(EngineUnavailable, match="alignment failed"):
        model.live_probability(picture(red=255), face)


def test_an_answer_that_is_no_probability_is_never_a_verdict(tmp_path: Path) -> None:
    path = redness_model(tmp_path / "liveness.onnx", gain=1.5)
    model = load_insightface_liveness(path, engine_config(tmp_path))

    with pytest.raises(EngineUnavailable, match="invalid probability"):
        model.live_probability(picture(red=255), addon_face(left=50, top=50, side_px=160))


def test_models_of_another_shape_are_refused_by_name(tmp_path: Path) -> None:
    config = engine_config(tmp_path)
    files = [
        redness_model(tmp_path / "size" / "liveness.onnx", side=112),
        redness_model(tmp_path / "range" / "liveness.onnx", gain=9.0),
        constant_model(tmp_path / "rows" / "liveness.onnx", side=80, values=[0.5]),
        constant_model(tmp_path / "classes" / "liveness.onnx", side=80, values=[0.1, 0.8, 0.1]),
    ]

    for path in files:
        with pytest.raises(EngineUnavailable, match=r"liveness\.onnx is not InsightFace's liveness model"):
            load_insightface_liveness(path, config)


def test_a_file_that_is_no_model_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "liveness.onnx").write_bytes(b"Not Found")

    with pytest.raises(EngineUnavailable, match=r"liveness\.onnx cannot be loaded"):
        load_insightface_liveness(tmp_path / "liveness.onnx", engine_config(tmp_path))


def test_nothing_is_downloaded_and_the_file_is_named_with_its_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise AssertionError("network")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    path = redness_model(tmp_path / "liveness.onnx")

    model = load_insightface_liveness(path, engine_config(tmp_path))

    assert model.files == {"liveness.onnx": file_sha256(path)}
    assert list(tmp_path.iterdir()) == [path]
