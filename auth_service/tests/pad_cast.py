"""Made-up presentations and runs for tests of the scorecard."""

from __future__ import annotations

from auth_service.pad.scorecard import Presentation, Run, Scorecard
from core.engine.types import LandmarkLayout
from core.liveness.gates import thresholds_in_force
from core.liveness.policy import Level, policy_for
from core.liveness.traits import PackTraits

LAYOUT = LandmarkLayout.EYES_NOSE_MOUTH
TRAITS = PackTraits(layout=LAYOUT, has_passive_model=False, same_person_cosine=0.4)


def shown(
    kind: str,
    *,
    accepted: bool,
    name: str = "",
    plane: float = 0.2,
    signals: dict[str, float] | None = None,
    margins: dict[str, float] | None = None,
    not_measured: tuple[str, ...] = ("passive",),
    reasons: tuple[str, ...] = ("flat_face",),
    reached: Level | None = Level.STANDARD,
) -> Presentation:
    """One whose plane stands at ``plane``, with 0.12 as its threshold."""
    return Presentation(
        name=name or f"{kind}_one",
        kind=kind,
        accepted=accepted,
        reasons=() if accepted else reasons,
        score=0.7 if accepted else 0.1,
        signals={"plane": plane} if signals is None else signals,
        margins={"plane": (plane - 0.12) / 0.12} if margins is None else margins,
        not_measured=not_measured,
        reached=reached if accepted else None,
    )


def run_of(
    *presentations: Presentation,
    level: Level = Level.STANDARD,
    pack: str = "test pack",
    passive_models: tuple[str, ...] = (),
    site_thresholds: tuple[str, ...] = (),
) -> Run:
    return Run(
        pack=pack,
        detector="a detector",
        recognizer="a recogniser",
        passive_models=passive_models,
        detector_layout=LAYOUT,
        level=level,
        thresholds=thresholds_in_force(policy=policy_for(level), traits=TRAITS),
        site_thresholds=site_thresholds,
        presentations=presentations,
    )


def card_of(*runs: Run, synthetic: bool = False, about: str = "made up for a test") -> Scorecard:
    return Scorecard(generated_from=about, synthetic=synthetic, runs=runs)
