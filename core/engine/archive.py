"""Models taken out of a downloaded ZIP archive, which is trusted in nothing but the names we look for."""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from core.engine.download import InstallFailed

_MAX_MODEL_BYTES = 400 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024


def extract_models(archive: Path, target: Path, *, names: Sequence[str]) -> None:
    """Take the named files out, wherever in the archive they lie. Raises InstallFailed."""
    try:
        with zipfile.ZipFile(archive) as bundle:
            for member in bundle.infolist():
                _refuse_unsafe(member)
            for name in names:
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
