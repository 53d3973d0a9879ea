"""What is kept of an attempt: the script, numbers and model digests. Never frames, never embeddings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from core.engine.types import FaceEngine
from core.liveness.script import Script
from core.liveness.timeline import Timeline
from core.liveness.verdict import LivenessVerdict


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of the challenge."""

    script: Script
    liveness: LivenessVerdict
    timeline: Timeline
    frames: int
    frames_dropped: int
    seconds: float
    engine: str
    """Name of the model pack."""
    models: Mapping[str, str]
    """SHA-256 of each model file by its name."""
    thresholds: Mapping[str, float]
    """Those it was held to: another version, or the site's own file, may later have others."""

    def describe(self, *, reasons: tuple[str, ...]) -> dict[str, object]:
        """A JSON object for `AuthSession.evidence`."""
        return {
            "level": self.script.level,
            "script": [
                {"kind": step.kind, "colors": [color.hex for color in step.colors]}
                for step in self.script.steps
            ],
            "reasons": list(reasons),
            "liveness": {
                "passed": self.liveness.passed,
                "score": round(self.liveness.score, 4),
                "signals": _finite(self.liveness.signals),
                "margins": _finite(self.liveness.margins),
                "thresholds": _finite(self.thresholds),
                "not_measured": list(self.liveness.not_measured),
                "level_reached": self.liveness.reached,
                "risk": round(self.liveness.injection.risk, 4),
                "hints": list(self.liveness.injection.hints),
                "doubtful": self.liveness.doubtful,
            },
            "frames": self.frames,
            "frames_dropped": self.frames_dropped,
            "seconds": round(self.seconds, 2),
            "engine": self.engine,
            "models": dict(self.models),
        }


def _finite(numbers: Mapping[str, float]) -> dict[str, float]:
    """JSON has no NaN, and PostgreSQL refuses it."""
    return {name: round(float(value), 4) for name, value in numbers.items() if math.isfinite(value)}


def describe_engine(engine: FaceEngine) -> str:
    return f"{engine.summary().name} {engine.contract.key}"
