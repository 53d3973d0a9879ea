"""``manage.py models``: what it lists, verifies and installs, and what it refuses in which words."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from core.engine.catalog import OFFICIAL_PACKS
from core.engine.digests import file_sha256
from core.engine.install import install
from core.engine.passive.catalog import PASSIVE_RELEASES
from core.tests.passive_cast import brightness_model, redness_model
from core.tests.release_server import PACK, PACK_FILES, Release, archive, leftovers, pack_of, passive_of

ARCHIVE = f"/{PACK}.zip"


@pytest.fixture
def release(release: Release) -> Release:
    """A release page with one good archive."""
    release.files[ARCHIVE] = archive(PACK_FILES)
    return release


@pytest.fixture
def run(models_dir: Path, settings: Any) -> Callable[..., str]:
    def call(*arguments: str) -> str:
        output = io.StringIO()
        call_command("models", *arguments, stdout=output)
        return output.getvalue()

    return call


def test_the_command_shows_the_licence_and_refuses_until_it_is_accepted(
    run: Callable[..., str], release: Release, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.FACE_MODELS_BASE_URL = release.url
    output = io.StringIO()

    with pytest.raises(CommandError, match="--accept-license"):
        call_command("models", "install", PACK, stdout=output)

    assert "non-commercial research purposes only" in output.getvalue()
    assert release.requests == []


def test_the_command_installs_from_the_configured_address(
    run: Callable[..., str],
    release: Release,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    models_dir: Path,
) -> None:
    settings.FACE_MODELS_BASE_URL = release.url
    monkeypatch.setitem(OFFICIAL_PACKS, PACK, pack_of(release.files[ARCHIVE]))

    output = run("install", PACK, "--accept-license")

    assert (models_dir / PACK / "manifest.json").is_file()
    assert f"FACE_MODEL_PACK={PACK}" in output
    assert "downloaded 100%" in output
    assert "installed" in next(line for line in run("list").splitlines() if f" {PACK} " in line)


def test_the_command_refuses_what_the_publisher_did_not_publish(
    run: Callable[..., str], release: Release, settings: Any, models_dir: Path
) -> None:
    settings.FACE_MODELS_BASE_URL = release.url

    with pytest.raises(CommandError, match=r"was not installed.*SHA-256"):
        run("install", PACK, "--accept-license")

    assert leftovers(models_dir) == []


def test_every_official_digest_is_pinned() -> None:
    for pack in OFFICIAL_PACKS.values():
        assert pack.archive_sha256 is not None
        assert len(bytes.fromhex(pack.archive_sha256)) == 32


def test_the_command_installs_passive_models_for_every_pack(
    run: Callable[..., str],
    release: Release,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    models_dir: Path,
    tmp_path: Path,
) -> None:
    names = [file.name for file in PASSIVE_RELEASES["minifasnet"].files]
    contents = {name: brightness_model(tmp_path / name).read_bytes() for name in names}
    made = passive_of("minifasnet", contents)
    release.files |= {f"/{file.asset}": contents[file.name] for file in made.files}
    settings.FACE_MODELS_BASE_URL = release.url
    monkeypatch.setitem(PASSIVE_RELEASES, "minifasnet", made)

    output = run("install", "minifasnet", "--accept-license")
    verified = run("verify")

    assert "Apache License" in output
    assert "MiniFASNetV2.onnx: downloaded 100%" in output
    assert "MiniFASNetV1SE.onnx: downloaded 100%" in output
    assert "FACE_MODEL_PACK" not in output
    for file in made.files:
        assert f"SHA-256 {file.sha256}  {file.asset}" in output
        assert f"model         {file.sha256}  {file.name}" in verified
    assert [line.split()[1] for line in run("list").splitlines() if "minifasnet" in line] == ["installed"]
    assert "passive       minifasnet" in verified


@pytest.mark.parametrize(
    ("name", "words"),
    [("minifasnet", "Apache License"), ("insightface-liveness", "non-commercial research purposes only")],
)
def test_passive_models_show_their_licence_and_wait_until_it_is_accepted(
    release: Release, settings: Any, models_dir: Path, name: str, words: str
) -> None:
    settings.FACE_MODELS_BASE_URL = release.url
    output = io.StringIO()

    with pytest.raises(CommandError, match="--accept-license"):
        call_command("models", "install", name, stdout=output)

    assert words in output.getvalue()
    assert release.requests == []
    assert leftovers(models_dir) == []


def test_the_list_shows_passive_models_with_state_and_licence(
    run: Callable[..., str], models_dir: Path
) -> None:
    def lines() -> dict[str, str]:
        return {line.split()[0]: line for line in run("list").splitlines() if "passive liveness" in line}

    before = lines()
    brightness_model(models_dir / "antispoof" / "minifasnet" / "2.7_80x80_MiniFASNetV2.onnx")
    brightness_model(models_dir / "antispoof" / "own_2.7_80.onnx")

    assert set(before) == set(PASSIVE_RELEASES)
    assert all("not installed" in line for line in before.values())
    assert " yes " in before["minifasnet"]
    assert "Apache-2.0" in before["minifasnet"]
    assert " no " in before["insightface-liveness"]
    assert "non-commercial" in before["insightface-liveness"]
    assert "not installed" not in lines()["minifasnet"]
    assert not any(line.split()[0] == "antispoof" for line in run("list").splitlines())


def test_an_unknown_pack_is_refused(run: Callable[..., str]) -> None:
    with pytest.raises(CommandError, match="invalid choice"):
        run("install", "buffalo_xxl", "--accept-license")


def test_the_list_marks_the_active_pack_and_who_may_use_what(run: Callable[..., str], settings: Any) -> None:
    lines = run("list").splitlines()

    assert [line.split()[1] for line in lines if line.startswith("*")] == ["dlib"]
    assert {name for name in OFFICIAL_PACKS if any(f" {name} " in line for line in lines)} == set(
        OFFICIAL_PACKS
    )
    assert all("non-commercial" in line and " no " in line for line in lines if "buffalo" in line)
    assert "yes" in next(line for line in lines if "dlib" in line)
    settings.FACE_MODEL_PACK = "vanished"
    assert any(line.startswith("*") and "MISSING" in line for line in run("list").splitlines())


def test_the_default_pack_verifies_itself_on_real_faces(run: Callable[..., str]) -> None:
    output = run("verify")

    assert "6 faces" in output
    assert "dlib-resnet:128:" in output
    assert output.rstrip().endswith("ok")


def test_verify_names_every_model_file_with_its_digest(run: Callable[..., str], models_dir: Path) -> None:
    folder = models_dir / "antispoof" / "minifasnet"
    model = brightness_model(folder / "2.7_80x80_MiniFASNetV2.onnx")
    redness_model(models_dir / "antispoof" / "insightface-liveness" / "liveness.onnx")

    lines = run("verify").splitlines()

    shown = [line.split() for line in lines if line.startswith("model ")]
    models = {name: digest for _, digest, name in shown}
    assert models[model.name] == file_sha256(model)
    assert len(models) == 4
    assert "dlib_face_recognition_resnet_model_v1.dat" in models
    assert "passive       minifasnet" in lines
    assert any(line.startswith("not measured  insightface-liveness: it needs eyes") for line in lines)
    assert "passive_liveness" in next(line for line in lines if line.startswith("capabilities"))
    assert "passive liveness" in next(line for line in lines if line.startswith("speed"))
    assert lines[-1] == "ok"


def test_verify_says_how_to_get_passive_models_where_there_are_none(run: Callable[..., str]) -> None:
    line = next(line for line in run("verify").splitlines() if line.startswith("passive "))

    assert "none in use" in line
    assert "models install minifasnet --accept-license" in line


def test_a_damaged_passive_model_does_not_verify(run: Callable[..., str], models_dir: Path) -> None:
    brightness_model(models_dir / "antispoof" / "2.7_80x80_MiniFASNetV2.onnx").write_bytes(b"damaged")

    with pytest.raises(CommandError, match=r"MiniFASNetV2\.onnx cannot be loaded"):
        run("verify")


def test_passive_models_are_no_pack_to_verify(run: Callable[..., str]) -> None:
    with pytest.raises(CommandError, match="minifasnet is no pack"):
        run("verify", "minifasnet")


def test_a_directory_verifies_too(run: Callable[..., str], shared: Path) -> None:
    output = run("verify", str(shared / "models" / "scrfd_mbf"))

    assert "mobilefacenet:128:" in output
    assert output.rstrip().endswith("ok")


def test_a_pack_whose_file_was_changed_does_not_verify(
    run: Callable[..., str], release: Release, models_dir: Path
) -> None:
    directory = install(
        pack_of(release.files[ARCHIVE]), models_dir=models_dir, base_url=release.url, accept_licence=True
    ).directory
    (directory / "w600k_mbf.onnx").write_bytes(b"changed")

    with pytest.raises(CommandError, match="the manifest says"):
        run("verify", PACK)


def test_a_pack_without_a_calibration_table_does_not_verify(
    run: Callable[..., str], shared: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "uncalibrated"
    folder.mkdir()
    for name in ("det_2.5g.onnx", "mobilefacenet.onnx"):
        (folder / name).write_bytes((shared / "models" / "scrfd_mbf" / name).read_bytes())
    manifest = {
        "manifest_version": 2,
        "model_id": "uncalibrated",
        "tasks": {
            "detection": {"file": "det_2.5g.onnx"},
            "recognition": {"file": "mobilefacenet.onnx", "preprocessing": {"mean": 127.5, "std": 128.0}},
        },
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))

    with pytest.raises(CommandError, match=r"manage\.py calibrate"):
        run("verify", str(folder))


def test_a_pack_that_is_not_there_says_how_to_get_it(run: Callable[..., str]) -> None:
    with pytest.raises(CommandError, match="models install buffalo_l --accept-license"):
        run("verify", "buffalo_l")
