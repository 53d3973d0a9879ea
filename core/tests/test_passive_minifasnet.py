"""MiniFASNet-shaped models: the crop they see, what their answers mean, and one network at a time."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from common.errors import EngineUnavailable
from core.engine.digests import file_sha256
from core.engine.insightface_pack import InsightFaceEngine
from core.engine.passive.minifasnet import crop_for_minifasnet, is_minifasnet_file, load_minifasnet
from core.engine.types import Box, Capability, DetectedFace, Image
from core.imaging import decode_image
from core.tests.conftest import engine_config
from core.tests.passive_cast import FACE, brightness_model, constant_model


def test_the_verdict_is_the_mean_of_all_networks(tmp_path: Path, astronaut: Image) -> None:
    files = [
        constant_model(tmp_path / "b_4.0_80.onnx", side=80, values=[0.6, 0.2, 0.2]),
        constant_model(tmp_path / "a_2.7_80.onnx", side=80, values=[0.1, 0.8, 0.1]),
    ]

    model = load_minifasnet(files, engine_config(tmp_path))

    assert model.files == {path.name: file_sha256(path) for path in files}
    assert model.live_probability(astronaut, FACE) == pytest.approx(0.5)


def test_taking_turns_gives_the_same_mean_with_one_network_per_frame(
    tmp_path: Path, astronaut: Image
) -> None:
    files = [
        constant_model(tmp_path / "a_2.7_80.onnx", side=80, values=[0.1, 0.8, 0.1]),
        constant_model(tmp_path / "b_4.0_80.onnx", side=80, values=[0.6, 0.2, 0.2]),
    ]
    model = load_minifasnet(files, engine_config(tmp_path))

    answers = [model.live_probability(astronaut, FACE, turn=turn) for turn in range(6)]

    assert answers == pytest.approx([0.8, 0.2] * 3)
    assert np.mean(answers) == pytest.approx(model.live_probability(astronaut, FACE))


def test_networks_that_give_logits_are_normalised(tmp_path: Path, astronaut: Image) -> None:
    path = constant_model(tmp_path / "a_2.7_80.onnx", side=80, values=[-2.0, 3.0, 1.0])

    model = load_minifasnet([path], engine_config(tmp_path))

    expected = math.exp(3) / sum(math.exp(value) for value in (-2, 3, 1))
    assert model.live_probability(astronaut, FACE) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("level", [0, 51, 200, 255])
def test_pixels_reach_the_network_from_0_to_255_and_never_scaled(tmp_path: Path, level: int) -> None:
    model = load_minifasnet([brightness_model(tmp_path / "a_2.7_80.onnx")], engine_config(tmp_path))

    answer = model.live_probability(np.full((300, 300, 3), level, np.uint8), FACE)

    assert answer == pytest.approx(level / 255, abs=1e-5)


@pytest.mark.parametrize(
    ("side", "values", "words"),
    [(96, [0.1, 0.8, 0.1], "1 x 3 x 80 x 80"), (80, [0.5, 0.5], "3 classes"), (80, [math.nan] * 3, "finite")],
)
def test_a_network_of_another_shape_or_without_an_answer_is_refused(
    tmp_path: Path, side: int, values: list[float], words: str
) -> None:
    path = constant_model(tmp_path / "a_2.7_80.onnx", side=side, values=values)

    with pytest.raises(EngineUnavailable, match=rf"a_2\.7_80\.onnx .*{words}"):
        load_minifasnet([path], engine_config(tmp_path))


def test_a_file_that_is_no_model_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a_2.7_80.onnx").write_bytes(b"<!DOCTYPE html>" * 99)

    with pytest.raises(EngineUnavailable, match=r"a_2\.7_80\.onnx cannot be loaded"):
        load_minifasnet([tmp_path / "a_2.7_80.onnx"], engine_config(tmp_path))


@pytest.mark.parametrize(
    ("name", "factor"),
    [
        ("2.7_80x80_MiniFASNetV2.onnx", 2.7),
        ("4_0_0_80x80_MiniFASNetV1SE.onnx", 4.0),
        ("2.7_0_0_80x80_MiniFASNetV2.onnx", 2.7),
        ("minifasnet_v1se_4.0_80.onnx", 4.0),
    ],
)
def test_the_crop_is_read_from_the_names_in_use(tmp_path: Path, name: str, factor: float) -> None:
    model = load_minifasnet([brightness_model(tmp_path / name)], engine_config(tmp_path))
    face = DetectedFace(Box(450, 450, 550, 550), 0.9, FACE.landmarks)
    image = np.zeros((1000, 1000, 3), np.uint8)
    image[450:550, 450:550] = 255

    # A white face on black fills one part in factor squared of what the network sees.
    assert model.live_probability(image, face) == pytest.approx(1 / factor**2, rel=0.05)


@pytest.mark.parametrize(
    "name", ["MiniFASNetV2.onnx", "liveness.onnx", "det_2.5g.onnx", "2.7_80x80_MiniFASNetV2.pth", "0_80.onnx"]
)
def test_other_names_are_not_taken_for_a_minifasnet(name: str) -> None:
    assert not is_minifasnet_file(Path(name))


# --- The crop -------------------------------------------------------------------------------------


def test_the_crop_grows_around_the_face_and_is_shifted_to_stay_inside() -> None:
    image = np.zeros((400, 400, 3), dtype=np.uint8)
    image[150:250, 150:250] = 255

    centered = crop_for_minifasnet(image, Box(150, 150, 250, 250), factor=2.0)
    ys, _ = np.nonzero(centered[:, :, 0] > 127)
    assert centered.shape == (80, 80, 3)
    assert (ys.min(), ys.max()) == pytest.approx((20, 59), abs=1)
    # At the corner the crop keeps its size, so the face keeps its own.
    image = np.zeros((400, 400, 3), dtype=np.uint8)
    image[:100, :100] = 255
    ys, xs = np.nonzero(crop_for_minifasnet(image, Box(0, 0, 100, 100), factor=2.0)[:, :, 0] > 127)
    assert (ys.max(), xs.max()) == pytest.approx((39, 39), abs=1)


@pytest.mark.parametrize("box", [Box(-50, -50, 450, 450), Box(10, 10, 10, 10), Box(390, 390, 460, 470)])
def test_a_face_as_large_as_the_picture_or_half_outside_still_gives_a_crop(box: Box) -> None:
    assert crop_for_minifasnet(np.zeros((400, 400, 3), np.uint8), box, factor=4.0).shape == (80, 80, 3)


# --- The published weights ------------------------------------------------------------------------


def test_the_weights_answer_as_another_export_of_them_does(shared: Path, tmp_path: Path) -> None:
    """Softmax of the logits -1.89289, 0.40729, 1.48557 that an unrelated project published for grey."""
    path = shared / "models" / "antispoof" / "minifasnet_v2_2.7_80.onnx"
    model = load_minifasnet([path], engine_config(tmp_path))

    answer = model.live_probability(np.full((300, 300, 3), 128, np.uint8), FACE)

    assert answer == pytest.approx(0.247533, abs=1e-5)


def test_a_face_on_a_screen_is_less_alive_than_the_real_one(
    onnx_engine: InsightFaceEngine, shared: Path
) -> None:
    def probability(name: str) -> float:
        image = decode_image((shared / "faces" / "spoof" / name).read_bytes())
        value = onnx_engine.live_probability(image, onnx_engine.detect(image, input_size=640)[0])
        assert value is not None
        return value

    assert Capability.PASSIVE_LIVENESS in onnx_engine.capabilities
    assert probability("minivision_T1.jpg") > 0.8
    assert probability("minivision_F1.jpg") < 0.35
    assert probability("minivision_F2.jpg") < 0.35


def test_in_turn_the_real_networks_see_different_things_and_agree_on_the_mean(
    onnx_engine: InsightFaceEngine, shared: Path
) -> None:
    image = decode_image((shared / "faces" / "spoof" / "minivision_F1.jpg").read_bytes())
    face = onnx_engine.detect(image, input_size=640)[0]

    one, other, both = (onnx_engine.live_probability(image, face, turn=turn) for turn in (0, 1, None))

    assert one is not None
    assert other is not None
    assert one != other
    assert both == pytest.approx((one + other) / 2)
