"""Uploaded photos: what they claim to be is read from their first bytes, then they are written anew.

The claimed size is known before anything is decoded, so that a small file which unfolds to gigabytes costs
nothing. Writing anew drops EXIF (where and when a photo was taken), colour profiles, and whatever else
rides along.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageOps

from common.errors import ImageTooLarge, InvalidImage

PHOTO_MAX_SIDE_PX = 2048
JPEG_QUALITY = 92

ImageFormat = Literal["JPEG", "PNG", "WEBP"]

# Start-of-frame markers carry the size; C4, C8 and CC lie in their range but are tables.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD8)})


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What the first bytes of an image say, before orientation."""

    format: ImageFormat
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Photo:
    """An upright RGB JPEG without metadata."""

    jpeg: bytes
    width: int
    height: int


def read_header(data: bytes) -> ImageHeader:
    """Format and size by content. Raises InvalidImage for anything but JPEG, PNG and WebP."""
    try:
        if data[:3] == b"\xff\xd8\xff":
            header = _read_jpeg(data)
        elif data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR":
            header = ImageHeader("PNG", *struct.unpack_from(">II", data, 16))
        elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            header = _read_webp(data)
        else:
            raise InvalidImage
    except (struct.error, IndexError) as error:
        raise InvalidImage("The image is cut short.") from error
    if header.width < 1 or header.height < 1:
        raise InvalidImage
    return header


def _read_jpeg(data: bytes) -> ImageHeader:
    at = 2
    while True:
        if data[at] != 0xFF:
            raise InvalidImage
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
        elif marker in _JPEG_BARE:
            at += 2
        elif marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return ImageHeader("JPEG", width, height)
        elif marker in (0xD9, 0xDA):  # end, or pixels before any size
            raise InvalidImage
        else:
            (length,) = struct.unpack_from(">H", data, at + 2)
            at += 2 + max(2, length)


def _read_webp(data: bytes) -> ImageHeader:
    kind = data[12:16]
    if kind == b"VP8X":
        width = 1 + int.from_bytes(data[24:27], "little")
        height = 1 + int.from_bytes(data[27:30], "little")
        if len(data) < 30:
            raise InvalidImage("The image is cut short.")
        return ImageHeader("WEBP", width, height)
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return ImageHeader("WEBP", 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return ImageHeader("WEBP", width & 0x3FFF, height & 0x3FFF)
    raise InvalidImage


def require_size(data: bytes, *, max_bytes: int, max_pixels: int) -> ImageHeader:
    """Check both limits without decoding. Raises InvalidImage or ImageTooLarge."""
    if len(data) > max_bytes:
        raise ImageTooLarge(details={"max_bytes": max_bytes})
    header = read_header(data)
    if header.width * header.height > max_pixels:
        raise ImageTooLarge(details={"max_pixels": max_pixels})
    return header


def clean_photo(data: bytes, *, max_bytes: int, max_pixels: int) -> Photo:
    """Decode, turn upright, shrink to at most 2048 px and write as a bare JPEG.

    Raises InvalidImage (also for a cut-off file) or ImageTooLarge.
    """
    header = require_size(data, max_bytes=max_bytes, max_pixels=max_pixels)
    try:
        upright = _decode_upright(data, header=header)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageTooLarge(details={"max_pixels": max_pixels}) from error
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error) as error:
        raise InvalidImage from error
    target = io.BytesIO()
    upright.save(target, "JPEG", quality=JPEG_QUALITY)
    return Photo(jpeg=target.getvalue(), width=upright.width, height=upright.height)


def make_thumbnail(jpeg: bytes, *, max_side_px: int) -> bytes:
    """A small JPEG of one of our own JPEGs. Raises InvalidImage when the file was damaged."""
    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
            image.thumbnail((max_side_px, max_side_px))
            target = io.BytesIO()
            image.convert("RGB").save(target, "JPEG", quality=80)
    except (OSError, SyntaxError, ValueError) as error:
        raise InvalidImage from error
    return target.getvalue()


def _decode_upright(data: bytes, *, header: ImageHeader) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=[header.format]) as image:
        if image.size != (header.width, header.height):
            # Two readers that disagree on the size were fooled by one of two headers.
            raise ValueError("sizes disagree")
        orientation = image.getexif().get(0x0112, 1)
        image.draft("RGB", (PHOTO_MAX_SIDE_PX, PHOTO_MAX_SIDE_PX))
        image.thumbnail((PHOTO_MAX_SIDE_PX, PHOTO_MAX_SIDE_PX))
        pixels = _to_rgb(image)
    # A new image holds pixels only: `save` would write EXIF, XMP and comments found in `info`.
    bare = Image.frombytes("RGB", pixels.size, pixels.tobytes())
    bare.getexif()[0x0112] = orientation
    upright = ImageOps.exif_transpose(bare)
    return Image.frombytes("RGB", upright.size, upright.tobytes())


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # Sixteen bits of grey; plain conversion would clip all but the darkest 1/256.
        image = image.point(lambda value: value / 256).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(ground, image).convert("RGB")
    return image.convert("RGB")
