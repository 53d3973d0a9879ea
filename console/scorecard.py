"""The scorecard file of `manage.py pad_eval`, with nothing taken for granted: a site may bring its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console import stored

MOST_BYTES = 16 * 1024 * 1024
GENUINE = "genuine"
ACCEPTED, REFUSED = "accepted", "refused"


class UnreadableScorecard(ValueError):
    """The message names what is wrong, for the operator who set the file."""


@dataclass(frozen=True, slots=True)
class Rate:
    """``errors`` of ``trials``; ``low`` and ``high``: its 95 % interval, shares of 1."""

    errors: int
    trials: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        """None without a trial."""
        return self.errors / self.trials if self.trials else None


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded session as it was judged. ``reasons``: the leading one first."""

    file: str
    kind: str
    accepted: bool
    reasons: tuple[str, ...]
    score: float | None

    @property
    def genuine(self) -> bool:
        return self.kind == GENUINE

    @property
    def right(self) -> bool:
        return self.accepted == self.genuine


@dataclass(frozen=True, slots=True)
class Run:
    """One pack at one level over all recorded sessions."""

    pack: str
    level: str
    sequences: tuple[Recording, ...]
    apcer: Mapping[str, Rate]
    """Attacks taken for genuine, by species."""
    bpcer: Rate
    """Genuine sessions refused."""
    passive_models: tuple[str, ...]

    @property
    def attacks(self) -> tuple[Recording, ...]:
        return tuple(one for one in self.sequences if not one.genuine)

    @property
    def attacks_accepted(self) -> int:
        return sum(rate.errors for rate in self.apcer.values())

    @property
    def attacks_tried(self) -> int:
        return sum(rate.trials for rate in self.apcer.values())

    @property
    def worst_species(self) -> str | None:
        """The species accepted most often; None where none ever was."""
        worst = max(self.apcer, key=lambda kind: self.apcer[kind].value or 0.0, default=None)
        return worst if worst is not None and self.apcer[worst].errors else None


@dataclass(frozen=True, slots=True)
class Scorecard:
    standard: str
    generated_from: str
    runs: tuple[Run, ...]
    """At least one."""


def read_scorecard(path: Path) -> Scorecard:
    """Raises UnreadableScorecard for a file that is missing, too large or no scorecard."""
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise UnreadableScorecard(f"it is larger than {MOST_BYTES // 2**20} MiB")
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableScorecard(error.strerror or type(error).__name__) from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, UnreadableScorecard):
            raise
        raise UnreadableScorecard("it is not JSON") from error
    return parse_scorecard(found)


def parse_scorecard(found: object) -> Scorecard:
    """Also takes a single run, as `pad_eval --json` writes for one pack and level."""
    table = _mapping(found, "the file")
    rows = [table] if "runs" not in table and "sequences" in table else _list(table.get("runs"), "runs")
    runs = tuple(_run(row, f"run {number}") for number, row in enumerate(rows, start=1))
    if not runs:
        raise UnreadableScorecard("it holds no run")
    return Scorecard(
        standard=stored.text(table.get("standard")) or "ISO/IEC 30107-3",
        generated_from=stored.text(table.get("generated_from")) or "",
        runs=runs,
    )


def _run(found: object, name: str) -> Run:
    table = _mapping(found, name)
    apcer = _mapping(table.get("apcer"), f"{name}, apcer")
    return Run(
        pack=_text(table.get("pack"), f"{name}, pack"),
        level=_text(table.get("level"), f"{name}, level"),
        sequences=tuple(
            _recording(row, f"{name}, sequence {number}")
            for number, row in enumerate(_list(table.get("sequences"), f"{name}, sequences"), start=1)
        ),
        apcer={kind: _rate(rate, f"{name}, apcer of {kind}") for kind, rate in apcer.items()},
        bpcer=_rate(table.get("bpcer"), f"{name}, bpcer"),
        passive_models=stored.texts(table.get("passive_models")),
    )


def _recording(found: object, name: str) -> Recording:
    table = _mapping(found, name)
    verdict = table.get("verdict")
    if verdict not in (ACCEPTED, REFUSED):
        raise UnreadableScorecard(f"{name}: {verdict!r} is no verdict")
    return Recording(
        file=_text(table.get("file"), f"{name}, file"),
        kind=_text(table.get("kind"), f"{name}, kind"),
        accepted=verdict == ACCEPTED,
        reasons=stored.texts(table.get("reasons")),
        score=stored.number(table.get("score")),
    )


def _rate(found: object, name: str) -> Rate:
    table = _mapping(found, name)
    errors, trials = stored.count(table.get("errors")), stored.count(table.get("n"))
    low, high = stored.number(table.get("low")), stored.number(table.get("high"))
    if errors is None or trials is None or errors > trials or low is None or high is None:
        raise UnreadableScorecard(f"{name}: not errors of n with low and high")
    value = errors / trials if trials else low
    # The interval's ends may miss the rate by a rounding.
    if not -1e-6 <= low <= value + 1e-6 <= high + 2e-6 <= 1 + 3e-6:
        raise UnreadableScorecard(f"{name}: {low} to {high} is no interval around {errors} of {trials}")
    return Rate(errors=errors, trials=trials, low=min(max(low, 0.0), value), high=max(min(high, 1.0), value))


def _mapping(value: object, name: str) -> Mapping[str, Any]:
    table = stored.mapping(value)
    if table is None:
        raise UnreadableScorecard(f"{name} is not an object")
    return table


def _list(value: object, name: str) -> list[object]:
    known = stored.sequence(value)
    if known is None:
        raise UnreadableScorecard(f"{name} is not a list")
    return list(known)


def _text(value: object, name: str) -> str:
    known = stored.text(value)
    if not known:
        raise UnreadableScorecard(f"{name} is missing")
    return known
