"""A network written without PReLU answers the same to the bit; what would not is left as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from common.errors import EngineUnavailable
from core.engine.onnx import open_session
from core.engine.prelu import split_prelu
from core.tests.conftest import engine_config

CHANNELS = 8


def network(
    slopes: np.ndarray, *, opset: int = 13, slope_is_input: bool = False, layers: int = 2
) -> onnx.ModelProto:
    """Convolutions with a PReLU of these slopes behind each."""
    rng = np.random.default_rng(4)
    nodes, tensors, name, width = [], [], "input", 3
    for layer in range(layers):
        weights = rng.normal(size=(CHANNELS, width, 3, 3)).astype(np.float32)
        tensors.append(onnx.numpy_helper.from_array(weights, f"weights{layer}"))
        nodes += [
            helper.make_node("Conv", [name, f"weights{layer}"], [f"conv{layer}"]),
            helper.make_node("PRelu", [f"conv{layer}", "slopes"], [f"active{layer}"]),
        ]
        name, width = f"active{layer}", CHANNELS
    inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 20, 20])]
    if slope_is_input:
        inputs.append(helper.make_tensor_value_info("slopes", TensorProto.FLOAT, list(slopes.shape)))
    else:
        tensors.append(onnx.numpy_helper.from_array(slopes.astype(np.float32), "slopes"))
    side = 20 - 2 * layers
    output = helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, CHANNELS, side, side])
    graph = helper.make_graph(nodes, "generated", inputs, [output], initializer=tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8
    return model


def slopes_between(low: float, high: float, *, shape: tuple[int, ...] = (CHANNELS, 1, 1)) -> np.ndarray:
    return np.random.default_rng(2).uniform(low, high, shape).astype(np.float32)


def answer(session: onnxruntime.InferenceSession) -> np.ndarray:
    picture = np.random.default_rng(9).normal(size=(1, 3, 20, 20)).astype(np.float32)
    return np.asarray(session.run(None, {"input": picture})[0])


def plain(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def kinds(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


@pytest.mark.parametrize(
    "slopes",
    [
        slopes_between(-0.5, 1.0),
        slopes_between(0.1, 0.4, shape=(1,)),
        np.ones((CHANNELS, 1, 1), np.float32),
        np.zeros((CHANNELS, 1, 1), np.float32),
        slopes_between(-3.0, -1.0),
    ],
    ids=["per channel", "shared", "one", "zero", "negative"],
)
def test_the_answer_is_the_same_to_the_bit(slopes: np.ndarray) -> None:
    model = network(slopes)
    before = answer(plain(model))
    assert split_prelu(model) == 2

    assert "PRelu" not in kinds(model)
    onnx.checker.check_model(model)
    assert np.array_equal(answer(plain(model)), before)


def test_a_slope_above_one_is_left_alone() -> None:
    slopes = slopes_between(0.0, 0.5)
    slopes[3] = 1.01
    model = network(slopes)

    assert split_prelu(model) == 0
    assert kinds(model) == ["Conv", "PRelu"] * 2


def test_a_slope_that_is_not_a_number_is_left_alone() -> None:
    slopes = slopes_between(0.0, 0.5)
    slopes[3] = np.nan

    assert split_prelu(network(slopes)) == 0


def test_a_slope_from_outside_the_model_is_left_alone() -> None:
    model = network(slopes_between(0.0, 0.5), slope_is_input=True)

    assert split_prelu(model) == 0
    assert kinds(model) == ["Conv", "PRelu"] * 2


def test_a_model_of_the_old_shape_rules_is_left_alone() -> None:
    assert split_prelu(network(slopes_between(0.0, 0.5), opset=6)) == 0


def test_writing_twice_changes_nothing_more() -> None:
    model = network(slopes_between(0.0, 0.5))
    assert split_prelu(model) == 2
    once = model.SerializeToString()

    assert split_prelu(model) == 0
    assert model.SerializeToString() == once


def test_a_session_answers_as_the_file_does(tmp_path: Path) -> None:
    model, path = network(slopes_between(-0.5, 1.0)), tmp_path / "model.onnx"
    onnx.save(model, str(path))
    stored = path.read_bytes()
    session = open_session(path, engine_config(tmp_path))

    assert np.array_equal(answer(session), answer(plain(model)))
    assert [one.name for one in session.get_inputs()] == ["input"]
    assert path.read_bytes() == stored


@pytest.mark.parametrize("garbage", [b"", b"no model", b"\x08\x07"], ids=["empty", "text", "no graph"])
def test_what_is_no_model_is_refused_by_name(tmp_path: Path, garbage: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(garbage)

    with pytest.raises(EngineUnavailable, match=r"broken\.onnx cannot be loaded"):
        open_session(path, engine_config(tmp_path))


def test_minifasnet_answers_as_written(shared: Path, tmp_path: Path) -> None:
    pictures = np.random.default_rng(5).integers(0, 256, (4, 1, 3, 80, 80)).astype(np.float32)
    for path in sorted((shared / "models" / "antispoof").glob("*.onnx")):
        quick = open_session(path, engine_config(tmp_path))
        file = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        name = file.get_inputs()[0].name
        for picture in pictures:
            expected = file.run(None, {name: picture})[0]
            assert quick.run(None, {name: picture})[0] == pytest.approx(expected, abs=1e-6)
