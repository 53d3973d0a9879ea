"""Which scorecard is shown and which of its runs, or why there is none to show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from auth_service.pad.codec import UnreadableScorecard
from auth_service.pad.limits import limits_of
from auth_service.pad.rates import Rate
from auth_service.pad.scorecard import STANDARD, Run, Scorecard
from console.formats import share
from console.plots import Markup, draw_axis
from console.scorecard import load_scorecard
from console.scorecard_tables import (
    CaughtTable,
    RateRow,
    RecordingRow,
    caught_table,
    rate_row,
    rate_rows,
    recording_rows,
    species_name,
)
from console.words import level_words, word_for
from core.liveness.policy import Level

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
    passive: str
    current: bool


@dataclass(frozen=True, slots=True)
class RunView:
    title: str
    """The pack and the passive models it was run with."""
    level: str
    detector: str
    recognizer: str
    passive_models: Sequence[str]
    own_thresholds: Sequence[str]
    """Names of those that the site chose itself."""
    genuine: RateRow
    species: Sequence[RateRow]
    worst: str
    accepted: int
    tried: int
    caught: CaughtTable
    recordings: Sequence[RecordingRow]
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
    limits: Sequence[str]
    """What it cannot show."""
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
        card = load_scorecard(file)
    except UnreadableScorecard as error:
        return ScorecardPage(sources, chosen, shown_name, str(error), "", "", limits=[], lines=[], run=None)
    number = _chosen_run(run, card)
    return ScorecardPage(
        sources=sources,
        source=chosen,
        file=shown_name,
        problem="",
        standard=STANDARD,
        generated_from=card.generated_from,
        limits=limits_of(card),
        lines=_lines(card, current=number),
        run=_run_view(card.runs[number - 1]),
    )


def _chosen_run(asked: str, card: Scorecard) -> int:
    """Counted from 1; without a choice the first of the level that clients have by default."""
    if asked.isascii() and asked.isdecimal() and len(asked) < 4 and 1 <= int(asked) <= len(card.runs):
        return int(asked)
    usual = (number for number, run in enumerate(card.runs, start=1) if run.level is Level.STANDARD)
    return next(usual, 1)


def _files() -> dict[str, Path]:
    """The site's own comes first where it has one."""
    own = {SITE: Path(settings.FACE_SCORECARD_FILE)} if settings.FACE_SCORECARD_FILE else {}
    return {**own, SHIPPED: Path(settings.BASE_DIR) / SHIPPED_FILE}


def _accepted(run: Run) -> int:
    return sum(one.accepted for one in run.attacks)


def _lines(card: Scorecard, *, current: int) -> list[RunLine]:
    levels = level_words()
    return [
        RunLine(
            number=number,
            pack=run.pack,
            level=word_for(run.level, levels).name,
            accepted=_accepted(run),
            tried=len(run.attacks),
            worst=species_name(run.worst_species) if run.worst_species else "",
            genuine=rate_row(_("genuine"), run.bpcer),
            passive=", ".join(run.passive_models),
            current=number == current,
        )
        for number, run in enumerate(card.runs, start=1)
    ]


def _run_view(run: Run) -> RunView:
    return RunView(
        title=run.title,
        level=word_for(run.level, level_words()).name,
        detector=run.detector,
        recognizer=run.recognizer,
        passive_models=run.passive_models,
        own_thresholds=run.site_thresholds,
        genuine=rate_row(_("genuine"), run.bpcer),
        species=rate_rows(run),
        worst=species_name(run.worst_species) if run.worst_species else "",
        accepted=_accepted(run),
        tried=len(run.attacks),
        caught=caught_table(run),
        recordings=recording_rows(run),
        axis=draw_axis(),
        largest_high=_largest_high(run.apcer.values()),
    )


def _largest_high(rates: Iterable[Rate]) -> str:
    highs = [rate.high for rate in rates if rate.trials and not rate.errors]
    return share(max(highs)) if highs else ""
