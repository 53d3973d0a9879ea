"""The folder of recordings: private, shared by several runs at once, free of what a killed run left."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from core.liveness.sequences import PARTIAL_SUFFIX

RUN_PREFIX = ".run-"
_PRIVATE = 0o700


class UnusableFolder(Exception):
    """The message names the folder and what to do."""


def open_folder(path: Path) -> Path:
    """The folder as an absolute path. Raises UnusableFolder.

    One that others can look into is refused rather than changed: it may be shared for a reason.
    """
    folder = path.absolute()
    try:
        mode = folder.stat().st_mode
    except OSError as error:
        raise UnusableFolder(f"{folder}: {error.strerror}") from error
    if not stat.S_ISDIR(mode):
        raise UnusableFolder(f"{folder}: Not a directory")
    if mode & 0o077:
        raise UnusableFolder(
            f"{folder} is open to other accounts, and recordings are private: chmod 700 {folder}"
        )
    return folder


def make_folder(path: Path) -> Path:
    """As `open_folder`, made where it is missing."""
    try:
        path.absolute().mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    except OSError as error:
        raise UnusableFolder(f"{path.absolute()}: {error.strerror}") from error
    return open_folder(path)


@contextlib.contextmanager
def claim_run_directory(folder: Path) -> Iterator[Path]:
    """A directory inside ``folder`` for everything one run has not finished; gone afterwards.

    What runs that were killed left is removed first. Raises UnusableFolder.
    """
    try:
        with _locked(folder):
            _remove_leftovers(folder)
            run = Path(tempfile.mkdtemp(prefix=RUN_PREFIX, suffix=PARTIAL_SUFFIX, dir=folder))
            held = _lock(run)
    except OSError as error:
        raise UnusableFolder(f"{folder}: {error.strerror}") from error
    try:
        yield run
    finally:
        shutil.rmtree(run, ignore_errors=True)
        os.close(held)


def remove_leftovers(folder: Path) -> None:
    """Delete what runs that were killed left. Raises UnusableFolder."""
    try:
        with _locked(folder):
            _remove_leftovers(folder)
    except OSError as error:
        raise UnusableFolder(f"{folder}: {error.strerror}") from error


def _remove_leftovers(folder: Path) -> None:
    for run in list_runs(folder):
        try:
            held = _lock(run, wait=False)
        except BlockingIOError:
            continue
        shutil.rmtree(run)
        os.close(held)


def list_runs(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{RUN_PREFIX}*{PARTIAL_SUFFIX}"))


def open_private(path: Path) -> BinaryIO:
    """A new file, for the account that runs us alone. Raises OSError, also where it exists."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def publish(staged: Path, *, folder: Path) -> None:
    """Move a finished recording's directory into ``folder``: in one step, after its bytes are on the disk.

    Raises OSError, also where something of that name lies there; ``staged`` is unchanged then.
    """
    for path in [*staged.iterdir(), staged]:
        _flush(path)
    staged.rename(folder / staged.name)
    # Published it is; without this a power cut may still lose all of it, never a part.
    with contextlib.suppress(OSError):
        _flush(folder)


def _flush(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    held = _lock(folder)
    try:
        yield
    finally:
        os.close(held)


def _lock(directory: Path, *, wait: bool = True) -> int:
    """A descriptor that holds the directory until it is closed, or its process dies.

    Raises BlockingIOError without ``wait`` while another process holds it.
    """
    import fcntl  # noqa: PLC0415 - where there is none, everything but recording still works

    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(opened)
        raise
    return opened
