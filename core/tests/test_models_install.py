"""Archives of packs installed from a real HTTP server on this machine."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from core.engine.catalog import OFFICIAL_PACKS, OfficialPack
from core.engine.download import InstallFailed
from core.engine.install import Installed, install
from core.engine.pack_files import read_pack
from core.tests.release_server import PACK, PACK_FILES, Release, archive, leftovers, pack_of

ARCHIVE = f"/{PACK}.zip"


@pytest.fixture
def release(release: Release) -> Release:
    """A release page with one good archive."""
    release.files[ARCHIVE] = archive(PACK_FILES)
    return release


def install_from(
    release: Release, models_dir: Path, *, pack: OfficialPack | None = None, **changes: Any
) -> Installed:
    pack = pack or pack_of(release.files[ARCHIVE])
    options = {"base_url": release.url, "accept_licence": True, **changes}
    return install(pack, models_dir=models_dir, **options)


def test_an_installed_pack_has_its_two_models_a_manifest_and_the_licence(
    release: Release, models_dir: Path
) -> None:
    installed = install_from(release, models_dir)

    assert installed.directory == models_dir / PACK
    assert installed.digest_was_pinned
    names = {path.name for path in installed.directory.iterdir()}
    assert names == {*PACK_FILES, "manifest.json", "LICENSE.txt"}
    assert "non-commercial" in (installed.directory / "LICENSE.txt").read_text()
    assert read_pack(installed.directory).model_id == PACK
    assert leftovers(models_dir) == [PACK]


def test_models_are_found_wherever_the_archive_puts_them_and_others_are_left_out(
    release: Release, models_dir: Path
) -> None:
    nested = {f"{PACK}/{name}": content for name, content in PACK_FILES.items()}
    release.files[ARCHIVE] = archive({**nested, f"{PACK}/genderage.onnx": b"x", "README": b"y"})

    directory = install_from(release, models_dir).directory

    assert (directory / "det_500m.onnx").read_bytes() == PACK_FILES["det_500m.onnx"]
    assert not (directory / "genderage.onnx").exists()


def test_redirects_are_followed(release: Release, models_dir: Path) -> None:
    install_from(release, models_dir, base_url=release.url + "moved")

    assert release.requests == [f"/moved{ARCHIVE}", ARCHIVE]


def test_without_the_licence_accepted_nothing_is_even_requested(release: Release, models_dir: Path) -> None:
    with pytest.raises(InstallFailed, match="licence"):
        install_from(release, models_dir, accept_licence=False)

    assert release.requests == []
    assert leftovers(models_dir) == []


def test_an_archive_with_another_digest_is_refused_unopened(
    release: Release, models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def must_not_open(*_: object, **__: object) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr(zipfile, "ZipFile", must_not_open)

    with pytest.raises(InstallFailed, match=f"expected {OFFICIAL_PACKS[PACK].archive_sha256}"):
        install_from(release, models_dir, pack=OFFICIAL_PACKS[PACK])

    assert leftovers(models_dir) == []


def test_where_no_digest_is_stated_the_first_one_is_recorded(release: Release, models_dir: Path) -> None:
    installed = install_from(release, models_dir, pack=pack_of(None))

    source = json.loads((installed.directory / "manifest.json").read_text())["source"]
    assert not installed.digest_was_pinned
    assert source == {
        "url": f"{release.url}{PACK}.zip",
        "archive_sha256": hashlib.sha256(release.files[ARCHIVE]).hexdigest(),
    }


def test_a_download_cut_short_is_refused(release: Release, models_dir: Path) -> None:
    release.cut_at = 100

    with pytest.raises(InstallFailed, match="could not be downloaded"):
        install_from(release, models_dir, pack=pack_of(None))

    assert leftovers(models_dir) == []


def test_a_truncated_archive_is_refused(release: Release, models_dir: Path) -> None:
    release.files[ARCHIVE] = archive(PACK_FILES)[:-40]

    with pytest.raises(InstallFailed, match="broken"):
        install_from(release, models_dir)

    assert leftovers(models_dir) == []


def test_a_member_whose_content_is_damaged_is_refused(release: Release, models_dir: Path) -> None:
    damaged = bytearray(archive(PACK_FILES))
    damaged[60:90] = bytes(30)
    release.files[ARCHIVE] = bytes(damaged)

    with pytest.raises(InstallFailed, match="broken"):
        install_from(release, models_dir)

    assert leftovers(models_dir) == []


@pytest.mark.parametrize(
    "path", ["../evil.onnx", "/srv/evil.onnx", "a/../../evil.onnx", "..\\evil.onnx", "C:\\evil.onnx"]
)
def test_an_archive_that_wants_to_write_elsewhere_is_refused(
    release: Release, models_dir: Path, path: str
) -> None:
    release.files[ARCHIVE] = archive({**PACK_FILES, path: b"evil"})

    with pytest.raises(InstallFailed, match="unsafe path"):
        install_from(release, models_dir)

    assert leftovers(models_dir) == []
    assert not list(models_dir.parent.rglob("evil.onnx"))


def test_an_archive_with_a_link_is_refused(release: Release, models_dir: Path) -> None:
    stream = io.BytesIO(archive(PACK_FILES))
    with zipfile.ZipFile(stream, "a") as bundle:
        link = zipfile.ZipInfo("link.onnx")
        link.external_attr = 0o120777 << 16
        bundle.writestr(link, "/etc/passwd")
    release.files[ARCHIVE] = stream.getvalue()

    with pytest.raises(InstallFailed, match="link"):
        install_from(release, models_dir)


@pytest.mark.parametrize("files", [{"det_500m.onnx": b"1"}, {**PACK_FILES, "twice/det_500m.onnx": b"2"}])
def test_an_archive_that_lacks_or_doubles_a_model_is_refused(
    release: Release, models_dir: Path, files: dict[str, bytes]
) -> None:
    release.files[ARCHIVE] = archive(files)

    with pytest.raises(InstallFailed, match="not one"):
        install_from(release, models_dir)


def test_a_download_over_the_limit_is_refused(release: Release, models_dir: Path) -> None:
    with pytest.raises(InstallFailed, match="larger than 99 bytes"):
        install_from(release, models_dir, max_archive_bytes=99)

    assert leftovers(models_dir) == []


def test_a_missing_archive_and_a_dead_server_are_told_apart(release: Release, models_dir: Path) -> None:
    release.files = {}
    with pytest.raises(InstallFailed, match="answered 404"):
        install_from(release, models_dir, pack=pack_of(None))
    with pytest.raises(InstallFailed, match="could not be downloaded"):
        install_from(release, models_dir, base_url="http://127.0.0.1:9/", pack=pack_of(None))


def test_an_installed_pack_is_never_replaced(release: Release, models_dir: Path) -> None:
    install_from(release, models_dir)
    before = (models_dir / PACK / "det_500m.onnx").stat().st_mtime_ns

    with pytest.raises(InstallFailed, match="exists already"):
        install_from(release, models_dir)

    assert (models_dir / PACK / "det_500m.onnx").stat().st_mtime_ns == before
    assert len(release.requests) == 1


def test_of_two_installations_at_once_one_is_refused_and_one_succeeds(
    release: Release, models_dir: Path
) -> None:
    release.hold = threading.Event()
    outcomes: list[object] = []
    first = threading.Thread(target=lambda: outcomes.append(install_from(release, models_dir).directory))
    first.start()
    deadline = time.monotonic() + 10
    while not release.requests and time.monotonic() < deadline:
        time.sleep(0.01)

    with pytest.raises(InstallFailed, match="is running"):
        install_from(release, models_dir)
    release.hold.set()
    first.join(timeout=10)

    assert outcomes == [models_dir / PACK]
    assert leftovers(models_dir) == [PACK]


def test_what_a_killed_installation_left_is_removed_by_the_next(release: Release, models_dir: Path) -> None:
    partial = models_dir / f".{PACK}.abc.partial"
    partial.mkdir(parents=True)
    (partial / "archive.zip").write_bytes(b"half")

    install_from(release, models_dir)

    assert leftovers(models_dir) == [PACK]
