"""Small generated models of the shapes that passive liveness reads, each with an answer known beforehand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper

from core.engine.types import Box, DetectedFace

FACE = DetectedFace(
    box=Box(180, 50, 270, 180),
    confidence=0.9,
    landmarks=np.array([[205, 100], [245, 100], [225, 125], [210, 145], [240, 145]], dtype=np.float32),
)
"""About where the astronaut's face is."""

ADDON_POINTS = np.array(
    [[32.03, 38.06], [47.89, 37.98], [40.01, 47.08], [33.50, 56.36], [46.63, 56.29]], dtype=np.float32
)
"""Where InsightFace's liveness addon puts eyes, nose and mouth corners in its 80 x 80 crop."""


def addon_face(*, left: float, top: float, side_px: float) -> DetectedFace:
    """A face whose crop for the addon is the square at ``left``, ``top``."""
    points = ADDON_POINTS * (side_px / 80) + np.array([left, top], dtype=np.float32)
    return DetectedFace(Box(left, top, left + side_px, top + side_px), 0.9, points.astype(np.float32))


def constant_model(path: Path, *, side: int, values: list[float], batch: int | str = 1) -> Path:
    """Answers the same to every image: ``values``, one row."""
    constant = helper.make_tensor("values", TensorProto.FLOAT, [1, len(values)], values)
    node = helper.make_node("Constant", [], ["output"], value=constant)
    return _save(path, [node], shape=[batch, 3, side, side], answer=[1, len(values)])


def brightness_model(path: Path, *, side: int = 80) -> Path:
    """MiniFASNet-shaped: of a picture of brightness b in [0, 1], the live class has probability b."""
    weights = np.array([[-1.0, 1.0, 0.0]], dtype=np.float32) / 255
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Constant", [], ["column"], value=_ints("column", [-1, 1])),
        helper.make_node("Reshape", ["mean", "column"], ["rows"]),
        _floats("weights", weights),
        helper.make_node("MatMul", ["rows", "weights"], ["scaled"]),
        _floats("start", np.array([[1.0, 0.0, 0.0]], dtype=np.float32)),
        helper.make_node("Add", ["scaled", "start"], ["output"]),
    ]
    return _save(path, nodes, shape=["n", 3, side, side], answer=["n", 3])


def redness_model(path: Path, *, side: int = 80, gain: float = 1.0) -> Path:
    """Shaped like InsightFace's liveness addon: the mean of the first channel, times ``gain``."""
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["means"], axes=[2, 3], keepdims=0),
        _floats("first", np.array([gain, 0.0, 0.0], dtype=np.float32)),
        helper.make_node("MatMul", ["means", "first"], ["output"]),
    ]
    return _save(path, nodes, shape=["n", 3, side, side], answer=["n"])


def _floats(name: str, values: np.ndarray) -> NodeProto:
    tensor = helper.make_tensor(name, TensorProto.FLOAT, values.shape, values.ravel().tolist())
    return helper.make_node("Constant", [], [name], value=tensor)


def _ints(name: str, values: list[int]) -> TensorProto:
    return helper.make_tensor(name, TensorProto.INT64, [len(values)], values)


def _save(path: Path, nodes: list[NodeProto], *, shape: list[int | str], answer: list[int | str]) -> Path:
    graph = helper.make_graph(
        nodes,
        "generated",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, answer)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))
    return path
