"""A scorecard's run as the page shows it: rates with intervals, and which reason refused which species."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from console.formats import decimal, share
from console.plots import Markup, draw_interval
from console.scorecard import Rate, Run
from console.words import Word, reason_words, word_for
from core.liveness.reasons import Reason


@dataclass(frozen=True, slots=True)
class RateRow:
    """``drawing``: None without a trial. ``tone``: good without an error, else bad."""

    label: str
    errors: int
    trials: int
    rate: str
    interval: str
    drawing: Markup | None
    tone: str


@dataclass(frozen=True, slots=True)
class CaughtCell:
    """How many recordings of a species had the reason, and for how many it led."""

    count: int
    led: int


@dataclass(frozen=True, slots=True)
class CaughtRow:
    species: str
    trials: int
    cells: Sequence[CaughtCell]


@dataclass(frozen=True, slots=True)
class CaughtColumn:
    """``caught``: attacks with this reason; ``alone``: with no other."""

    word: Word
    caught: int
    alone: int


@dataclass(frozen=True, slots=True)
class CaughtTable:
    columns: Sequence[CaughtColumn]
    rows: Sequence[CaughtRow]


def rate_rows(run: Run) -> list[RateRow]:
    """One row per species, those that were accepted first."""
    by_error = sorted(run.apcer.items(), key=lambda item: (-(item[1].value or 0.0), item[0]))
    return [rate_row(species_name(kind), rate) for kind, rate in by_error]


def rate_row(label: str, rate: Rate) -> RateRow:
    tone = "bad" if rate.errors else "good"
    interval = _("%(low)s to %(high)s") % {"low": share(rate.low), "high": share(rate.high)}
    title = _("95 %% interval %(interval)s") % {"interval": interval}
    value = rate.value
    return RateRow(
        label=label,
        errors=rate.errors,
        trials=rate.trials,
        rate=share(value),
        interval=interval if value is not None else "",
        drawing=None
        if value is None
        else draw_interval(low=rate.low, value=value, high=rate.high, title=title, tone=tone),
        tone=tone,
    )


def caught_table(run: Run) -> CaughtTable:
    """Species against the reasons that recordings were refused for, in the verdict's order."""
    attacks = run.attacks
    order = {reason.value: rank for rank, reason in enumerate(Reason)}
    seen = {reason for one in attacks for reason in one.reasons}
    reasons = sorted(seen, key=lambda reason: (order.get(reason, len(order)), reason))
    words = reason_words()
    columns = [
        CaughtColumn(
            word=word_for(reason, words),
            caught=sum(reason in one.reasons for one in attacks),
            alone=sum(one.reasons == (reason,) for one in attacks),
        )
        for reason in reasons
    ]
    return CaughtTable(
        columns=columns,
        rows=[_caught_row(kind, run, reasons) for kind in sorted({one.kind for one in attacks})],
    )


def _caught_row(kind: str, run: Run, reasons: Sequence[str]) -> CaughtRow:
    recorded = [one for one in run.sequences if one.kind == kind]
    caught = Counter(reason for one in recorded for reason in one.reasons)
    led = Counter(one.reasons[0] for one in recorded if one.reasons)
    cells = [CaughtCell(count=caught[reason], led=led[reason]) for reason in reasons]
    return CaughtRow(species=species_name(kind), trials=len(recorded), cells=cells)


@dataclass(frozen=True, slots=True)
class SequenceRow:
    file: str
    species: str
    accepted: bool
    right: bool
    leading: Word | None
    others: Sequence[Word]
    score: str


def sequence_rows(run: Run) -> list[SequenceRow]:
    """Genuine sessions first, then attacks by species; what was judged wrongly before the rest."""
    words = reason_words()
    ordered = sorted(run.sequences, key=lambda one: (one.right, not one.genuine, one.kind, one.file))
    return [
        SequenceRow(
            file=one.file,
            species=_("genuine") if one.genuine else species_name(one.kind),
            accepted=one.accepted,
            right=one.right,
            leading=word_for(one.reasons[0], words) if one.reasons else None,
            others=[word_for(reason, words) for reason in one.reasons[1:]],
            score=decimal(one.score, digits=2),
        )
        for one in ordered
    ]


def species_name(kind: str) -> str:
    """A recording's own name of its species, readable."""
    return kind.replace("_", " ")
