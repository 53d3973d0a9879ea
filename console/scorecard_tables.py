"""A scorecard's run as the page shows it: rates with intervals, what caught what, every recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from auth_service.pad.caught import FLOW, Cell, caught_in
from auth_service.pad.rates import Rate
from auth_service.pad.scorecard import Presentation, Run
from console.formats import decimal, share
from console.plots import Markup, draw_interval
from console.words import Word, level_words, reason_words, signal_words, word_for
from core.liveness.policy import Level
from core.liveness.sequences import GENUINE


@dataclass(frozen=True, slots=True)
class RateRow:
    """``drawing``: None without a trial. ``tone``: good without an error, else bad."""

    label: str
    errors: int
    trials: int
    interval: str
    drawing: Markup | None
    tone: str


def rate_rows(run: Run) -> list[RateRow]:
    """One row per species, those that were accepted most often first."""
    ordered = sorted(run.apcer.items(), key=lambda item: (-item[1].value, item[0]))
    return [rate_row(species_name(kind), rate) for kind, rate in ordered]


def rate_row(label: str, rate: Rate) -> RateRow:
    tone = "bad" if rate.errors else "good"
    if not rate.trials:
        return RateRow(label=label, errors=0, trials=0, interval="", drawing=None, tone=tone)
    interval = _("%(low)s to %(high)s") % {"low": share(rate.low), "high": share(rate.high)}
    title = _("95 %% interval %(interval)s") % {"interval": interval}
    return RateRow(
        label=label,
        errors=rate.errors,
        trials=rate.trials,
        interval=interval,
        drawing=draw_interval(low=rate.low, value=rate.value, high=rate.high, title=title, tone=tone),
        tone=tone,
    )


@dataclass(frozen=True, slots=True)
class CaughtCell:
    """``state``: refused where any recording was, else what held for the first that can be said of all:
    recorded, not_measured or agreed. ``count``: how many were refused, where the species has several."""

    state: str
    text: str
    count: str


@dataclass(frozen=True, slots=True)
class CaughtRow:
    species: str
    wrong: bool
    cells: Sequence[CaughtCell]


@dataclass(frozen=True, slots=True)
class CaughtColumn:
    """``caught``: attacks that this signal refused; ``alone``: that no other one did."""

    word: Word
    caught: int
    alone: int


@dataclass(frozen=True, slots=True)
class CaughtTable:
    columns: Sequence[CaughtColumn]
    rows: Sequence[CaughtRow]


def caught_table(run: Run) -> CaughtTable:
    """Species against signals; genuine sessions first."""
    matrix = caught_in(run)
    words = signal_words() | {
        FLOW: Word(_("Flow"), _("It was broken off, or no frame was fit for a template; no signal refused."))
    }
    return CaughtTable(
        columns=[
            CaughtColumn(
                word=word_for(signal, words),
                caught=sum(signal in (one.refused_by or (FLOW,)) for one in run.attacks if not one.accepted),
                alone=sum(
                    (one.refused_by or (FLOW,)) == (signal,) for one in run.attacks if not one.accepted
                ),
            )
            for signal in matrix.signals
        ],
        rows=[
            CaughtRow(
                species=species_name(row.kind),
                wrong=bool(row.presentations - row.accepted if row.kind == GENUINE else row.accepted),
                cells=[_caught_cell(cell, several=row.presentations > 1) for cell in row.cells],
            )
            for row in matrix.rows
        ],
    )


def _caught_cell(cell: Cell, *, several: bool) -> CaughtCell:
    if cell.refused:
        return CaughtCell("refused", _("refused"), str(cell.refused) if several else "")
    if cell.recorded:
        return CaughtCell("recorded", _("recorded only"), "")
    if cell.not_measured and not cell.agreed:
        return CaughtCell("not_measured", _("not measured"), "")
    return CaughtCell("agreed", _("agrees"), "")


@dataclass(frozen=True, slots=True)
class RecordingRow:
    file: str
    species: str
    accepted: bool
    right: bool
    leading: Word | None
    others: Sequence[Word]
    score: str
    reached: str
    """Of an accepted one that is sent to review: the level that was reached in place of the run's."""


def recording_rows(run: Run) -> list[RecordingRow]:
    """What was judged wrongly first, then genuine sessions, then attacks by species."""
    words = reason_words()
    ordered = sorted(run.presentations, key=lambda one: (one.right, not one.genuine, one.kind, one.name))
    return [
        RecordingRow(
            file=one.name,
            species=species_name(one.kind),
            accepted=one.accepted,
            right=one.right,
            leading=word_for(one.reasons[0], words) if one.reasons else None,
            others=[word_for(reason, words) for reason in one.reasons[1:]],
            score=decimal(one.score, digits=2),
            reached=_reached(one, level=run.level),
        )
        for one in ordered
    ]


def _reached(one: Presentation, *, level: Level) -> str:
    if not one.accepted or one.reached is level:
        return ""
    return level_words()[one.reached].name if one.reached else _("none")


def species_name(kind: str) -> str:
    """A recording's own name of its species, readable."""
    return _("genuine") if kind == GENUINE else kind.replace("_", " ")
