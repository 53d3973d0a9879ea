"""The verdict: every signal that the pack and the script provide must agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.liveness.evidence import Evidence
from core.liveness.injection import InjectionRisk, assess_injection
from core.liveness.policy import SHIPPED_POLICIES, Level, LivenessPolicy, Policies
from core.liveness.reasons import Reason, in_order
from core.liveness.signals import Signal, measure_all
from core.liveness.traits import PackTraits


@dataclass(frozen=True, slots=True)
class LivenessVerdict:
    """``score``: how far the weakest gating signal stands from its threshold, 0..1, 0.5 at the threshold."""

    passed: bool
    score: float
    reasons: tuple[Reason, ...]
    """The true cause first; empty when passed."""
    signals: Mapping[str, float]
    """Every measured number, for the evidence record; never shown to the page."""
    margins: Mapping[str, float]
    """Of each measured signal that may refuse, by its name: distance to its threshold in units of a clear
    pass; negative refuses."""
    not_measured: tuple[str, ...]
    """Signals that the pack or the script could not provide, named so that nobody takes them for passed."""
    injection: InjectionRisk
    """Hints of a feed that no camera filmed; never among the reasons."""
    doubtful: bool = False
    """Passed, with high risk of injection and a thin margin: have it reviewed."""
    reached: Level | None = None
    """The highest level, up to the one asked for, whose every expected signal was measured and agreed; None
    when refused or when not even ``basic`` was. Below the level asked for (the mode without flashes, a strict
    session on a pack without a passive model) a pass is weaker than that level says: have it reviewed."""


def judge(
    evidence: Evidence,
    *,
    policy: LivenessPolicy,
    traits: PackTraits,
    also: tuple[Reason, ...] = (),
    policies: Policies = SHIPPED_POLICIES,
) -> LivenessVerdict:
    """Weigh a session, finished or broken off. ``also``: what the flow itself refuses it for; ``policies``:
    what the lower levels ask, for the level reached."""
    measured = measure_all(evidence, policy=policy, traits=traits)
    reasons = in_order([*(signal.reason for signal in measured if not signal.agrees), *also])
    margins = {
        signal.name: signal.margin for signal in measured if signal.gates and signal.margin is not None
    }
    weakest = min(margins.values(), default=-1.0)
    score = 0.5 + 0.5 * min(1.0, max(-1.0, weakest))
    passed = not reasons
    injection = assess_injection(evidence.device, evidence.frames)
    return LivenessVerdict(
        passed=passed,
        # A refusal for a cause that has no margin must not carry a passing score.
        score=min(score, 0.49) if reasons else score,
        reasons=reasons,
        signals={name: value for signal in measured for name, value in signal.values.items()},
        margins=margins,
        not_measured=tuple(signal.name for signal in measured if signal.margin is None),
        injection=injection,
        doubtful=passed and policy.reviews_doubts and injection.doubts(weakest),
        reached=_level_reached(evidence, measured, policy=policy, traits=traits, policies=policies)
        if passed
        else None,
    )


def _level_reached(
    evidence: Evidence,
    measured: Sequence[Signal],
    *,
    policy: LivenessPolicy,
    traits: PackTraits,
    policies: Policies,
) -> Level | None:
    """Of a session that ``policy`` passed."""
    if _all_expected(measured):
        return policy.level
    levels = list(Level)
    for level in reversed(levels[: levels.index(policy.level)]):
        lower = measure_all(evidence, policy=policies[level], traits=traits)
        if _all_expected(lower) and all(signal.agrees for signal in lower):
            return level
    return None


def _all_expected(signals: Sequence[Signal]) -> bool:
    return not any(signal.margin is None and signal.expected for signal in signals)


__all__ = ["LivenessVerdict", "Signal", "judge"]
