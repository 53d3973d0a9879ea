"""InsightFace-shaped packs: an SCRFD detector and an ArcFace recogniser on onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from common.errors import EngineUnavailable
from core.engine.catalog import licence_of
from core.engine.config import EngineConfig
from core.engine.digests import contract_digest
from core.engine.geometry import View, arcface_crop, cut_around, whole
from core.engine.onnx import open_session
from core.engine.pack_files import ModelFile, PackFiles, read_pack
from core.engine.passive.loading import load_passive_liveness
from core.engine.passive.model import PassiveLiveness
from core.engine.types import (
    Box,
    Capability,
    DetectedFace,
    EmbeddingContract,
    Embeddings,
    Image,
    LandmarkLayout,
    PackSummary,
)

_WEBCAM_SIDE_PX = 320
_SEARCH_SIDE_PX = 224
_SEARCH_FACTOR = 1.8
_INPUT_SIDES_PX = (224, 320, 480, 640, 960, 1280)
"""insightface keeps a session for every input size it has seen, so they come from a short list."""
_MIN_CONFIDENCE = 0.5
_BATCH = 16
_LAYOUT = LandmarkLayout.EYES_NOSE_MOUTH


class InsightFaceEngine:
    """See `FaceEngine`. The sessions release the interpreter lock and are shared by all threads."""

    def __init__(
        self,
        *,
        files: PackFiles,
        detector: Any,
        recognizer: Any,
        contract: EmbeddingContract,
        passive_liveness: PassiveLiveness,
        directory: Path,
    ) -> None:
        self._files = files
        self._detector = detector
        self._recognizer = recognizer
        self._contract = contract
        self._passive_liveness = passive_liveness
        self._directory = directory
        self._crop_side_px = int(recognizer.input_size[0])
        # A named or missing first axis takes any number; these models often have it fixed at 1.
        self._batch = 1 if recognizer.input_shape[0] == 1 else _BATCH

    @property
    def contract(self) -> EmbeddingContract:
        return self._contract

    @property
    def capabilities(self) -> frozenset[Capability]:
        seen = {Capability.POSE}
        if self._passive_liveness.models:
            seen.add(Capability.PASSIVE_LIVENESS)
        return frozenset(seen)

    @property
    def landmark_layout(self) -> LandmarkLayout:
        return _LAYOUT

    def detect(
        self, image: Image, *, search: Box | None = None, input_size: int | None = None
    ) -> list[DetectedFace]:
        if search is not None and search.area > 0 and (near := self._find_around(image, search)):
            return near
        faces = self._find(whole(image), side_px=_next_side(input_size or _WEBCAM_SIDE_PX))
        if input_size is None and faces:
            faces[0] = self._look_closer(image, faces[0])
            faces.sort(key=_area, reverse=True)
        return faces

    def align(self, image: Image, face: DetectedFace) -> Image:
        return arcface_crop(image, face.landmarks, side_px=self._crop_side_px)

    def embed(self, crops: Sequence[Image]) -> Embeddings:
        expected = (self._crop_side_px, self._crop_side_px, 3)
        for crop in crops:
            if crop.shape != expected:
                raise ValueError(f"a crop has shape {crop.shape}, not {expected} as align() gives")
        if not crops:
            return np.empty((0, self._contract.dimension), dtype=np.float32)
        rows = [
            self._recognizer.get_feat(list(crops[start : start + self._batch]))
            for start in range(0, len(crops), self._batch)
        ]
        raw = np.concatenate(rows).astype(np.float32)
        unit: Embeddings = raw / np.linalg.norm(raw, axis=1, keepdims=True)
        return unit

    def live_probability(self, image: Image, face: DetectedFace, *, turn: int | None = None) -> float | None:
        return self._passive_liveness.probability(image, face, turn=turn)

    def summary(self) -> PackSummary:
        licence = licence_of(self._directory.name)
        return PackSummary(
            name=self._files.display_name,
            detector=self._files.detector.path.name,
            recognizer=self._files.recognizer.path.name,
            licence=licence.title,
            commercial_use=licence.commercial_use,
            note=licence.note,
            provider=self._recognizer.session.get_providers()[0],
            models={file.path.name: file.sha256 for file in (self._files.detector, self._files.recognizer)}
            | dict(self._passive_liveness.files),
            passive=tuple(model.kind for model in self._passive_liveness.models),
            passive_unusable=self._passive_liveness.unusable,
        )

    def close(self) -> None:
        """Nothing to release but memory, which goes with the object."""

    def _look_closer(self, image: Image, face: DetectedFace) -> DetectedFace:
        """The same face from a crop, as the following frames will see it.

        Landmarks shift with the face's size in the detector's input; from the whole frame they put the
        pitch off by three degrees, from a crop by one.
        """
        near = self._find_around(image, face.box)
        return next((other for other in near if _overlap(other.box, face.box)), face)

    def _find_around(self, image: Image, box: Box) -> list[DetectedFace]:
        view = cut_around(image, box, factor=_SEARCH_FACTOR)
        return self._find(view, side_px=_SEARCH_SIDE_PX) if view is not None else []

    def _find(self, view: View, *, side_px: int) -> list[DetectedFace]:
        boxes, points = self._detector.detect(
            np.ascontiguousarray(view.pixels), input_size=(side_px, side_px), det_thresh=_MIN_CONFIDENCE
        )
        faces = [
            DetectedFace(
                box=view.box_to_image(Box(*(float(value) for value in row[:4]))),
                confidence=float(min(1.0, row[4])),
                landmarks=view.points_to_image(landmarks),
            )
            for row, landmarks in zip(boxes, points, strict=True)
        ]
        return sorted(faces, key=_area, reverse=True)


def load_insightface_engine(directory: Path, config: EngineConfig) -> InsightFaceEngine:
    """Load a pack from a directory, downloading nothing. Raises EngineUnavailable, naming what is wrong."""
    files = read_pack(directory)
    detector = _load_detector(files.detector, config=config)
    recognizer = _load_recognizer(files.recognizer, config=config)
    passive_liveness = load_passive_liveness(config=config, layout=_LAYOUT, pack_directory=directory)
    return InsightFaceEngine(
        files=files,
        detector=detector,
        recognizer=recognizer,
        contract=_contract(files, dimension=_produced_dimension(files, recognizer)),
        passive_liveness=passive_liveness,
        directory=directory,
    )


def _load_detector(file: ModelFile, *, config: EngineConfig) -> Any:
    from insightface.model_zoo.scrfd import SCRFD  # noqa: PLC0415 - insightface takes a second to import

    model = _configured(SCRFD, file, config=config)
    if not model.use_kps:
        raise EngineUnavailable(f"{file.path} is not an SCRFD detector with landmarks")
    return model


def _load_recognizer(file: ModelFile, *, config: EngineConfig) -> Any:
    from insightface.model_zoo.arcface_onnx import ArcFaceONNX  # noqa: PLC0415

    return _configured(ArcFaceONNX, file, config=config)


def _configured(model_class: Any, file: ModelFile, *, config: EngineConfig) -> Any:
    """insightface's class around a session of ours; its own loader would read settings and manifests anew."""
    session = open_session(file.path, config)
    try:
        model = model_class(model_file=str(file.path), session=session)
    except (AssertionError, IndexError, TypeError, ValueError) as error:
        raise EngineUnavailable(f"{file.path} is not a model for {model_class.__name__}: {error}") from error
    model.input_mean, model.input_std = file.mean, file.std
    takes_bytes = session.get_inputs()[0].type == "tensor(uint8)"
    model.input_dtype = np.uint8 if takes_bytes else np.float32
    return model


def _produced_dimension(files: PackFiles, recognizer: Any) -> int:
    """What the model really gives; insightface does not compare it with what the manifest declares."""
    side = int(recognizer.input_size[0])
    vector = recognizer.get_feat(np.zeros((side, side, 3), dtype=np.uint8))
    if vector.ndim != 2 or vector.shape[0] != 1:
        raise EngineUnavailable(f"{files.recognizer.path} gives shape {vector.shape}, not one vector")
    dimension = int(vector.shape[1])
    if files.declared_dimension not in {None, dimension}:
        raise EngineUnavailable(
            f"{files.recognizer.path} gives {dimension} dimensions, "
            f"the manifest declares {files.declared_dimension}"
        )
    return dimension


def _contract(files: PackFiles, *, dimension: int) -> EmbeddingContract:
    preprocessing = f"arcface 5-point rgb (x-{files.recognizer.mean:g})/{files.recognizer.std:g}; l2"
    return EmbeddingContract(
        model_id=files.model_id,
        digest=contract_digest(weights_sha256=files.recognizer.sha256, preprocessing=preprocessing),
        dimension=dimension,
        preprocessing=preprocessing,
    )


def _area(face: DetectedFace) -> float:
    return face.box.area


def _overlap(one: Box, other: Box) -> bool:
    """Whether the boxes share more than half of their union."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    shared = max(0.0, width) * max(0.0, height)
    return shared > 0.5 * (one.area + other.area - shared)


def _next_side(wanted_px: int) -> int:
    return next((side for side in _INPUT_SIDES_PX if side >= wanted_px), _INPUT_SIDES_PX[-1])
