"""PReLU as two plain operations: onnxruntime's own kernel takes more than half of a small network's time."""

from __future__ import annotations

from collections.abc import Iterator

from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

_BROADCASTING_OPSET = 8
"""Before it, slopes and ``Max`` follow other shape rules."""


def split_prelu(model: ModelProto) -> int:
    """Write PReLU(x, a) as max(x, a x) in place, the same to the bit; how many were written so.

    Left alone: slopes above 1, where the two differ, and slopes that are not stored in the model.
    """
    if _opset(model) < _BROADCASTING_OPSET:
        return 0
    slopes = {
        tensor.name
        for tensor in model.graph.initializer
        if tensor.data_type == TensorProto.FLOAT and float(numpy_helper.to_array(tensor).max(initial=0)) <= 1
    }
    before = list(model.graph.node)
    written = list(_written(before, slopes=slopes))
    del model.graph.node[:]
    model.graph.node.extend(written)
    return len(written) - len(before)


def _written(nodes: list[NodeProto], *, slopes: set[str]) -> Iterator[NodeProto]:
    for node in nodes:
        if node.op_type != "PRelu" or node.domain or node.input[1] not in slopes:
            yield node
            continue
        value, slope, output = node.input[0], node.input[1], node.output[0]
        yield helper.make_node("Mul", [value, slope], [f"{output}:sloped"])
        yield helper.make_node("Max", [value, f"{output}:sloped"], [output])


def _opset(model: ModelProto) -> int:
    return next((int(one.version) for one in model.opset_import if one.domain in {"", "ai.onnx"}), 0)
