"""What leaves: pixels only."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image as Pillow

from core.engine.types import Box, Image
from core.imaging import decode_image, encode_jpeg, face_thumbnail, strip_metadata

SECRET = b"51.5074 N, 0.1278 W, Canon EOS of Alice"


def photo_with_metadata() -> bytes:
    exif = Pillow.Exif()
    exif[0x010E] = SECRET.decode()
    exif[0x0112] = 6
    stream = io.BytesIO()
    Pillow.new("RGB", (120, 80), (10, 200, 30)).save(stream, format="JPEG", exif=exif, comment=SECRET)
    return stream.getvalue()


def test_metadata_never_survives() -> None:
    original = photo_with_metadata()
    assert original.count(SECRET) == 2

    stripped = strip_metadata(original)

    assert SECRET not in stripped
    assert b"Exif" not in stripped
    assert not Pillow.open(io.BytesIO(stripped)).getexif()


def test_the_stripped_picture_stands_upright() -> None:
    assert decode_image(strip_metadata(photo_with_metadata())).shape == (120, 80, 3)


def test_what_is_encoded_decodes_to_nearly_the_same_pixels(astronaut: Image) -> None:
    again = decode_image(encode_jpeg(astronaut, quality=95))

    assert np.abs(again.astype(int) - astronaut.astype(int)).mean() < 3


def test_lower_quality_is_smaller(astronaut: Image) -> None:
    assert len(encode_jpeg(astronaut, quality=40)) < len(encode_jpeg(astronaut, quality=90)) / 2


@pytest.mark.parametrize("side_px", [48, 160])
def test_a_thumbnail_is_a_square_around_the_face(side_px: int) -> None:
    image = np.zeros((400, 600, 3), dtype=np.uint8)
    image[100:200, 300:380] = 255

    thumbnail = decode_image(face_thumbnail(image, Box(300, 100, 380, 200), side_px=side_px, margin=2.0))

    assert thumbnail.shape == (side_px, side_px, 3)
    ys, xs = np.nonzero(thumbnail[:, :, 0] > 127)
    assert ys.mean() == pytest.approx(side_px / 2, abs=1.5)
    assert xs.mean() == pytest.approx(side_px / 2, abs=1.5)
    assert np.ptp(ys) == pytest.approx(side_px / 2, abs=3)


@pytest.mark.parametrize("box", [Box(-50, -50, 30, 30), Box(590, 390, 700, 500), Box(10, 10, 10, 10)])
def test_a_face_at_the_edge_still_gives_a_thumbnail(box: Box) -> None:
    image = np.full((400, 600, 3), 99, dtype=np.uint8)

    assert decode_image(face_thumbnail(image, box, side_px=64)).shape == (64, 64, 3)


def test_a_large_face_is_shrunk_without_losing_thin_lines() -> None:
    """Every fourth line white averages to a quarter of full brightness; picking pixels would not."""
    image = np.zeros((2000, 2000, 3), dtype=np.uint8)
    image[::4] = 255

    thumbnail = decode_image(face_thumbnail(image, Box(200, 200, 1800, 1800), side_px=64, margin=1.0))

    assert thumbnail[8:-8, 8:-8].mean() == pytest.approx(64, abs=12)
