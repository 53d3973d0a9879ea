"""How often a second face was in view."""

from __future__ import annotations

from collections.abc import Sequence

SECOND_FACE_AREA = 0.12
"""A face smaller than this against the first is a passer-by or a picture on the wall."""


def several_faces_share(second_face_ratios: Sequence[float]) -> float:
    """Share of the frames with a face in which another one was more than 12 % as large.

    A single such frame is forgiven: HOG sees a face in a crease of cloth once in some hundred frames.
    """
    crowded = sum(ratio > SECOND_FACE_AREA for ratio in second_face_ratios)
    return crowded / len(second_face_ratios) if crowded > 1 else 0.0


def missing_share(*, frames: int, with_face: int) -> float:
    return 1.0 - with_face / frames if frames else 1.0
