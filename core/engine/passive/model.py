"""What a passive model promises, the one scale all kinds answer on, and how several kinds are fused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from core.engine.types import DetectedFace, Image

OPERATING_POINT = 0.35
"""Where each kind's own threshold lies on the common scale: what level ``standard`` asks for.

It is MiniFASNet's: just above a third, below which none of its three classes can be called live.
"""


class PassiveModel(Protocol):
    """One kind of model, perhaps of several networks. Thread-safe; keeps nothing between calls."""

    @property
    def kind(self) -> str: ...

    @property
    def files(self) -> Mapping[str, str]:
        """SHA-256 of each file by its name."""
        ...

    def live_probability(self, image: Image, face: DetectedFace, *, turn: int | None = None) -> float | None:
        """On the common scale, in [0, 1]; None for a face this kind cannot judge. See `PassiveLiveness`."""
        ...


@dataclass(frozen=True, slots=True)
class PassiveLiveness:
    """The passive models of a pack; with none of them nothing is measured."""

    models: tuple[PassiveModel, ...] = ()
    unusable: Mapping[str, str] = field(default_factory=dict)
    """Kinds that are there but that this pack cannot feed, each with the reason."""

    @property
    def files(self) -> Mapping[str, str]:
        """SHA-256 of each file in use by its name."""
        return {name: digest for model in self.models for name, digest in model.files.items()}

    def probability(self, image: Image, face: DetectedFace, *, turn: int | None = None) -> float | None:
        """The least that any kind answers: each must be convinced. None when one of them declines this face:
        whoever holds the camera could otherwise choose which kind judges.

        ``turn`` counts a session's asked frames: each kind then runs only one of its networks, in rotation,
        so that the session's mean is that of all networks at the cost of one per frame. None runs all.
        """
        lowest: float | None = None
        for model in self.models:
            answer = model.live_probability(image, face, turn=turn)
            if answer is None:
                return None
            lowest = answer if lowest is None else min(lowest, answer)
        return lowest


def to_common_scale(score: float, *, operating_point: float) -> float:
    """A live probability in [0, 1] moved so that the model's own threshold means `OPERATING_POINT`.

    Monotone, exact at 0, at ``operating_point`` and at 1, straight between: nothing is known of the
    score's distribution that would justify more.
    """
    return float(np.interp(score, (0.0, operating_point, 1.0), (0.0, OPERATING_POINT, 1.0)))
