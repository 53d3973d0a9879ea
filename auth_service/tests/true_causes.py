"""What each species of attack really is, and by which reasons a refusal names that."""

from __future__ import annotations

from dataclasses import dataclass

from auth_service.pad.scorecard import Presentation
from core.liveness.policy import Level
from core.liveness.reasons import Reason


@dataclass(frozen=True, slots=True)
class Cause:
    """``basic_too``: what may lead besides at the level that only records ring, aspect and flash shape."""

    what: str
    reasons: frozenset[Reason]
    basic_too: frozenset[Reason] = frozenset()

    def named_by(self, reason: str, *, level: Level) -> bool:
        return reason in (self.reasons | self.basic_too if level is Level.BASIC else self.reasons)


_UNFOLLOWED = frozenset({Reason.CHALLENGE_NOT_FOLLOWED, Reason.WRONG_MOVEMENT})
_UNLIT = frozenset({Reason.SCREEN_LIGHT_MISSING})
_PAPER = frozenset(
    {Reason.FLAT_FACE, Reason.MOVING_SURROUNDINGS, Reason.SCREEN_LIGHT_UNEVEN, Reason.SPOOF_SUSPECTED}
)


def _print(what: str) -> Cause:
    """All four name a print: it has no depth, carries its surroundings, is lit as paper, looks like one.

    Where these are only recorded, what remains is true as well: no head turns.
    """
    return Cause(what, _PAPER, basic_too=_UNFOLLOWED)


_REPEATED = frozenset({Reason.REPEATED_FRAMES})
CAUSES: dict[str, Cause] = {
    "frozen": Cause("one frame again and again", _REPEATED),
    "looped": Cause("twelve frames in a loop", _REPEATED),
    "identity_swap": Cause("another person goes on", frozenset({Reason.IDENTITY_CHANGED})),
    "two_faces": Cause("a second person is there", frozenset({Reason.SEVERAL_FACES})),
    "photo_static": _print("held still"),
    "photo_fixed": _print("on a stand"),
    "photo_plane": _print("slid and zoomed in its plane"),
    "photo_tilt": _print("tilted as commanded"),
    "photo_tilt_full": _print("the same, its edges out of view"),
    "photo_bend": _print("bent and tilted"),
    "photo_eyecut": _print("eyes cut out, tilted"),
    # The picture moves as one, no screen lights it, and it does nothing that is asked.
    "inject_still": Cause(
        "one picture fed as a camera, panned and zoomed",
        frozenset({Reason.MOVING_SURROUNDINGS, *_UNLIT}),
        basic_too=_UNFOLLOWED,
    ),
    "photo_unlit": Cause(
        "one picture that fills the view, where no screen lights it",
        frozenset({Reason.MOVING_SURROUNDINGS, *_UNLIT}),
        basic_too=_UNFOLLOWED,
    ),
    "puppet3d": Cause("an animation that no screen lights", _UNLIT),
    # The colours lie over skin and wall alike.
    "puppet3d_tint": Cause("the same, tinted as a whole", frozenset({Reason.SCREEN_LIGHT_UNEVEN})),
    "replay_wrong_flash": Cause("right movements, recorded under other colours", _UNLIT),
    "replay_wrong_order": Cause("other movements, recorded under other colours", _UNLIT | _UNFOLLOWED),
    # A glass that shines and mirrors is a flat light source of its own.
    "screen_right_order": Cause("the first on a screen", _UNLIT | {Reason.SPOOF_SUSPECTED}),
    "screen_right_order_full": Cause("the same, its edges out of view", _UNLIT | {Reason.SPOOF_SUSPECTED}),
    "screen_wrong_order": Cause(
        "the second on a screen",
        _UNLIT | _UNFOLLOWED | {Reason.SCREEN_LIGHT_UNEVEN, Reason.SPOOF_SUSPECTED},
    ),
}
"""By species, of the recorded sequences and of the virtual battery."""


def misnamed(presentation: Presentation, *, level: Level) -> bool:
    """Refused, but first of all for something that is not the cause."""
    leading = presentation.reasons[0] if presentation.reasons else ""
    return bool(leading) and not CAUSES[presentation.kind].named_by(leading, level=level)
