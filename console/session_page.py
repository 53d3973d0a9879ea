"""One session's evidence, put together for its page."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from auth_service.models import AuthSession, Verdict
from console import attempts
from console.attempts import AskedStep, Attempt, Measured, Signal, read_attempts, signals_of
from console.formats import ABSENT, decimal, signed
from console.plots import Markup, draw_margin, draw_swatches
from console.session_list import verdict_tone
from console.timeline import Timeline, draw_timeline
from console.traces import Trace, UnreadableTrace, read_trace
from console.words import (
    Sign,
    Word,
    hint_words,
    level_words,
    reason_words,
    signal_words,
    step_words,
    value_names,
    word_for,
)

logger = logging.getLogger("facegate.console")

_COUNTS = {"backwards", "hurried"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A step of the script as a chip; ``swatches``: the colours of a flash."""

    sign: Sign
    swatches: Markup | None


@dataclass(frozen=True, slots=True)
class Number:
    name: str
    value: str
    limit: str
    """With its sign; empty where there is none."""
    fails: bool
    """The signal refuses, and this is why."""


@dataclass(frozen=True, slots=True)
class SignalRow:
    word: Word
    state: str
    state_text: str
    margin: str
    drawing: Markup | None
    numbers: Sequence[Number]


@dataclass(frozen=True, slots=True)
class SessionView:
    """Levels in words, numbers as text; a dash for what there is none of."""

    session: AuthSession
    tone: str
    level_asked: str
    level_reached: str
    score: str
    similarity: str
    threshold: str
    old_photo_similarity: str
    risk: str
    reasons: Sequence[Word]
    attempts: Sequence[AttemptView]
    """The last one first."""
    broken_off: int
    """Attempts that left no evidence."""


@dataclass(frozen=True, slots=True)
class AttemptView:
    attempt: Attempt
    tone: str
    reasons: Sequence[Word]
    asked: Sequence[Asked]
    level: str
    reached: str
    score: str
    risk: str
    """Empty where none was estimated."""
    seconds: str
    hints: Sequence[Word]
    signals: Sequence[SignalRow]
    timeline: Timeline | None
    """None for an attempt without a trace; ``trouble`` then says why, where there is one that fails."""
    trouble: str
    open: bool
    """Shown at once: the last attempt."""


def session_view(session: AuthSession) -> SessionView:
    """``session`` as `find_session` fetched it."""
    levels, words, found = level_words(), reason_words(), _attempt_views(session)
    reached = session.liveness_level_reached
    return SessionView(
        session=session,
        tone=verdict_tone(session),
        level_asked=word_for(session.liveness_level, levels).name,
        level_reached=word_for(reached, levels).name if reached else ABSENT,
        score=decimal(session.liveness_score, digits=2),
        similarity=decimal(session.similarity, digits=3),
        threshold=decimal(session.threshold, digits=3),
        old_photo_similarity=decimal(session.old_photo_similarity, digits=3),
        risk=decimal(session.liveness_risk, digits=2),
        reasons=[word_for(str(reason), words) for reason in session.reasons],
        attempts=found,
        broken_off=max(0, session.attempt_count - len(found)),
    )


def _attempt_views(session: AuthSession) -> list[AttemptView]:
    stored = {trace.attempt: trace.trace for trace in session.traces.all()}
    found = read_attempts(session.evidence)
    return [
        _attempt_view(one, session=session, trace=stored.get(one.number), last=one.number == len(found))
        for one in reversed(found)
    ]


def _attempt_view(attempt: Attempt, *, session: AuthSession, trace: object, last: bool) -> AttemptView:
    read, trouble = _read(trace, session=session)
    levels, reasons = level_words(), reason_words()
    return AttemptView(
        attempt=attempt,
        tone=_tone(attempt, session=session, last=last),
        reasons=[word_for(reason, reasons) for reason in attempt.reasons],
        asked=[_asked(step) for step in attempt.script],
        level=word_for(attempt.level, levels).name,
        reached=word_for(attempt.level_reached, levels).name,
        score=decimal(attempt.score, digits=2),
        risk="" if attempt.risk is None else decimal(attempt.risk, digits=2),
        seconds=decimal(attempt.seconds, digits=1),
        hints=[word_for(hint, hint_words()) for hint in attempt.hints],
        signals=[_signal_row(signal) for signal in signals_of(attempt)],
        timeline=draw_timeline(read, id=f"attempt-{attempt.number}") if read and read.at else None,
        trouble=trouble,
        open=last,
    )


def _tone(attempt: Attempt, *, session: AuthSession, last: bool) -> str:
    if attempt.passed and last and session.verdict == Verdict.NEEDS_REVIEW:
        return "wait"
    return "good" if attempt.passed and not attempt.reasons else "bad"


def _read(trace: object, *, session: AuthSession) -> tuple[Trace | None, str]:
    if trace is None:
        return None, ""
    try:
        return read_trace(trace), ""
    except UnreadableTrace as error:
        logger.warning("trace cannot be read", extra={"session": str(session.pk), "cause": str(error)})
        return None, str(error)


def _asked(step: AskedStep) -> Asked:
    return Asked(
        sign=step_words().get(step.kind) or Sign(step.kind),
        swatches=draw_swatches(step.colors) if step.colors else None,
    )


def _signal_row(signal: Signal) -> SignalRow:
    names = value_names()
    states = {
        attempts.OK: _("agrees"),
        attempts.REFUSED: _("refused"),
        attempts.RECORDED: _("recorded only"),
        attempts.NOT_MEASURED: _("not measured"),
    }
    tone = {attempts.OK: "good", attempts.REFUSED: "bad"}.get(signal.state, "none")
    return SignalRow(
        word=word_for(signal.name, signal_words()),
        state=signal.state,
        state_text=states[signal.state],
        margin="" if signal.margin is None else signed(signal.margin),
        drawing=None if signal.margin is None else draw_margin(margin=signal.margin, tone=tone),
        numbers=[_number(one, names, refused=signal.state == attempts.REFUSED) for one in signal.measured],
    )


def _number(measured: Measured, names: dict[str, str], *, refused: bool) -> Number:
    threshold = measured.threshold
    return Number(
        name=names.get(measured.name, measured.name.replace("_", " ")),
        value=_written(measured.name, measured.value),
        limit=""
        if threshold is None
        else f"{threshold.sign} {decimal(threshold.limit, digits=_digits(threshold.limit))}",
        fails=refused and measured.fails,
    )


def _digits(value: float) -> int:
    """Enough for the small limits: chance is held to 0.0015, gains to 0.012."""
    size = abs(value)
    if size == 0 or size >= 0.1:
        return 2
    return 3 if size >= 0.01 else 4


def _written(name: str, value: float) -> str:
    return decimal(value, digits=0 if name in _COUNTS else _digits(value))
