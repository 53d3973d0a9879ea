"""One photo laid on the webcam's canvas: upright, at webcam distance, cut out from its surroundings."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from auth_service.demo.cast import CastMember, Point
from auth_service.demo.geometry import (
    CANVAS_HEIGHT,
    CANVAS_WIDTH,
    EYES_ON_CANVAS,
    OUTER_EYES_PX,
    Floats,
)
from core.engine.types import Image

_EDGE_SHRINK_PX = 5
_EDGE_BLUR_PX = 1.6


@dataclass(frozen=True, slots=True)
class PlacedPoints:
    """Canvas pixels, each shape (2,)."""

    eyes: Floats
    """Midpoint of the outer eye corners."""
    nose: Floats
    mouth: Floats
    chin: Floats


@dataclass(frozen=True, slots=True)
class Portrait:
    picture: Image
    """Shape (CANVAS_HEIGHT, CANVAS_WIDTH, 3), BGR."""
    opacity: Floats
    """Shape (CANVAS_HEIGHT, CANVAS_WIDTH), 1 on the person, 0 beside, soft at the outline."""
    points: PlacedPoints


def build_portrait(member: CastMember) -> Portrait:
    """Places the photo so that the outer eye corners are level and OUTER_EYES_PX apart."""
    placement = _placement(member)
    picture = cv2.warpAffine(
        member.load_photo(),
        placement,
        (CANVAS_WIDTH, CANVAS_HEIGHT),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    marks = member.points
    return Portrait(
        picture=np.asarray(picture, np.uint8),
        opacity=_cut_out(_placed(member.outline, placement)),
        points=PlacedPoints(
            eyes=np.asarray(EYES_ON_CANVAS, np.float32),
            nose=_placed([marks.nose], placement)[0],
            mouth=_placed([marks.left_mouth, marks.right_mouth], placement).mean(axis=0),
            chin=_placed([marks.chin], placement)[0],
        ),
    )


def _placement(member: CastMember) -> NDArray[np.float64]:
    left, right = np.array(member.points.left_eye, float), np.array(member.points.right_eye, float)
    across = right - left
    scale = OUTER_EYES_PX / float(np.hypot(*across))
    tilt = -float(np.arctan2(across[1], across[0]))
    turn = scale * np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
    return np.column_stack([turn, np.array(EYES_ON_CANVAS) - turn @ ((left + right) / 2)])


def _placed(points: list[Point] | tuple[Point, ...], placement: NDArray[np.float64]) -> Floats:
    return (np.array(points, float) @ placement[:, :2].T + placement[:, 2]).astype(np.float32)


def _cut_out(outline: Floats) -> Floats:
    # The photo may end above the canvas's lower edge; the body goes on, or it would hang in the air.
    down = np.array([[outline[-1, 0], CANVAS_HEIGHT], [outline[0, 0], CANVAS_HEIGHT]], np.float32)
    mask = np.zeros((CANVAS_HEIGHT, CANVAS_WIDTH), np.uint8)
    cv2.fillPoly(mask, [np.vstack([outline, down]).round().astype(np.int32)], 255)
    rounded = (cv2.GaussianBlur(mask, (0, 0), 4.0) > 127).astype(np.uint8)
    shrunk = cv2.erode(rounded, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_EDGE_SHRINK_PX,) * 2))
    return np.asarray(cv2.GaussianBlur(shrunk.astype(np.float32), (0, 0), _EDGE_BLUR_PX), np.float32)
