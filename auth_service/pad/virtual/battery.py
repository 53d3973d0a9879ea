"""The battery on disk: sessions of virtual people as the sidecars and media that `pad_eval` reads."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from auth_service.demo.cast import CAST, CastMember
from auth_service.demo.virtual_person import VirtualPerson
from auth_service.pad.virtual.film import Film, windows_of
from auth_service.pad.virtual.species import SPECIES, Stage
from core.engine.types import LandmarkLayout
from core.liveness.policy import Level
from core.liveness.script import Script, ScriptStep, StepKind, draw_colors, draw_script
from core.liveness.sequences import GENUINE, PARTIAL_SUFFIX

_FLASH_GAINS = (0.2, 0.4)
"""What a white screen adds to the light of the room, from a bright room to a dim one."""
_ROOMS = 1000

Progress = Callable[[str], None]


class FolderNotEmpty(Exception):
    """Sessions of two batteries in one folder would be counted as one."""


@dataclass(frozen=True, slots=True)
class BatteryPlan:
    """``kinds`` of `SPECIES`; ``genuine``, ``attacks``: sessions of each kind. ``seed`` decides the rest."""

    kinds: tuple[str, ...]
    genuine: int
    attacks: int
    seed: int

    def sessions(self) -> Iterator[tuple[str, int]]:
        for kind in self.kinds:
            for number in range(self.genuine if kind == GENUINE else self.attacks):
                yield kind, number


def make_battery(plan: BatteryPlan, folder: Path, *, progress: Progress) -> int:
    """Write every session; the number of them. The same plan gives the same bytes.

    The folder appears when it is complete. Raises FolderNotEmpty, OSError, and FileNotFoundError where an
    installed package no longer carries its photo.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FolderNotEmpty(f"{folder} is not empty")
    sessions = list(plan.sessions())
    with _partial_beside(folder) as partial:
        staged = Path(partial) / folder.name
        staged.mkdir()
        for count, (kind, number) in enumerate(sessions, start=1):
            # Each by itself: a session is the same whatever else is made.
            rng = random.Random(f"{plan.seed} {kind} {number}")
            member, stranger = rng.sample(CAST, 2)
            progress(f"{count}/{len(sessions)} {kind} {member.name}")
            stage = _set_stage(member, stranger, rng=rng)
            name = f"{kind}_{plan.seed}_{number + 1:03d}"
            _write(staged, name, kind=kind, member=member, stage=stage)
        # Over an empty folder a rename is one step; over one that has been filled meanwhile it fails.
        staged.replace(folder)
    return len(sessions)


def _partial_beside(folder: Path) -> tempfile.TemporaryDirectory[str]:
    """Raises OSError, of ``folder``: of the temporary one nobody has heard."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(suffix=PARTIAL_SUFFIX, dir=folder.parent)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error


def _set_stage(member: CastMember, stranger: CastMember, *, rng: random.Random) -> Stage:
    script = _draw(rng)
    return Stage(
        person=VirtualPerson(member, room_seed=rng.randrange(_ROOMS)),
        stranger=VirtualPerson(stranger, room_seed=rng.randrange(_ROOMS)),
        script=script,
        other_order=_draw_other(rng, script),
        other_colors=_recolor(rng, script),
        seed=rng.randrange(2**31),
        screen_gain=rng.uniform(*_FLASH_GAINS),
    )


def _draw(rng: random.Random) -> Script:
    """Of movements that every pack can see."""
    return draw_script(rng, layout=LandmarkLayout.EYE_CORNERS_NOSE, level=Level.STANDARD)


def _draw_other(rng: random.Random, script: Script) -> Script:
    """Another order of steps: a recording that fits by chance is no wrong order."""
    asked = [step.kind for step in script.steps]
    while True:
        other = _draw(rng)
        if [step.kind for step in other.steps] != asked:
            return other


def _recolor(rng: random.Random, script: Script) -> Script:
    """The same steps; other colours, which may be the same in places, as chance has it."""

    def recolored(step: ScriptStep) -> ScriptStep:
        colors = step.colors
        while colors and colors == step.colors:
            colors = draw_colors(rng, count=len(step.colors))
        return replace(step, colors=colors)

    return replace(script, steps=tuple(recolored(step) for step in script.steps))


def _write(folder: Path, name: str, *, kind: str, member: CastMember, stage: Stage) -> None:
    film = SPECIES[kind].play(stage)
    media = folder / f"{name}.mjpeg"
    media.write_bytes(b"".join(shot.jpeg for shot in film))
    sidecar = _sidecar(name, media.name, kind=kind, member=member, script=stage.script, film=film)
    media.with_suffix(".json").write_text(json.dumps(sidecar, indent=1) + "\n", encoding="utf-8")


def _sidecar(
    name: str, media: str, *, kind: str, member: CastMember, script: Script, film: Film
) -> dict[str, object]:
    flash = next(step for step in script.steps if step.kind is StepKind.FLASH)
    pairs = zip(script.steps, windows_of(script), strict=True)
    return {
        "name": name,
        "kind": kind,
        "label": GENUINE if kind == GENUINE else "attack",
        "identity": member.name,
        "synthetic": True,
        "what": SPECIES[kind].what,
        "source": f"{member.path} of the package {member.package}",
        "media": media,
        "challenges": [{"type": step.kind.value, "start": start, "end": end} for step, (start, end) in pairs],
        "flash": [color.hex for color in flash.colors],
        "flash_step_s": flash.color_seconds,
        "frames": _places(film),
    }


def _places(film: Film) -> Sequence[dict[str, object]]:
    places: list[dict[str, object]] = []
    offset = 0
    for shot in film:
        places.append({"t": round(shot.at, 6), "offset": offset, "length": len(shot.jpeg)})
        offset += len(shot.jpeg)
    return places
