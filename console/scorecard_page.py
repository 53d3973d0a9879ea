"""Which scorecard is shown and which of its runs, or why there is none to show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from console.formats import share
from console.plots import Markup, draw_axis
from console.scorecard import Rate, Run, Scorecard, UnreadableScorecard, read_scorecard
from console.scorecard_tables import (
    CaughtTable,
    RateRow,
    SequenceRow,
    caught_table,
    rate_row,
    rate_rows,
    sequence_rows,
    species_name,
)
from console.words import level_words, word_for

SHIPPED, SITE = "shipped", "site"
SHIPPED_FILE = Path("docs") / "scorecard" / "scorecard.json"


@dataclass(frozen=True, slots=True)
class Source:
    code: str
    label: str
    current: bool


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in the summary. ``number`` counts from 1 and is its address."""

    number: int
    pack: str
    level: str
    accepted: int
    """Attacks taken for genuine, of ``tried``."""
    tried: int
    worst: str
    """The species accepted most often; empty where none was."""
    genuine: RateRow
    passive: bool
    current: bool


@dataclass(frozen=True, slots=True)
class RunView:
    pack: str
    level: str
    passive_models: Sequence[str]
    genuine: RateRow
    species: Sequence[RateRow]
    worst: str
    accepted: int
    tried: int
    caught: CaughtTable
    recordings: Sequence[SequenceRow]
    axis: Markup
    largest_high: str
    """Upper end of the widest interval of a species that was never accepted; empty without one."""


@dataclass(frozen=True, slots=True)
class ScorecardPage:
    """``problem``: why ``run`` is None. ``file``: where the page looked."""

    sources: Sequence[Source]
    source: str
    file: str
    problem: str
    standard: str
    generated_from: str
    lines: Sequence[RunLine]
    run: RunView | None


def scorecard_page(*, source: str, run: str) -> ScorecardPage:
    """``source`` and ``run`` come from the address; what does not exist is the first that does."""
    files = _files()
    chosen = source if source in files else next(iter(files))
    names = {SHIPPED: _("Shipped with Facegate"), SITE: _("This site's own")}
    sources = [Source(code, names[code], code == chosen) for code in files]
    file = files[chosen]
    shown_name = str(SHIPPED_FILE) if chosen == SHIPPED else str(file)
    try:
        card = read_scorecard(file)
    except UnreadableScorecard as error:
        return ScorecardPage(sources, chosen, shown_name, str(error), "", "", [], None)
    number = int(run) if run.isascii() and run.isdecimal() and len(run) < 4 else 1
    number = number if 1 <= number <= len(card.runs) else 1
    return ScorecardPage(
        sources=sources,
        source=chosen,
        file=shown_name,
        problem="",
        standard=card.standard,
        generated_from=card.generated_from,
        lines=_lines(card, current=number),
        run=_run_view(card.runs[number - 1]),
    )


def _files() -> dict[str, Path]:
    """The site's own comes first where it has one."""
    own = {SITE: Path(settings.FACE_SCORECARD_FILE)} if settings.FACE_SCORECARD_FILE else {}
    return {**own, SHIPPED: Path(settings.BASE_DIR) / SHIPPED_FILE}


def _lines(card: Scorecard, *, current: int) -> list[RunLine]:
    levels = level_words()
    return [
        RunLine(
            number=number,
            pack=run.pack,
            level=word_for(run.level, levels).name,
            accepted=run.attacks_accepted,
            tried=run.attacks_tried,
            worst=species_name(run.worst_species or ""),
            genuine=rate_row(_("genuine"), run.bpcer),
            passive=bool(run.passive_models),
            current=number == current,
        )
        for number, run in enumerate(card.runs, start=1)
    ]


def _run_view(run: Run) -> RunView:
    return RunView(
        pack=run.pack,
        level=word_for(run.level, level_words()).name,
        passive_models=run.passive_models,
        genuine=rate_row(_("genuine"), run.bpcer),
        species=rate_rows(run),
        worst=species_name(run.worst_species or ""),
        accepted=run.attacks_accepted,
        tried=run.attacks_tried,
        caught=caught_table(run),
        recordings=sequence_rows(run),
        axis=draw_axis(),
        largest_high=_largest_high(run.apcer.values()),
    )


def _largest_high(rates: Iterable[Rate]) -> str:
    highs = [rate.high for rate in rates if rate.trials and not rate.errors]
    return share(max(highs)) if highs else ""
