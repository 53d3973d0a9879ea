"""The verdict: every signal that the pack and the script provide must agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.liveness.evidence import Evidence
from core.liveness.policy import LivenessPolicy
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
    not_measured: tuple[str, ...]
    """Signals that the pack or the script could not provide, named so that nobody takes them for passed."""
    complete: bool = field(default=True)
    """Every signal the level expects was measured. A pass that is not complete (safe mode without a flash, a
    strict session on a pack without a passive model) is weaker than its level says: have it reviewed."""


def judge(
    evidence: Evidence,
    *,
    policy: LivenessPolicy,
    traits: PackTraits,
    also: tuple[Reason, ...] = (),
) -> LivenessVerdict:
    """Weigh a session, finished or broken off. ``also``: what the flow itself refuses it for."""
    measured = measure_all(evidence, policy=policy, traits=traits)
    gating = [signal for signal in measured if signal.gates and signal.margin is not None]
    refused = [signal for signal in gating if signal.margin is not None and signal.margin < 0]
    reasons = in_order([*(signal.reason for signal in refused), *also])
    weakest = min((signal.margin for signal in gating if signal.margin is not None), default=-1.0)
    score = 0.5 + 0.5 * min(1.0, max(-1.0, weakest))
    return LivenessVerdict(
        passed=not reasons,
        # A refusal for a cause that has no margin must not carry a passing score.
        score=min(score, 0.49) if reasons else score,
        reasons=reasons,
        signals={name: value for signal in measured for name, value in signal.values.items()},
        not_measured=tuple(signal.name for signal in measured if signal.margin is None),
        complete=not any(signal.margin is None and signal.expected for signal in measured),
    )


__all__ = ["LivenessVerdict", "Signal", "judge"]
