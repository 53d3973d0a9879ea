"""What `models install` notes beside passive models: where each file came from, and its digest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from common.errors import EngineUnavailable
from core.engine.digests import file_sha256

MANIFEST = "manifest.json"
_VERSION = 1


def write_manifest(folder: Path, *, name: str, sources: Mapping[str, str]) -> None:
    """``sources``: each file's address by its name; the digests are those of the files in ``folder``."""
    files = {file: {"url": url, "sha256": file_sha256(folder / file)} for file, url in sources.items()}
    document = {"passive_manifest_version": _VERSION, "name": name, "files": files}
    (folder / MANIFEST).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def check_files(folder: Path) -> None:
    """Raises EngineUnavailable when a file that the manifest names is missing or another. No manifest, no
    check: these are an operator's own models."""
    path = folder / MANIFEST
    if not path.is_file():
        return
    for name, expected in _read_digests(path).items():
        if not (folder / name).is_file():
            raise EngineUnavailable(f"{path}: file {name!r} is missing")
        digest = file_sha256(folder / name)
        if digest != expected:
            raise EngineUnavailable(f"{folder / name} has SHA-256 {digest}, the manifest says {expected}")


def _read_digests(path: Path) -> Mapping[str, str]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["passive_manifest_version"] != _VERSION:
            raise ValueError(f"passive_manifest_version is not {_VERSION}")
        return {str(name): str(file["sha256"]) for name, file in document["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EngineUnavailable(
            f"{path} is not a readable manifest: {type(error).__name__}: {error}"
        ) from error
