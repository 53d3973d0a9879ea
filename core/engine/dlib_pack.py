"""The default pack: dlib's HOG detector, five landmarks and 128-d descriptor, all from PyPI."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.errors import EngineUnavailable
from core.engine.config import EngineConfig
from core.engine.digests import contract_digest, file_sha256
from core.engine.dlib_descriptors import CHIP_SIDE_PX, DIMENSION, DescriptorPool
from core.engine.dlib_detector import DEFAULT_SIDE_PX, HogDetector
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

MODEL_ID = "dlib-resnet"
MEAN_FILE = Path(__file__).with_name("data") / "dlib_mean.txt"
_PACKAGE = "face_recognition_models"
_PREDICTOR = "shape_predictor_5_face_landmarks.dat"
_NETWORK = "dlib_face_recognition_resnet_model_v1.dat"
_LAYOUT = LandmarkLayout.EYE_CORNERS_NOSE
_MEAN_WEIGHT = np.float32(0.5)
"""How much of the mean is taken off each descriptor.

dlib's descriptors lie on a narrow cone: two strangers have a cosine of 0.83, so nearly all of the scale
is unused. But the network was trained for Euclidean distance, and taking the whole mean off throws away
how far a face lies from it: on 903 pairs it spreads strangers to -0.02 and lets 4 genuine pairs fall
among them. Half of it spreads them to 0.56 and keeps every pair on its side.
"""

DLIB_SUMMARY = PackSummary(
    name="dlib",
    detector="HOG + 5-point shape predictor",
    recognizer="ResNet-29 descriptor, 128-d",
    licence="Boost (dlib), CC0 / public domain (weights)",
    commercial_use=True,
    note="slow embedding (0.06-0.3 s on a core); misses profiles and faces under 80 px",
    provider="dlib",
)


def weights_directory() -> Path:
    """Where the installed package keeps its files. Raises EngineUnavailable."""
    # Importing the package fails without pkg_resources, which setuptools no longer brings.
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EngineUnavailable(f"The dlib pack needs the package {_PACKAGE}: pip install {_PACKAGE}")
    return Path(next(iter(spec.submodule_search_locations))) / "models"


def load_population_mean() -> NDArray[np.float32]:
    """The mean raw descriptor of 26 people, shape (128,).

    Each person counts once: the ten of the labelled pair list (their means), and sixteen others from
    sample photos that insightface and scikit-image carry and from unit tests of public face libraries.
    """
    mean = np.loadtxt(MEAN_FILE, dtype=np.float32)
    if mean.shape != (DIMENSION,) or not np.isfinite(mean).all():
        raise EngineUnavailable(f"{MEAN_FILE.name} does not hold {DIMENSION} numbers")
    return mean


class DlibEngine:
    """See `FaceEngine`. Detection runs in the calling thread, descriptors in processes of their own."""

    def __init__(
        self,
        *,
        detector: HogDetector,
        descriptors: DescriptorPool,
        mean: NDArray[np.float32],
        contract: EmbeddingContract,
        passive_liveness: PassiveLiveness,
        models: Mapping[str, str],
    ) -> None:
        self._detector = detector
        self._descriptors = descriptors
        self._mean = mean
        self._contract = contract
        self._passive_liveness = passive_liveness
        self._models = models

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
        return self._detector.detect(image, search=search, side_px=input_size or DEFAULT_SIDE_PX)

    def align(self, image: Image, face: DetectedFace) -> Image:
        return self._detector.chip(image, face)

    def embed(self, crops: Sequence[Image]) -> Embeddings:
        """Raises EngineUnavailable when the descriptor process cannot be kept alive."""
        for crop in crops:
            if crop.shape != (CHIP_SIDE_PX, CHIP_SIDE_PX, 3):
                raise ValueError(f"a crop has shape {crop.shape}, not what align() gives")
        centered = self._descriptors.describe(crops) - _MEAN_WEIGHT * self._mean
        unit: Embeddings = centered / np.linalg.norm(centered, axis=1, keepdims=True)
        return unit.astype(np.float32)

    def live_probability(self, image: Image, face: DetectedFace, *, turn: int | None = None) -> float | None:
        return self._passive_liveness.probability(image, face, turn=turn)

    def summary(self) -> PackSummary:
        return replace(
            DLIB_SUMMARY,
            models={**self._models, **self._passive_liveness.files},
            passive=tuple(model.kind for model in self._passive_liveness.models),
            passive_unusable=self._passive_liveness.unusable,
        )

    def worker_pids(self) -> list[int]:
        """The descriptor processes, for diagnosis."""
        return self._descriptors.worker_pids()

    def close(self) -> None:
        self._descriptors.close()


def dlib_contract(*, network_sha256: str, mean: NDArray[np.float32]) -> EmbeddingContract:
    mean_digest = hashlib.sha256(mean.astype("<f4").tobytes()).hexdigest()
    preprocessing = f"dlib 5-point chip150 padding0.25 rgb; minus 0.5 mean {mean_digest[:16]}; l2"
    return EmbeddingContract(
        model_id=MODEL_ID,
        digest=contract_digest(weights_sha256=network_sha256, preprocessing=preprocessing),
        dimension=DIMENSION,
        preprocessing=preprocessing,
    )


def load_dlib_engine(config: EngineConfig) -> DlibEngine:
    """Raises EngineUnavailable when a file is missing or unreadable."""
    directory = weights_directory()
    for name in (_PREDICTOR, _NETWORK):
        if not (directory / name).is_file():
            raise EngineUnavailable(f"The dlib pack is incomplete: {directory / name} is missing")
    mean = load_population_mean()
    passive_liveness = load_passive_liveness(config=config, layout=_LAYOUT)
    files = (directory / _PREDICTOR, directory / _NETWORK, MEAN_FILE)
    models = {path.name: file_sha256(path) for path in files}
    contract = dlib_contract(network_sha256=models[_NETWORK], mean=mean)
    detector = HogDetector(predictor=directory / _PREDICTOR)
    return DlibEngine(
        detector=detector,
        # Last, because from here on there is a process that someone has to close.
        descriptors=DescriptorPool(weights=directory / _NETWORK, size=config.worker_threads),
        mean=mean,
        contract=contract,
        passive_liveness=passive_liveness,
        models=models,
    )
