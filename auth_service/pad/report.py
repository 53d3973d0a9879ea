"""Files of a scorecard: made whole beside their place, then moved there; none is ever half written."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from auth_service.pad.codec import as_text, scorecard_json
from auth_service.pad.markdown import scorecard_page
from auth_service.pad.plot import draw_scorecard
from auth_service.pad.scorecard import Scorecard

JSON_NAME, PAGE_NAME, PLOT_NAME = "scorecard.json", "scorecard.md", "scorecard.png"
_STAGED = ".scorecard-"


def require_writable(*, folder: Path | None, file: Path | None) -> None:
    """Find out before hours of work where `write_report` or `write_json` would fail. Raises OSError."""
    if folder is not None:
        beside = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
        _try_to_write(folder, inside=beside)
    if file is not None:
        if file.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
        _try_to_write(file, inside=file.parent)


def _try_to_write(path: Path, *, inside: Path) -> None:
    try:
        tempfile.TemporaryDirectory(prefix=_STAGED, dir=inside).cleanup()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def write_report(card: Scorecard, folder: Path) -> None:
    """JSON, page and plot, all three or none. Raises OSError; what lay there is untouched then."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=_STAGED, dir=folder) as name:
        staged = Path(name)
        (staged / JSON_NAME).write_text(as_text(scorecard_json(card)), encoding="utf-8")
        (staged / PAGE_NAME).write_text(scorecard_page(card), encoding="utf-8")
        draw_scorecard(card, staged / PLOT_NAME)
        for path in sorted(staged.iterdir()):
            path.replace(folder / path.name)


def write_json(document: dict[str, object], path: Path) -> None:
    """Raises OSError; what lay there is untouched then."""
    with tempfile.TemporaryDirectory(prefix=_STAGED, dir=path.parent) as name:
        staged = Path(name) / JSON_NAME
        staged.write_text(as_text(document), encoding="utf-8")
        staged.replace(path)
