"""Passive models, single files of pinned digests, installed from a real HTTP server on this machine."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from common.errors import EngineUnavailable
from core.engine.digests import file_sha256
from core.engine.download import InstallFailed
from core.engine.install import Installed, install
from core.engine.passive.catalog import PASSIVE_RELEASES, PassiveRelease
from core.engine.passive.loading import load_passive_liveness
from core.engine.registry import load_engine
from core.engine.types import Capability, LandmarkLayout
from core.imaging import decode_image
from core.tests.conftest import engine_config
from core.tests.passive_cast import brightness_model, redness_model
from core.tests.release_server import Release, leftovers, passive_of

V2, V1SE = "2.7_80x80_MiniFASNetV2.onnx", "4_0_0_80x80_MiniFASNetV1SE.onnx"


@pytest.fixture
def minifasnet(release: Release, tmp_path: Path) -> PassiveRelease:
    """Two small models on the release page, and the release that states their digests."""
    contents = {name: brightness_model(tmp_path / name).read_bytes() for name in (V2, V1SE)}
    return published(release, "minifasnet", contents)


def published(release: Release, name: str, contents: dict[str, bytes]) -> PassiveRelease:
    made = passive_of(name, contents)
    release.files |= {f"/{file.asset}": contents[file.name] for file in made.files}
    return made


def install_from(release: Release, models_dir: Path, passive: PassiveRelease, **changes: Any) -> Installed:
    options = {"base_url": release.url, "accept_licence": True, **changes}
    return install(passive, models_dir=models_dir, **options)


def test_installed_models_lie_together_with_licence_and_manifest(
    release: Release, models_dir: Path, minifasnet: PassiveRelease
) -> None:
    installed = install_from(release, models_dir, minifasnet)

    assert installed.directory == models_dir / "antispoof" / "minifasnet"
    assert {path.name for path in installed.directory.iterdir()} == {V2, V1SE, "manifest.json", "LICENSE.txt"}
    assert installed.downloads == {file.asset: file.sha256 for file in minifasnet.files}
    assert installed.digest_was_pinned
    assert "Apache License" in (installed.directory / "LICENSE.txt").read_text()
    assert leftovers(models_dir) == ["antispoof"]
    manifest = json.loads((installed.directory / "manifest.json").read_text())
    assert manifest["files"][V2] == {
        "url": f"{release.url}MiniFASNetV2.onnx",
        "sha256": file_sha256(installed.directory / V2),
    }


def test_installed_models_are_loaded_and_an_exchanged_one_is_not(
    release: Release, models_dir: Path, minifasnet: PassiveRelease, tmp_path: Path
) -> None:
    directory = install_from(release, models_dir, minifasnet).directory
    config = engine_config(tmp_path)

    passive = load_passive_liveness(config=config, layout=LandmarkLayout.EYE_CORNERS_NOSE)
    assert passive.files == {file.name: file.sha256 for file in minifasnet.files}

    (directory / V2).write_bytes((directory / V1SE).read_bytes() + b"\0")
    with pytest.raises(EngineUnavailable, match="the manifest says"):
        load_passive_liveness(config=config, layout=LandmarkLayout.EYE_CORNERS_NOSE)


def test_the_addon_installs_beside_them(
    release: Release, models_dir: Path, minifasnet: PassiveRelease, tmp_path: Path
) -> None:
    content = redness_model(tmp_path / "liveness.onnx").read_bytes()
    addon = published(release, "insightface-liveness", {"liveness.onnx": content})

    install_from(release, models_dir, minifasnet)
    installed = install_from(release, models_dir, addon)

    assert "non-commercial" in (installed.directory / "LICENSE.txt").read_text()
    config = engine_config(tmp_path)
    with_mouth = load_passive_liveness(config=config, layout=LandmarkLayout.EYES_NOSE_MOUTH)
    assert sorted(with_mouth.files) == [V2, V1SE, "liveness.onnx"]


def test_without_the_licence_accepted_nothing_is_even_requested(
    release: Release, models_dir: Path, minifasnet: PassiveRelease
) -> None:
    with pytest.raises(InstallFailed, match="licence"):
        install_from(release, models_dir, minifasnet, accept_licence=False)

    assert release.requests == []
    assert leftovers(models_dir) == []


@pytest.mark.parametrize("asset", ["MiniFASNetV2.onnx", "MiniFASNetV1SE.onnx"])
def test_one_file_with_another_digest_and_nothing_is_installed(
    release: Release, models_dir: Path, minifasnet: PassiveRelease, asset: str
) -> None:
    other = bytearray(release.files[f"/{asset}"])
    other[-1] ^= 1
    release.files[f"/{asset}"] = bytes(other)

    with pytest.raises(InstallFailed, match=rf"{asset} has SHA-256 .* expected"):
        install_from(release, models_dir, minifasnet)

    assert leftovers(models_dir) == []


def test_a_missing_second_file_leaves_nothing_of_the_first(
    release: Release, models_dir: Path, minifasnet: PassiveRelease
) -> None:
    del release.files["/MiniFASNetV1SE.onnx"]

    with pytest.raises(InstallFailed, match=r"MiniFASNetV1SE\.onnx answered 404"):
        install_from(release, models_dir, minifasnet)

    assert release.requests == ["/MiniFASNetV2.onnx", "/MiniFASNetV1SE.onnx"]
    assert leftovers(models_dir) == []


def test_a_file_that_grew_is_refused_before_it_is_read(
    release: Release, models_dir: Path, minifasnet: PassiveRelease
) -> None:
    release.files["/MiniFASNetV2.onnx"] += b"more"

    with pytest.raises(InstallFailed, match="is larger than"):
        install_from(release, models_dir, minifasnet)

    assert leftovers(models_dir) == []


def test_a_download_cut_short_is_refused(
    release: Release, models_dir: Path, minifasnet: PassiveRelease
) -> None:
    release.cut_at = 100

    with pytest.raises(InstallFailed, match="could not be downloaded"):
        install_from(release, models_dir, minifasnet)

    assert leftovers(models_dir) == []


def test_a_dead_server_is_named(models_dir: Path, release: Release, minifasnet: PassiveRelease) -> None:
    with pytest.raises(InstallFailed, match=r"127\.0\.0\.1:9/MiniFASNetV2\.onnx could not be downloaded"):
        install_from(release, models_dir, minifasnet, base_url="http://127.0.0.1:9")


def test_installed_models_are_never_replaced(
    release: Release, models_dir: Path, minifasnet: PassiveRelease
) -> None:
    install_from(release, models_dir, minifasnet)

    with pytest.raises(InstallFailed, match="exists already"):
        install_from(release, models_dir, minifasnet)

    assert len(release.requests) == 2


def test_of_two_installations_at_once_one_is_refused_and_one_succeeds(
    release: Release, models_dir: Path, minifasnet: PassiveRelease
) -> None:
    release.hold = threading.Event()
    outcomes: list[object] = []
    first = threading.Thread(
        target=lambda: outcomes.append(install_from(release, models_dir, minifasnet).directory)
    )
    first.start()
    deadline = time.monotonic() + 10
    while not release.requests and time.monotonic() < deadline:
        time.sleep(0.01)

    with pytest.raises(InstallFailed, match="is running"):
        install_from(release, models_dir, minifasnet)
    release.hold.set()
    first.join(timeout=10)

    assert outcomes == [models_dir / "antispoof" / "minifasnet"]


# --- What is pinned -------------------------------------------------------------------------------


def test_the_addon_is_the_one_that_the_insightface_package_states() -> None:
    from insightface.addons import ADDON_CATALOG

    stated, ours = ADDON_CATALOG["liveness"], PASSIVE_RELEASES["insightface-liveness"]

    assert len(ours.files) == 1
    assert ours.base_url + ours.files[0].asset == stated.url
    assert (ours.files[0].sha256, ours.files[0].size_bytes) == (stated.sha256, stated.size_bytes)
    assert ours.files[0].name == stated.filename


def test_every_file_is_pinned_and_comes_over_tls() -> None:
    for release in PASSIVE_RELEASES.values():
        assert release.base_url.startswith("https://")
        for file in release.files:
            assert len(bytes.fromhex(file.sha256)) == 32
            assert "/" not in file.name + file.asset


# --- The published weights ------------------------------------------------------------------------


def test_real_weights_installed_over_http_tell_a_face_from_its_picture_with_the_dlib_pack(
    release: Release, models_dir: Path, shared: Path, tmp_path: Path
) -> None:
    weights = shared / "models" / "antispoof"
    contents = {
        V2: (weights / "minifasnet_v2_2.7_80.onnx").read_bytes(),
        V1SE: (weights / "minifasnet_v1se_4.0_80.onnx").read_bytes(),
    }
    install_from(release, models_dir, published(release, "minifasnet", contents))
    engine = load_engine(engine_config(tmp_path))
    try:
        answers = {}
        for name in ("minivision_T1.jpg", "minivision_F1.jpg"):
            image = decode_image((shared / "faces" / "spoof" / name).read_bytes())
            answers[name] = engine.live_probability(image, engine.detect(image, input_size=640)[0])
        assert Capability.PASSIVE_LIVENESS in engine.capabilities
    finally:
        engine.close()

    assert (answers["minivision_T1.jpg"] or 0) > 0.7
    assert (answers["minivision_F1.jpg"] or 1) < 0.3
