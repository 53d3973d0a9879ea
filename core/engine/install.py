"""Installing released models: downloaded once, checked, and moved into place whole or not at all."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.engine.archive import extract_models
from core.engine.catalog import OfficialPack
from core.engine.digests import file_sha256
from core.engine.download import InstallFailed, Progress, download
from core.engine.pack_files import MANIFEST
from core.engine.passive.catalog import PassiveRelease
from core.engine.passive.manifest import write_manifest

MAX_ARCHIVE_BYTES = 600 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Installed:
    directory: Path
    downloads: Mapping[str, str]
    """SHA-256 of what was downloaded, by its name in the release."""
    digest_was_pinned: bool
    """False: nobody states a digest, so this first one is only recorded."""


def install(
    release: OfficialPack | PassiveRelease,
    *,
    models_dir: Path,
    accept_licence: bool,
    base_url: str | None = None,
    progress: Progress | None = None,
    max_archive_bytes: int = MAX_ARCHIVE_BYTES,
) -> Installed:
    """Download, check and install. Raises InstallFailed, leaving nothing behind.

    ``base_url`` replaces the release's own, for a mirror. Two at once: the second is refused. What is there
    already is refused too, not replaced: a running server may have it loaded, and templates depend on it.
    """
    if not accept_licence:
        raise InstallFailed("The licence has not been accepted (--accept-license).")
    models_dir.mkdir(parents=True, exist_ok=True)
    target = models_dir / release.folder
    with _lock(models_dir / f".{release.name}.lock"), _workspace(models_dir, release.name) as workspace:
        if target.exists():
            raise InstallFailed(f"{target} exists already. Remove it first to install {release.name} again.")
        address = (base_url or release.base_url).rstrip("/")
        content = workspace / "content"
        content.mkdir()
        if isinstance(release, OfficialPack):
            downloads = _fetch_archive(
                release, workspace, content, address=address, progress=progress, limit=max_archive_bytes
            )
            pinned = release.archive_sha256 is not None
        else:
            downloads = _fetch_files(release, content, address=address, progress=progress)
            pinned = True
        (content / "LICENSE.txt").write_text(release.licence_text, encoding="utf-8")
        _sync(content)
        target.parent.mkdir(exist_ok=True)
        content.rename(target)
    return Installed(directory=target, downloads=downloads, digest_was_pinned=pinned)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    # An advisory lock rather than the file's existence: it goes with the process, however that ends.
    with path.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InstallFailed("Another installation of these models is running.") from error
        yield


@contextmanager
def _workspace(models_dir: Path, name: str) -> Iterator[Path]:
    """A folder on the same file system as the target, so that the last step is one rename."""
    for leftover in models_dir.glob(f".{name}.*.partial"):
        # Under the lock, so whoever made it is dead.
        shutil.rmtree(leftover, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}.", suffix=".partial", dir=models_dir) as folder:
        yield Path(folder)


def _fetch_archive(
    pack: OfficialPack,
    workspace: Path,
    content: Path,
    *,
    address: str,
    progress: Progress | None,
    limit: int,
) -> dict[str, str]:
    name = f"{pack.name}.zip"
    url = f"{address}/{name}"
    archive = workspace / "archive.zip"
    digest = download(url, archive, limit=limit, expected_sha256=pack.archive_sha256, progress=progress)
    extract_models(archive, content, names=(pack.detector_file, pack.recognizer_file))
    _write_pack_manifest(content, pack=pack, url=url, archive_sha256=digest)
    return {name: digest}


def _fetch_files(
    release: PassiveRelease, content: Path, *, address: str, progress: Progress | None
) -> dict[str, str]:
    digests = {}
    for file in release.files:
        digests[file.asset] = download(
            f"{address}/{file.asset}",
            content / file.name,
            limit=file.size_bytes,
            expected_sha256=file.sha256,
            progress=progress,
        )
    sources = {file.name: f"{address}/{file.asset}" for file in release.files}
    write_manifest(content, name=release.name, sources=sources)
    return digests


def _write_pack_manifest(folder: Path, *, pack: OfficialPack, url: str, archive_sha256: str) -> None:
    """Pin every file from now on."""
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


def _sync(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("rb") as stream:
            # A rename must never become visible before what it renames.
            os.fsync(stream.fileno())
