"""Files that must be read, and files that must be refused before anything is decoded."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from common.errors import ImageTooLarge, InvalidImage
from core.engine.types import Image
from core.image_headers import ImageFormat, read_header
from core.imaging import decode_image


def picture(*, width: int = 64, height: int = 48) -> Image:
    """Red left half, blue right half, a green bar at the top."""
    image = np.zeros((height, width, 3), dtype=np.uint8)
    image[:, : width // 2] = (0, 0, 255)
    image[:, width // 2 :] = (255, 0, 0)
    image[: height // 4] = (0, 255, 0)
    return image


def encoded(extension: str, image: Image | None = None, *parameters: int) -> bytes:
    _, data = cv2.imencode(extension, picture() if image is None else image, list(parameters))
    return bytes(data)


def pillow_file(image: Pillow.Image, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, **options)
    return stream.getvalue()


def jpeg_with_orientation(orientation: int) -> bytes:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    image = Pillow.fromarray(picture(width=128, height=96)[:, :, ::-1])
    return pillow_file(image, format="JPEG", quality=95, exif=exif)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (encoded(".jpg"), ImageFormat.JPEG),
        (encoded(".jpg", None, cv2.IMWRITE_JPEG_PROGRESSIVE, 1), ImageFormat.JPEG),
        (encoded(".png"), ImageFormat.PNG),
        (encoded(".webp"), ImageFormat.WEBP),
        (encoded(".webp", None, cv2.IMWRITE_WEBP_QUALITY, 101), ImageFormat.WEBP),
        (
            pillow_file(Pillow.new("RGBA", (64, 48), (9, 9, 9, 9)), format="WEBP", exif=b"Exif\0\0"),
            ImageFormat.WEBP,
        ),
    ],
    ids=["jpeg", "progressive", "png", "webp", "lossless webp", "extended webp"],
)
def test_format_and_size_are_read_from_the_content(data: bytes, expected: ImageFormat) -> None:
    header = read_header(data)

    assert (header.format, header.width, header.height) == (expected, 64, 48)
    assert decode_image(data).shape == (48, 64, 3)


def test_pixels_come_as_bgr() -> None:
    image = decode_image(encoded(".png"))

    np.testing.assert_array_equal(image, picture())


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1", "I;16"])
def test_every_png_kind_becomes_eight_bit_bgr(mode: str) -> None:
    image = decode_image(pillow_file(Pillow.new(mode, (20, 30)), format="PNG"))

    assert image.shape == (30, 20, 3)
    assert image.dtype == np.uint8


def test_a_cmyk_jpeg_is_read() -> None:
    assert decode_image(pillow_file(Pillow.new("CMYK", (32, 16)), format="JPEG")).shape == (16, 32, 3)


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [
        (1, "top"),
        (2, "top"),
        (3, "bottom"),
        (4, "bottom"),
        (5, "left"),
        (6, "right"),
        (7, "right"),
        (8, "left"),
    ],
)
def test_exif_orientation_is_applied(orientation: int, corner: str) -> None:
    """The green bar, at the top of the stored picture, ends up where the orientation puts it."""
    image = decode_image(jpeg_with_orientation(orientation))

    edges = {"top": image[4], "bottom": image[-4], "left": image[:, 4], "right": image[:, -4]}
    greenest = max(edges, key=lambda edge: float(edges[edge][:, 1].mean()))
    assert greenest == corner
    assert image.shape[:2] == ((96, 128) if orientation <= 4 else (128, 96))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"\xff\xd8\xff",
        b"hello, this is text",
        b"GIF89a" + bytes(100),
        b"BM" + bytes(100),
        b"%PDF-1.7 " + bytes(100),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"RIFF\x10\0\0\0WAVEfmt ",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xd9",
        bytes(1000),
    ],
)
def test_what_is_no_image_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidImage):
        decode_image(data)


@pytest.mark.parametrize("extension", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.5, 0.8, 0.95, 0.999])
def test_a_truncated_file_is_refused(extension: str, share: float) -> None:
    """OpenCV decodes half a JPEG, fills the rest with grey and reports success."""
    noise = np.random.default_rng(2).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    data = encoded(extension, noise)

    with pytest.raises(InvalidImage):
        decode_image(data[: int(len(data) * share)])


def test_a_truncated_progressive_jpeg_is_refused() -> None:
    noise = np.random.default_rng(2).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    data = encoded(".jpg", noise, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)

    decode_image(data)
    for share in (0.3, 0.6, 0.9):
        with pytest.raises(InvalidImage):
            decode_image(data[: int(len(data) * share)])


def test_a_jpeg_with_restart_markers_and_trailing_bytes_is_read() -> None:
    data = encoded(".jpg", None, cv2.IMWRITE_JPEG_RST_INTERVAL, 1) + bytes(20)

    assert decode_image(data).shape == (48, 64, 3)


def test_a_jpeg_with_its_own_thumbnail_reports_the_picture_s_size() -> None:
    thumbnail = encoded(".jpg", picture(width=16, height=16))
    body = b"Exif\0\0" + thumbnail
    marker = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    data = encoded(".jpg")

    assert read_header(data[:2] + marker + data[2:]).width == 64


def png_claiming(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def jpeg_claiming(width: int, height: int) -> bytes:
    data = bytearray(encoded(".jpg"))
    position = data.index(b"\xff\xc0")
    struct.pack_into(">HH", data, position + 5, height, width)
    return bytes(data)


@pytest.mark.parametrize("make", [png_claiming, jpeg_claiming])
def test_a_pixel_bomb_is_refused_before_it_is_decoded(make: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def must_not_decode(*_: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(cv2, "imdecode", must_not_decode)
    assert callable(make)

    with pytest.raises(ImageTooLarge) as refused:
        decode_image(make(10_000, 5_001), max_pixels=50_000_000)

    assert refused.value.details == {"pixels": 50_010_000, "max_pixels": 50_000_000}


def test_an_empty_picture_is_refused() -> None:
    with pytest.raises(InvalidImage):
        decode_image(png_claiming(0, 100))


def test_a_tiny_picture_is_refused() -> None:
    with pytest.raises(InvalidImage, match="smaller"):
        decode_image(encoded(".png", picture(width=7, height=300)))


def test_a_file_over_the_byte_limit_is_refused_unread() -> None:
    with pytest.raises(ImageTooLarge) as refused:
        decode_image(bytes(1001), max_bytes=1000)

    assert refused.value.details == {"bytes": 1001, "max_bytes": 1000}


def test_a_png_whose_pixels_are_broken_is_refused() -> None:
    data = bytearray(encoded(".png", np.random.default_rng(3).integers(0, 255, (64, 64, 3), dtype=np.uint8)))
    middle = data.index(b"IDAT") + 200
    data[middle : middle + 400] = bytes(400)

    with pytest.raises(InvalidImage):
        decode_image(bytes(data))


def test_random_damage_never_raises_anything_else() -> None:
    random = np.random.default_rng(4)
    for extension in (".jpg", ".png", ".webp"):
        original = encoded(extension)
        for _ in range(150):
            data = bytearray(original)
            for position in random.integers(0, len(data), 4):
                data[position] = random.integers(0, 256)
            try:
                image = decode_image(bytes(data))
            except (InvalidImage, ImageTooLarge):
                continue
            assert image.ndim == 3


def test_a_large_jpeg_may_come_smaller_but_never_below_what_suffices() -> None:
    data = encoded(".jpg", picture(width=2400, height=1600))

    assert decode_image(data, sufficient_side_px=1200).shape == (800, 1200, 3)
    assert decode_image(data, sufficient_side_px=640).shape == (800, 1200, 3)
    assert decode_image(data, sufficient_side_px=300).shape == (200, 300, 3)
    assert decode_image(data, sufficient_side_px=5000).shape == (1600, 2400, 3)
    assert (
        decode_image(encoded(".png", picture(width=2400, height=1600)), sufficient_side_px=300).shape[1]
        == 2400
    )


def test_reduced_decoding_also_turns_upright() -> None:
    assert decode_image(jpeg_with_orientation(6), sufficient_side_px=60).shape[:2] == (64, 48)
