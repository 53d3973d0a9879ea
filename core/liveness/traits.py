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


CONTINUITY_FMR = 0.01
"""Verification decides who it is, at its own rate; within a session the question is whether someone else
came. One stranger in a hundred passing for the first person is little to win, a smile that ends a session
much to lose."""


def traits_of(engine: FaceEngine) -> PackTraits:
    """Raises NotCalibrated for a pack without a calibration table."""
    return PackTraits(
        layout=engine.landmark_layout,
        has_passive_model=Capability.PASSIVE_LIVENESS in engine.capabilities,
        same_person_cosine=calibration_for(engine.contract).threshold(CONTINUITY_FMR),
    )
