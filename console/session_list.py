"""A session as one line of the list."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from auth_service.models import AuthSession
from console.attempts import read_attempts
from console.formats import degrees, signed
from console.plots import Line, Markup, draw_sparkline
from console.selectors import last_trace
from console.traces import UnreadableTrace, read_trace
from console.words import Word, level_words, reason_words, signal_words, word_for

logger = logging.getLogger("facegate.console")

CLEAR_MARGIN = 1.0
"""From here on a margin raises no score."""
QUIET_YAW = (-18.0, 18.0)


@dataclass(frozen=True, slots=True)
class SessionLine:
    session: AuthSession
    tone: str
    """Of its verdict: good, wait, bad or none."""
    asked: str
    reached: str
    """Empty where it is the level asked for, or none was."""
    reason: Word | None
    """The leading one."""
    more_reasons: int
    note: str
    """Of the last attempt: why it was refused, where the session ended for another reason; which signal stood
    nearest to refusing, where nothing refused."""
    sparkline: Markup | None
    """Yaw of the last attempt."""


def session_line(session: AuthSession) -> SessionLine:
    """``session`` as `list_sessions` fetched it."""
    levels = level_words()
    reasons = [str(reason) for reason in session.reasons]
    reached = session.liveness_level_reached
    return SessionLine(
        session=session,
        tone=verdict_tone(session),
        asked=word_for(session.liveness_level, levels).name,
        reached=word_for(reached, levels).name if reached and reached != session.liveness_level else "",
        reason=word_for(reasons[0], reason_words()) if reasons else None,
        more_reasons=max(0, len(reasons) - 1),
        note=_note(session, reasons),
        sparkline=_sparkline(session),
    )


def verdict_tone(session: AuthSession) -> str:
    return {"passed": "good", "needs_review": "wait", "failed": "bad"}.get(session.verdict, "none")


def _note(session: AuthSession, reasons: Sequence[str]) -> str:
    attempts = read_attempts(session.evidence)
    if not attempts:
        return ""
    last = attempts[-1]
    if last.reasons and reasons and last.reasons[0] != reasons[0]:
        return _("last attempt: %(reason)s") % {"reason": word_for(last.reasons[0], reason_words()).name}
    if reasons or not last.margins:
        return ""
    name = min(last.margins, key=lambda signal: last.margins[signal])
    # Where every signal agrees as clearly as any can, none of them is weak.
    if last.margins[name] >= CLEAR_MARGIN:
        return ""
    words = {"signal": word_for(name, signal_words()).name, "margin": signed(last.margins[name])}
    return _("weakest: %(signal)s %(margin)s") % words


def _sparkline(session: AuthSession) -> Markup | None:
    stored = last_trace(session)
    if stored is None:
        return None
    try:
        trace = read_trace(stored)
    except UnreadableTrace as error:
        logger.warning("trace cannot be read", extra={"session": str(session.pk), "cause": str(error)})
        return None
    yaw = Line(times=trace.at, values=trace.column("yaw"))
    known = [value for _at, value in yaw.measured]
    if not known:
        return None
    words = _("Yaw from %(low)s to %(high)s") % {"low": degrees(min(known)), "high": degrees(max(known))}
    return draw_sparkline(yaw, title=words, least=QUIET_YAW)
