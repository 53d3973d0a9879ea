"""Installing an official pack: downloaded once, checked, and moved into place whole or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import httpx

from core.engine.catalog import INSIGHTFACE_LICENCE, OfficialPack
from core.engine.digests import file_sha256
from core.engine.pack_files import MANIFEST

MAX_ARCHIVE_BYTES = 600 * 1024 * 1024
_MAX_MODEL_BYTES = 400 * 1024 * 1024
_TIMEOUT = httpx.Timeout(30.0, connect=15.0)
_CHUNK_BYTES = 1024 * 1024

Progress = Callable[[int, int | None], None]
"""Called with the bytes so far and the bytes in all, where the server says."""


class InstallFailed(Exception):
    """Nothing was installed; the message says why, in words for an operator."""


@dataclass(frozen=True, slots=True)
class Installed:
    directory: Path
    archive_sha256: str
    digest_was_pinned: bool
    """False: nobody states a digest, so this first one is only recorded."""


def install_pack(
    pack: OfficialPack,
    *,
    models_dir: Path,
    base_url: str,
    accept_licence: bool,
    progress: Progress | None = None,
    max_archive_bytes: int = MAX_ARCHIVE_BYTES,
) -> Installed:
    """Download, check and install. Raises InstallFailed, leaving nothing behind.

    Two at once: the second is refused. A pack that is there already is refused too, not replaced:
    a running server may have it loaded, and templates depend on it.
    """
    if not accept_licence:
        raise InstallFailed("The licence has not been accepted (--accept-license).")
    models_dir.mkdir(parents=True, exist_ok=True)
    target = models_dir / pack.name
    with _lock(models_dir / f".{pack.name}.lock"), _workspace(models_dir, pack.name) as workspace:
        if target.exists():
            raise InstallFailed(f"{target} exists already. Remove it first to install {pack.name} again.")
        url = base_url.rstrip("/") + f"/{pack.name}.zip"
        archive = workspace / "archive.zip"
        digest = _download(url, archive, limit=max_archive_bytes, progress=progress)
        if pack.archive_sha256 is not None and digest != pack.archive_sha256:
            raise InstallFailed(f"{url} has SHA-256 {digest}, expected {pack.archive_sha256}.")
        content = workspace / "pack"
        content.mkdir()
        _extract(archive, content, pack=pack)
        _describe(content, pack=pack, url=url, archive_sha256=digest)
        content.rename(target)
    return Installed(
        directory=target, archive_sha256=digest, digest_was_pinned=pack.archive_sha256 is not None
    )


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    # An advisory lock rather than the file's existence: it goes with the process, however that ends.
    with path.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InstallFailed("Another installation of this pack is running.") from error
        yield


@contextmanager
def _workspace(models_dir: Path, name: str) -> Iterator[Path]:
    """A folder on the same file system as the target, so that the last step is one rename."""
    for leftover in models_dir.glob(f".{name}.*.partial"):
        # Under the lock, so whoever made it is dead.
        shutil.rmtree(leftover, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}.", suffix=".partial", dir=models_dir) as folder:
        yield Path(folder)


def _download(url: str, path: Path, *, limit: int, progress: Progress | None) -> str:
    digest, received = hashlib.sha256(), 0
    try:
        with httpx.stream("GET", url, timeout=_TIMEOUT, follow_redirects=True) as response:
            if response.status_code != httpx.codes.OK:
                raise InstallFailed(f"{url} answered {response.status_code}.")
            declared = response.headers.get("Content-Length", "")
            total = int(declared) if declared.isdigit() else None
            if total is not None and total > limit:
                raise InstallFailed(f"{url} is larger than {limit} bytes.")
            with path.open("xb") as output:
                for chunk in response.iter_bytes(_CHUNK_BYTES):
                    received += len(chunk)
                    if received > limit:
                        raise InstallFailed(f"{url} is larger than {limit} bytes.")
                    output.write(chunk)
                    digest.update(chunk)
                    if progress is not None:
                        progress(received, total)
    except httpx.HTTPError as error:
        raise InstallFailed(f"{url} could not be downloaded: {type(error).__name__}: {error}") from error
    return digest.hexdigest()


def _extract(archive: Path, target: Path, *, pack: OfficialPack) -> None:
    """Take the two models out, wherever in the archive they lie. Raises InstallFailed."""
    try:
        with zipfile.ZipFile(archive) as bundle:
            for member in bundle.infolist():
                _refuse_unsafe(member)
            for name in (pack.detector_file, pack.recognizer_file):
                member = _only_member(bundle, name)
                with bundle.open(member) as source, (target / name).open("xb") as output:
                    shutil.copyfileobj(source, output, _CHUNK_BYTES)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise InstallFailed(f"The archive is broken: {error}") from error


def _refuse_unsafe(member: zipfile.ZipInfo) -> None:
    """We choose every path ourselves; an archive that tries to is refused all the same."""
    path = PurePosixPath(member.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in member.filename:
        raise InstallFailed(f"The archive holds an unsafe path: {member.filename!r}.")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise InstallFailed(f"The archive holds a link: {member.filename!r}.")


def _only_member(bundle: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    found = [member for member in bundle.infolist() if PurePosixPath(member.filename).name == name]
    if len(found) != 1:
        raise InstallFailed(f"The archive holds {len(found)} files called {name}, not one.")
    # zipfile never reads more of a member than this declared size.
    if found[0].file_size > _MAX_MODEL_BYTES:
        raise InstallFailed(f"{name} is larger than {_MAX_MODEL_BYTES} bytes.")
    return found[0]


def _describe(folder: Path, *, pack: OfficialPack, url: str, archive_sha256: str) -> None:
    """Write the licence and the manifest that pins every file from now on."""
    (folder / "LICENSE.txt").write_text(INSIGHTFACE_LICENCE, encoding="utf-8")
    manifest = {
        "manifest_version": 2,
        "model_id": pack.name,
        "display_name": pack.name,
        "license": "MODEL.LICENSE",
        "source": {"url": url, "archive_sha256": archive_sha256},
        "tasks": {
            "detection": {
                "file": pack.detector_file,
                "sha256": file_sha256(folder / pack.detector_file),
                "preprocessing": {"mean": 127.5, "std": 128.0},
            },
            "recognition": {
                "file": pack.recognizer_file,
                "sha256": file_sha256(folder / pack.recognizer_file),
                "preprocessing": {"mean": 127.5, "std": 127.5},
                "input_size": [112, 112],
                "embedding_dimension": 512,
            },
        },
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    for path in folder.iterdir():
        with path.open("rb") as stream:
            # A rename must never become visible before what it renames.
            os.fsync(stream.fileno())
