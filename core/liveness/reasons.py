"""Why a session was refused: the codes that may reach the page, the true cause first."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Reason(StrEnum):
    """Members stand in order of precedence: what explains the others comes before them.

    A repeated frame also misses its challenge and its colours, a flat face often answers the light evenly and
    is taken for a wrong movement when it is tilted; the page and the evidence should name the cause, not its
    echoes.
    """

    REPEATED_FRAMES = "repeated_frames"
    FRAME_TIMING = "frame_timing"
    SEVERAL_FACES = "several_faces"
    IDENTITY_CHANGED = "identity_changed"
    FLAT_FACE = "flat_face"
    MOVING_SURROUNDINGS = "moving_surroundings"
    SCREEN_LIGHT_UNEVEN = "screen_light_uneven"
    WRONG_MOVEMENT = "wrong_movement"
    SCREEN_LIGHT_MISSING = "screen_light_missing"
    SPOOF_SUSPECTED = "spoof_suspected"
    CHALLENGE_NOT_FOLLOWED = "challenge_not_followed"
    NO_FACE = "no_face"
    LOW_QUALITY = "low_quality"
    FRAME_BUDGET_EXCEEDED = "frame_budget_exceeded"


_RANK = {reason: rank for rank, reason in enumerate(Reason)}


def in_order(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Each reason once, most explanatory first."""
    return tuple(sorted(set(reasons), key=_RANK.__getitem__))
