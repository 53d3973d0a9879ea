"""A loaded pack tried on faces that an installed package carries."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from common.errors import EngineUnavailable
from core.engine.types import Capability, FaceEngine
from core.imaging import decode_image

T = TypeVar("T")
_SAMPLE = Path("data") / "images" / "t1.jpg"
_FACES_IN_SAMPLE = 6
_RUNS = 5


@dataclass(frozen=True, slots=True)
class SelfTest:
    """Milliseconds are medians on this machine as it is now."""

    faces: int
    same_person: float
    """Lowest cosine of a face to itself in a slightly smaller copy of the photo."""
    strangers: float
    """Highest cosine of two different people in the photo."""
    detect_ms: float
    search_ms: float
    embed_ms: float
    live_ms: float | None


def sample_photo() -> Path:
    """A photo of six people that the insightface package installs. Raises EngineUnavailable."""
    spec = importlib.util.find_spec("insightface")
    if spec is None or not spec.submodule_search_locations:
        raise EngineUnavailable("The package insightface is not installed.")
    return Path(next(iter(spec.submodule_search_locations))) / _SAMPLE


def self_test(engine: FaceEngine) -> SelfTest:
    """Raises EngineUnavailable when the pack does not see or embed faces as it must."""
    image = decode_image(sample_photo().read_bytes())
    smaller = cv2.resize(image, None, fx=0.9, fy=0.9, interpolation=cv2.INTER_AREA)
    faces = engine.detect(image, input_size=1280)
    again = engine.detect(smaller, input_size=1280)
    if len(faces) != _FACES_IN_SAMPLE or len(again) != _FACES_IN_SAMPLE:
        raise EngineUnavailable(
            f"{len(faces)} and {len(again)} faces found where there are {_FACES_IN_SAMPLE}"
        )
    faces, again = (sorted(found, key=lambda face: face.box.left) for found in (faces, again))
    crops = [engine.align(image, face) for face in faces]
    first = engine.embed(crops)
    second = engine.embed([engine.align(smaller, face) for face in again])
    if not np.isfinite(first).all() or not np.allclose(np.linalg.norm(first, axis=1), 1.0, atol=1e-3):
        raise EngineUnavailable("the embeddings are not finite unit vectors")
    between = first @ first.T - 2 * np.eye(len(faces))
    frame = cv2.resize(image, (640, 480))
    near = engine.detect(frame) or faces
    # One in the middle: at the border a model may decline to judge, which costs it nothing.
    central = faces[len(faces) // 2]
    measures_liveness = Capability.PASSIVE_LIVENESS in engine.capabilities
    return SelfTest(
        faces=len(faces),
        same_person=float((first * second).sum(axis=1).min()),
        strangers=float(between.max()),
        detect_ms=_milliseconds(lambda: engine.detect(frame)),
        search_ms=_milliseconds(lambda: engine.detect(frame, search=near[0].box)),
        embed_ms=_milliseconds(lambda: engine.embed(crops[:1])),
        live_ms=_milliseconds(lambda: engine.live_probability(image, central)) if measures_liveness else None,
    )


def _milliseconds(run: Callable[[], T]) -> float:
    times = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1000)
    return sorted(times)[_RUNS // 2]
