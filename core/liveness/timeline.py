"""One attempt over time, as numbers: what an operator looks at to see why a session ended as it did."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from core.liveness.evidence import Evidence, StepRecord
from core.liveness.follow import THRESHOLDS
from core.liveness.observation import FaceView, FrameObservation
from core.liveness.policy import LivenessPolicy
from core.liveness.traits import PackTraits

VERSION = 1
_DIGITS = 4
_FLOOR = 1e-4
_COLORS = ("skin_blue", "skin_green", "skin_red")
"""In the channel order of images."""

Column = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class ShownColor:
    hex: str
    start: float


@dataclass(frozen=True, slots=True)
class StepSpan:
    """One step as it ran."""

    kind: str
    start: float
    end: float
    outcome: str
    score: float
    replaced: bool
    colors: tuple[ShownColor, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """All times in seconds since the attempt's first frame.

    ``series``: equally long columns, one entry per frame, None where not measured. ``at``: capture time;
    ``yaw``, ``pitch``: degrees away from the person's own frontal view, left and up positive; ``size``:
    growth of the head over frontal; ``skin_red``, ``skin_green``, ``skin_blue``: logarithm of the skin's
    light, less the surroundings' where they are seen; ``live``: the passive model's probability;
    ``identity``: cosine to the first embedded face; ``nearest``: grey difference to the most similar earlier
    frame; ``second_face``: area of the next largest face over the first's.
    ``limits``: the thresholds of the columns that have one.
    """

    challenge_start: float | None
    limits: Mapping[str, float]
    series: Mapping[str, Column]
    steps: tuple[StepSpan, ...]

    def as_json(self) -> dict[str, object]:
        """At most some 60 kB, where a session's whole budget of 600 frames went into one attempt."""
        return {
            "version": VERSION,
            "challenge_start": self.challenge_start,
            "limits": dict(self.limits),
            "series": {name: list(column) for name, column in self.series.items()},
            "steps": [
                {
                    "kind": step.kind,
                    "start": step.start,
                    "end": step.end,
                    "outcome": step.outcome,
                    "score": step.score,
                    "replaced": step.replaced,
                    "colors": [{"hex": color.hex, "start": color.start} for color in step.colors],
                }
                for step in self.steps
            ],
        }


def timeline_of(evidence: Evidence, *, policy: LivenessPolicy, traits: PackTraits) -> Timeline:
    frames = evidence.frames
    zero = frames[0].captured_at if frames else 0.0
    start = evidence.challenge_start
    motion = THRESHOLDS[traits.layout]
    return Timeline(
        challenge_start=None if start is None else _rounded(start - zero),
        limits={
            "yaw": motion.turn,
            "pitch": motion.look,
            "size": motion.closer,
            "live": policy.live_probability,
            "identity": _or_zero(traits.same_person_cosine),
            "nearest": policy.loop_distance,
        },
        series={"at": tuple(_rounded(frame.captured_at - zero) for frame in frames), **_columns(evidence)},
        steps=tuple(_span(record, zero=zero) for record in evidence.steps),
    )


def _columns(evidence: Evidence) -> dict[str, Column]:
    frames, baseline = evidence.frames, evidence.baseline
    columns: dict[str, Column] = {}
    if baseline is None:
        columns |= dict.fromkeys(("yaw", "pitch", "size"), (None,) * len(frames))
    else:
        columns["yaw"] = _of_faces(frames, lambda face: face.head.pose.yaw - baseline.yaw)
        columns["pitch"] = _of_faces(frames, lambda face: face.head.pose.pitch - baseline.pitch)
        columns["size"] = _of_faces(frames, lambda face: face.head.scale / baseline.scale - 1.0)
    for channel, name in enumerate(_COLORS):
        columns[name] = _of_faces(frames, partial(_relative_light, channel=channel))
    columns["live"] = _of_faces(frames, lambda face: face.live_probability)
    columns["identity"] = _identity(frames)
    columns["nearest"] = tuple(_rounded(frame.nearest_earlier) for frame in frames)
    columns["second_face"] = _of_faces(frames, lambda face: face.second_face_ratio)
    return columns


def _of_faces(frames: Sequence[FrameObservation], read: Callable[[FaceView], float | None]) -> Column:
    return tuple(_rounded(read(frame.face)) if frame.face is not None else None for frame in frames)


def _relative_light(face: FaceView, *, channel: int) -> float | None:
    if face.light is None:
        return None
    skin = float(np.log(max(float(face.light.skin[channel]), _FLOOR)))
    around = float(face.light.surroundings[channel])
    return skin - float(np.log(max(around, _FLOOR))) if math.isfinite(around) else skin


def _identity(frames: Sequence[FrameObservation]) -> Column:
    faces = [frame.face.embedding if frame.face is not None else None for frame in frames]
    first = next((embedding for embedding in faces if embedding is not None), None)
    if first is None:
        return (None,) * len(frames)
    return tuple(_rounded(float(first @ face)) if face is not None else None for face in faces)


def _span(record: StepRecord, *, zero: float) -> StepSpan:
    return StepSpan(
        kind=record.step.kind.value,
        start=_or_zero(record.start - zero),
        end=_or_zero(record.end - zero),
        outcome=record.outcome.value,
        score=_or_zero(record.score),
        replaced=record.replaced,
        colors=tuple(
            ShownColor(hex=color.hex, start=_or_zero(start - zero))
            for color, start in zip(record.step.colors, record.color_starts, strict=False)
        ),
    )


def _rounded(value: float | None) -> float | None:
    """None too for what JSON cannot hold."""
    return round(float(value), _DIGITS) if value is not None and math.isfinite(value) else None


def _or_zero(value: float) -> float:
    return _rounded(value) or 0.0
