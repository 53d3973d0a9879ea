"""Reader of recorded sessions: ``NAME.json`` (script, times, labels) beside ``NAME.mjpeg`` (JPEG frames end
to end).

The sidecar holds: ``name``, ``kind``, ``label`` (genuine or attack), ``identity``, ``media``, ``challenges``
(type, start, end in seconds), ``flash`` (colour names or ``#rrggbb``), ``flash_step_s``, ``frames`` (t,
offset, length). A recorded live session tells more: ``replaced`` of a challenge (missed, and answered by
the next one instead), ``flash_starts`` (when each colour was shown), ``framing`` (times of the first frame
that counted and of the one the challenge began on), ``received`` and ``sequence`` of a frame, ``device``
(what the page told of its camera), and as ``verdict`` whether the session reached one. ``synthetic``: nobody
stood before a camera.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from core.liveness.injection import DeviceReport
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
PARTIAL_SUFFIX = ".partial"
"""Of folders that are being written: nothing in them is a sequence yet."""
BROKEN_OFF = "broken_off"
GENUINE = "genuine"
"""The kind of a session that is no attack."""
_HEX_COLOR = re.compile(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})")


class UnreadableSequence(ValueError):
    """A sidecar or its media does not hold what it must; the message names the file and the cause."""


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    captured_at: float
    jpeg: bytes
    received_at: float | None = None
    """On the server's clock, where it was recorded."""
    sequence: int | None = None
    """Number it was sent under, where that was recorded: some are lost between page and analysis."""


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
    replaced: frozenset[int] = frozenset()
    """Indices of steps that were not followed live and answered by the next one instead."""
    color_starts: tuple[float, ...] | None = None
    """When each colour of the flash was shown; None: one after the other from the step's start."""
    framing: tuple[float, float] | None = None
    """Capture times of the first frame that counted and of the one the challenge began on; None: every frame
    before the first step."""
    device: DeviceReport | None = None
    """What the page told of its camera."""
    finished: bool = True
    """The live session came to a verdict; one that was broken off shows no error of either kind."""
    synthetic: bool = False
    """Made by a program; nobody stood before a camera."""


def find_sidecars(directory: Path) -> list[Path]:
    """Every sidecar below ``directory``, by name. Raises UnreadableSequence when there is none."""
    if not directory.is_dir():
        raise UnreadableSequence(f"{directory}: there is no such folder")
    found = sorted(list_sidecars(directory), key=lambda path: (path.name, str(path)))
    if not found:
        raise UnreadableSequence(f"{directory}: no sequence (*.json) lies here")
    return found


def list_sidecars(directory: Path) -> list[Path]:
    """Every sidecar below ``directory`` in no order, leaving out folders that are being written."""
    return [
        path
        for path in directory.rglob("*.json")
        if not any(part.endswith(PARTIAL_SUFFIX) for part in path.relative_to(directory).parts)
    ]


def read_session(path: Path, *, level: Level) -> RecordedSession:
    """Read one sidecar with its media. Raises UnreadableSequence."""
    try:
        sidecar = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UnreadableSequence(f"{path}: {error}") from error
    try:
        return _session(sidecar, folder=path.parent, level=level)
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
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
        windows=tuple(_window(entry) for entry in challenges),
        frames=tuple(_frame(entry, media=media) for entry in sidecar["frames"]),
        replaced=frozenset(index for index, entry in enumerate(challenges) if entry.get("replaced") is True),
        color_starts=_color_starts(sidecar, challenges=challenges),
        framing=_framing(sidecar.get("framing")),
        device=_device(sidecar.get("device")),
        finished=sidecar.get("verdict") != BROKEN_OFF,
        synthetic=sidecar.get("synthetic") is True,
    )


def _step(entry: Mapping[str, Any], number: int, *, sidecar: Mapping[str, Any]) -> ScriptStep:
    kind = StepKind(entry["type"])
    start, end = _window(entry)
    window = end - start
    if kind is not StepKind.FLASH:
        return ScriptStep(id=number, kind=kind, window_seconds=window)
    colors = tuple(_color(text) for text in sidecar["flash"])
    seconds = float(sidecar["flash_step_s"])
    return ScriptStep(id=number, kind=kind, window_seconds=window, colors=colors, color_seconds=seconds)


def _color(text: str) -> FlashColor:
    if text in COLOR_NAMES:
        return COLOR_NAMES[text]
    digits = _HEX_COLOR.fullmatch(text)
    if digits is None:
        raise ValueError(f"{text!r} is neither a colour's name nor #rrggbb")
    red, green, blue = (int(pair, 16) for pair in digits.groups())
    return FlashColor(red, green, blue)


def _color_starts(
    sidecar: Mapping[str, Any], *, challenges: Sequence[Mapping[str, Any]]
) -> tuple[float, ...] | None:
    if sidecar.get("flash_starts") is None:
        return None
    starts = tuple(_seconds(start) for start in sidecar["flash_starts"])
    flashes = sum(entry["type"] == StepKind.FLASH for entry in challenges)
    if flashes and len(starts) != len(sidecar["flash"]):
        raise ValueError("flash_starts has one time for each colour")
    if any(later <= earlier for earlier, later in itertools.pairwise(starts)):
        raise ValueError("flash_starts does not increase")
    return starts if flashes else None


def _device(value: Any) -> DeviceReport | None:
    if value is None:
        return None
    # Members of other versions are passed over.
    known = {field.name: value[field.name] for field in fields(DeviceReport) if field.name in dict(value)}
    label, numbers = known.get("camera_label", ""), [known[name] for name in known if name != "camera_label"]
    if not isinstance(label, str) or not all(one is None or math.isfinite(one) for one in numbers):
        raise ValueError("the device is not what a page tells")
    return DeviceReport(**known)


def _framing(value: Any) -> tuple[float, float] | None:
    if value is None:
        return None
    first, last = (_seconds(at) for at in value)
    if last < first:
        raise ValueError("framing ends after it starts")
    return first, last


def _window(entry: Mapping[str, Any]) -> tuple[float, float]:
    start, end = _seconds(entry["start"]), _seconds(entry["end"])
    if end <= start:
        raise ValueError("a challenge ends after it starts")
    return start, end


def _seconds(value: Any) -> float:
    seconds = float(value)
    # Python's JSON knows NaN, and no comparison with it holds.
    if not math.isfinite(seconds):
        raise ValueError(f"{value} is no time")
    return seconds


def _optional_seconds(value: Any) -> float | None:
    return None if value is None else _seconds(value)


def _frame(entry: Mapping[str, Any], *, media: bytes) -> RecordedFrame:
    start, length = int(entry["offset"]), int(entry["length"])
    jpeg = media[start : start + length]
    if len(jpeg) != length or length <= 0:
        raise ValueError(f"frame at byte {start} reaches beyond the media")
    return RecordedFrame(
        captured_at=_seconds(entry["t"]),
        jpeg=jpeg,
        received_at=_optional_seconds(entry.get("received")),
        sequence=None if entry.get("sequence") is None else int(entry["sequence"]),
    )
