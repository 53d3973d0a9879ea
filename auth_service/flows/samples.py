"""Which frames become samples: frontal, sharp, of the person who began the session."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.engine.types import Embedding
from core.liveness.evidence import Baseline
from core.liveness.observation import FaceView, FrameObservation

from .framing import near_frontal
from .types import Sample

_SHARP = 40.0
"""Sharpness beyond which more says nothing."""
_TURN_COST = 1 / 20.0
"""One point of rank for 20 degrees away from frontal."""


def choose_samples(
    frames: Sequence[FrameObservation],
    *,
    baseline: Baseline,
    most: int,
    same_person_cosine: float,
) -> tuple[Sample, ...]:
    """Best first, at most ``most``. Frames that disagree with the session's mean face are left out."""
    candidates = [
        sample
        for frame in frames
        if frame.face is not None
        # A face in the colours of the screen is no sample of it.
        and frame.face.light is None
        and near_frontal(frame.face, baseline=baseline)
        and (sample := _sample(frame, frame.face)) is not None
    ]
    if not candidates:
        return ()
    mean = np.mean([sample.embedding for sample in candidates], axis=0)
    mean = mean / max(float(np.linalg.norm(mean)), 1e-9)
    alike = [sample for sample in candidates if _cosine(sample.embedding, mean) >= same_person_cosine]
    ranked = sorted(alike, key=lambda sample: _rank(sample, baseline=baseline), reverse=True)
    return tuple(ranked[:most])


def _cosine(first: Embedding, second: Embedding) -> float:
    return float(first @ second)


def _sample(frame: FrameObservation, face: FaceView) -> Sample | None:
    if face.embedding is None or face.crop is None:
        return None
    return Sample(
        sequence=frame.sequence,
        captured_at=frame.captured_at,
        embedding=face.embedding,
        crop=face.crop,
        quality=face.quality,
        pose=face.head.pose,
    )


def _rank(sample: Sample, *, baseline: Baseline) -> float:
    away = abs(sample.pose.yaw - baseline.yaw) + abs(sample.pose.pitch - baseline.pitch)
    sharp = min(sample.quality.sharpness / _SHARP, 1.0)
    return sharp + sample.quality.confidence - _TURN_COST * away
