"""What finding the face costs: in the whole frame, and around the last face."""

from __future__ import annotations

from itertools import cycle

from benchmarks.film import turning_face
from benchmarks.headline import Headline, alternate
from core.engine.types import FaceEngine
from core.imaging import decode_image

FRAMES = 24


def measure(engine: FaceEngine, *, iterations: int) -> list[Headline]:
    """Medians over frames of one moving virtual person, 640x480."""
    images = [decode_image(jpeg) for jpeg in turning_face(frames=FRAMES)]
    found = engine.detect(images[0])[0].box
    whole, near = cycle(images), cycle(images)
    baseline, result = alternate(
        lambda: engine.detect(next(whole)),
        lambda: engine.detect(next(near), search=found),
        iterations=iterations,
    )
    return [Headline("detection on a stream", "ms", "whole frame", baseline, "around the last face", result)]
