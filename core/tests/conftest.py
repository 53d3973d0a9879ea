"""Loaded engines and photos, made once: loading takes a second, and no test changes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage import data

from core.engine.config import EngineConfig
from core.engine.dlib_pack import DlibEngine, load_dlib_engine
from core.engine.insightface_pack import InsightFaceEngine, load_insightface_engine
from core.engine.self_test import sample_photo
from core.engine.types import Image
from core.imaging import decode_image
from core.tests.release_server import Release, serve_release


def engine_config(tmp_path: Path, **changes: Any) -> EngineConfig:
    values: dict[str, Any] = {
        "pack": "",
        "models_dir": tmp_path / "models",
        "antispoof_dir": None,
        "providers": ("CPUExecutionProvider",),
        "worker_threads": 2,
    }
    return EngineConfig(**{**values, **changes})


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of test material beside the repository."""
    folder = Path(__file__).resolve().parents[3] / "shared"
    if not (folder / "models").is_dir():
        pytest.skip("needs the shared test material beside the repository")
    return folder


@pytest.fixture(scope="session")
def dlib_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DlibEngine]:
    engine = load_dlib_engine(engine_config(tmp_path_factory.mktemp("dlib")))
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def onnx_engine(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InsightFaceEngine]:
    """SCRFD with MobileFaceNet, and the passive liveness models."""
    config = engine_config(
        tmp_path_factory.mktemp("onnx"), antispoof_dir=shared / "models" / "antispoof", worker_threads=2
    )
    engine = load_insightface_engine(shared / "models" / "scrfd_mbf", config)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def astronaut() -> Image:
    """One frontal face, 512 x 512."""
    photo: Image = np.ascontiguousarray(data.astronaut()[:, :, ::-1])
    return photo


@pytest.fixture(scope="session")
def six_people() -> Image:
    """Six frontal faces of different people."""
    return decode_image(sample_photo().read_bytes())


@pytest.fixture
def models_dir(settings: Any, tmp_path: Path) -> Path:
    """An empty folder of installed packs and own calibration tables."""
    settings.FACE_MODELS_DIR = tmp_path / "models"
    return tmp_path / "models"


@pytest.fixture
def release() -> Iterator[Release]:
    """An empty release page."""
    with serve_release() as served:
        yield served
