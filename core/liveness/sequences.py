"""Reader of recorded sessions: ``NAME.json`` (script, times, labels) beside ``NAME.mjpeg`` (JPEG frames end
to end).

The sidecar holds: ``name``, ``kind``, ``label`` (genuine or attack), ``identity``, ``media``, ``challenges``
(type, start, end in seconds), ``flash`` (colour names), ``flash_step_s``, ``frames`` (t, offset, length).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.liveness.policy import Level
from core.liveness.script import FlashColor, Script, ScriptStep, StepKind

COLOR_NAMES = {
    "red": FlashColor(255, 0, 0),
    "green": FlashColor(0, 255, 0),
    "blue": FlashColor(0, 0, 255),
    "yellow": FlashColor(255, 255, 0),
    "magenta": FlashColor(255, 0, 255),
    "cyan": FlashColor(0, 255, 255),
}


class UnreadableSequence(ValueError):
    """A sidecar or its media does not hold what it must; the message names the file and the cause."""


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    captured_at: float
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class RecordedSession:
    name: str
    kind: str
    """``genuine`` or the attack's species."""
    genuine: bool
    identity: str
    script: Script
    windows: tuple[tuple[float, float], ...]
    """Start and end of each step, seconds on the frames' clock."""
    frames: tuple[RecordedFrame, ...]


def find_sidecars(directory: Path) -> list[Path]:
    """Every sidecar below ``directory``, by name. Raises UnreadableSequence when there is none."""
    found = sorted(directory.rglob("*.json"), key=lambda path: (path.name, str(path)))
    if not found:
        raise UnreadableSequence(f"{directory}: no sequence (*.json) lies here")
    return found


def read_session(path: Path, *, level: Level) -> RecordedSession:
    """Read one sidecar with its media. Raises UnreadableSequence."""
    try:
        sidecar = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableSequence(f"{path}: {error}") from error
    try:
        return _session(sidecar, folder=path.parent, level=level)
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise UnreadableSequence(f"{path}: {type(error).__name__}: {error}") from error


def _session(sidecar: Mapping[str, Any], *, folder: Path, level: Level) -> RecordedSession:
    challenges = sidecar["challenges"]
    # A name only: a sidecar must not reach out of its folder.
    media = (folder / Path(str(sidecar["media"])).name).read_bytes()
    return RecordedSession(
        name=str(sidecar["name"]),
        kind=str(sidecar["kind"]),
        genuine=sidecar["label"] == "genuine",
        identity=str(sidecar["identity"]),
        script=Script(
            level=level,
            steps=tuple(_step(entry, number, sidecar=sidecar) for number, entry in enumerate(challenges, 1)),
        ),
        windows=tuple((float(entry["start"]), float(entry["end"])) for entry in challenges),
        frames=tuple(_frame(entry, media=media) for entry in sidecar["frames"]),
    )


def _step(entry: Mapping[str, Any], number: int, *, sidecar: Mapping[str, Any]) -> ScriptStep:
    kind = StepKind(entry["type"])
    window = float(entry["end"]) - float(entry["start"])
    if kind is not StepKind.FLASH:
        return ScriptStep(id=number, kind=kind, window_seconds=window)
    colors = tuple(COLOR_NAMES[name] for name in sidecar["flash"])
    seconds = float(sidecar["flash_step_s"])
    return ScriptStep(id=number, kind=kind, window_seconds=window, colors=colors, color_seconds=seconds)


def _frame(entry: Mapping[str, Any], *, media: bytes) -> RecordedFrame:
    start, length = int(entry["offset"]), int(entry["length"])
    jpeg = media[start : start + length]
    if len(jpeg) != length or length <= 0:
        raise ValueError(f"frame at byte {start} reaches beyond the media")
    return RecordedFrame(captured_at=float(entry["t"]), jpeg=jpeg)
