"""The scorecard as a page to read, made from nothing but the scorecard."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from django.utils import translation

from auth_service.pad.caught import FLOW, Cell, Row, caught_in
from auth_service.pad.limits import limits_of
from auth_service.pad.rates import Rate
from auth_service.pad.scorecard import STANDARD, Presentation, Run, Scorecard
from auth_service.pad.separation import Point, Separation, separations
from core.liveness.policy import Level
from core.liveness.sequences import GENUINE

_WIDTH = 110


def scorecard_page(card: Scorecard) -> str:
    """Ends with a newline; the plot is expected beside it as ``scorecard.png``."""
    parts = [
        "# Liveness scorecard",
        _about(card),
        _summary(card),
        "![APCER by species and the distance of every number from its threshold](scorecard.png)",
        "## What this cannot show",
        _limits(card),
        *(part for title in card.packs for part in _pack(title, card.of_pack(title))),
    ]
    return "\n\n".join(parts) + "\n"


def _about(card: Scorecard) -> str:
    return (
        f"Presentation attack detection in the words of {STANDARD}, measured by `manage.py pad_eval`\n"
        "through the flow that live sessions run; `scorecard.json` beside this page holds every number.\n\n"
        f"**Data:** {card.generated_from}"
    )


def _limits(card: Scorecard) -> str:
    with translation.override("en"):
        limits = limits_of(card)
    return "\n".join(
        textwrap.fill(one, _WIDTH, initial_indent="- ", subsequent_indent="  ") for one in limits
    )


def _summary(card: Scorecard) -> str:
    rows = [
        (
            _pack_name(run),
            run.level.value,
            f"{sum(rate.errors for rate in run.apcer.values())} of {len(run.attacks)}",
            _worst(run),
            _rate(run.bpcer),
        )
        for run in card.runs
    ]
    return _table(
        ("pack", "level", "attacks accepted", "worst species, APCER [95 %]", "BPCER [95 %]"), rows, left=2
    )


def _worst(run: Run) -> str:
    if not run.attacks:
        return "no attacks"
    worst, apcer = run.worst_species, run.apcer
    if worst is not None:
        return f"{worst}: {_rate(apcer[worst])}"
    return f"none; 0 of {min(rate.trials for rate in apcer.values())} at least in each of {len(apcer)}"


def _pack(title: str, runs: Sequence[Run]) -> Iterator[str]:
    first = runs[0]
    models = ", ".join(first.passive_models) or "none: the signal `passive` is not measured"
    yield f"## {title}"
    yield f"Detector: {first.detector}. Recogniser: {first.recognizer}. Passive models: {models}."
    yield "### Verdicts"
    yield _verdicts(runs)
    yield "### Error rates"
    yield _rates(runs)
    for run in runs:
        yield f"### {title}, {run.level.value}: which signal caught what"
        yield _caught(run)
        yield f"### {title}, {run.level.value}: thresholds"
        yield _thresholds(run)


def _verdicts(runs: Sequence[Run]) -> str:
    """Sessions by what they are, a column for each level; wrong verdicts stand out."""
    by_level = [{one.name: _verdict(one, level=run.level) for one in run.presentations} for run in runs]
    rows = [
        (one.name, one.kind, *_once([verdicts[one.name] for verdicts in by_level]))
        for one in (*runs[0].genuine, *runs[0].attacks)
    ]
    return _table(("session", "kind", *(run.level.value for run in runs)), rows, left=2 + len(runs))


def _once(verdicts: Sequence[str]) -> Iterator[str]:
    """What a level says like the one before it is not repeated."""
    for before, verdict in itertools.pairwise(["", *verdicts]):
        yield "the same" if verdict == before else verdict


def _verdict(one: Presentation, *, level: Level) -> str:
    said = "accepted" if one.accepted else ", ".join(one.reasons)
    if one.accepted and one.reached is not level:
        reached = "no level" if one.reached is None else f"only {one.reached}"
        said = f"accepted for review, reached {reached}"
    return said if one.right else f"**wrong:** {said}"


def _rates(runs: Sequence[Run]) -> str:
    rows = [
        (f"APCER {kind}", *(_rate(run.apcer[kind]) for run in runs if kind in run.apcer))
        for kind in runs[0].species
    ]
    rows.append(("BPCER", *(_rate(run.bpcer) for run in runs)))
    return _table(("", *(run.level.value for run in runs)), rows, left=1)


def _caught(run: Run) -> str:
    matrix = caught_in(run)
    header = ("species", *(name.replace("_", " ") for name in matrix.signals))
    table = _table(header, [_caught_row(row) for row in matrix.rows], left=1)
    legend = "● refused, · agreed, ○ recorded only at this level, - not measured"
    if any(row.presentations > 1 for row in matrix.rows):
        legend += "; with how many where not all"
    if FLOW in matrix.signals:
        legend += "; *flow*: broken off, or no frame fit for a template, and no signal refused"
    return f"{legend}.\n\n{table}"


def _caught_row(row: Row) -> tuple[str, ...]:
    name = f"{row.kind} ({row.presentations})" if row.presentations > 1 else row.kind
    wrong = row.presentations - row.accepted if row.kind == GENUINE else row.accepted
    return (f"**{name}**" if wrong else name, *(_cell(cell, row.presentations) for cell in row.cells))


def _cell(cell: Cell, presentations: int) -> str:
    marks = (("●", cell.refused), ("·", cell.agreed), ("○", cell.recorded), ("-", cell.not_measured))
    return " ".join(mark if count == presentations else f"{mark}{count}" for mark, count in marks if count)


def _thresholds(run: Run) -> str:
    """The aid to choosing: what stands nearest to the threshold in force, on either side."""
    chosen = [_threshold_row(one, own=one.gate.threshold in run.site_thresholds) for one in separations(run)]
    header = (
        "number",
        "threshold in force",
        "worst genuine",
        "nearest attack refused",
        "gap",
        "attacks refused",
    )
    table = _table(header, chosen, left=2)
    notes = ["Anywhere within a *gap* the threshold refuses the same sessions; a negative one is an overlap."]
    if run.site_thresholds:
        notes.append("† chosen by this site.")
    return f"{' '.join(notes)}\n\n{table}"


def _threshold_row(one: Separation, *, own: bool) -> tuple[str, ...]:
    refused = sum(point.refused for point in one.attacks)
    return (
        f"{one.gate.signal}: {one.gate.value}" if one.gate.signal != one.gate.value else one.gate.value,
        f"{one.gate.sign} {one.threshold:.4g} `{one.gate.threshold}`"
        + (" †" if own else "")
        + ("" if one.may_refuse else " (recorded only)"),
        _point(one.worst_genuine),
        _point(one.nearest_attack),
        "-" if one.gap is None else f"{one.gap:.3g}",
        f"{refused} of {len(one.attacks)}",
    )


def _point(point: Point | None) -> str:
    return "-" if point is None else f"{point.value:.3g} {point.presentation.name}"


def _pack_name(run: Run) -> str:
    return f"[{run.title}](#{_anchor(run.title)})"


def _anchor(title: str) -> str:
    """As GitHub makes it of a heading."""
    kept = "".join(letter for letter in title.lower() if letter.isalnum() or letter in " -_")
    return kept.replace(" ", "-")


def _rate(rate: Rate) -> str:
    if rate.trials == 0:
        return "no presentations"
    return f"{rate.value:.1%} ({rate.errors} of {rate.trials}) [{rate.low:.1%}, {rate.high:.1%}]"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], *, left: int) -> str:
    """``left``: columns aligned to the left; the others are centred."""
    lines = [header, ["---" if column < left else ":-:" for column in range(len(header))], *rows]
    return "\n".join("| " + " | ".join(_escaped(cell) for cell in line) + " |" for line in lines)


def _escaped(cell: str) -> str:
    """Names come from sidecars that anyone may have written."""
    return cell.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
