"""Passive liveness: MiniFASNet-shaped models that look at the face and its surroundings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from common.errors import EngineUnavailable
from core.engine.config import EngineConfig
from core.engine.onnx import open_session
from core.engine.types import Box, Image

_NAME = re.compile(r"(?:^|_)(\d+\.\d+)_80(?:[_x.]|$)")
"""``minifasnet_v2_2.7_80.onnx``, ``2.7_80x80_MiniFASNetV2.onnx``: the crop's size in face boxes."""
_SIDE_PX = 80
_LIVE = 1


@dataclass(frozen=True, slots=True)
class AntispoofModel:
    name: str
    factor: float
    session: onnxruntime.InferenceSession
    input_name: str
    gives_probabilities: bool


class PassiveLiveness:
    """The mean verdict of all models found. Thread-safe."""

    def __init__(self, models: Sequence[AntispoofModel]) -> None:
        self._models = tuple(models)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(model.name for model in self._models)

    def probability(self, image: Image, box: Box) -> float:
        """Probability in [0, 1] that a live person is in the box."""
        return float(np.mean([_live_probability(model, image, box) for model in self._models]))


def is_antispoof_file(path: Path) -> bool:
    return path.suffix == ".onnx" and _NAME.search(path.name) is not None


def load_passive_liveness(
    *, directories: Sequence[Path | None], config: EngineConfig
) -> PassiveLiveness | None:
    """The models of the first directory that has any; None when none has.

    Raises EngineUnavailable for a FACE_ANTISPOOF_DIR without models and for a model of another shape:
    a configured check must never be left out quietly.
    """
    for directory in directories:
        if directory is None:
            continue
        files = sorted(path for path in directory.glob("*.onnx") if is_antispoof_file(path))
        if files:
            return PassiveLiveness([_load(path, config) for path in files])
        if directory == config.antispoof_dir:
            raise EngineUnavailable(
                f"FACE_ANTISPOOF_DIR={str(directory)!r} holds no models named like *_2.7_80.onnx"
            )
    return None


def crop_for_antispoof(image: Image, box: Box, *, factor: float) -> Image:
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


def _live_probability(model: AntispoofModel, image: Image, box: Box) -> float:
    crop = crop_for_antispoof(image, box, factor=model.factor)
    output = _run(model.session, model.input_name, crop)
    if not model.gives_probabilities:
        exponentials = np.exp(output - output.max())
        output = exponentials / exponentials.sum()
    return float(np.clip(output[_LIVE], 0.0, 1.0))


def _run(session: onnxruntime.InferenceSession, input_name: str, crop: Image) -> NDArray[np.float32]:
    blob = crop.astype(np.float32).transpose(2, 0, 1)[None]
    output: NDArray[np.float32] = session.run(None, {input_name: blob})[0][0]
    return output


def _load(path: Path, config: EngineConfig) -> AntispoofModel:
    match = _NAME.search(path.name)
    session = open_session(path, config)
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if match is None or len(inputs) != 1 or list(inputs[0].shape[1:]) != [3, _SIDE_PX, _SIDE_PX]:
        raise EngineUnavailable(f"{path} is not an anti-spoof model with input 1 x 3 x 80 x 80")
    if len(outputs) != 1 or outputs[0].shape[-1] != 3:
        raise EngineUnavailable(f"{path} is not an anti-spoof model with 3 classes")
    return AntispoofModel(
        name=path.name,
        factor=float(match.group(1)),
        session=session,
        input_name=inputs[0].name,
        gives_probabilities=_gives_probabilities(session, inputs[0].name),
    )


def _gives_probabilities(session: onnxruntime.InferenceSession, input_name: str) -> bool:
    """Whether the graph ends in a softmax, seen from what it answers to noise."""
    noise = np.random.default_rng(0).integers(0, 256, (4, _SIDE_PX, _SIDE_PX, 3), dtype=np.uint8)
    answers = np.stack([_run(session, input_name, crop) for crop in noise])
    return bool((answers >= 0).all() and np.allclose(answers.sum(axis=1), 1.0, atol=1e-3))
