"""One JPEG in, one FrameObservation out: the only part of liveness that touches pixels and models."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.engine.types import Box, DetectedFace, FaceEngine, Image, Landmarks
from core.imaging import decode_image
from core.liveness.duplicates import HeadHistory
from core.liveness.geometry import eyes_of
from core.liveness.light import measure_light
from core.liveness.observation import (
    FaceView,
    FrameObservation,
    FrameRequest,
    SurroundingFlow,
)
from core.liveness.pose import fit_head
from core.liveness.ring import at_rest, region_flow
from core.liveness.sensor_noise import NoiseHistory
from core.quality import measure_quality

MAX_FRAME_BYTES = 524_288
MAX_FRAME_PIXELS = 1920 * 1080
_GREY_WIDTH = 320


@dataclass(frozen=True, slots=True)
class _SmallFace:
    """The face of one frame in the pixels of its small grey."""

    grey: NDArray[np.uint8]
    box: Box
    landmarks: Landmarks
    eye_distance: float


class FrameAnalyzer:
    """One per session, called in an inference thread, one frame at a time.

    Keeps the session's last grey frame (for optical flow), small greys of its head region (to notice a loop),
    its sensor noise, and whose turn it is among the passive models.
    """

    def __init__(self, engine: FaceEngine) -> None:
        self._engine = engine
        self._history = HeadHistory()
        self._previous: _SmallFace | None = None
        self._passive_turn = 0
        self._noise = NoiseHistory()

    def analyze(
        self,
        jpeg: bytes,
        *,
        sequence: int,
        captured_at_seconds: float,
        request: FrameRequest,
        image: Image | None = None,
        received_at_seconds: float | None = None,
    ) -> FrameObservation:
        """Analyse one frame. ``image``: the decoded frame, where the caller has it already.

        Raises InvalidImage or ImageTooLarge for what cannot be decoded; the session's state is unchanged
        then.
        """
        if image is None:
            image = decode_image(jpeg, max_bytes=MAX_FRAME_BYTES, max_pixels=MAX_FRAME_PIXELS)
        faces = self._engine.detect(image, search=request.search)
        shrink = _GREY_WIDTH / image.shape[1]
        grey = _small_grey(image)
        small = self._small_face(faces[0], grey=grey, shrink=shrink) if faces else None
        nearest = self._history.nearest_earlier(
            grey, captured_at=captured_at_seconds, face=small.box if small else None
        )
        view = None
        if small is not None:
            view = self._view(image, faces, request=request, flow=self._flow(small))
        self._previous = small
        return FrameObservation(
            sequence=sequence,
            captured_at=captured_at_seconds,
            digest=hashlib.blake2b(jpeg, digest_size=16).digest(),
            width=image.shape[1],
            height=image.shape[0],
            face=view,
            nearest_earlier=nearest,
            received_at=received_at_seconds,
            noise=self._noise.measure(image),
        )

    def _small_face(self, face: DetectedFace, *, grey: NDArray[np.uint8], shrink: float) -> _SmallFace:
        eyes = eyes_of(face.landmarks, layout=self._engine.landmark_layout)
        return _SmallFace(
            grey=grey,
            box=_scaled(face.box, shrink),
            landmarks=face.landmarks * np.float32(shrink),
            eye_distance=eyes.distance * shrink,
        )

    def _flow(self, small: _SmallFace) -> SurroundingFlow | None:
        last = self._previous
        if last is None or last.grey.shape != small.grey.shape:
            return None
        if at_rest(last.landmarks, small.landmarks, eye_distance=last.eye_distance):
            return None
        return region_flow(last.grey, small.grey, box=last.box, eye_distance=last.eye_distance)

    def _view(
        self,
        image: Image,
        faces: list[DetectedFace],
        *,
        request: FrameRequest,
        flow: SurroundingFlow | None,
    ) -> FaceView:
        face, layout = faces[0], self._engine.landmark_layout
        second = _second_face(faces) if request.search is None or len(faces) > 1 else None
        crop = self._engine.align(image, face) if request.embed else None
        embedding = self._engine.embed([crop])[0] if crop is not None else None
        head = fit_head(face.landmarks, layout=layout)
        light = None
        if request.light:
            light = measure_light(image, box=face.box, eyes=eyes_of(face.landmarks, layout=layout))
        return FaceView(
            box=face.box,
            landmarks=face.landmarks,
            head=head,
            quality=measure_quality(image, face, head.pose),
            second_face_ratio=second,
            passive_asked=request.passive,
            live_probability=self._live_probability(image, face) if request.passive else None,
            embedding=embedding,
            crop=crop,
            flow=flow,
            light=light,
        )

    def _live_probability(self, image: Image, face: DetectedFace) -> float | None:
        """One network's opinion, by turns: the session's mean is that of all, at half the cost of two."""
        turn = self._passive_turn
        self._passive_turn += 1
        return self._engine.live_probability(image, face, turn=turn)


def _small_grey(image: Image) -> NDArray[np.uint8]:
    height = max(1, round(image.shape[0] * _GREY_WIDTH / image.shape[1]))
    small = cv2.resize(image, (_GREY_WIDTH, height), interpolation=cv2.INTER_AREA)
    grey: NDArray[np.uint8] = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    return grey


def _scaled(box: Box, factor: float) -> Box:
    return Box(box.left * factor, box.top * factor, box.right * factor, box.bottom * factor)


def _second_face(faces: list[DetectedFace]) -> float:
    return faces[1].box.area / max(faces[0].box.area, 1.0) if len(faces) > 1 else 0.0
