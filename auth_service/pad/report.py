"""Files of a scorecard: made whole beside their place, then moved there; none is ever half written."""

from __future__ import annotations

import tempfile
from pathlib import Path

from auth_service.pad.codec import as_text, scorecard_json
from auth_service.pad.markdown import scorecard_page
from auth_service.pad.plot import draw_scorecard
from auth_service.pad.scorecard import Scorecard

JSON_NAME, PAGE_NAME, PLOT_NAME = "scorecard.json", "scorecard.md", "scorecard.png"


def write_report(card: Scorecard, folder: Path) -> None:
    """JSON, page and plot, all three or none. Raises OSError; what lay there is untouched then."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".scorecard-", dir=folder) as name:
        staged = Path(name)
        (staged / JSON_NAME).write_text(as_text(scorecard_json(card)), encoding="utf-8")
        (staged / PAGE_NAME).write_text(scorecard_page(card), encoding="utf-8")
        draw_scorecard(card, staged / PLOT_NAME)
        for path in sorted(staged.iterdir()):
            path.replace(folder / path.name)


def write_json(document: dict[str, object], path: Path) -> None:
    """Raises OSError; what lay there is untouched then."""
    with tempfile.TemporaryDirectory(prefix=".scorecard-", dir=path.parent) as name:
        staged = Path(name) / JSON_NAME
        staged.write_text(as_text(document), encoding="utf-8")
        staged.replace(path)
