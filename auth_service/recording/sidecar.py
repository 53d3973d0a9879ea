"""One recorded session as the sidecar that `core.liveness.sequences` reads."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings

from auth_service.flows import Accepted, Refused, SessionFlow, Update
from auth_service.recording.archive import RECORDER
from auth_service.recording.consent import Consent
from auth_service.recording.plan import RecordingPlan
from core.liveness.evidence import StepRecord
from core.liveness.script import COLOR_SECONDS, StepKind
from core.liveness.sequences import BROKEN_OFF

RECORDER_VERSION = 1
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """One analysed frame: its times on the page's and the server's clock, its place in the media in bytes."""

    sequence: int
    captured_at: float
    received_at: float
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of a session before its first frame."""

    plan: RecordingPlan
    consent: Consent
    purpose: str
    level: str
    pack: str
    device: Mapping[str, object] | None
    """What the browser told of device and camera."""


@dataclass(frozen=True, slots=True)
class Course:
    """What of the flow is kept. Times on the page's clock, in seconds."""

    verdict: str
    """``accepted``, ``refused`` or ``broken_off``, of liveness alone."""
    reasons: tuple[str, ...]
    level_reached: str | None
    signals: Mapping[str, float]
    """As measured live; empty where it was broken off."""
    framing: tuple[float, float] | None
    steps: tuple[StepRecord, ...]


def course_of(flow: SessionFlow, update: Update | None) -> Course:
    """``update``: the flow's last word."""
    if not isinstance(update, Accepted | Refused):
        return Course(BROKEN_OFF, (), None, {}, framing=flow.framing, steps=flow.steps_run)
    return Course(
        verdict="accepted" if isinstance(update, Accepted) else "refused",
        reasons=tuple(reason.value for reason in update.reasons) if isinstance(update, Refused) else (),
        level_reached=update.liveness.reached,
        signals=update.liveness.signals,
        framing=flow.framing,
        steps=flow.steps_run,
    )


def build_sidecar(
    *,
    name: str,
    media: str,
    circumstances: Circumstances,
    course: Course,
    frames: Sequence[StoredFrame],
) -> dict[str, object]:
    """A JSON object. Times in it count from the first frame; there must be one."""
    plan = circumstances.plan
    began, arrived = frames[0].captured_at, frames[0].received_at

    def on_film(at: float) -> float:
        return round(at - began, _DIGITS)

    flash = next((record for record in course.steps if record.step.kind is StepKind.FLASH), None)
    return {
        "name": name,
        "kind": plan.kind,
        "label": "genuine" if plan.genuine else "attack",
        "identity": plan.subject,
        "subject": plan.subject,
        "media": media,
        "mirrored": False,
        "purpose": circumstances.purpose,
        "level": circumstances.level,
        "pack": circumstances.pack,
        "verdict": course.verdict,
        "reasons": list(course.reasons),
        "level_reached": course.level_reached,
        # JSON knows no NaN.
        "signals": {
            signal: round(float(value), _DIGITS)
            for signal, value in course.signals.items()
            if math.isfinite(value)
        },
        "recorded_at": circumstances.consent.given_at.isoformat(timespec="seconds"),
        "consent": circumstances.consent.as_json(),
        "device": dict(circumstances.device) if circumstances.device is not None else None,
        "recorder": {"name": RECORDER, "version": RECORDER_VERSION, "facegate": settings.VERSION},
        "framing": None if course.framing is None else [on_film(at) for at in course.framing],
        "challenges": [
            {
                "type": record.step.kind.value,
                "start": on_film(record.start),
                "end": on_film(record.end),
                "outcome": record.outcome.value,
                "replaced": record.replaced,
            }
            for record in course.steps
        ],
        "flash": [color.hex for color in flash.step.colors] if flash else [],
        "flash_step_s": (flash.step.color_seconds if flash else None) or COLOR_SECONDS,
        "flash_starts": [on_film(at) for at in flash.color_starts] if flash else [],
        "frames": [
            {
                "t": on_film(frame.captured_at),
                "received": round(frame.received_at - arrived, _DIGITS),
                "sequence": frame.sequence,
                "offset": frame.offset,
                "length": frame.length,
            }
            for frame in frames
        ],
    }
