"""Which signal caught what: species against signals, counted over a run."""

from __future__ import annotations

from dataclasses import dataclass

from auth_service.pad.scorecard import Presentation, Run
from core.liveness.gates import gates_for
from core.liveness.sequences import GENUINE

FLOW = "flow"
"""Not a signal: the flow broke the session off, or found no frame fit for a template."""
_WITHOUT_NUMBER = ("stillness", "timing")


@dataclass(frozen=True, slots=True)
class Cell:
    """How a signal judged the presentations of one species; the four add up to all of them."""

    refused: int
    agreed: int
    recorded: int
    """Measured, but may not refuse at this level."""
    not_measured: int


@dataclass(frozen=True, slots=True)
class Row:
    kind: str
    presentations: int
    accepted: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    signals: tuple[str, ...]
    rows: tuple[Row, ...]
    """Genuine sessions first, then species by name."""


def caught_in(run: Run) -> Matrix:
    signals = signals_of(run)
    kinds = [GENUINE] if run.genuine else []
    return Matrix(
        signals=signals, rows=tuple(_row(run, kind, signals=signals) for kind in (*kinds, *run.species))
    )


def signals_of(run: Run) -> tuple[str, ...]:
    """In the order in which a session shows them; the flow last, where it refused anything alone."""
    gated = dict.fromkeys(gate.signal for gate in gates_for(run.detector_layout))
    alone = any(_flow_alone(one) for one in run.presentations)
    return (*gated, *_WITHOUT_NUMBER, *([FLOW] if alone else []))


def _row(run: Run, kind: str, *, signals: tuple[str, ...]) -> Row:
    shown = [one for one in run.presentations if one.kind == kind]
    return Row(
        kind=kind,
        presentations=len(shown),
        accepted=sum(one.accepted for one in shown),
        cells=tuple(_cell(shown, signal) for signal in signals),
    )


def _cell(shown: list[Presentation], signal: str) -> Cell:
    if signal == FLOW:
        refused = sum(_flow_alone(one) for one in shown)
        return Cell(refused=refused, agreed=len(shown) - refused, recorded=0, not_measured=0)
    refused = sum(one.margins.get(signal, 0.0) < 0 for one in shown)
    gated = sum(signal in one.margins for one in shown)
    missing = sum(signal in one.not_measured for one in shown)
    return Cell(
        refused=refused,
        agreed=gated - refused,
        recorded=len(shown) - gated - missing,
        not_measured=missing,
    )


def _flow_alone(one: Presentation) -> bool:
    return not one.accepted and not one.refused_by
