"""What the operator reads in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from auth_service.models import SessionState
from auth_service.recording.archive import Holding
from auth_service.recording.operator import Ended, Event, Opened
from auth_service.recording.report import Outcome
from auth_service.recording.sessions import DECLINED
from core.liveness.sequences import BROKEN_OFF

_ENDS = {
    SessionState.CANCELLED: "broken off: this link is used up",
    SessionState.EXPIRED: "nobody came to an end before the link ran out",
}


def describe_event(event: Event, *, sessions: int) -> str:
    """Empty where there is nothing to add."""
    match event:
        case Opened():
            return f"Session {event.number} of {sessions}: {event.link}"
        case Outcome():
            return f"  {_describe_outcome(event)}"
        case Ended(reasons=(reason,)) if reason == DECLINED:
            return "  the person did not agree: nothing is kept"
        case Ended():
            end = _ENDS.get(SessionState(event.state), "")
            return f"  {end}" if end else ""


def _describe_outcome(outcome: Outcome) -> str:
    if outcome.error:
        return f"not stored: {outcome.error}"
    why = f" ({', '.join(outcome.reasons)})" if outcome.reasons else ""
    return f"{outcome.verdict.replace('_', ' ')}{why}: {outcome.recording}"


def describe_holdings(holdings: Sequence[Holding]) -> list[str]:
    """A table: one line for each subject and kind."""
    rows = [("subject", "kind", "sessions", "accepted", "refused", "broken off", "first", "last")]
    rows += [_row(holding) for holding in holdings]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _row(holding: Holding) -> tuple[str, str, str, str, str, str, str, str]:
    accepted, refused, broken_off = (
        str(holding.verdicts.count(verdict)) for verdict in ("accepted", "refused", BROKEN_OFF)
    )
    return (
        holding.subject,
        holding.kind,
        str(len(holding.verdicts)),
        accepted,
        refused,
        broken_off,
        f"{holding.first:%Y-%m-%d}",
        f"{holding.last:%Y-%m-%d}",
    )
