"""What a scorecard says: presentations as they were judged, by runs of one pack at one level."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from auth_service.flows import Accepted, Refused
from auth_service.pad.rates import Rate, rate_of
from core.engine.types import LandmarkLayout
from core.liveness.policy import Level
from core.liveness.sequences import GENUINE

STANDARD = "ISO/IEC 30107-3"


@dataclass(frozen=True, slots=True)
class Presentation:
    """One session as it was judged. ``kind``: ``genuine`` or the attack's species."""

    name: str
    kind: str
    accepted: bool
    reasons: tuple[str, ...]
    """The leading one first; empty when accepted."""
    score: float
    signals: Mapping[str, float]
    """Every measured number."""
    margins: Mapping[str, float]
    """Of each signal that may refuse at this level; negative refuses."""
    not_measured: tuple[str, ...]
    reached: Level | None = None
    """Of an accepted one, the highest level whose every expected signal was measured; below the run's level,
    it is sent to review."""

    @property
    def genuine(self) -> bool:
        return self.kind == GENUINE

    @property
    def right(self) -> bool:
        return self.accepted == self.genuine

    @property
    def refused_by(self) -> tuple[str, ...]:
        """Signals; empty also where the flow itself broke the session off."""
        return tuple(name for name, margin in self.margins.items() if margin < 0)


@dataclass(frozen=True, slots=True)
class Run:
    """All recordings on one pack at one level."""

    pack: str
    detector: str
    recognizer: str
    passive_models: tuple[str, ...]
    detector_layout: LandmarkLayout
    level: Level
    thresholds: Mapping[str, float]
    """In force."""
    site_thresholds: tuple[str, ...]
    """Names of those that the site chose itself."""
    presentations: tuple[Presentation, ...]

    @property
    def title(self) -> str:
        """The pack and what it uses: no two packs of a scorecard share it."""
        return " + ".join([self.pack, *self.passive_models])

    @property
    def attacks(self) -> tuple[Presentation, ...]:
        return tuple(one for one in self.presentations if not one.genuine)

    @property
    def genuine(self) -> tuple[Presentation, ...]:
        return tuple(one for one in self.presentations if one.genuine)

    @property
    def species(self) -> tuple[str, ...]:
        return tuple(sorted({one.kind for one in self.attacks}))

    @property
    def apcer(self) -> dict[str, Rate]:
        """Attack presentation classification error rate: attacks of a species taken for genuine."""
        return {
            kind: rate_of(one.accepted for one in self.attacks if one.kind == kind) for kind in self.species
        }

    @property
    def bpcer(self) -> Rate:
        """Bona fide presentation classification error rate: genuine presentations refused."""
        return rate_of(not one.accepted for one in self.genuine)

    @property
    def worst_species(self) -> str | None:
        """The species taken for genuine most often; None where none ever was."""
        apcer = self.apcer
        worst = max(apcer, key=lambda kind: apcer[kind].value, default=None)
        return worst if worst is not None and apcer[worst].errors else None


@dataclass(frozen=True, slots=True)
class Scorecard:
    generated_from: str
    """What was recorded, in words."""
    synthetic: bool
    """Nobody stood before a camera: the report says what such data cannot show."""
    runs: tuple[Run, ...]

    def of_pack(self, title: str) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.title == title)

    @property
    def packs(self) -> tuple[str, ...]:
        """Titles, in the order of the runs."""
        return tuple(dict.fromkeys(run.title for run in self.runs))


def presentation_of(*, name: str, kind: str, end: Accepted | Refused) -> Presentation:
    return Presentation(
        name=name,
        kind=kind,
        accepted=isinstance(end, Accepted),
        reasons=tuple(reason.value for reason in end.reasons) if isinstance(end, Refused) else (),
        score=end.liveness.score,
        signals=dict(end.liveness.signals),
        # A margin that is no number refuses as well.
        margins={
            signal: margin if math.isfinite(margin) else -1.0
            for signal, margin in end.liveness.margins.items()
        },
        not_measured=end.liveness.not_measured,
        reached=end.liveness.reached,
    )
