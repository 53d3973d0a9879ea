"""What a page tells of its camera, checked: it comes from whoever runs the page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict

from common.errors import InvalidParameter
from core.liveness.injection import DeviceReport

LABEL_LENGTH = 64
_MOST_PIXELS = 16_384
_FASTEST = 1000
_MOST_CAPABILITIES = 1000


def parse_device(member: object) -> DeviceReport | None:
    """The ``device`` member of `session.start`; None where the page told nothing.

    Members that are missing are unknown, members that we do not know are passed over. Raises InvalidParameter
    for a value that no browser gives.
    """
    if member is None:
        return None
    if not isinstance(member, dict):
        raise InvalidParameter("The device is not an object.")
    return DeviceReport(
        camera_label=_label(member),
        width=_whole(member, "width", most=_MOST_PIXELS),
        height=_whole(member, "height", most=_MOST_PIXELS),
        frame_rate=_number(member, "frame_rate", most=_FASTEST),
        capabilities=_whole(member, "capabilities", most=_MOST_CAPABILITIES),
        screen_width=_whole(member, "screen_width", most=_MOST_PIXELS),
        screen_height=_whole(member, "screen_height", most=_MOST_PIXELS),
        mobile=_flag(member, "mobile"),
    )


def describe_device(device: DeviceReport | None) -> dict[str, object] | None:
    """A JSON object. A label may name a person ("Ana's phone"): for recordings with consent alone."""
    return asdict(device) if device is not None else None


def _label(member: Mapping[str, object]) -> str:
    label = member.get("camera_label", "")
    if not isinstance(label, str):
        raise _unusable("camera_label")
    return "".join(letter for letter in label if letter.isprintable())[:LABEL_LENGTH]


def _whole(member: Mapping[str, object], name: str, *, most: int) -> int | None:
    number = _number(member, name, most=most)
    return None if number is None else round(number)


def _number(member: Mapping[str, object], name: str, *, most: int) -> float | None:
    value = member.get(name)
    if value is None:
        return None
    # True is an int to Python, and a whole number may be longer than any float.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise _unusable(name)
    return float(value) if math.isfinite(value) else None


def _flag(member: Mapping[str, object], name: str) -> bool | None:
    value = member.get(name)
    if value is not None and not isinstance(value, bool):
        raise _unusable(name)
    return value


def _unusable(name: str) -> InvalidParameter:
    return InvalidParameter(f"The device's {name} is not usable.", details={"field": f"device.{name}"})
