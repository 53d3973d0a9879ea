"""MiniFASNet (Silent-Face-Anti-Spoofing): 80-pixel networks that see the face and its surroundings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from common.errors import EngineUnavailable
from core.engine.config import EngineConfig
from core.engine.digests import file_sha256
from core.engine.onnx import open_session
from core.engine.types import Box, DetectedFace, Image

KIND = "minifasnet"
_NAME = re.compile(r"(?:^|_)([1-9](?:\.\d+)?)(?:_0_0)?_80(?:[_x.]|$)")
"""``2.7_80x80_MiniFASNetV2.onnx``, ``4_0_0_80x80_MiniFASNetV1SE.onnx``, ``minifasnet_v2_2.7_80.onnx``: the
crop's size in face boxes, and that the crop is not shifted."""
_SIDE_PX = 80
_LIVE = 1


@dataclass(frozen=True, slots=True)
class Network:
    name: str
    sha256: str
    factor: float
    session: onnxruntime.InferenceSession
    input_name: str
    gives_probabilities: bool


class MiniFASNet:
    """See `PassiveModel`. The mean of its networks, which is the common scale itself."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = tuple(networks)

    @property
    def kind(self) -> str:
        return KIND

    @property
    def files(self) -> Mapping[str, str]:
        return {network.name: network.sha256 for network in self._networks}

    def live_probability(self, image: Image, face: DetectedFace, *, turn: int | None = None) -> float:
        networks = self._networks
        if turn is not None:
            networks = (networks[turn % len(networks)],)
        return float(np.mean([_live_probability(network, image, face.box) for network in networks]))


def is_minifasnet_file(path: Path) -> bool:
    return path.suffix == ".onnx" and _NAME.search(path.name) is not None


def load_minifasnet(files: Sequence[Path], config: EngineConfig) -> MiniFASNet:
    """Raises EngineUnavailable for a model of another shape."""
    return MiniFASNet([_load(path, config) for path in sorted(files)])


def crop_for_minifasnet(image: Image, box: Box, *, factor: float) -> Image:
    """The box enlarged by ``factor``, or less where the image ends, shifted to lie inside; 80 x 80 BGR."""
    height, width = image.shape[:2]
    box_width, box_height = max(1.0, box.width), max(1.0, box.height)
    factor = min(factor, (width - 1) / box_width, (height - 1) / box_height)
    crop_width, crop_height = box_width * factor, box_height * factor
    center_x, center_y = box.center
    left = min(max(0.0, center_x - crop_width / 2), width - 1 - crop_width)
    top = min(max(0.0, center_y - crop_height / 2), height - 1 - crop_height)
    cut = image[int(top) : int(top + crop_height) + 1, int(left) : int(left + crop_width) + 1]
    resized: Image = cv2.resize(cut, (_SIDE_PX, _SIDE_PX))
    return resized


def _live_probability(network: Network, image: Image, box: Box) -> float:
    crop = crop_for_minifasnet(image, box, factor=network.factor)
    output = _run(network.session, network.input_name, crop)
    if not network.gives_probabilities:
        exponentials = np.exp(output - output.max())
        output = exponentials / exponentials.sum()
    return float(np.clip(output[_LIVE], 0.0, 1.0))


def _run(session: onnxruntime.InferenceSession, input_name: str, crop: Image) -> NDArray[np.float32]:
    # Raw 0-255 BGR: its authors took the division by 255 out of their transform.
    blob = crop.astype(np.float32).transpose(2, 0, 1)[None]
    output: NDArray[np.float32] = session.run(None, {input_name: blob})[0][0]
    return output


def _load(path: Path, config: EngineConfig) -> Network:
    match = _NAME.search(path.name)
    session = open_session(path, config)
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if match is None or len(inputs) != 1 or list(inputs[0].shape[1:]) != [3, _SIDE_PX, _SIDE_PX]:
        raise EngineUnavailable(f"{path} is not an anti-spoof model with input 1 x 3 x 80 x 80")
    if len(outputs) != 1 or outputs[0].shape[-1] != 3:
        raise EngineUnavailable(f"{path} is not an anti-spoof model with 3 classes")
    return Network(
        name=path.name,
        sha256=file_sha256(path),
        factor=float(match.group(1)),
        session=session,
        input_name=inputs[0].name,
        gives_probabilities=_gives_probabilities(path, session, inputs[0].name),
    )


def _gives_probabilities(path: Path, session: onnxruntime.InferenceSession, input_name: str) -> bool:
    """Whether the graph ends in a softmax, seen from what it answers to noise. Raises EngineUnavailable."""
    noise = np.random.default_rng(0).integers(0, 256, (4, _SIDE_PX, _SIDE_PX, 3), dtype=np.uint8)
    answers = np.stack([_run(session, input_name, crop) for crop in noise])
    if not np.isfinite(answers).all():
        raise EngineUnavailable(f"{path} answers with numbers that are not finite")
    return bool((answers >= 0).all() and np.allclose(answers.sum(axis=1), 1.0, atol=1e-3))
