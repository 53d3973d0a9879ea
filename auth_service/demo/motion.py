"""How the virtual person answers a command: reaction, smooth move, hold, way back; and never quite still."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from auth_service.demo.geometry import Pose

_AXIS_OF: dict[str, tuple[str, float]] = {
    "turn_left": ("yaw", 1.0),
    "turn_right": ("yaw", -1.0),
    "look_up": ("pitch", 1.0),
    "look_down": ("pitch", -1.0),
    "closer": ("z", -1.0),
}
MOTIONS = tuple(_AXIS_OF)
_AXES = ("yaw", "pitch", "roll", "x", "y", "z")
_SWAY = (0.7, 0.6, 0.4, 0.22, 0.15, 0.25)
"""Standard deviation of the small movements nobody can suppress: degrees, then centimetres."""
_SWAY_WAVES = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """One answered command; times are seconds on the camera's clock."""

    kind: str
    begins: float
    rise: float
    hold: float
    fall: float
    extent: float
    """Degrees for turns and looks, centimetres for closer."""

    def share(self, at: float) -> float:
        up = _ease((at - self.begins) / self.rise)
        down = _ease((at - self.begins - self.rise - self.hold) / self.fall)
        return up - down


def plan_answer(kind: str, *, shown_at: float, rng: np.random.Generator) -> Answer:
    """A cooperative person's answer to a command seen at ``shown_at``. Raises ValueError for others."""
    if kind not in MOTIONS:
        raise ValueError(f"{kind!r} is no movement")
    reaction = rng.uniform(0.3, 0.6)
    if kind == "closer":
        extent, rise = rng.uniform(13.5, 16.0), rng.uniform(0.7, 0.85)
    elif kind.startswith("turn"):
        extent, rise = rng.uniform(21.0, 25.0), rng.uniform(0.5, 0.65)
    else:
        extent, rise = rng.uniform(13.0, 16.0), rng.uniform(0.5, 0.65)
    hold, fall = rng.uniform(0.5, 0.65), rng.uniform(0.45, 0.55)
    return Answer(kind, shown_at + reaction, rise=rise, hold=hold, fall=fall, extent=extent)


class Sway:
    """Slow random movement as a sum of sines, so that it is a pure function of time."""

    def __init__(self, rng: np.random.Generator, *, strength: float = 1.0) -> None:
        self._hertz = rng.uniform(0.05, 0.55, (len(_AXES), _SWAY_WAVES))
        self._phase = rng.uniform(0, 2 * np.pi, (len(_AXES), _SWAY_WAVES))
        self._size = np.array(_SWAY) * strength * np.sqrt(2 / _SWAY_WAVES)

    def at(self, seconds: float) -> dict[str, float]:
        waves = np.sin(2 * np.pi * self._hertz * seconds + self._phase).sum(axis=1) * self._size
        return dict(zip(_AXES, (float(wave) for wave in waves), strict=True))


def pose_at(seconds: float, *, sway: Sway, answers: list[Answer]) -> Pose:
    """Where the person is: the sway plus every answer that is under way."""
    moved = sway.at(seconds)
    for answer in answers:
        axis, sign = _AXIS_OF[answer.kind]
        moved[axis] += sign * answer.extent * answer.share(seconds)
    return Pose(**moved)


def _ease(share: float) -> float:
    """0 to 1 with no jerk at either end."""
    t = min(max(share, 0.0), 1.0)
    return t**3 * (10 - 15 * t + 6 * t * t)
