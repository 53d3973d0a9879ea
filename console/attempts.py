"""The evidence of each attempt, read from its session's row: signals, their numbers and their margins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console import stored
from console.thresholds import Threshold, thresholds_for
from console.traces import COLOR

OK, REFUSED, RECORDED, NOT_MEASURED = "ok", "refused", "recorded", "not_measured"

SIGNAL_VALUES: Mapping[str, tuple[str, ...]] = {
    "follow": ("follow",),
    "stillness": (),
    "plane": ("plane",),
    "aspect": ("aspect",),
    "ring": ("ring",),
    "flash": ("flash_correlation", "flash_chance", "flash_gain"),
    "flash_shape": ("shape_center", "shape_side", "shape_beside"),
    "passive": ("passive",),
    "identity": ("identity_lowest", "identity_last"),
    "repeats": ("repeated",),
    "loop": ("loop",),
    "faces": ("several_faces",),
    "presence": ("missing",),
    "timing": (
        "interval",
        "longest_gap",
        "backwards",
        "frames_lost",
        "clock_drift",
        "clock_ahead",
        "clock_rate",
        "hurried",
    ),
}
"""The numbers that a signal's decision rests on."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One number and its limit, where it has one."""

    name: str
    value: float
    threshold: Threshold | None

    @property
    def fails(self) -> bool:
        return self.threshold is not None and not self.threshold.agrees(self.value)


@dataclass(frozen=True, slots=True)
class Signal:
    """``margin``: in units of a clear pass; None where the signal was not measured or refuses nobody."""

    name: str
    state: str
    margin: float | None
    measured: tuple[Measured, ...]


@dataclass(frozen=True, slots=True)
class AskedStep:
    kind: str
    colors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the row holds of it; empty or None where an older version recorded nothing."""

    number: int
    """From 1."""
    level: str
    script: tuple[AskedStep, ...]
    passed: bool
    reasons: tuple[str, ...]
    score: float | None
    level_reached: str
    risk: float | None
    hints: tuple[str, ...]
    signals: Mapping[str, float]
    margins: Mapping[str, float]
    thresholds: Mapping[str, float]
    not_measured: tuple[str, ...]
    frames: int | None
    frames_dropped: int | None
    seconds: float | None
    engine: str
    models: Mapping[str, str]


def read_attempts(evidence: object) -> tuple[Attempt, ...]:
    """In the order they were made; what cannot be read is left out of its attempt, not guessed."""
    rows = stored.sequence((stored.mapping(evidence) or {}).get("attempts")) or ()
    return tuple(_attempt(number, stored.mapping(row) or {}) for number, row in enumerate(rows, start=1))


def signals_of(attempt: Attempt) -> tuple[Signal, ...]:
    """Those of this version in the reader's order, then any others that the row has a margin for."""
    thresholds = thresholds_for(attempt.thresholds)
    names = [*SIGNAL_VALUES, *(name for name in attempt.margins if name not in SIGNAL_VALUES)]
    signals = [_signal(name, attempt, thresholds) for name in names]
    return tuple(signal for signal in signals if signal is not None)


def _signal(name: str, attempt: Attempt, thresholds: Mapping[str, Threshold]) -> Signal | None:
    measured = tuple(
        Measured(value, attempt.signals[value], thresholds.get(value))
        for value in SIGNAL_VALUES.get(name, ())
        if value in attempt.signals
    )
    margin = attempt.margins.get(name)
    if name in attempt.not_measured:
        return Signal(name, NOT_MEASURED, None, measured)
    if margin is not None:
        return Signal(name, OK if margin >= 0 else REFUSED, margin, measured)
    return Signal(name, RECORDED, None, measured) if measured else None


def _attempt(number: int, row: Mapping[str, Any]) -> Attempt:
    liveness = stored.mapping(row.get("liveness")) or {}
    models = stored.mapping(row.get("models")) or {}
    return Attempt(
        number=number,
        level=stored.text(row.get("level")) or "",
        script=tuple(_asked(step) for step in stored.sequence(row.get("script")) or ()),
        passed=liveness.get("passed") is True,
        reasons=stored.texts(row.get("reasons")),
        score=stored.number(liveness.get("score")),
        level_reached=stored.text(liveness.get("level_reached")) or "",
        risk=stored.number(liveness.get("risk")),
        hints=stored.texts(liveness.get("hints")),
        signals=stored.numbers(liveness.get("signals")),
        margins=stored.numbers(liveness.get("margins")),
        thresholds=stored.numbers(liveness.get("thresholds")),
        not_measured=stored.texts(liveness.get("not_measured")),
        frames=stored.count(row.get("frames")),
        frames_dropped=stored.count(row.get("frames_dropped")),
        seconds=stored.number(row.get("seconds")),
        engine=stored.text(row.get("engine")) or "",
        models={name: digest for name, digest in models.items() if isinstance(digest, str)},
    )


def _asked(step: object) -> AskedStep:
    table = stored.mapping(step) or {}
    colors = tuple(color for color in stored.texts(table.get("colors")) if COLOR.fullmatch(color))
    return AskedStep(kind=stored.text(table.get("kind")) or "", colors=colors)
