"""Which measured number is held to which threshold: what the scorecard's threshold aid and tests read.

The signals decide; this is their map. A test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.engine.types import LandmarkLayout
from core.liveness.policy import LivenessPolicy
from core.liveness.thresholds import RANGES
from core.liveness.traits import PackTraits


@dataclass(frozen=True, slots=True)
class Gate:
    """One number of a signal. Agrees from the threshold on, where ``least``, else up to it."""

    signal: str
    value: str
    """Its name in `LivenessVerdict.signals`."""
    threshold: str
    """Its name in `thresholds_in_force`."""
    least: bool = True

    @property
    def sign(self) -> str:
        return "≥" if self.least else "≤"

    def agrees(self, value: float, *, threshold: float) -> bool:
        return value >= threshold if self.least else value <= threshold


FOLLOW = "follow"
SAME_PERSON = "same_person_cosine"
_FOLLOW_SCORE = 1.0
_DEPTH = {
    LandmarkLayout.EYES_NOSE_MOUTH: "depth_with_mouth",
    LandmarkLayout.EYE_CORNERS_NOSE: "depth_without_mouth",
}


def gates_for(layout: LandmarkLayout) -> tuple[Gate, ...]:
    """In the order in which a session shows them."""
    return (
        Gate("follow", "follow", FOLLOW),
        Gate("plane", "plane", _DEPTH[layout]),
        Gate("aspect", "aspect", "narrowing"),
        Gate("ring", "ring", "ring_following", least=False),
        Gate("flash", "flash_correlation", "flash_correlation"),
        Gate("flash", "flash_chance", "flash_chance", least=False),
        Gate("flash", "flash_gain", "flash_gain"),
        Gate("flash_shape", "shape_center", "flash_center"),
        Gate("flash_shape", "shape_side", "flash_side", least=False),
        Gate("flash_shape", "shape_beside", "flash_beside", least=False),
        Gate("passive", "passive", "live_probability"),
        Gate("identity", "identity_lowest", SAME_PERSON),
        Gate("identity", "identity_last", SAME_PERSON),
        Gate("repeats", "repeated", "repeated_share", least=False),
        Gate("loop", "loop", "loop_share", least=False),
        Gate("faces", "several_faces", "several_faces_share", least=False),
        Gate("presence", "missing", "missing_share", least=False),
    )


def thresholds_in_force(*, policy: LivenessPolicy, traits: PackTraits) -> dict[str, float]:
    """Every threshold of a policy on a pack: those a site may set, the movement's and the calibrated one."""
    other = {name for layout, name in _DEPTH.items() if layout is not traits.layout}
    chosen = {name: getattr(policy, name) for name in RANGES if name not in other}
    return {FOLLOW: _FOLLOW_SCORE, **chosen, SAME_PERSON: traits.same_person_cosine}
