"""The verdict: every signal that the pack and the level provide must agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.liveness.reasons import Reason


@dataclass(frozen=True, slots=True)
class LivenessVerdict:
    """``score``: how far the weakest signal stands from its threshold, mapped to 0..1 (0.5 at the threshold)."""

    passed: bool
    score: float
    reasons: tuple[Reason, ...]
    """The true cause first; empty when passed."""
    signals: Mapping[str, float]
    """Every measured number, for the evidence record; never shown to the page."""
    not_measured: tuple[str, ...]
    """Signals that the pack or the script could not provide, named so that nobody takes them for passed."""
