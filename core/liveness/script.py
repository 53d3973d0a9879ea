"""The random script of a session: which motions, which colours, in which order.

A recording can only answer the script it was made for, so everything that may be random is: the motions and
their order, the colours, the place of the flash. The randomness is passed in; spare steps for a retry are
drawn with the script, which keeps the flow that runs it free of randomness.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.engine.types import LandmarkLayout
from core.liveness.policy import Level


class StepKind(StrEnum):
    """What the page asks for. Left and right are the person's own."""

    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    LOOK_UP = "look_up"
    LOOK_DOWN = "look_down"
    CLOSER = "closer"
    BLINK = "blink"
    SMILE = "smile"
    FLASH = "flash"


TURNS = (StepKind.TURN_LEFT, StepKind.TURN_RIGHT)
VISIBLE_MOTIONS: dict[LandmarkLayout, tuple[StepKind, ...]] = {
    LandmarkLayout.EYES_NOSE_MOUTH: (*TURNS, StepKind.LOOK_UP, StepKind.LOOK_DOWN, StepKind.CLOSER),
    # Without a mouth a head that looks down hardly changes: on two of six faces the fitted pitch did not
    # move.
    LandmarkLayout.EYE_CORNERS_NOSE: (*TURNS, StepKind.LOOK_UP, StepKind.CLOSER),
}
"""What five points show. `blink` and `smile` need eyelids and mouth detail, which no `FaceEngine` reports:
they are never drawn, and a fixed script that holds them passes over them as not measured."""

WINDOW_SECONDS = {
    StepKind.TURN_LEFT: 2.5,
    StepKind.TURN_RIGHT: 2.5,
    StepKind.LOOK_UP: 2.5,
    StepKind.LOOK_DOWN: 2.5,
    StepKind.CLOSER: 2.75,
    StepKind.BLINK: 2.25,
    StepKind.SMILE: 2.25,
}
COLOR_SECONDS = 0.5
"""Two changes a second: WCAG 2.3.1 allows three flashes."""
FLASH_COLORS = 7
"""More orders at the same share of chance hits: weak light and lost frames refuse fewer honest people."""
FLASH_TAIL_SECONDS = 0.25
"""The window outlasts the last colour by a camera's delay."""
SPARE_MOTIONS = 3


@dataclass(frozen=True, slots=True)
class FlashColor:
    """A screen colour, sRGB 0-255."""

    red: int
    green: int
    blue: int

    @property
    def hex(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    @property
    def linear_bgr(self) -> tuple[float, float, float]:
        """Light the screen gives, 0..1, in the channel order of images."""
        blue, green, red = ((value / 255) ** 2.2 for value in (self.blue, self.green, self.red))
        return blue, green, red


_LOW, _HIGH = 0x40, 0xFF
# Softer than the pure primaries (WCAG's red flash rule is about saturation); 0x40 is only 5 % of the light,
# so the measurable chroma hardly suffers.
PALETTE: tuple[FlashColor, ...] = (
    FlashColor(_HIGH, _LOW, _LOW),
    FlashColor(_LOW, _HIGH, _LOW),
    FlashColor(_LOW, _LOW, _HIGH),
    FlashColor(_HIGH, _HIGH, _LOW),
    FlashColor(_HIGH, _LOW, _HIGH),
    FlashColor(_LOW, _HIGH, _HIGH),
)


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """One thing to do. ``id`` is unique within the script, spares included."""

    id: int
    kind: StepKind
    window_seconds: float
    colors: tuple[FlashColor, ...] = ()
    color_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """Steps in the order shown, and spares in the order a retry takes them."""

    level: Level
    steps: tuple[ScriptStep, ...]
    spares: tuple[ScriptStep, ...] = ()

    @property
    def has_flash(self) -> bool:
        return any(step.kind is StepKind.FLASH for step in self.steps)


def visible_motions(layout: LandmarkLayout) -> tuple[StepKind, ...]:
    """Motions that can be judged from these points."""
    return VISIBLE_MOTIONS[layout]


def draw_colors(rng: random.Random, *, count: int = FLASH_COLORS) -> tuple[FlashColor, ...]:
    """Random colours, never the same twice in a row."""
    colors: list[FlashColor] = []
    while len(colors) < count:
        color = rng.choice(PALETTE)
        if not colors or color != colors[-1]:
            colors.append(color)
    return tuple(colors)


def motion_step(kind: StepKind, *, step_id: int) -> ScriptStep:
    return ScriptStep(id=step_id, kind=kind, window_seconds=WINDOW_SECONDS[kind])


def flash_step(colors: Sequence[FlashColor], *, step_id: int) -> ScriptStep:
    window = len(colors) * COLOR_SECONDS + FLASH_TAIL_SECONDS
    return ScriptStep(
        id=step_id,
        kind=StepKind.FLASH,
        window_seconds=window,
        colors=tuple(colors),
        color_seconds=COLOR_SECONDS,
    )


def draw_script(
    rng: random.Random,
    *,
    layout: LandmarkLayout,
    level: Level,
    safe_mode: bool = False,
) -> Script:
    """Draw a script for one session.

    `basic` has one or two motions, `standard` two or three, `strict` three or four. At least one is a turn:
    only a turn shows that the face is not flat. The flash stands anywhere but first, so that a quiet stretch
    comes before it; ``safe_mode`` (photosensitivity) puts one more motion in its place.
    """
    fewest, most = {Level.BASIC: (1, 2), Level.STANDARD: (2, 3), Level.STRICT: (3, 4)}[level]
    seen = visible_motions(layout)
    count = min(len(seen), rng.randint(fewest, most) + (1 if safe_mode else 0))
    turn = rng.choice([kind for kind in seen if kind in TURNS])
    others = rng.sample([kind for kind in seen if kind is not turn], count - 1)
    motions = [turn, *others]
    rng.shuffle(motions)
    unused = [kind for kind in seen if kind not in motions]
    rng.shuffle(unused)
    again = list(motions)
    rng.shuffle(again)
    spare_kinds = (unused + again)[:SPARE_MOTIONS]
    steps = [motion_step(kind, step_id=number + 1) for number, kind in enumerate(motions)]
    if not safe_mode:
        place = rng.randint(1, len(steps))
        steps.insert(place, flash_step(draw_colors(rng), step_id=len(motions) + 1))
    first_spare = len(motions) + 2
    spares = [motion_step(kind, step_id=first_spare + number) for number, kind in enumerate(spare_kinds)]
    return Script(level=level, steps=tuple(steps), spares=tuple(spares))
