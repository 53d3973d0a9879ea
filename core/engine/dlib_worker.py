"""The process that computes dlib descriptors: chips in on stdin, descriptors out on stdout.

Run as a script, never imported by the server, so it loads neither Django nor this project. dlib holds
the interpreter lock for a quarter of a second per descriptor; in here nobody waits for it. The process
ends when its stdin closes, so it cannot outlive a parent that was killed.

Request: ``<I`` number of chips n, then n chips of 150 x 150 x 3 bytes (RGB).
Reply: ``<I`` n, then n x 128 little-endian float32. The first reply, with n = 0, says "ready".
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
from typing import BinaryIO

import dlib
import numpy as np

CHIP_SIDE_PX = 150
DIMENSION = 128
_CHIP_BYTES = CHIP_SIDE_PX * CHIP_SIDE_PX * 3


def _read_exactly(stream: BinaryIO, size: int) -> bytes:
    """``size`` bytes, or fewer at the end of the stream."""
    parts = bytearray()
    while len(parts) < size:
        part = stream.read(size - len(parts))
        if not part:
            break
        parts += part
    return bytes(parts)


def serve(*, weights: str, requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until they end."""
    network = dlib.face_recognition_model_v1(weights)
    replies.write(struct.pack("<I", 0))
    while len(header := _read_exactly(requests, 4)) == 4:
        (count,) = struct.unpack("<I", header)
        raw = _read_exactly(requests, count * _CHIP_BYTES)
        if len(raw) < count * _CHIP_BYTES:
            return
        chips = np.frombuffer(raw, dtype=np.uint8).reshape(count, CHIP_SIDE_PX, CHIP_SIDE_PX, 3)
        vectors = network.compute_face_descriptor([np.ascontiguousarray(chip) for chip in chips])
        answer = np.array([list(vector) for vector in vectors], dtype="<f4")
        replies.write(struct.pack("<I", count) + answer.tobytes())


def main() -> None:
    # Anything printed by a library must not end up between the replies.
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    requests = os.fdopen(os.dup(0), "rb", buffering=0)
    # A parent that has closed its end while the weights were loading wants nothing any more.
    with contextlib.suppress(BrokenPipeError):
        serve(weights=sys.argv[1], requests=requests, replies=replies)


if __name__ == "__main__":
    main()
