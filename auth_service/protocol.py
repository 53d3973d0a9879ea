"""The session socket's wire: frame header in, typed client messages in, JSON messages out."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Final

from common.errors import FaceAppError, ImageTooLarge, InvalidParameter

MAGIC: Final = b"FGF1"
_HEADER: Final = struct.Struct("!4sId")
HEADER_BYTES: Final = _HEADER.size
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


def parse_frame(data: bytes, *, max_bytes: int, received_at_seconds: float) -> Frame:
    """Raises ImageTooLarge or InvalidParameter; the JPEG itself is judged by the decoder."""
    if len(data) > max_bytes + HEADER_BYTES:
        raise ImageTooLarge(details={"max_frame_bytes": max_bytes})
    if len(data) <= HEADER_BYTES:
        raise InvalidParameter("A frame is a 16-byte header and a JPEG.")
    magic, sequence, captured_ms = _HEADER.unpack_from(data)
    if magic != MAGIC:
        raise InvalidParameter("The frame header does not start with FGF1.")
    return Frame(
        sequence=sequence,
        captured_at_seconds=_seconds(captured_ms, "capture time"),
        jpeg=data[HEADER_BYTES:],
        received_at_seconds=received_at_seconds,
    )


def pack_frame(frame: Frame) -> bytes:
    """The binary message of one frame, as the page sends it."""
    return _HEADER.pack(MAGIC, frame.sequence, frame.captured_at_seconds * 1000) + frame.jpeg


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
            return SessionStart(token=token, safe_mode=message.get("safe_mode") is True)
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
