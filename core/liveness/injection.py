"""Hints that the frames were not filmed by this device's camera: a risk beside the verdict, never a reason.

Whoever injects a feed controls what the page reports, so a clean report proves nothing, and people use
virtual cameras for honest reasons. Hints are combined as independent doubts: ``1 - product(1 - weight)``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import prod

import numpy as np

from core.liveness.observation import FrameObservation
from core.liveness.sensor_noise import summarise_noise

MIN_FRAMES = 12
_CLOCKWORK_SECONDS = 1e-4
"""Spread of the intervals that no timer of a browser keeps: their clocks are coarser than this."""
_SILENT_SHARE = 0.5
_RETURNING_SHARE = 0.3
"""Synthetic cameras show 0 of both; a rendered room 0.9 and more without noise, a loop 0.8 with its own."""
_FASTER = 1.25
"""Times the camera's own rate."""
_LARGER_PX = 2

_VIRTUAL_CAMERA = re.compile(
    r"\bobs\b|virtual|manycam|snap camera|xsplit|mmhmm|droidcam|iriun|epoccam|camtwist|e2esoft|vcam|"
    r"sparkocam|youcam|webcamoid|camo\b|chromacam|nvidia broadcast|splitcam|alterncam|dummy video|"
    r"v4l2|loopback|fake_device|ndi (webcam|video)|\.(mjpe?g|y4m)$",
    re.IGNORECASE,
)
"""Names under which programs offer pictures as a camera."""


class Hint(StrEnum):
    VIRTUAL_CAMERA = "virtual_camera"
    UNNAMED_CAMERA = "unnamed_camera"
    """A browser names a camera once it may be used; a stream made by a script has none."""
    NO_DEVICE_REPORT = "no_device_report"
    NO_CAPABILITIES = "no_capabilities"
    """The browser can tell what cameras are able to, and this one is able to nothing."""
    LARGER_THAN_CAMERA = "larger_than_camera"
    FASTER_THAN_CAMERA = "faster_than_camera"
    CLOCKWORK_TIMING = "clockwork_timing"
    NOISE_ABSENT = "noise_absent"
    NOISE_RETURNING = "noise_returning"


_WEIGHTS = {
    Hint.VIRTUAL_CAMERA: 0.6,
    Hint.UNNAMED_CAMERA: 0.3,
    Hint.NO_DEVICE_REPORT: 0.2,
    Hint.NO_CAPABILITIES: 0.3,
    Hint.LARGER_THAN_CAMERA: 0.3,
    Hint.FASTER_THAN_CAMERA: 0.3,
    Hint.CLOCKWORK_TIMING: 0.3,
    Hint.NOISE_ABSENT: 0.5,
    Hint.NOISE_RETURNING: 0.6,
}
"""Judged, not fitted: one strong hint reaches `HIGH_RISK` alone, weak ones only together."""
HIGH_RISK = 0.5
THIN_MARGIN = 0.2
"""Of the weakest signal, in clear passes. Genuine synthetic sessions stay above 0.24 on every pack and level,
so a virtual camera alone makes none of them doubtful."""


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """What the page tells of its camera. Claims of whoever runs the page."""

    camera_label: str = ""
    width: int | None = None
    height: int | None = None
    """Pixels the track delivers."""
    frame_rate: float | None = None
    """Frames a second the track delivers."""
    capabilities: int | None = None
    """How many the browser lists for the track; None where it cannot list any."""
    screen_width: int | None = None
    screen_height: int | None = None
    mobile: bool | None = None


@dataclass(frozen=True, slots=True)
class InjectionRisk:
    """``risk``: 0 (no hint) to 1."""

    risk: float
    hints: tuple[Hint, ...]

    def doubts(self, weakest_margin: float) -> bool:
        """High risk and a signal that agreed only just: neither alone makes a pass doubtful."""
        return self.risk >= HIGH_RISK and weakest_margin < THIN_MARGIN


def assess_injection(device: DeviceReport | None, frames: Sequence[FrameObservation]) -> InjectionRisk:
    hints = tuple(_hints(device, frames))
    return InjectionRisk(risk=1.0 - prod(1.0 - _WEIGHTS[hint] for hint in hints), hints=hints)


def _hints(device: DeviceReport | None, frames: Sequence[FrameObservation]) -> Iterable[Hint]:
    if device is None:
        yield Hint.NO_DEVICE_REPORT
    else:
        yield from _of_device(device, frames)
    intervals = np.diff([frame.captured_at for frame in frames])
    if len(frames) >= MIN_FRAMES and float(np.std(intervals)) < _CLOCKWORK_SECONDS:
        yield Hint.CLOCKWORK_TIMING
    noise = summarise_noise([frame.noise for frame in frames if frame.noise is not None])
    if noise is not None and noise.silent > _SILENT_SHARE:
        yield Hint.NOISE_ABSENT
    if noise is not None and noise.returning > _RETURNING_SHARE:
        yield Hint.NOISE_RETURNING


def _of_device(device: DeviceReport, frames: Sequence[FrameObservation]) -> Iterable[Hint]:
    if not device.camera_label.strip():
        yield Hint.UNNAMED_CAMERA
    elif _VIRTUAL_CAMERA.search(device.camera_label):
        yield Hint.VIRTUAL_CAMERA
    if device.capabilities == 0:
        yield Hint.NO_CAPABILITIES
    if _larger(device, frames):
        yield Hint.LARGER_THAN_CAMERA
    if _faster(device, frames):
        yield Hint.FASTER_THAN_CAMERA


def _larger(device: DeviceReport, frames: Sequence[FrameObservation]) -> bool:
    """The page only ever shrinks pictures. Compared by sides: a phone may be turned meanwhile."""
    if device.width is None or device.height is None:
        return False
    longest, shortest = max(device.width, device.height), min(device.width, device.height)
    return any(
        max(frame.width, frame.height) > longest + _LARGER_PX
        or min(frame.width, frame.height) > shortest + _LARGER_PX
        for frame in frames
    )


def _faster(device: DeviceReport, frames: Sequence[FrameObservation]) -> bool:
    if not device.frame_rate or len(frames) < MIN_FRAMES:
        return False
    seconds = frames[-1].captured_at - frames[0].captured_at
    return seconds > 0 and (len(frames) - 1) / seconds > _FASTER * device.frame_rate
