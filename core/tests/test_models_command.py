"""Packs listed, verified, and installed from a real HTTP server on this machine."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.core.management import CommandError, call_command

from core.engine.catalog import OFFICIAL_PACKS, OfficialPack
from core.engine.install import InstallFailed, install_pack
from core.engine.pack_files import read_pack

NAME = "buffalo_sc"
FILES = {"det_500m.onnx": b"detector" * 4000, "w600k_mbf.onnx": b"recogniser" * 4000}


class ReleaseHandler(BaseHTTPRequestHandler):
    """Serves what a test puts into ``files``; counts and can delay or cut its answers."""

    files: ClassVar[dict[str, bytes]] = {}
    requests: ClassVar[list[str]] = []
    cut_at: ClassVar[int | None] = None
    hold: ClassVar[threading.Event | None] = None

    def do_GET(self) -> None:
        self.requests.append(self.path)
        if self.path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/moved"))
            self.end_headers()
            return
        body = self.files.get(self.path)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.hold is not None:
            self.hold.wait(10)
        self.wfile.write(body[: self.cut_at])

    def log_message(self, *_: object) -> None:
        """Silence."""


@pytest.fixture
def release() -> Iterator[str]:
    """The base URL of a release that has one good archive."""
    ReleaseHandler.files = {f"/{NAME}.zip": archive(FILES)}
    ReleaseHandler.requests, ReleaseHandler.cut_at, ReleaseHandler.hold = [], None, None
    server = ThreadingHTTPServer(("127.0.0.1", 0), ReleaseHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


def archive(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in files.items():
            bundle.writestr(name, content)
    return stream.getvalue()


def served() -> bytes:
    return ReleaseHandler.files[f"/{NAME}.zip"]


def pack_of(data: bytes | None) -> OfficialPack:
    """The official pack as if its publisher had released ``data``; None: nobody states a digest."""
    digest = None if data is None else hashlib.sha256(data).hexdigest()
    return replace(OFFICIAL_PACKS[NAME], archive_sha256=digest)


def install(models_dir: Path, base_url: str, *, pack: OfficialPack | None = None, **changes: Any) -> Any:
    return install_pack(
        pack or pack_of(served()), models_dir=models_dir, base_url=base_url, accept_licence=True, **changes
    )


def leftovers(models_dir: Path) -> list[str]:
    if not models_dir.exists():
        return []
    return sorted(path.name for path in models_dir.iterdir() if not path.name.endswith(".lock"))


def test_an_installed_pack_has_its_two_models_a_manifest_and_the_licence(
    release: str, models_dir: Path
) -> None:
    installed = install(models_dir, release)

    assert installed.directory == models_dir / NAME
    assert installed.digest_was_pinned
    names = {path.name for path in installed.directory.iterdir()}
    assert names == {*FILES, "manifest.json", "LICENSE.txt"}
    assert "non-commercial" in (installed.directory / "LICENSE.txt").read_text()
    assert read_pack(installed.directory).model_id == NAME
    assert leftovers(models_dir) == [NAME]


def test_models_are_found_wherever_the_archive_puts_them_and_others_are_left_out(
    release: str, models_dir: Path
) -> None:
    nested = {f"{NAME}/{name}": content for name, content in FILES.items()}
    ReleaseHandler.files[f"/{NAME}.zip"] = archive({**nested, f"{NAME}/genderage.onnx": b"x", "README": b"y"})

    directory = install(models_dir, release).directory

    assert (directory / "det_500m.onnx").read_bytes() == FILES["det_500m.onnx"]
    assert not (directory / "genderage.onnx").exists()


def test_redirects_are_followed(release: str, models_dir: Path) -> None:
    install(models_dir, release + "moved")

    assert ReleaseHandler.requests == [f"/moved/{NAME}.zip", f"/{NAME}.zip"]


def test_without_the_licence_accepted_nothing_is_even_requested(release: str, models_dir: Path) -> None:
    with pytest.raises(InstallFailed, match="licence"):
        install_pack(pack_of(served()), models_dir=models_dir, base_url=release, accept_licence=False)

    assert ReleaseHandler.requests == []
    assert leftovers(models_dir) == []


def test_an_archive_with_another_digest_is_refused_unopened(
    release: str, models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def must_not_open(*_: object, **__: object) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr(zipfile, "ZipFile", must_not_open)

    with pytest.raises(InstallFailed, match=f"expected {OFFICIAL_PACKS[NAME].archive_sha256}"):
        install(models_dir, release, pack=OFFICIAL_PACKS[NAME])

    assert leftovers(models_dir) == []


def test_where_no_digest_is_stated_the_first_one_is_recorded(release: str, models_dir: Path) -> None:
    installed = install(models_dir, release, pack=pack_of(None))

    source = json.loads((installed.directory / "manifest.json").read_text())["source"]
    assert not installed.digest_was_pinned
    assert source == {
        "url": f"{release}{NAME}.zip",
        "archive_sha256": hashlib.sha256(served()).hexdigest(),
    }


def test_a_download_cut_short_is_refused(release: str, models_dir: Path) -> None:
    ReleaseHandler.cut_at = 100

    with pytest.raises(InstallFailed, match="could not be downloaded"):
        install(models_dir, release, pack=pack_of(None))

    assert leftovers(models_dir) == []


def test_a_truncated_archive_is_refused(release: str, models_dir: Path) -> None:
    ReleaseHandler.files[f"/{NAME}.zip"] = archive(FILES)[:-40]

    with pytest.raises(InstallFailed, match="broken"):
        install(models_dir, release)

    assert leftovers(models_dir) == []


def test_a_member_whose_content_is_damaged_is_refused(release: str, models_dir: Path) -> None:
    damaged = bytearray(archive(FILES))
    damaged[60:90] = bytes(30)
    ReleaseHandler.files[f"/{NAME}.zip"] = bytes(damaged)

    with pytest.raises(InstallFailed, match="broken"):
        install(models_dir, release)

    assert leftovers(models_dir) == []


@pytest.mark.parametrize(
    "path", ["../evil.onnx", "/srv/evil.onnx", "a/../../evil.onnx", "..\\evil.onnx", "C:\\evil.onnx"]
)
def test_an_archive_that_wants_to_write_elsewhere_is_refused(
    release: str, models_dir: Path, path: str
) -> None:
    ReleaseHandler.files[f"/{NAME}.zip"] = archive({**FILES, path: b"evil"})

    with pytest.raises(InstallFailed, match="unsafe path"):
        install(models_dir, release)

    assert leftovers(models_dir) == []
    assert not list(models_dir.parent.rglob("evil.onnx"))


def test_an_archive_with_a_link_is_refused(release: str, models_dir: Path) -> None:
    stream = io.BytesIO(archive(FILES))
    with zipfile.ZipFile(stream, "a") as bundle:
        link = zipfile.ZipInfo("link.onnx")
        link.external_attr = 0o120777 << 16
        bundle.writestr(link, "/etc/passwd")
    ReleaseHandler.files[f"/{NAME}.zip"] = stream.getvalue()

    with pytest.raises(InstallFailed, match="link"):
        install(models_dir, release)


@pytest.mark.parametrize("files", [{"det_500m.onnx": b"1"}, {**FILES, "twice/det_500m.onnx": b"2"}])
def test_an_archive_that_lacks_or_doubles_a_model_is_refused(
    release: str, models_dir: Path, files: dict[str, bytes]
) -> None:
    ReleaseHandler.files[f"/{NAME}.zip"] = archive(files)

    with pytest.raises(InstallFailed, match="not one"):
        install(models_dir, release)


def test_a_download_over_the_limit_is_refused(release: str, models_dir: Path) -> None:
    with pytest.raises(InstallFailed, match="larger than 99 bytes"):
        install(models_dir, release, max_archive_bytes=99)

    assert leftovers(models_dir) == []


def test_a_missing_archive_and_a_dead_server_are_told_apart(release: str, models_dir: Path) -> None:
    ReleaseHandler.files = {}
    with pytest.raises(InstallFailed, match="answered 404"):
        install(models_dir, release, pack=pack_of(None))
    with pytest.raises(InstallFailed, match="could not be downloaded"):
        install(models_dir, "http://127.0.0.1:9/", pack=pack_of(None))


def test_an_installed_pack_is_never_replaced(release: str, models_dir: Path) -> None:
    install(models_dir, release)
    before = (models_dir / NAME / "det_500m.onnx").stat().st_mtime_ns

    with pytest.raises(InstallFailed, match="exists already"):
        install(models_dir, release)

    assert (models_dir / NAME / "det_500m.onnx").stat().st_mtime_ns == before
    assert len(ReleaseHandler.requests) == 1


def test_of_two_installations_at_once_one_is_refused_and_one_succeeds(release: str, models_dir: Path) -> None:
    ReleaseHandler.hold = threading.Event()
    outcomes: list[object] = []
    first = threading.Thread(target=lambda: outcomes.append(install(models_dir, release).directory))
    first.start()
    deadline = time.monotonic() + 10
    while not ReleaseHandler.requests and time.monotonic() < deadline:
        time.sleep(0.01)

    with pytest.raises(InstallFailed, match="is running"):
        install(models_dir, release)
    ReleaseHandler.hold.set()
    first.join(timeout=10)

    assert outcomes == [models_dir / NAME]
    assert leftovers(models_dir) == [NAME]


def test_what_a_killed_installation_left_is_removed_by_the_next(release: str, models_dir: Path) -> None:
    partial = models_dir / f".{NAME}.abc.partial"
    partial.mkdir(parents=True)
    (partial / "archive.zip").write_bytes(b"half")

    install(models_dir, release)

    assert leftovers(models_dir) == [NAME]


# --- The command ----------------------------------------------------------------------------------


@pytest.fixture
def run(models_dir: Path, settings: Any) -> Callable[..., str]:
    def call(*arguments: str) -> str:
        output = io.StringIO()
        call_command("models", *arguments, stdout=output)
        return output.getvalue()

    return call


def test_the_command_shows_the_licence_and_refuses_until_it_is_accepted(
    run: Callable[..., str], release: str, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.FACE_MODELS_BASE_URL = release
    output = io.StringIO()

    with pytest.raises(CommandError, match="--accept-license"):
        call_command("models", "install", NAME, stdout=output)

    assert "non-commercial research purposes only" in output.getvalue()
    assert ReleaseHandler.requests == []


def test_the_command_installs_from_the_configured_address(
    run: Callable[..., str], release: str, settings: Any, monkeypatch: pytest.MonkeyPatch, models_dir: Path
) -> None:
    settings.FACE_MODELS_BASE_URL = release
    monkeypatch.setitem(OFFICIAL_PACKS, NAME, pack_of(served()))

    output = run("install", NAME, "--accept-license")

    assert (models_dir / NAME / "manifest.json").is_file()
    assert f"FACE_MODEL_PACK={NAME}" in output
    assert "downloaded 100%" in output
    assert "installed" in next(line for line in run("list").splitlines() if f" {NAME} " in line)


def test_the_command_refuses_what_the_publisher_did_not_publish(
    run: Callable[..., str], release: str, settings: Any, models_dir: Path
) -> None:
    settings.FACE_MODELS_BASE_URL = release

    with pytest.raises(CommandError, match=r"was not installed.*SHA-256"):
        run("install", NAME, "--accept-license")

    assert leftovers(models_dir) == []


def test_every_official_digest_is_pinned() -> None:
    for pack in OFFICIAL_PACKS.values():
        assert pack.archive_sha256 is not None
        assert len(bytes.fromhex(pack.archive_sha256)) == 32


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


def test_a_directory_verifies_too(run: Callable[..., str], shared: Path) -> None:
    output = run("verify", str(shared / "models" / "scrfd_mbf"))

    assert "mobilefacenet:128:" in output
    assert output.rstrip().endswith("ok")


def test_a_pack_whose_file_was_changed_does_not_verify(
    run: Callable[..., str], release: str, models_dir: Path
) -> None:
    directory = install(models_dir, release).directory
    (directory / "w600k_mbf.onnx").write_bytes(b"changed")

    with pytest.raises(CommandError, match="the manifest says"):
        run("verify", NAME)


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
