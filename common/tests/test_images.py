"""Photos by content: what is claimed is checked before decoding, what is kept is only pixels."""

from __future__ import annotations

import io
import os
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from common.errors import FaceAppError, ImageTooLarge, InvalidImage
from common.images import clean_photo, make_thumbnail, read_header

LIMITS: dict[str, int] = {"max_bytes": 1_000_000, "max_pixels": 1_000_000}
MakePhoto = Callable[..., bytes]


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"comment": b"x" * 300}),
        ("PNG", {}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"exif": b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00"}),
    ],
)
@pytest.mark.parametrize("size", [(1, 1), (64, 48), (333, 777)])
def test_header_tells_format_and_size(
    make_photo: MakePhoto, kind: str, options: dict[str, Any], size: tuple[int, int]
) -> None:
    header = read_header(make_photo(kind, size=size, **options))
    assert (header.format, header.width, header.height) == (kind, *size)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "PPM", "ICO"])
def test_other_formats_are_refused_whatever_they_are_called(make_photo: MakePhoto, kind: str) -> None:
    with pytest.raises(InvalidImage):
        read_header(make_photo(kind))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_cut_and_every_damage_is_an_expected_error_or_a_picture(
    make_photo: MakePhoto, kind: str
) -> None:
    data = make_photo(kind, size=(60, 40))
    shaken = random.Random(5)
    for cut in [*range(0, 64), *range(64, len(data), max(1, len(data) // 60))]:
        with pytest.raises(InvalidImage):
            clean_photo(data[:cut], **LIMITS)
    for _ in range(150):
        damaged = bytearray(data)
        for _ in range(shaken.randint(1, 8)):
            damaged[shaken.randrange(len(damaged))] = shaken.randrange(256)
        try:
            clean_photo(bytes(damaged), **LIMITS)
        except FaceAppError as error:
            assert error.code in ("invalid_image", "image_too_large")


def test_noise_is_an_invalid_image() -> None:
    for magic in (
        b"",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        b"RIFF\x00\x00\x00\x00WEBPVP8X",
    ):
        with pytest.raises((InvalidImage, ImageTooLarge)):
            clean_photo(magic + os.urandom(400), **LIMITS)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_limits_are_inclusive(make_photo: MakePhoto, kind: str) -> None:
    data = make_photo(kind, size=(100, 50))
    clean_photo(data, max_bytes=len(data), max_pixels=5000)
    with pytest.raises(ImageTooLarge):
        clean_photo(data, max_bytes=len(data) - 1, max_pixels=5000)
    with pytest.raises(ImageTooLarge):
        clean_photo(data, max_bytes=len(data), max_pixels=4999)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_and_dropped(orientation: int) -> None:
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[:20, :40] = (255, 0, 0)
    upright = Image.fromarray(pixels)
    # What a camera held that way would have stored: the inverse of what a reader applies.
    inverse = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = upright if inverse is None else upright.transpose(inverse)
    exif = Image.Exif()
    exif[0x0112] = orientation
    target = io.BytesIO()
    stored.save(target, "JPEG", quality=95, exif=exif.tobytes())
    photo = clean_photo(target.getvalue(), **LIMITS)
    assert (photo.width, photo.height) == (80, 40)
    result = opened(photo.jpeg)
    assert dict(result.getexif()) == {}
    red = np.asarray(result)[..., 0]
    assert red[10, 20] > 200
    assert red[30, 60] < 50
    assert red[10, 60] < 50


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_orientation_that_does_not_exist_is_ignored(make_photo: MakePhoto, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = clean_photo(make_photo(size=(64, 48), exif=exif.tobytes()), **LIMITS)
    assert (photo.width, photo.height) == (64, 48)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("JPEG", "L"),
        ("JPEG", "CMYK"),
        ("PNG", "L"),
        ("PNG", "P"),
        ("PNG", "1"),
        ("PNG", "RGBA"),
        ("PNG", "LA"),
        ("WEBP", "RGBA"),
    ],
)
def test_every_colour_mode_becomes_rgb(make_photo: MakePhoto, kind: str, mode: str) -> None:
    photo = clean_photo(make_photo(kind, mode=mode), **LIMITS)
    assert opened(photo.jpeg).mode == "RGB"


def test_sixteen_bit_grey_keeps_its_shades() -> None:
    ramp = np.linspace(0, 65535, 64, dtype=np.uint16)[None].repeat(8, axis=0)
    target = io.BytesIO()
    Image.fromarray(ramp).save(target, "PNG")
    row = np.asarray(opened(clean_photo(target.getvalue(), **LIMITS).jpeg))[4, :, 0].astype(int)
    assert row[0] < 10
    assert abs(row[32] - 128) < 12
    assert row[-1] > 245


def test_transparent_ground_becomes_white() -> None:
    target = io.BytesIO()
    Image.new("RGBA", (16, 16), (0, 0, 0, 0)).save(target, "PNG")
    assert np.asarray(opened(clean_photo(target.getvalue(), **LIMITS).jpeg)).min() > 250


def test_no_metadata_of_any_kind_survives(make_photo: MakePhoto) -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Author", "SECRET")
    info.add_itxt("XML:com.adobe.xmp", "<x>SECRET</x>")
    exif = Image.Exif()
    exif[0x010E] = "SECRET"
    for data in (
        make_photo("PNG", pnginfo=info, icc_profile=b"SECRET" * 30),
        make_photo("JPEG", exif=exif.tobytes(), icc_profile=b"SECRET" * 30, comment=b"SECRET"),
        make_photo("WEBP", exif=exif.tobytes(), xmp=b"<x>SECRET</x>"),
    ):
        assert b"SECRET" in data or b"iCCP" in data
        kept = clean_photo(data + b"SECRET", **LIMITS).jpeg
        assert b"SECRET" not in kept
        assert set(opened(kept).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_small_picture_is_not_enlarged_and_large_one_is_shrunk(make_photo: MakePhoto) -> None:
    assert clean_photo(make_photo(size=(30, 20)), **LIMITS).width == 30
    tall = clean_photo(make_photo(size=(100, 4096)), **LIMITS)
    assert (tall.width, tall.height) == (50, 2048)


def test_thumbnail_fits_its_side(make_photo: MakePhoto) -> None:
    assert opened(make_thumbnail(make_photo(size=(200, 100)), max_side_px=50)).size == (50, 25)
    with pytest.raises(InvalidImage):
        make_thumbnail(b"damaged", max_side_px=50)
