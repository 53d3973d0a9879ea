"""The scorecard as JSON, and back: what is drawn and written from it needs no model and no recording."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from auth_service.pad.rates import Rate
from auth_service.pad.scorecard import STANDARD, Presentation, Run, Scorecard
from core.engine.types import LandmarkLayout
from core.liveness.policy import Level

ACCEPTED, REFUSED = "accepted", "refused"
_ROW_DEPTH = 2
"""A session holds lists and objects of numbers and texts."""


class UnreadableScorecard(ValueError):
    """It is not what `scorecard_json` writes; the message says where."""


def run_json(run: Run) -> dict[str, object]:
    """Rates as errors of ``n`` with the 95 % Wilson interval."""
    return {
        "pack": run.pack,
        "level": run.level.value,
        "detector": run.detector,
        "recognizer": run.recognizer,
        "passive_models": list(run.passive_models),
        "detector_layout": run.detector_layout.value,
        "thresholds": dict(run.thresholds),
        "site_thresholds": list(run.site_thresholds),
        "sequences": [_presentation_json(one) for one in run.presentations],
        "apcer": {kind: _rate_json(rate) for kind, rate in run.apcer.items()},
        "bpcer": _rate_json(run.bpcer),
    }


def scorecard_json(card: Scorecard) -> dict[str, object]:
    return _head(card) | {"runs": [run_json(run) for run in card.runs]}


def single_run_json(card: Scorecard) -> dict[str, object]:
    """The only run of a scorecard as it is, without a list around it. Raises ValueError for several."""
    (run,) = card.runs
    return run_json(run) | _head(card)


def _head(card: Scorecard) -> dict[str, object]:
    return {"standard": STANDARD, "generated_from": card.generated_from, "synthetic": card.synthetic}


def as_text(document: Mapping[str, object]) -> str:
    """A line for each session, so that two scorecards can be compared line by line."""
    return _in_lines(document) + "\n"


def _in_lines(value: object) -> str:
    if _depth(value) <= _ROW_DEPTH:
        return json.dumps(value, allow_nan=False)
    if isinstance(value, Mapping):
        parts = [f"{json.dumps(name)}: {_in_lines(part)}" for name, part in value.items()]
        return "{\n" + ",\n".join(parts) + "\n}"
    rows = [_in_lines(part) for part in value] if isinstance(value, list) else []
    return "[\n" + ",\n".join(rows) + "\n]"


def _depth(value: object) -> int:
    """0 of a text or a number, 1 of a list of them."""
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    inner = [_depth(part) for part in parts]
    return 1 + max(inner, default=0) if isinstance(value, Mapping | list) else 0


def parse_scorecard(text: str) -> Scorecard:
    """Of one run or several. Raises UnreadableScorecard.

    Rates are counted again from the sequences and must be what is written.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableScorecard(f"it is no JSON: {error}") from error
    try:
        head = _object(document, "it")
        rows = _list(head["runs"], "runs") if "runs" in head else [head]
        return Scorecard(
            generated_from=str(head["generated_from"]),
            synthetic=head["synthetic"] is True,
            runs=tuple(_run(_object(row, "a run")) for row in rows),
        )
    except KeyError as error:
        raise UnreadableScorecard(f"{error.args[0]} is missing") from error
    except UnreadableScorecard:
        raise
    except ValueError as error:
        raise UnreadableScorecard(str(error)) from error


def _run(row: Mapping[str, Any]) -> Run:
    run = Run(
        pack=str(row["pack"]),
        detector=str(row["detector"]),
        recognizer=str(row["recognizer"]),
        passive_models=_names(row, "passive_models"),
        detector_layout=LandmarkLayout(row["detector_layout"]),
        level=Level(row["level"]),
        thresholds=_numbers(row, "thresholds"),
        site_thresholds=_names(row, "site_thresholds"),
        presentations=tuple(
            _presentation(_object(one, "a sequence")) for one in _list(row["sequences"], "sequences")
        ),
    )
    counted = run_json(run)
    if (counted["apcer"], counted["bpcer"]) != (row["apcer"], row["bpcer"]):
        raise UnreadableScorecard(f"{run.title}, {run.level}: the rates are not those of the sequences")
    return run


def _presentation(row: Mapping[str, Any]) -> Presentation:
    if row["verdict"] not in (ACCEPTED, REFUSED):
        raise UnreadableScorecard(f"{row['file']}: {row['verdict']!r} is no verdict")
    return Presentation(
        name=str(row["file"]),
        kind=str(row["kind"]),
        accepted=row["verdict"] == ACCEPTED,
        reasons=_names(row, "reasons"),
        score=_number(row["score"], "score"),
        signals=_numbers(row, "signals"),
        margins=_numbers(row, "margins"),
        not_measured=_names(row, "not_measured"),
        reached=None if row["level_reached"] is None else Level(row["level_reached"]),
    )


def _object(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UnreadableScorecard(f"{what} is not an object")
    return value


def _list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise UnreadableScorecard(f"{what} is not a list")
    return value


def _number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnreadableScorecard(f"{what} is not a number")
    try:
        return float(value)
    except OverflowError as error:
        raise UnreadableScorecard(f"{what} is larger than any float") from error


def _names(row: Mapping[str, Any], what: str) -> tuple[str, ...]:
    return tuple(str(name) for name in _list(row[what], what))


def _numbers(row: Mapping[str, Any], what: str) -> dict[str, float]:
    return {name: _number(value, f"{what}: {name}") for name, value in _object(row[what], what).items()}


def _presentation_json(one: Presentation) -> dict[str, object]:
    return {
        "file": one.name,
        "kind": one.kind,
        "verdict": ACCEPTED if one.accepted else REFUSED,
        "reasons": list(one.reasons),
        "score": round(one.score, 4),
        "signals": _finite(one.signals),
        "margins": _finite(one.margins),
        "not_measured": list(one.not_measured),
        "level_reached": one.reached.value if one.reached is not None else None,
    }


def _finite(numbers: Mapping[str, float]) -> dict[str, float]:
    """JSON knows no NaN. Rounded so that none changes its side: no margin becomes 0."""
    return {name: float(f"{value:.6g}") for name, value in numbers.items() if math.isfinite(value)}


def _rate_json(rate: Rate) -> dict[str, object]:
    return {"errors": rate.errors, "n": rate.trials, "low": rate.low, "high": rate.high}
