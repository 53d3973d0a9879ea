"""Crops, scales and the similarity transform between points, shared by the packs."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.engine.types import Box, Image, Landmarks

ARCFACE_TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]],
    dtype=np.float32,
)
"""Eyes, nose and mouth corners in the 112 x 112 crop that ArcFace-style networks were trained on."""
_TEMPLATE_SIDE_PX = 112


@dataclass(frozen=True, slots=True)
class View:
    """A scaled cut-out of an image: ``image point = view point / scale + (left, top)``."""

    pixels: Image
    left: int
    top: int
    scale: float

    def box_to_image(self, box: Box) -> Box:
        return Box(
            left=box.left / self.scale + self.left,
            top=box.top / self.scale + self.top,
            right=box.right / self.scale + self.left,
            bottom=box.bottom / self.scale + self.top,
        )

    def points_to_image(self, points: Landmarks) -> Landmarks:
        offset = np.array([self.left, self.top], dtype=np.float32)
        return (points / self.scale + offset).astype(np.float32)

    def points_from_image(self, points: Landmarks) -> Landmarks:
        offset = np.array([self.left, self.top], dtype=np.float32)
        return ((points - offset) * self.scale).astype(np.float32)


def cut_around(image: Image, box: Box, *, factor: float) -> View | None:
    """The square of ``factor`` times the box's longer side around its centre, cut at the image's edges.

    None when nothing of it lies inside the image.
    """
    center_x, center_y = box.center
    half = max(box.width, box.height) * factor / 2
    if not np.isfinite([center_x, center_y, half]).all():
        return None
    height, width = image.shape[:2]
    left, top = max(0, int(center_x - half)), max(0, int(center_y - half))
    right, bottom = min(width, int(center_x + half) + 1), min(height, int(center_y + half) + 1)
    if right - left < 2 or bottom - top < 2:
        return None
    return View(pixels=image[top:bottom, left:right], left=left, top=top, scale=1.0)


def whole(image: Image) -> View:
    return View(pixels=image, left=0, top=0, scale=1.0)


def scaled(view: View, *, factor: float) -> View:
    """The same view with ``factor`` times as many pixels per side."""
    height, width = view.pixels.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    if size == (width, height):
        return view
    interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    pixels = cv2.resize(view.pixels, size, interpolation=interpolation)
    return View(pixels=pixels, left=view.left, top=view.top, scale=view.scale * size[0] / width)


def similarity_transform(source: Landmarks, target: Landmarks) -> NDArray[np.float64]:
    """The 2 x 3 matrix of rotation, uniform scale and shift that takes ``source`` closest to ``target``.

    Least squares after Umeyama (1991). Raises ValueError when all source points coincide.
    """
    source64, target64 = source.astype(np.float64), target.astype(np.float64)
    source_mean, target_mean = source64.mean(axis=0), target64.mean(axis=0)
    source_centered, target_centered = source64 - source_mean, target64 - target_mean
    variance = float((source_centered**2).sum())
    if variance == 0.0:
        raise ValueError("all points coincide")
    u, singular, vt = np.linalg.svd(target_centered.T @ source_centered)
    # A mirrored solution would fit flipped points; faces are never flipped.
    signs = np.array([1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt)) or 1.0])
    rotation = u @ np.diag(signs) @ vt
    scale = float((singular * signs).sum()) / variance
    matrix = np.empty((2, 3), dtype=np.float64)
    matrix[:, :2] = scale * rotation
    matrix[:, 2] = target_mean - scale * rotation @ source_mean
    return matrix


def arcface_crop(image: Image, landmarks: Landmarks, *, side_px: int) -> Image:
    """The upright face of ``side_px`` squared, aligned by eyes, nose and mouth corners."""
    if side_px % _TEMPLATE_SIDE_PX == 0:
        template = ARCFACE_TEMPLATE * np.float32(side_px / _TEMPLATE_SIDE_PX)
    else:
        # Networks of 128 (and 256) pixels were trained with 8 pixels of margin on either side.
        template = (ARCFACE_TEMPLATE + np.array([8, 0], np.float32)) * np.float32(side_px / 128)
    matrix = similarity_transform(landmarks, template)
    crop: Image = cv2.warpAffine(image, matrix, (side_px, side_px), borderValue=(0, 0, 0))
    return crop
