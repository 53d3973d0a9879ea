"""Format, size and completeness of JPEG, PNG and WebP files, read from their bytes without decoding."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from enum import StrEnum

from common.errors import InvalidImage

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE_MARKERS = frozenset({0x01, *range(0xD0, 0xD8)})
_SCAN = 0xDA
_END = 0xD9
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""The next marker after entropy-coded data, in which 0xFF is followed by zero or a restart marker."""


class ImageFormat(StrEnum):
    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"


@dataclass(frozen=True, slots=True)
class ImageHeader:
    format: ImageFormat
    width: int
    height: int
    """As stored: an EXIF orientation may swap them."""

    @property
    def pixels(self) -> int:
        return self.width * self.height


def read_header(data: bytes) -> ImageHeader:
    """What the file says of itself. Raises InvalidImage for other formats and for files cut short.

    A decoder fills what a truncated file lacks with grey and reports success, so the structure
    is walked to its end here.
    """
    try:
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg(data)
        if data.startswith(_PNG_SIGNATURE):
            return _png(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
    except (struct.error, IndexError) as error:
        raise InvalidImage("The image is cut short.") from error
    raise InvalidImage


def _jpeg(data: bytes) -> ImageHeader:
    header = None
    position = 2
    while True:
        if data[position] != 0xFF:
            raise InvalidImage("The JPEG's structure is broken.")
        while data[position] == 0xFF:
            position += 1
        marker = data[position]
        position += 1
        if marker == _END:
            break
        if marker in _STANDALONE_MARKERS:
            continue
        (length,) = struct.unpack_from(">H", data, position)
        if marker in _FRAME_MARKERS and header is None:
            height, width = struct.unpack_from(">HH", data, position + 3)
            header = ImageHeader(ImageFormat.JPEG, width, height)
        position += length
        if marker == _SCAN:
            following = _AFTER_SCAN.search(data, position)
            if following is None:
                raise InvalidImage("The image is cut short.")
            position = following.start()
    if header is None or header.pixels == 0:
        raise InvalidImage("The JPEG holds no picture.")
    return header


def _png(data: bytes) -> ImageHeader:
    width, height = struct.unpack_from(">II", data, 16)
    if data[12:16] != b"IHDR" or width * height == 0:
        raise InvalidImage("The PNG holds no picture.")
    position = len(_PNG_SIGNATURE)
    while True:
        length, kind = struct.unpack_from(">I4s", data, position)
        position += 12 + length
        if position > len(data):
            raise InvalidImage("The image is cut short.")
        if kind == b"IEND":
            return ImageHeader(ImageFormat.PNG, width, height)


def _webp(data: bytes) -> ImageHeader:
    (size,) = struct.unpack_from("<I", data, 4)
    if size + 8 > len(data):
        raise InvalidImage("The image is cut short.")
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = _uint24(data, 24) + 1, _uint24(data, 27) + 1
    elif kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        raw_width, raw_height = struct.unpack_from("<HH", data, 26)
        width, height = raw_width & 0x3FFF, raw_height & 0x3FFF
    else:
        raise InvalidImage("The WebP holds no picture.")
    if width * height == 0:
        raise InvalidImage("The WebP holds no picture.")
    return ImageHeader(ImageFormat.WEBP, width, height)


def _uint24(data: bytes, position: int) -> int:
    low, middle, high = data[position], data[position + 1], data[position + 2]
    return low | middle << 8 | high << 16
