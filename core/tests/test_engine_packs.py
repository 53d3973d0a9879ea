"""Directories of ONNX files: what loads, and which words are used for what does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.errors import EngineUnavailable
from core.engine.config import available_cores
from core.engine.digests import file_sha256
from core.engine.insightface_pack import InsightFaceEngine, load_insightface_engine
from core.engine.onnx import session_options
from core.engine.types import Image
from core.tests.conftest import engine_config
from core.tests.passive_cast import constant_model


@pytest.fixture
def pack(shared: Path, tmp_path: Path) -> Callable[..., Path]:
    """A directory with links to the real models and, when asked for, a manifest."""

    def build(manifest: dict[str, Any] | None = None) -> Path:
        folder = tmp_path / "pack"
        folder.mkdir()
        for name in ("det_2.5g.onnx", "mobilefacenet.onnx"):
            # Hard copies: a manifest must not name a file that leads out of the pack.
            (folder / name).write_bytes((shared / "models" / "scrfd_mbf" / name).read_bytes())
        if manifest is not None:
            (folder / "manifest.json").write_text(json.dumps(manifest))
        return folder

    return build


def manifest(shared: Path, **recognition: Any) -> dict[str, Any]:
    folder = shared / "models" / "scrfd_mbf"
    return {
        "manifest_version": 2,
        "model_id": "test-pack",
        "license": "MODEL.LICENSE",
        "tasks": {
            "detection": {"file": "det_2.5g.onnx", "sha256": file_sha256(folder / "det_2.5g.onnx")},
            "recognition": {
                "file": "mobilefacenet.onnx",
                "sha256": file_sha256(folder / "mobilefacenet.onnx"),
                "embedding_dimension": 128,
                **recognition,
            },
        },
    }


def test_a_directory_without_a_manifest_is_understood_by_its_shapes(onnx_engine: InsightFaceEngine) -> None:
    assert onnx_engine.contract.dimension == 128
    assert onnx_engine.contract.model_id == "mobilefacenet"
    assert onnx_engine.summary().provider == "CPUExecutionProvider"
    assert not onnx_engine.summary().commercial_use


def test_a_manifest_names_the_contract_and_changes_nothing_else(
    pack: Callable[..., Path], shared: Path, tmp_path: Path, onnx_engine: InsightFaceEngine, astronaut: Image
) -> None:
    engine = load_insightface_engine(pack(manifest(shared)), engine_config(tmp_path))
    face = engine.detect(astronaut)[0]
    crop = engine.align(astronaut, face)

    assert engine.contract.model_id == "test-pack"
    assert engine.contract.digest == onnx_engine.contract.digest
    np.testing.assert_allclose(engine.embed([crop]), onnx_engine.embed([crop]), atol=1e-5)


def test_another_preprocessing_is_another_contract(
    pack: Callable[..., Path], shared: Path, tmp_path: Path, onnx_engine: InsightFaceEngine
) -> None:
    folder = pack(manifest(shared, preprocessing={"mean": 127.5, "std": 128.0}))

    engine = load_insightface_engine(folder, engine_config(tmp_path))

    assert engine.contract.digest != onnx_engine.contract.digest
    assert "/128" in engine.contract.preprocessing


BROKEN_MANIFESTS: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda m: m.update(manifest_version=1), "manifest_version 2"),
    (lambda m: m.update(model_id="no spaces please"), "model_id"),
    (lambda m: m.update(tasks=[]), "tasks is not an object"),
    (lambda m: m["tasks"].pop("detection"), "tasks.detection is missing"),
    (lambda m: m["tasks"]["recognition"].update(sha256="0" * 64), "the manifest says 000"),
    (lambda m: m["tasks"]["recognition"].update(file="../mobilefacenet.onnx"), "outside the pack"),
    (lambda m: m["tasks"]["recognition"].update(file="/etc/passwd"), "not the name of an ONNX file"),
    (lambda m: m["tasks"]["recognition"].update(file="absent.onnx"), "'absent.onnx' is missing"),
    (lambda m: m["tasks"]["recognition"].update(embedding_dimension=512), "128 dimensions.*declares 512"),
    (lambda m: m["tasks"]["recognition"].update(embedding_dimension="big"), "positive whole number"),
    (lambda m: m["tasks"]["recognition"].update(preprocessing="magic"), "preprocessing is neither"),
    (lambda m: m["tasks"]["recognition"].update(preprocessing={"mean": 1, "std": 0}), "preprocessing"),
]


@pytest.mark.parametrize(("damage", "words"), BROKEN_MANIFESTS, ids=[words for _, words in BROKEN_MANIFESTS])
def test_a_manifest_that_is_wrong_is_refused_by_name(
    pack: Callable[..., Path], shared: Path, tmp_path: Path, damage: Callable[..., object], words: str
) -> None:
    document = manifest(shared)
    damage(document)

    with pytest.raises(EngineUnavailable, match=words):
        load_insightface_engine(pack(document), engine_config(tmp_path))


@pytest.mark.parametrize("task", ["detection", "recognition"])
def test_a_model_of_the_wrong_kind_is_refused_by_name(
    pack: Callable[..., Path], shared: Path, tmp_path: Path, task: str
) -> None:
    document = manifest(shared)
    document["tasks"][task] = {"file": "other.onnx"}
    folder = pack(document)
    values, side = ([0.5] * 3, 112) if task == "detection" else ([0.5] * 128, 64)
    constant_model(folder / "other.onnx", side=side, values=values)
    if task == "recognition":
        (folder / "other.onnx").write_bytes((folder / "det_2.5g.onnx").read_bytes())

    with pytest.raises(EngineUnavailable, match=r"other\.onnx is not"):
        load_insightface_engine(folder, engine_config(tmp_path))


def test_a_manifest_that_is_no_json_is_refused(pack: Callable[..., Path], tmp_path: Path) -> None:
    folder = pack()
    (folder / "manifest.json").write_text("{")

    with pytest.raises(EngineUnavailable, match="not readable JSON"):
        load_insightface_engine(folder, engine_config(tmp_path))


def test_an_empty_directory_and_one_without_a_recogniser_are_refused(
    tmp_path: Path, pack: Callable[..., Path]
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(EngineUnavailable, match="holds no ONNX files"):
        load_insightface_engine(tmp_path / "empty", engine_config(tmp_path))
    folder = pack()
    (folder / "mobilefacenet.onnx").unlink()
    with pytest.raises(EngineUnavailable, match="exactly one recogniser, found none"):
        load_insightface_engine(folder, engine_config(tmp_path))


def test_two_recognisers_need_a_manifest(tmp_path: Path, pack: Callable[..., Path]) -> None:
    folder = pack()
    constant_model(folder / "other.onnx", side=112, values=[1.0] * 8)

    with pytest.raises(EngineUnavailable, match=r"found mobilefacenet\.onnx, other\.onnx.*manifest"):
        load_insightface_engine(folder, engine_config(tmp_path))


def test_a_file_that_is_no_model_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "junk.onnx").write_bytes(b"this is not protobuf" * 50)

    with pytest.raises(EngineUnavailable, match=r"junk\.onnx"):
        load_insightface_engine(tmp_path, engine_config(tmp_path))


def test_an_execution_provider_this_build_lacks_is_named(tmp_path: Path, shared: Path) -> None:
    config = engine_config(tmp_path, providers=("TensorrtExecutionProvider", "CPUExecutionProvider"))

    with pytest.raises(EngineUnavailable, match="names TensorrtExecutionProvider"):
        load_insightface_engine(shared / "models" / "scrfd_mbf", config)


def test_all_workers_together_never_use_more_threads_than_cores(tmp_path: Path) -> None:
    cores = available_cores()

    for workers in (1, 2, cores, cores + 3):
        config = engine_config(tmp_path, worker_threads=workers)
        assert config.intra_op_threads * workers <= max(cores, workers)
        assert session_options(config).intra_op_num_threads == config.intra_op_threads
    assert engine_config(tmp_path, worker_threads=1).intra_op_threads == cores
