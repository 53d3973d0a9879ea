"""The passive model's opinion of a session: its mean over the frames that were asked for."""

from __future__ import annotations

from collections.abc import Sequence

MIN_FRAMES = 4
MIN_SHARE = 0.5
"""Of the asked frames: whoever holds the camera decides which of them a model declines."""


def mean_live_probability(opinions: Sequence[float | None]) -> float | None:
    """``opinions``: one per asked frame that shows a face, None where the model declined it.

    None with fewer than four answers, because a single frame's opinion swings too far to count, and where
    more than half were declined.
    """
    answers = [opinion for opinion in opinions if opinion is not None]
    if len(answers) < max(MIN_FRAMES, MIN_SHARE * len(opinions)):
        return None
    return sum(answers) / len(answers)
