"""The border between files and pixels: nothing is decoded before its size and completeness are known."""

from __future__ import annotations

import cv2
import numpy as np

from common.errors import ImageTooLarge, InvalidImage
from core.engine.types import Box, Image
from core.image_headers import ImageFormat, ImageHeader, read_header

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 25_000_000
_MIN_SIDE_PX = 8
_REDUCTIONS = (
    (8, cv2.IMREAD_REDUCED_COLOR_8),
    (4, cv2.IMREAD_REDUCED_COLOR_4),
    (2, cv2.IMREAD_REDUCED_COLOR_2),
)


def decode_image(
    data: bytes,
    *,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
    sufficient_side_px: int | None = None,
) -> Image:
    """Decode a JPEG, PNG or WebP, upright by its EXIF orientation, without alpha.

    ``sufficient_side_px``: a JPEG may come at a half, quarter or eighth of its size as long as its longest
    side is at least this; decoding is then several times faster.

    Raises ImageTooLarge beyond either limit, before anything is decoded, and InvalidImage for other
    formats, broken or truncated files and pictures under 8 pixels a side.
    """
    if len(data) > max_bytes:
        raise ImageTooLarge(details={"bytes": len(data), "max_bytes": max_bytes})
    header = read_header(data)
    if header.pixels > max_pixels:
        raise ImageTooLarge(details={"pixels": header.pixels, "max_pixels": max_pixels})
    if min(header.width, header.height) < _MIN_SIDE_PX:
        raise InvalidImage(f"The image is smaller than {_MIN_SIDE_PX} pixels.")
    try:
        image = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), _decode_flags(header, sufficient_side_px))
    except cv2.error as error:
        raise InvalidImage from error
    if image is None:
        raise InvalidImage
    decoded: Image = image
    return decoded


def encode_jpeg(image: Image, *, quality: int = 90) -> bytes:
    """A JPEG of the pixels alone: no metadata of whatever file they came from."""
    encoded, buffer = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not encoded:
        raise ValueError(f"an image of shape {image.shape} cannot be encoded")
    return bytes(buffer)


def strip_metadata(data: bytes, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS) -> bytes:
    """The same picture as a fresh upright JPEG, without EXIF, comments or thumbnails. Raises as decode."""
    return encode_jpeg(decode_image(data, max_bytes=max_bytes, max_pixels=max_pixels), quality=92)


def face_thumbnail(image: Image, box: Box, *, side_px: int = 160, margin: float = 1.4) -> bytes:
    """A square JPEG around a face: ``margin`` times the box's longer side, black beyond the image."""
    half = max(box.width, box.height, 1.0) * margin / 2
    center_x, center_y = box.center
    scale = side_px / (2 * half)
    matrix = np.array(
        [[scale, 0.0, side_px / 2 - scale * center_x], [0.0, scale, side_px / 2 - scale * center_y]]
    )
    if scale < 0.5:
        # The warp reads single pixels: shrink by area first, or a large face gets jagged.
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        matrix[:, :2] /= scale
    return encode_jpeg(cv2.warpAffine(image, matrix, (side_px, side_px)), quality=85)


def _decode_flags(header: ImageHeader, sufficient_side_px: int | None) -> int:
    if sufficient_side_px is not None and header.format is ImageFormat.JPEG:
        longest = max(header.width, header.height)
        for divisor, flag in _REDUCTIONS:
            if longest // divisor >= sufficient_side_px:
                return flag
    return cv2.IMREAD_COLOR
