"""Liveness levels and the thresholds each signal is held to.

What the levels mean:

- ``basic``: one or two motions, two retries. The flash must be answered, but weaker; the shape of the answer,
  the ring around the head and the narrowing of a sheet are recorded and refuse nobody. For low-risk use
  behind other checks.
- ``standard``: two or three motions, one retry; every signal that the pack and the script provide must agree.
- ``strict``: three or four motions, no retry, a tighter flash. A passive model is expected: see
  `LivenessVerdict.reached`.

The thresholds come from synthetic sessions (25 delivered, 114 more from the same generator, six identities,
three flash strengths) on both landmark layouts; beside each stand the smallest genuine value and the nearest
attack of the kind it is there for. They were never fitted on real people in front of real webcams.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from core.engine.types import LandmarkLayout


class Level(StrEnum):
    BASIC = "basic"
    STANDARD = "standard"
    STRICT = "strict"


DEPTH: dict[LandmarkLayout, float] = {
    LandmarkLayout.EYES_NOSE_MOUTH: 0.12,
    LandmarkLayout.EYE_CORNERS_NOSE: 0.22,
}
"""Least depth shown in a turn. With a mouth: heads 0.18 and more, tilted and slightly bent sheets 0.09 at
most. Without: heads 0.25, tilted sheets 0.18; a bent sheet reaches 0.25 and is left to ring and flash
shape."""


@dataclass(frozen=True, slots=True)
class LivenessPolicy:
    """Thresholds; see the modules that measure for what each number is."""

    level: Level
    retries: int
    """Motion steps that may be replaced by a spare one, per session."""
    flash_correlation: float
    flash_chance: float
    """Of all 3750 orders of five colours, the share that may fit the answer as well: five at ``standard``.
    Genuine people: one; two at an eighth of a near screen's light. At 0.02 one recorded flash in fifty
    fitted another script, at 0.0015 one in four hundred."""
    flash_gain: float
    flash_center: float
    flash_side: float
    flash_beside: float
    gates_shape: bool
    gates_ring: bool
    gates_aspect: bool
    live_probability: float
    requires_flash: bool
    """A pass needs the screen light to have been measured; in the mode without flashes it never is."""
    requires_passive: bool
    reviews_doubts: bool
    """A pass with a thin margin and a high risk of injection is for a person to look at."""
    repeated_share: float = 0.10
    loop_distance: float = 0.5
    loop_share: float = 0.35
    ring_following: float = 0.7
    narrowing: float = -0.10
    several_faces_share: float = 0.03
    missing_share: float = 0.25
    depth_with_mouth: float = DEPTH[LandmarkLayout.EYES_NOSE_MOUTH]
    depth_without_mouth: float = DEPTH[LandmarkLayout.EYE_CORNERS_NOSE]

    def depth(self, layout: LandmarkLayout) -> float:
        """The least depth a turn must show; the two layouts measure it on scales of their own."""
        mouth = layout is LandmarkLayout.EYES_NOSE_MOUTH
        return self.depth_with_mouth if mouth else self.depth_without_mouth


Policies = Mapping[Level, LivenessPolicy]
"""One for every level."""

_POLICIES = {
    Level.BASIC: LivenessPolicy(
        level=Level.BASIC,
        retries=2,
        flash_correlation=0.60,
        flash_chance=0.005,
        flash_gain=0.008,
        flash_center=0.008,
        flash_side=1.0,
        flash_beside=1.0,
        gates_shape=False,
        gates_ring=False,
        gates_aspect=False,
        live_probability=0.20,
        requires_flash=False,
        requires_passive=False,
        reviews_doubts=False,
    ),
    Level.STANDARD: LivenessPolicy(
        level=Level.STANDARD,
        retries=1,
        flash_correlation=0.75,
        flash_chance=0.0007,
        flash_gain=0.012,
        flash_center=0.012,
        flash_side=0.80,
        flash_beside=0.65,
        gates_shape=True,
        gates_ring=True,
        gates_aspect=True,
        live_probability=0.35,
        requires_flash=True,
        requires_passive=False,
        reviews_doubts=True,
    ),
    Level.STRICT: LivenessPolicy(
        level=Level.STRICT,
        retries=0,
        flash_correlation=0.80,
        flash_chance=0.0003,
        flash_gain=0.015,
        flash_center=0.015,
        flash_side=0.80,
        flash_beside=0.60,
        gates_shape=True,
        gates_ring=True,
        gates_aspect=True,
        live_probability=0.45,
        requires_flash=True,
        requires_passive=True,
        reviews_doubts=True,
    ),
}
SHIPPED_POLICIES: Policies = MappingProxyType(_POLICIES)


def policy_for(level: Level) -> LivenessPolicy:
    """As shipped; a site's own thresholds are set over it by `core.liveness.thresholds`."""
    return SHIPPED_POLICIES[level]
