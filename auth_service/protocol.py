"""The session socket's wire: frame header in, typed client messages in, JSON messages out."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Final

from auth_service.device import parse_device
from auth_service.frame_binding import TAG_BYTES, make_tag, tag_fits
from common.errors import FaceAppError, ImageTooLarge, InvalidParameter
from core.liveness.injection import DeviceReport

MAGIC: Final = b"FGF2"
_SIGNED: Final = struct.Struct("!4sId")
HEADER_BYTES: Final = _SIGNED.size + TAG_BYTES
MAX_TEXT_BYTES: Final = 4096
LATEST_MS: Final = 2**53
"""The last whole millisecond that a page's clock can tell from the next."""

FRAME_WIDTH: Final = 640
FRAME_HEIGHT: Final = 480
JPEG_QUALITY: Final = 0.8


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture from the camera."""

    sequence: int
    captured_at_seconds: float
    """On the sender's own monotonic clock."""
    jpeg: bytes
    received_at_seconds: float = 0.0
    """On the server's monotonic clock."""


@dataclass(frozen=True, slots=True)
class SessionStart:
    token: str
    safe_mode: bool
    consent: str = ""
    """Version of the recording text that the person agreed to; servers that do not record ignore it."""
    device: DeviceReport | None = None


@dataclass(frozen=True, slots=True)
class StepShown:
    step_id: int
    shown_at_seconds: float


@dataclass(frozen=True, slots=True)
class ColorShown:
    step_id: int
    index: int
    shown_at_seconds: float


ClientMessage = SessionStart | StepShown | ColorShown


def parse_frame(data: bytes, *, key: bytes, max_bytes: int, received_at_seconds: float) -> Frame:
    """Raises ImageTooLarge, or InvalidParameter for no frame and for one that was made for another socket.

    The JPEG itself is judged by the decoder.
    """
    if len(data) > max_bytes + HEADER_BYTES:
        raise ImageTooLarge(details={"max_frame_bytes": max_bytes})
    if len(data) <= HEADER_BYTES:
        raise InvalidParameter(f"A frame is a {HEADER_BYTES}-byte header and a JPEG.")
    if not data.startswith(MAGIC):
        raise InvalidParameter(f"The frame header does not start with {MAGIC.decode()}.")
    signed, tag = data[: _SIGNED.size], data[_SIGNED.size : HEADER_BYTES]
    jpeg = data[HEADER_BYTES:]
    if not tag_fits(tag, signed, jpeg, key=key):
        raise InvalidParameter(
            "The frame was not made for this socket: its tag does not fit the key of session.ready.",
            details={"reason": "frame_tag"},
        )
    _, sequence, captured_ms = _SIGNED.unpack(signed)
    return Frame(
        sequence=sequence,
        captured_at_seconds=_seconds(captured_ms, "capture time"),
        jpeg=jpeg,
        received_at_seconds=received_at_seconds,
    )


def pack_frame(frame: Frame, *, key: bytes) -> bytes:
    """The binary message of one frame, as the page of the socket with this ``key`` sends it."""
    signed = _SIGNED.pack(MAGIC, frame.sequence, frame.captured_at_seconds * 1000)
    return signed + make_tag(signed, frame.jpeg, key=key) + frame.jpeg


def parse_message(text: str) -> ClientMessage:
    """Raises InvalidParameter for anything that is not a known message with all its members."""
    if len(text) > MAX_TEXT_BYTES:
        raise InvalidParameter("The message is too long.")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidParameter("The message is not JSON.") from error
    if not isinstance(message, dict):
        raise InvalidParameter("The message is not a JSON object.")
    match message:
        case {"type": "session.start", "token": str(token)}:
            consent = message.get("consent")
            return SessionStart(
                token=token,
                safe_mode=message.get("safe_mode") is True,
                consent=consent if isinstance(consent, str) else "",
                device=parse_device(message.get("device")),
            )
        case {"type": "step.shown", "step": int(step), "shown_at_ms": int() | float() as shown}:
            return StepShown(step_id=step, shown_at_seconds=_seconds(shown, "shown_at_ms"))
        case {
            "type": "flash.shown",
            "step": int(step),
            "index": int(index),
            "shown_at_ms": int() | float() as shown,
        }:
            return ColorShown(step_id=step, index=index, shown_at_seconds=_seconds(shown, "shown_at_ms"))
    raise InvalidParameter("Unknown message.", details={"type": str(message.get("type"))[:64]})


def present_error(error: FaceAppError) -> dict[str, object]:
    return {
        "type": "error",
        "error": {"code": error.code, "message": error.message, "details": error.details},
    }


def _seconds(milliseconds: float, name: str) -> float:
    # Compared before it is converted: JSON may hold a whole number that no float can.
    if not 0 <= milliseconds <= LATEST_MS:
        raise InvalidParameter(f"The {name} is not a time in milliseconds.")
    return float(milliseconds) / 1000
