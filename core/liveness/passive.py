"""The passive model's opinion of a session: its mean over the frames that were asked for."""

from __future__ import annotations

from collections.abc import Sequence

MIN_FRAMES = 4


def mean_live_probability(probabilities: Sequence[float]) -> float | None:
    """None with fewer than four: a single frame's opinion swings too far to count."""
    if len(probabilities) < MIN_FRAMES:
        return None
    return sum(probabilities) / len(probabilities)
