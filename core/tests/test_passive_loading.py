"""Where passive models are looked for, which of them count, and what is said of those that cannot be used."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.errors import EngineUnavailable
from core.engine.digests import file_sha256
from core.engine.insightface_pack import InsightFaceEngine, load_insightface_engine
from core.engine.passive.loading import load_passive_liveness
from core.engine.passive.manifest import write_manifest
from core.engine.passive.model import OPERATING_POINT, PassiveLiveness
from core.engine.registry import load_engine
from core.engine.types import Capability, Image, LandmarkLayout
from core.imaging import decode_image
from core.tests.conftest import engine_config
from core.tests.passive_cast import FACE, addon_face, brightness_model, constant_model, redness_model

V2, V1SE, ADDON = "2.7_80x80_MiniFASNetV2.onnx", "4_0_0_80x80_MiniFASNetV1SE.onnx", "liveness.onnx"
WITH_MOUTH, DLIB = LandmarkLayout.EYES_NOSE_MOUTH, LandmarkLayout.EYE_CORNERS_NOSE


def answering(path: Path, live: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return constant_model(path, side=80, values=[1 - live, live, 0.0])


def load(tmp_path: Path, *, layout: LandmarkLayout = WITH_MOUTH, **changes: Any) -> PassiveLiveness:
    pack = changes.pop("pack_directory", None)
    config = engine_config(tmp_path, **changes)
    return load_passive_liveness(config=config, layout=layout, pack_directory=pack)


def test_with_no_model_anywhere_nothing_is_measured(tmp_path: Path, astronaut: Image) -> None:
    passive = load(tmp_path, pack_directory=tmp_path / "pack")

    assert passive.models == ()
    assert passive.files == {}
    assert passive.probability(astronaut, FACE) is None


@pytest.mark.parametrize(
    "place",
    ["spoof", "pack", "pack/antispoof", "pack/addons", "models/antispoof", "models/antispoof/minifasnet"],
)
def test_models_are_found_in_every_place_they_may_lie(tmp_path: Path, place: str, astronaut: Image) -> None:
    answering(tmp_path / place / V2, 0.7)
    antispoof_dir = tmp_path / "spoof" if place == "spoof" else None

    passive = load(tmp_path, antispoof_dir=antispoof_dir, pack_directory=tmp_path / "pack")

    assert set(passive.files) == {V2}
    assert passive.probability(astronaut, FACE) == pytest.approx(0.7)


def test_of_each_kind_the_nearest_place_counts(tmp_path: Path, astronaut: Image) -> None:
    far = answering(tmp_path / "models" / "antispoof" / "minifasnet" / V2, 0.1)
    answering(tmp_path / "models" / "antispoof" / "minifasnet" / V1SE, 0.1)
    addon = redness_model(tmp_path / "models" / "antispoof" / "insightface-liveness" / ADDON)

    near = answering(tmp_path / "pack" / "antispoof" / V2, 0.6)
    in_pack = load(tmp_path, pack_directory=tmp_path / "pack")
    nearest = answering(tmp_path / "spoof" / V2, 0.9)
    configured = load(tmp_path, pack_directory=tmp_path / "pack", antispoof_dir=tmp_path / "spoof")

    assert in_pack.files == {V2: file_sha256(near), ADDON: file_sha256(addon)}
    assert configured.files == {V2: file_sha256(nearest), ADDON: file_sha256(addon)}
    assert load(tmp_path).files[V2] == file_sha256(far)
    assert set(load(tmp_path).files) == {V2, V1SE, ADDON}


def test_where_both_kinds_are_there_each_must_be_convinced(tmp_path: Path) -> None:
    answering(tmp_path / "spoof" / V2, 0.5)
    redness_model(tmp_path / "spoof" / ADDON)
    passive = load(tmp_path, antispoof_dir=tmp_path / "spoof")
    face = addon_face(left=50, top=50, side_px=160)
    white, black = np.full((300, 300, 3), 255, np.uint8), np.zeros((300, 300, 3), np.uint8)

    assert sorted(model.kind for model in passive.models) == ["insightface-liveness", "minifasnet"]
    assert passive.probability(white, face) == pytest.approx(0.5)
    assert passive.probability(black, face) == 0.0


def test_taking_turns_rotates_within_a_kind_and_leaves_no_kind_out(tmp_path: Path) -> None:
    answering(tmp_path / "spoof" / V2, 0.2)
    answering(tmp_path / "spoof" / V1SE, 0.6)
    redness_model(tmp_path / "spoof" / ADDON)
    passive = load(tmp_path, antispoof_dir=tmp_path / "spoof")
    face = addon_face(left=50, top=50, side_px=160)
    at_threshold = np.full((300, 300, 3), 204, np.uint8)

    answers = [passive.probability(at_threshold, face, turn=turn) for turn in range(4)]

    assert answers == pytest.approx([0.2, OPERATING_POINT] * 2, abs=1e-5)


def test_a_face_that_one_kind_declines_is_not_left_to_the_other(tmp_path: Path) -> None:
    answering(tmp_path / "spoof" / V2, 0.5)
    redness_model(tmp_path / "spoof" / ADDON)
    outside = addon_face(left=-100, top=50, side_px=160)
    image = np.zeros((300, 300, 3), np.uint8)

    both = load(tmp_path, antispoof_dir=tmp_path / "spoof")
    (tmp_path / "spoof" / V2).unlink()
    alone = load(tmp_path, antispoof_dir=tmp_path / "spoof")

    assert both.probability(image, outside) is None
    assert both.probability(image, addon_face(left=50, top=50, side_px=160)) == 0.0
    assert alone.probability(image, outside) is None


# --- What cannot be used --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "cause"), [("missing", "there is no such folder"), ("empty", "holds no models")]
)
def test_a_configured_folder_without_models_is_an_error_and_not_a_missing_check(
    tmp_path: Path, folder: str, cause: str
) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(EngineUnavailable, match=rf"FACE_ANTISPOOF_DIR=.*{cause}"):
        load(tmp_path, antispoof_dir=tmp_path / folder)


@pytest.mark.parametrize("place", ["spoof", "pack/antispoof", "models/antispoof", "models/antispoof/mine"])
def test_a_model_whose_name_says_nothing_is_named_where_only_passive_models_belong(
    tmp_path: Path, place: str
) -> None:
    answering(tmp_path / place / "MiniFASNetV2.onnx", 0.9)
    antispoof_dir = tmp_path / "spoof" if place == "spoof" else None

    with pytest.raises(EngineUnavailable, match=r"MiniFASNetV2\.onnx is of no known kind.*2\.7_80x80"):
        load(tmp_path, antispoof_dir=antispoof_dir, pack_directory=tmp_path / "pack")


def test_other_models_may_lie_beside_the_pack_and_among_the_addons(tmp_path: Path) -> None:
    answering(tmp_path / "pack" / "genderage.onnx", 0.9)
    answering(tmp_path / "pack" / "addons" / "another.onnx", 0.9)

    assert load(tmp_path, pack_directory=tmp_path / "pack").models == ()


def test_a_broken_model_is_an_error_also_beside_a_good_one(tmp_path: Path) -> None:
    answering(tmp_path / "models" / "antispoof" / V2, 0.9)
    (tmp_path / "models" / "antispoof" / V1SE).write_bytes(b"half a model")

    with pytest.raises(EngineUnavailable, match=r"V1SE\.onnx cannot be loaded"):
        load(tmp_path)


def test_a_workspace_left_by_a_killed_installation_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "models" / "antispoof" / ".minifasnet.x.partial").mkdir(parents=True)
    (tmp_path / "models" / "antispoof" / ".minifasnet.x.partial" / V2).write_bytes(b"half")

    assert load(tmp_path).models == ()


def test_a_pack_without_mouth_corners_says_that_it_cannot_feed_the_addon(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, astronaut: Image
) -> None:
    redness_model(tmp_path / "models" / "antispoof" / "insightface-liveness" / ADDON)

    with caplog.at_level(logging.WARNING):
        passive = load(tmp_path, layout=DLIB)

    assert passive.models == ()
    assert passive.files == {}
    assert "mouth corners" in passive.unusable["insightface-liveness"]
    assert passive.probability(astronaut, FACE) is None
    assert [record.message for record in caplog.records] == ["passive model not measured"]


def test_a_configured_folder_of_which_this_pack_can_use_nothing_is_an_error(tmp_path: Path) -> None:
    redness_model(tmp_path / "spoof" / ADDON)
    answering(tmp_path / "models" / "antispoof" / V2, 0.9)

    with pytest.raises(EngineUnavailable, match=r"holds only insightface-liveness.*mouth corners"):
        load(tmp_path, layout=DLIB, antispoof_dir=tmp_path / "spoof")


# --- The manifest ---------------------------------------------------------------------------------


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    folder = tmp_path / "models" / "antispoof" / "minifasnet"
    answering(folder / V2, 0.9)
    answering(folder / V1SE, 0.8)
    write_manifest(folder, name="minifasnet", sources={V2: "https://a.test/2", V1SE: "https://a.test/1"})
    return folder


def test_installed_files_are_those_that_the_manifest_names(installed: Path, tmp_path: Path) -> None:
    assert load(tmp_path).files == {name: file_sha256(installed / name) for name in (V2, V1SE)}


def test_an_exchanged_file_is_refused(installed: Path, tmp_path: Path) -> None:
    answering(installed / V2, 1.0)

    with pytest.raises(EngineUnavailable, match=r"V2\.onnx has SHA-256 .* the manifest says"):
        load(tmp_path)


def test_a_file_that_has_gone_is_missed(installed: Path, tmp_path: Path) -> None:
    (installed / V1SE).unlink()

    with pytest.raises(EngineUnavailable, match=r"V1SE\.onnx' is missing"):
        load(tmp_path)


BROKEN: list[Callable[[dict[str, Any]], object]] = [
    lambda document: document.update(passive_manifest_version=2),
    lambda document: document.pop("passive_manifest_version"),
    lambda document: document.update(files=[V2]),
    lambda document: document["files"][V2].pop("sha256"),
]


@pytest.mark.parametrize("damage", BROKEN)
def test_a_manifest_that_cannot_be_understood_is_an_error(
    installed: Path, tmp_path: Path, damage: Callable[[dict[str, Any]], object]
) -> None:
    document = json.loads((installed / "manifest.json").read_text())
    damage(document)
    (installed / "manifest.json").write_text(json.dumps(document))

    with pytest.raises(EngineUnavailable, match="not a readable manifest"):
        load(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "null"])
def test_a_manifest_that_is_no_object_is_an_error(installed: Path, tmp_path: Path, text: str) -> None:
    (installed / "manifest.json").write_text(text)

    with pytest.raises(EngineUnavailable, match="not a readable manifest"):
        load(tmp_path)


# --- Whole packs ----------------------------------------------------------------------------------


def digests(folder: Path, *names: str) -> Mapping[str, str]:
    return {name: file_sha256(folder / name) for name in names}


def test_the_dlib_pack_uses_installed_models_and_names_every_file(tmp_path: Path, astronaut: Image) -> None:
    folder = tmp_path / "models" / "antispoof" / "minifasnet"
    folder.mkdir(parents=True)
    brightness_model(folder / V2)
    redness_model(tmp_path / "models" / "antispoof" / "insightface-liveness" / ADDON)
    engine = load_engine(engine_config(tmp_path))
    try:
        (face,) = engine.detect(astronaut)
        answer = engine.live_probability(astronaut, face)
        summary, capabilities = engine.summary(), engine.capabilities
    finally:
        engine.close()

    assert answer is not None
    assert 0.2 < answer < 0.8
    assert Capability.PASSIVE_LIVENESS in capabilities
    assert summary.passive == ("minifasnet",)
    assert "mouth corners" in summary.passive_unusable["insightface-liveness"]
    assert set(summary.models) == {
        "shape_predictor_5_face_landmarks.dat",
        "dlib_face_recognition_resnet_model_v1.dat",
        "dlib_mean.txt",
        V2,
    }
    assert all(len(bytes.fromhex(digest)) == 32 for digest in summary.models.values())
    assert summary.models[V2] == file_sha256(folder / V2)


def test_an_insightface_pack_runs_both_kinds_and_names_every_file(
    shared: Path, tmp_path: Path, onnx_engine: InsightFaceEngine, astronaut: Image
) -> None:
    pack = tmp_path / "pack"
    shutil.copytree(shared / "models" / "scrfd_mbf", pack)
    redness_model(pack / "addons" / ADDON)
    shutil.copytree(shared / "models" / "antispoof", tmp_path / "models" / "antispoof")

    engine = load_insightface_engine(pack, engine_config(tmp_path))
    (face,) = engine.detect(astronaut)
    answer = engine.live_probability(astronaut, face)

    by_minifasnet = onnx_engine.live_probability(astronaut, face)
    assert answer is not None
    assert by_minifasnet is not None
    assert 0 < answer < by_minifasnet
    summary = engine.summary()
    assert sorted(summary.passive) == ["insightface-liveness", "minifasnet"]
    assert summary.models == {
        **digests(pack, "det_2.5g.onnx", "mobilefacenet.onnx"),
        **digests(pack / "addons", ADDON),
        **digests(
            shared / "models" / "antispoof", "minifasnet_v1se_4.0_80.onnx", "minifasnet_v2_2.7_80.onnx"
        ),
    }


def test_the_dlib_pack_uses_the_same_models_with_the_same_verdict(shared: Path, tmp_path: Path) -> None:
    engine = load_engine(engine_config(tmp_path, antispoof_dir=shared / "models" / "antispoof"))
    try:
        assert Capability.PASSIVE_LIVENESS in engine.capabilities
        for name, low, high in (("minivision_T1.jpg", 0.7, 1.0), ("minivision_F1.jpg", 0.0, 0.3)):
            image = decode_image((shared / "faces" / "spoof" / name).read_bytes())
            value = engine.live_probability(image, engine.detect(image, input_size=640)[0])
            assert value is not None
            assert low <= value <= high
    finally:
        engine.close()


def test_a_broken_passive_model_stops_the_pack(tmp_path: Path) -> None:
    (tmp_path / "models" / "antispoof").mkdir(parents=True)
    (tmp_path / "models" / "antispoof" / V2).write_bytes(b"Not Found")

    with pytest.raises(EngineUnavailable, match=r"V2\.onnx cannot be loaded"):
        load_engine(engine_config(tmp_path))
