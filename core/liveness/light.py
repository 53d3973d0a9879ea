"""How one frame is lit: skin, surroundings, and a small map of the head in a frame fixed to the eyes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.engine.types import Box, Image
from core.liveness.geometry import Eyes
from core.liveness.observation import LightSample

MAP_SIZE = 64
_EYE_DISTANCE = MAP_SIZE / 4
_EYE_ROW = MAP_SIZE * 0.375
_TO_LINEAR = np.power(np.arange(256, dtype=np.float32) / 255.0, 2.2)
_DARKEST = 1e-3
_TO_LOG = np.log(np.maximum(_TO_LINEAR, np.float32(_DARKEST)))
_BORDER_PX = 8

# Forehead and cheeks: (across, down, half side), in eye distances from the middle of the eyes.
_SKIN_PATCHES = ((0.0, -0.45, 0.22), (-0.55, 0.52, 0.15), (0.55, 0.52, 0.15))

Light = NDArray[np.float32]


def linear(pixels: Image) -> Light:
    """sRGB 0..255 to light 0..1, with the plain 2.2 curve. Shape (height, width, 3) as given."""
    light: Light = cv2.LUT(pixels, _TO_LINEAR)
    return light


def measure_light(image: Image, *, box: Box, eyes: Eyes) -> LightSample | None:
    """None where the face's skin lies outside the image."""
    skin = _skin(image, eyes=eyes)
    if skin is None:
        return None
    return LightSample(
        skin=skin, surroundings=_corners(image, box=box), log_map=_eye_fixed_log(image, eyes=eyes)
    )


def _mean_light(patch: Image) -> Light | None:
    if patch.size == 0:
        return None
    # Summed in double precision: a wall has a hundred thousand pixels.
    return np.array(cv2.mean(linear(patch))[:3], np.float32)


def _skin(image: Image, *, eyes: Eyes) -> Light | None:
    distance, middle = eyes.distance, eyes.middle
    across = (eyes.right - eyes.left) / max(distance, 1e-9)
    down = np.array([-across[1], across[0]])
    means = []
    for along, below, half in _SKIN_PATCHES:
        x, y = middle + distance * (along * across + below * down)
        reach = half * distance
        rows = slice(max(0, int(y - reach)), max(0, int(y + reach)))
        columns = slice(max(0, int(x - reach)), max(0, int(x + reach)))
        means.append(_mean_light(image[rows, columns]))
    seen = [mean for mean in means if mean is not None]
    return np.mean(seen, axis=0).astype(np.float32) if seen else None


def _corners(image: Image, *, box: Box) -> Light:
    """The upper corners beside the head: what the screen's light hardly reaches. NaN where there are none."""
    height, width = image.shape[:2]
    left_end = int(max(_BORDER_PX, box.left - 0.7 * box.width))
    right_start = int(min(width - _BORDER_PX, box.right + 0.7 * box.width))
    bottom = int(np.clip(box.bottom, height * 0.05, height * 0.5))
    free = {"left": box.left >= _BORDER_PX, "right": box.right <= width - _BORDER_PX}
    # Every second row: the mean of thirty thousand pixels is that of sixty.
    sides = {"left": image[:bottom:2, :left_end], "right": image[:bottom:2, right_start:]}
    means = [_mean_light(sides[side]) for side, is_free in free.items() if is_free]
    seen = [mean for mean in means if mean is not None]
    return np.mean(seen, axis=0).astype(np.float32) if seen else np.full(3, np.nan, np.float32)


def _eye_fixed_log(image: Image, *, eyes: Eyes) -> Light:
    """Logarithm of light, shape (64, 64, 3); the eyes 16 apart on row 24. Roll is left in: it is small."""
    scale = _EYE_DISTANCE / max(eyes.distance, 1e-9)
    middle = eyes.middle
    onto_map = np.array(
        [[scale, 0.0, MAP_SIZE / 2 - scale * middle[0]], [0.0, scale, _EYE_ROW - scale * middle[1]]]
    )
    small = cv2.warpAffine(image, onto_map, (MAP_SIZE, MAP_SIZE), flags=cv2.INTER_AREA)
    calm = cv2.GaussianBlur(small, (0, 0), MAP_SIZE / 53)
    logarithm: Light = cv2.LUT(calm, _TO_LOG)
    return logarithm
