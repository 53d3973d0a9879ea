"""What the liveness rules must know of a pack."""

from __future__ import annotations

from dataclasses import dataclass

from core.calibration import calibration_for
from core.engine.types import Capability, FaceEngine, LandmarkLayout


@dataclass(frozen=True, slots=True)
class PackTraits:
    layout: LandmarkLayout
    has_passive_model: bool
    same_person_cosine: float
    """Cosine from which two frontal frames of one session are taken for one person."""


def traits_of(engine: FaceEngine) -> PackTraits:
    """The continuity of a session asks for what verification asks for: its frames are easier than two
    photos."""
    return PackTraits(
        layout=engine.landmark_layout,
        has_passive_model=Capability.PASSIVE_LIVENESS in engine.capabilities,
        same_person_cosine=calibration_for(engine.contract).default_threshold,
    )
