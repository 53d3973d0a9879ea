"""Directories of ONNX files: what loads, and which words are used for what does not."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from common.errors import EngineUnavailable
from core.engine import registry
from core.engine.antispoof import crop_for_antispoof, load_passive_liveness
from core.engine.config import available_cores, config_from_settings
from core.engine.digests import file_sha256
from core.engine.geometry import arcface_crop, similarity_transform
from core.engine.insightface_pack import InsightFaceEngine, load_insightface_engine
from core.engine.onnx import session_options
from core.engine.registry import close_engine, get_engine, load_engine, pack_directory
from core.engine.synthetic import SyntheticEngine, draw_marker
from core.engine.types import Box, Capability, Image
from core.imaging import decode_image
from core.tests.conftest import engine_config


@pytest.fixture(autouse=True)
def no_engine_left_behind() -> Iterator[None]:
    yield
    close_engine()


def constant_model(path: Path, *, side: int, values: list[float], batch: int | str = 1) -> Path:
    """A model that answers the same to every image: ``values``, one row."""
    image = helper.make_tensor_value_info("input", TensorProto.FLOAT, [batch, 3, side, side])
    answer = helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, len(values)])
    constant = helper.make_tensor("values", TensorProto.FLOAT, [1, len(values)], values)
    graph = helper.make_graph(
        [helper.make_node("Constant", [], ["output"], value=constant)], "constant", [image], [answer]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.save(model, str(path))
    return path


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


# --- Alignment ------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_alignment_equals_insightface_s(onnx_engine: InsightFaceEngine, six_people: Image) -> None:
    from insightface.utils.face_align import norm_crop

    for face in onnx_engine.detect(six_people, input_size=1280):
        for side in (112, 128):
            ours = arcface_crop(six_people, face.landmarks, side_px=side)
            theirs = norm_crop(six_people, face.landmarks, image_size=side)
            assert np.abs(ours.astype(int) - theirs.astype(int)).mean() < 1.0


def test_the_similarity_transform_undoes_a_known_one() -> None:
    points = np.random.default_rng(0).uniform(0, 100, (5, 2)).astype(np.float32)
    angle = np.radians(25)
    rotation = 1.7 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = (points @ rotation.T + [12, -7]).astype(np.float32)

    matrix = similarity_transform(points, moved)

    np.testing.assert_allclose(matrix[:, :2], rotation, atol=1e-4)
    np.testing.assert_allclose(matrix[:, 2], [12, -7], atol=1e-2)


def test_a_mirrored_face_is_never_flipped_to_fit() -> None:
    points = np.array([[0, 0], [10, 0], [5, 8], [2, 12], [8, 12]], dtype=np.float32)

    matrix = similarity_transform(points * np.array([-1, 1], np.float32), points)

    assert np.linalg.det(matrix[:, :2]) > 0


def test_points_that_coincide_cannot_be_aligned() -> None:
    points = np.ones((5, 2), dtype=np.float32)

    with pytest.raises(ValueError, match="coincide"):
        similarity_transform(points, points)


# --- Passive liveness -----------------------------------------------------------------------------


def test_a_face_on_a_screen_is_less_alive_than_the_real_one(
    onnx_engine: InsightFaceEngine, shared: Path
) -> None:
    def probability(name: str) -> float:
        image = decode_image((shared / "faces" / "spoof" / name).read_bytes())
        value = onnx_engine.live_probability(image, onnx_engine.detect(image, input_size=640)[0])
        assert value is not None
        return value

    assert Capability.PASSIVE_LIVENESS in onnx_engine.capabilities
    real = probability("minivision_T1.jpg")
    assert real > 0.8
    assert probability("minivision_F1.jpg") < 0.35
    assert probability("minivision_F2.jpg") < 0.35


def test_the_dlib_pack_uses_the_same_models_with_the_same_verdict(shared: Path, tmp_path: Path) -> None:
    config = engine_config(tmp_path, antispoof_dir=shared / "models" / "antispoof")
    engine = load_engine(config)
    try:
        assert Capability.PASSIVE_LIVENESS in engine.capabilities
        for name, low, high in (("minivision_T1.jpg", 0.7, 1.0), ("minivision_F1.jpg", 0.0, 0.3)):
            image = decode_image((shared / "faces" / "spoof" / name).read_bytes())
            face = engine.detect(image, input_size=640)[0]
            value = engine.live_probability(image, face)
            assert value is not None
            assert low <= value <= high
    finally:
        engine.close()


def test_models_beside_the_pack_are_found(pack: Callable[..., Path], shared: Path, tmp_path: Path) -> None:
    folder = pack()
    (folder / "antispoof").mkdir()
    model = shared / "models" / "antispoof" / "minifasnet_v2_2.7_80.onnx"
    (folder / "antispoof" / "2.7_80x80_MiniFASNetV2.onnx").write_bytes(model.read_bytes())

    engine = load_insightface_engine(folder, engine_config(tmp_path))

    assert Capability.PASSIVE_LIVENESS in engine.capabilities


def test_the_verdict_is_the_mean_of_all_models(tmp_path: Path, astronaut: Image) -> None:
    constant_model(tmp_path / "a_2.7_80.onnx", side=80, values=[0.1, 0.8, 0.1])
    constant_model(tmp_path / "b_4.0_80.onnx", side=80, values=[0.6, 0.2, 0.2])

    models = load_passive_liveness(directories=(tmp_path,), config=engine_config(tmp_path))

    assert models is not None
    assert models.names == ("a_2.7_80.onnx", "b_4.0_80.onnx")
    assert models.probability(astronaut, Box(180, 50, 270, 180)) == pytest.approx(0.5)


def test_models_that_give_logits_are_normalised(tmp_path: Path, astronaut: Image) -> None:
    constant_model(tmp_path / "a_2.7_80.onnx", side=80, values=[-2.0, 3.0, 1.0])

    models = load_passive_liveness(directories=(tmp_path,), config=engine_config(tmp_path))

    assert models is not None
    expected = np.exp(3.0) / np.exp([-2.0, 3.0, 1.0]).sum()
    assert models.probability(astronaut, Box(180, 50, 270, 180)) == pytest.approx(expected, abs=1e-6)


def test_a_configured_folder_without_models_is_an_error_and_not_a_missing_check(tmp_path: Path) -> None:
    config = engine_config(tmp_path, antispoof_dir=tmp_path)

    with pytest.raises(EngineUnavailable, match="FACE_ANTISPOOF_DIR"):
        load_passive_liveness(directories=(config.antispoof_dir,), config=config)
    assert load_passive_liveness(directories=(tmp_path, None), config=engine_config(tmp_path)) is None


@pytest.mark.parametrize(("side", "values"), [(96, [0.1, 0.8, 0.1]), (80, [0.5, 0.5])])
def test_an_antispoof_model_of_another_shape_is_refused(
    tmp_path: Path, side: int, values: list[float]
) -> None:
    constant_model(tmp_path / "a_2.7_80.onnx", side=side, values=values)

    with pytest.raises(EngineUnavailable, match=r"a_2\.7_80\.onnx is not an anti-spoof model"):
        load_passive_liveness(directories=(tmp_path,), config=engine_config(tmp_path))


def test_the_crop_grows_around_the_face_and_is_shifted_to_stay_inside() -> None:
    image = np.zeros((400, 400, 3), dtype=np.uint8)
    image[150:250, 150:250] = 255

    centered = crop_for_antispoof(image, Box(150, 150, 250, 250), factor=2.0)
    ys, _ = np.nonzero(centered[:, :, 0] > 127)
    assert centered.shape == (80, 80, 3)
    assert (ys.min(), ys.max()) == pytest.approx((20, 59), abs=1)
    # At the corner the crop keeps its size, so the face keeps its own.
    image = np.zeros((400, 400, 3), dtype=np.uint8)
    image[:100, :100] = 255
    ys, xs = np.nonzero(crop_for_antispoof(image, Box(0, 0, 100, 100), factor=2.0)[:, :, 0] > 127)
    assert (ys.max(), xs.max()) == pytest.approx((39, 39), abs=1)


@pytest.mark.parametrize("box", [Box(-50, -50, 450, 450), Box(10, 10, 10, 10), Box(390, 390, 460, 470)])
def test_a_face_as_large_as_the_picture_or_half_outside_still_gives_a_crop(box: Box) -> None:
    assert crop_for_antispoof(np.zeros((400, 400, 3), np.uint8), box, factor=4.0).shape == (80, 80, 3)


# --- Registry -------------------------------------------------------------------------------------


def test_a_process_has_one_engine_also_when_many_threads_ask_at_once(settings: Any) -> None:
    settings.FACE_MODEL_PACK, settings.FACE_ALLOW_SYNTHETIC_ENGINE = "synthetic", True
    close_engine()
    engines: list[object] = []
    threads = [threading.Thread(target=lambda: engines.append(get_engine())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({id(engine) for engine in engines}) == 1
    close_engine()
    assert get_engine() is not engines[0]


def test_a_forked_child_loads_an_engine_of_its_own(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FACE_MODEL_PACK, settings.FACE_ALLOW_SYNTHETIC_ENGINE = "synthetic", True
    close_engine()
    parents = get_engine()

    monkeypatch.setattr(registry, "_owner_pid", os.getpid() + 1)

    assert get_engine() is not parents


def test_the_synthetic_engine_is_refused_outside_tests(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="unit tests only"):
        load_engine(engine_config(tmp_path, pack="synthetic"))


@pytest.mark.parametrize("pack", ["", "dlib"])
def test_dlib_is_the_default(tmp_path: Path, pack: str) -> None:
    engine = load_engine(engine_config(tmp_path, pack=pack))
    engine.close()

    assert engine.summary().name == "dlib"


def test_a_pack_that_is_not_installed_is_never_downloaded_but_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    def no_network(*_: object, **__: object) -> None:
        raise AssertionError("network")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    config = engine_config(tmp_path, pack="buffalo_l")

    with pytest.raises(EngineUnavailable, match="models install buffalo_l --accept-license"):
        load_engine(config)
    with pytest.raises(EngineUnavailable, match="Set FACE_MODEL_PACK to a directory"):
        load_engine(replace(config, pack=str(tmp_path / "nowhere")))


def test_a_name_means_an_installed_pack_and_never_a_folder_that_happens_to_lie_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here" / "my_pack").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    config = engine_config(tmp_path, pack="my_pack")

    with pytest.raises(EngineUnavailable, match="not installed"):
        pack_directory(config)
    (config.models_dir / "my_pack").mkdir(parents=True)
    assert pack_directory(config) == config.models_dir / "my_pack"


def test_settings_become_the_engine_s_configuration(settings: Any, tmp_path: Path) -> None:
    settings.FACE_MODEL_PACK = "one"
    settings.FACE_MODELS_DIR = tmp_path
    settings.FACE_ANTISPOOF_DIR = str(tmp_path / "spoof")
    settings.FACE_ENGINE_PROVIDERS = ["CPUExecutionProvider"]
    settings.FACE_ENGINE_WORKER_THREADS = 3

    config = config_from_settings()

    assert (config.pack, config.models_dir, config.antispoof_dir) == ("one", tmp_path, tmp_path / "spoof")
    assert (config.providers, config.worker_threads) == (("CPUExecutionProvider",), 3)
    assert config_from_settings(pack="other").pack == "other"
    assert set(config.providers) <= set(onnxruntime.get_available_providers())


# --- Synthetic ------------------------------------------------------------------------------------


def test_markers_are_found_and_told_apart() -> None:
    engine = SyntheticEngine()
    wall = np.full((480, 640, 3), 128, dtype=np.uint8)
    image = draw_marker(wall, Box(50, 60, 250, 300), identity=7)
    image = draw_marker(image, Box(400, 100, 500, 220), identity=8)

    large, small = engine.detect(image)
    one, other = engine.embed([engine.align(image, large), engine.align(image, small)])

    assert large.box == Box(50, 60, 250, 300)
    assert float(one @ other) < 0.5
    np.testing.assert_allclose(np.linalg.norm([one, other], axis=1), 1.0, atol=1e-6)
    again = engine.embed(
        [
            engine.align(
                draw_marker(wall, Box(9, 9, 99, 99), identity=7),
                engine.detect(draw_marker(wall, Box(9, 9, 99, 99), identity=7))[0],
            )
        ]
    )
    np.testing.assert_array_equal(again[0], one)
    assert engine.detect(wall) == []
