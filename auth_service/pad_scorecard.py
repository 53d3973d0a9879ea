"""Presentation attack detection in the words of ISO/IEC 30107-3: APCER per species, BPCER, intervals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from auth_service.flows import Accepted, Refused

_Z_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Rate:
    """``errors`` of ``trials`` with the 95 % Wilson interval."""

    errors: int
    trials: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.errors / self.trials if self.trials else math.nan


@dataclass(frozen=True, slots=True)
class Presentation:
    """One session as it was judged. ``kind``: ``genuine`` or the attack's species."""

    name: str
    kind: str
    genuine: bool
    accepted: bool
    reasons: tuple[str, ...]
    score: float
    signals: Mapping[str, float]
    not_measured: tuple[str, ...]

    @property
    def right(self) -> bool:
        return self.accepted == self.genuine


@dataclass(frozen=True, slots=True)
class Scorecard:
    presentations: tuple[Presentation, ...]
    apcer: Mapping[str, Rate]
    """Attack presentation classification error rate: attacks of a species taken for genuine."""
    bpcer: Rate
    """Bona fide presentation classification error rate: genuine presentations refused."""

    @property
    def worst_species(self) -> str | None:
        """The species taken for genuine most often; None where none ever was."""
        worst = max(self.apcer, key=lambda kind: self.apcer[kind].value, default=None)
        return worst if worst is not None and self.apcer[worst].errors else None


def presentation_of(*, name: str, kind: str, genuine: bool, end: Accepted | Refused) -> Presentation:
    return Presentation(
        name=name,
        kind=kind,
        genuine=genuine,
        accepted=isinstance(end, Accepted),
        reasons=tuple(reason.value for reason in end.reasons) if isinstance(end, Refused) else (),
        score=end.liveness.score,
        signals=end.liveness.signals,
        not_measured=end.liveness.not_measured,
    )


def wilson(errors: int, trials: int) -> Rate:
    """The score interval: honest for zero errors in few trials, where the plain one has no width."""
    if trials == 0:
        return Rate(errors=0, trials=0, low=0.0, high=1.0)
    share, square = errors / trials, _Z_95**2
    center = (share + square / (2 * trials)) / (1 + square / trials)
    reach = _Z_95 * math.sqrt(share * (1 - share) / trials + square / (4 * trials**2)) / (1 + square / trials)
    return Rate(errors=errors, trials=trials, low=max(0.0, center - reach), high=min(1.0, center + reach))


def make_scorecard(presentations: Sequence[Presentation]) -> Scorecard:
    attacks = [one for one in presentations if not one.genuine]
    genuine = [one for one in presentations if one.genuine]
    species = sorted({one.kind for one in attacks})
    return Scorecard(
        presentations=tuple(presentations),
        apcer={kind: _rate(one.accepted for one in attacks if one.kind == kind) for kind in species},
        bpcer=_rate(not one.accepted for one in genuine),
    )


def _rate(errors: Iterable[bool]) -> Rate:
    known = list(errors)
    return wilson(sum(known), len(known))


def as_json(card: Scorecard, *, pack: str, level: str) -> dict[str, object]:
    """Everything measured, for other tools; rates as errors of ``n`` with the 95 % Wilson interval."""
    return {
        "standard": "ISO/IEC 30107-3",
        "pack": pack,
        "level": level,
        "sequences": [
            {
                "file": one.name,
                "kind": one.kind,
                "verdict": "accepted" if one.accepted else "refused",
                "reasons": list(one.reasons),
                "score": round(one.score, 4),
                # JSON knows no NaN.
                "signals": {
                    name: round(float(value), 5)
                    for name, value in one.signals.items()
                    if math.isfinite(value)
                },
                "not_measured": list(one.not_measured),
            }
            for one in card.presentations
        ],
        "apcer": {kind: _rate_json(rate) for kind, rate in card.apcer.items()},
        "bpcer": _rate_json(card.bpcer),
    }


def _rate_json(rate: Rate) -> dict[str, object]:
    return {"errors": rate.errors, "n": rate.trials, "low": rate.low, "high": rate.high}
