"""The socket's wire format."""

import hashlib
import hmac
import json
import math
import struct

import pytest

from auth_service.frame_binding import make_tag, new_frame_key
from auth_service.protocol import (
    HEADER_BYTES,
    ColorShown,
    Frame,
    SessionStart,
    StepShown,
    pack_frame,
    parse_frame,
    parse_message,
    present_error,
)
from common.errors import ImageTooLarge, InvalidParameter, Throttled

KEY = new_frame_key()


def parse(data: bytes, *, key: bytes = KEY, max_bytes: int = 100) -> Frame:
    return parse_frame(data, key=key, max_bytes=max_bytes, received_at_seconds=1.0)


def pack(frame: Frame, *, key: bytes = KEY) -> bytes:
    return pack_frame(frame, key=key)


def signed(header: bytes, jpeg: bytes = b"x") -> bytes:
    """A message whose tag is right, whatever the header says."""
    return header + make_tag(header, jpeg, key=KEY) + jpeg


def test_a_packed_frame_reads_back_as_it_was() -> None:
    frame = Frame(sequence=7, captured_at_seconds=12.25, jpeg=b"jpeg", received_at_seconds=1.0)
    assert parse(pack(frame)) == frame


def test_the_header_is_sixteen_bytes_big_endian_and_a_tag_of_sixteen_over_them_and_the_jpeg() -> None:
    header = b"FGF2" + (258).to_bytes(4, "big") + struct.pack(">d", 1500.0)
    tag = hmac.new(KEY, header + b"x", hashlib.sha256).digest()[:16]
    frame = parse(header + tag + b"x")
    assert (HEADER_BYTES, frame.sequence, frame.captured_at_seconds, frame.jpeg) == (32, 258, 1.5, b"x")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"FGF2",
        pack(Frame(1, 1.0, b"")),
        signed(struct.pack("!4sId", b"FGF1", 1, 1000.0)),
        b"\xff" * 60,
    ],
    ids=["empty", "short", "no jpeg", "other magic", "noise"],
)
def test_data_that_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidParameter):
        parse(data)


@pytest.mark.parametrize("captured", [math.nan, math.inf, -1.0])
def test_a_capture_time_that_is_no_time_is_refused(captured: float) -> None:
    with pytest.raises(InvalidParameter):
        parse(signed(struct.pack("!4sId", b"FGF2", 1, captured)))


@pytest.mark.parametrize("place", [3, 4, 7, 8, 15, 16, 31, 32, 40])
def test_a_frame_of_which_one_bit_was_changed_is_refused(place: int) -> None:
    data = bytearray(pack(Frame(1, 1.0, b"nine bytes")))
    data[place] ^= 1
    with pytest.raises(InvalidParameter):
        parse(bytes(data))


def test_a_frame_made_for_another_socket_is_refused_by_its_tag() -> None:
    with pytest.raises(InvalidParameter, match="not made for this socket") as caught:
        parse(pack(Frame(1, 1.0, b"x")), key=new_frame_key())
    assert caught.value.details == {"reason": "frame_tag"}


def test_the_limit_counts_the_jpeg_and_names_itself() -> None:
    assert parse(pack(Frame(1, 1.0, b"x" * 100))).jpeg == b"x" * 100
    with pytest.raises(ImageTooLarge) as caught:
        parse(pack(Frame(1, 1.0, b"x" * 101)))
    assert caught.value.details == {"max_frame_bytes": 100}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"type": "session.start", "token": "t"}, SessionStart(token="t", safe_mode=False)),
        ({"type": "session.start", "token": "t", "safe_mode": True}, SessionStart(token="t", safe_mode=True)),
        ({"type": "step.shown", "step": 2, "shown_at_ms": 1500}, StepShown(2, 1.5)),
        ({"type": "flash.shown", "step": 2, "index": 4, "shown_at_ms": 250.5}, ColorShown(2, 4, 0.2505)),
    ],
)
def test_known_messages_become_typed_ones(message: dict[str, object], expected: object) -> None:
    assert parse_message(json.dumps(message)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "3",
        "null",
        json.dumps({"type": "session.start"}),
        json.dumps({"type": "session.start", "token": 5}),
        json.dumps({"type": "step.shown", "step": "1", "shown_at_ms": 1}),
        json.dumps({"type": "flash.shown", "step": 1, "index": 0}),
        json.dumps({"type": "session.verdict", "verdict": "passed"}),
        '{"type": "step.shown", "step": 1, "shown_at_ms": NaN}',
        json.dumps({"type": "session.start", "token": "t" * 5000}),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter):
        parse_message(text)


def test_an_error_shows_its_code_message_and_details() -> None:
    assert present_error(Throttled("Later.", details={"retry_after": 3})) == {
        "type": "error",
        "error": {"code": "throttled", "message": "Later.", "details": {"retry_after": 3}},
    }
