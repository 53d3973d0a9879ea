"""HOG boxes and five landmarks from dlib, with the box and confidence scales the other packs use."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import dlib
import numpy as np

from core.engine.geometry import View, cut_around, scaled, similarity_transform, whole
from core.engine.types import Box, DetectedFace, Image, Landmarks

DEFAULT_SIDE_PX = 640
_SEARCH_FACTOR = 1.6
_SEARCH_FACE_PX = 130.0
"""The detector's window is 80 pixels; this leaves room for a face that moves back between frames."""
_THRESHOLD = 0.2
"""Of HOG's score: the lowest face of our test photos has 0.41, the highest of what is none 0.11."""
_SEARCH_THRESHOLD = -0.3
"""Where a face was a moment ago, a turned one may score lower than one out of nowhere."""
_LANDMARK_FACE_PX = 320.0
"""Landmarks come as whole pixels: the larger the face they are sought in, the finer they are."""
_CHIP_SIDE_PX = 150
_CHIP_PADDING = np.float32(0.25)
_CONFIDENCE_SLOPE = 4.0

_FROM_DLIB = [2, 3, 1, 0, 4]
"""dlib: right outer, right inner, left outer, left inner, nose (image sides); ours runs left to right."""
_MEAN_SHAPE = np.array(
    [[0.1206, 0.2137], [0.3341, 0.2291], [0.6461, 0.2290], [0.8596, 0.2135], [0.4901, 0.6278]],
    dtype=np.float32,
)
"""Our five points in the unit square of an average upright dlib face box."""
_SCRFD_BOX = np.array([-0.59, -0.96, 0.59, 0.69])
"""SCRFD 2.5G's median box on 48 photos: left, top, right, bottom from the centre of that unit square."""
_BOX_WIDTH = 1.18


class HogDetector:
    """Thread-safe: each thread has a HOG detector of its own, because a shared one crashes the process."""

    def __init__(self, *, predictor: Path) -> None:
        self._predictor = dlib.shape_predictor(str(predictor))
        self._local = threading.local()

    def detect(self, image: Image, *, search: Box | None, side_px: int) -> list[DetectedFace]:
        """Faces, largest first. ``side_px`` is the longest side the whole image is scaled to."""
        if search is not None and search.area > 0:
            near = self._search_around(image, search)
            if near:
                return near
        factor = side_px / max(image.shape[:2])
        return self._find(image, scaled(whole(image), factor=factor), threshold=_THRESHOLD)

    def chip(self, image: Image, face: DetectedFace) -> Image:
        """The 150 x 150 BGR chip that the descriptor network was trained on: the box and a quarter around."""
        target = (_MEAN_SHAPE + _CHIP_PADDING) / (1 + 2 * _CHIP_PADDING) * _CHIP_SIDE_PX
        view = cut_around(image, face.box, factor=1.6) or whole(image)
        # Scaled by area first: the warp alone would skip pixels of a large face.
        face_px = float(_CHIP_SIDE_PX / (1 + 2 * _CHIP_PADDING)) * _BOX_WIDTH
        view = scaled(view, factor=face_px / max(1.0, face.box.width))
        matrix = similarity_transform(view.points_from_image(face.landmarks), target)
        crop: Image = cv2.warpAffine(view.pixels, matrix, (_CHIP_SIDE_PX, _CHIP_SIDE_PX))
        return crop

    def _search_around(self, image: Image, search: Box) -> list[DetectedFace]:
        view = cut_around(image, search, factor=_SEARCH_FACTOR)
        if view is None:
            return []
        view = scaled(view, factor=_SEARCH_FACE_PX / search.width)
        faces = self._find(image, view, threshold=_SEARCH_THRESHOLD)
        sure = [face for face in faces if face.confidence >= _confidence(_THRESHOLD)]
        return sure or sorted(faces, key=lambda face: face.confidence)[-1:]

    def _find(self, image: Image, view: View, *, threshold: float) -> list[DetectedFace]:
        gray = cv2.cvtColor(view.pixels, cv2.COLOR_BGR2GRAY)
        rectangles, scores, _ = self._hog().run(gray, 0, threshold)
        faces = []
        for rectangle, score in zip(rectangles, scores, strict=True):
            box = view.box_to_image(
                Box(rectangle.left(), rectangle.top(), rectangle.right() + 1, rectangle.bottom() + 1)
            )
            landmarks = self._landmarks(image, box)
            if landmarks is not None:
                faces.append(
                    DetectedFace(
                        box=_box_from_landmarks(landmarks),
                        confidence=_confidence(score),
                        landmarks=landmarks,
                    )
                )
        return sorted(faces, key=lambda face: face.box.area, reverse=True)

    def _landmarks(self, image: Image, box: Box) -> Landmarks | None:
        view = cut_around(image, box, factor=1.8)
        if view is None:
            return None
        view = scaled(view, factor=_LANDMARK_FACE_PX / box.width)
        gray = cv2.cvtColor(view.pixels, cv2.COLOR_BGR2GRAY)
        left, top = (box.left - view.left) * view.scale, (box.top - view.top) * view.scale
        side = box.width * view.scale
        rectangle = dlib.rectangle(round(left), round(top), round(left + side), round(top + side))
        shape = self._predictor(gray, rectangle)
        points = np.array([(shape.part(i).x, shape.part(i).y) for i in _FROM_DLIB], dtype=np.float32)
        return view.points_to_image(points)

    def _hog(self) -> dlib.fhog_object_detector:
        if not hasattr(self._local, "hog"):
            self._local.hog = dlib.get_frontal_face_detector()
        return self._local.hog


def _confidence(score: float) -> float:
    return 1.0 / (1.0 + float(np.exp(-_CONFIDENCE_SLOPE * score)))


def _box_from_landmarks(landmarks: Landmarks) -> Box:
    """The box that SCRFD would draw around an average face with these landmarks.

    HOG's own box only comes in sizes 1.2 times apart and on an eight-pixel grid, so its size says
    nothing of a face that slowly comes closer; and models made for one box (passive liveness) and
    rules in box widths (quality) must mean the same with every pack.
    """
    matrix = similarity_transform(_MEAN_SHAPE, landmarks)
    side = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    center_x, center_y = matrix @ np.array([0.5, 0.5, 1.0])
    left, top, right, bottom = np.array([center_x, center_y] * 2) + side * _SCRFD_BOX
    return Box(float(left), float(top), float(right), float(bottom))
