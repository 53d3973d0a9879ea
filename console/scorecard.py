"""A scorecard file as `manage.py pad_eval --report` writes it, or why it is none."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext as _

from auth_service.pad.codec import UnreadableScorecard, parse_scorecard
from auth_service.pad.scorecard import Scorecard

MOST_BYTES = 16 * 1024 * 1024


def load_scorecard(path: Path) -> Scorecard:
    """With at least one run. Raises UnreadableScorecard for a file that is missing, too large or no
    scorecard."""
    try:
        # Never more than that: the path may be a mistake, such as a disk image or a device.
        with path.open("rb") as file:
            found = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise UnreadableScorecard(_("There is no such file.")) from error
    except OSError as error:
        raise UnreadableScorecard(error.strerror or type(error).__name__) from error
    if len(found) > MOST_BYTES:
        raise UnreadableScorecard(f"it is larger than {MOST_BYTES // 2**20} MiB")
    try:
        card = parse_scorecard(found.decode())
    except (UnicodeDecodeError, OverflowError) as error:
        raise UnreadableScorecard(str(error)) from error
    if not card.runs:
        raise UnreadableScorecard("it holds no run")
    return card
