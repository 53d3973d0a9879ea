"""What one frame costs: detection in the whole frame, around the last face, and the liveness signals."""

from __future__ import annotations

from itertools import cycle

from benchmarks.film import turning_face
from benchmarks.headline import Headline, alternate
from core.engine.types import FaceEngine, Image
from core.imaging import decode_image
from core.liveness.analyzer import FrameAnalyzer
from core.liveness.observation import FrameRequest

FRAMES = 24


def measure(engine: FaceEngine, *, iterations: int) -> list[Headline]:
    """Medians over frames of one moving virtual person, 640x480."""
    jpegs = turning_face(frames=FRAMES)
    images = [decode_image(jpeg) for jpeg in jpegs]
    return [
        _detection(engine, images, iterations=iterations),
        _signals(engine, jpegs, images, iterations=iterations),
    ]


def _detection(engine: FaceEngine, images: list[Image], *, iterations: int) -> Headline:
    found = engine.detect(images[0])[0].box
    whole, near = cycle(images), cycle(images)
    baseline, result = alternate(
        lambda: engine.detect(next(whole)),
        lambda: engine.detect(next(near), search=found),
        iterations=iterations,
    )
    return Headline("detection on a stream", "ms", "whole frame", baseline, "around the last face", result)


def _signals(engine: FaceEngine, jpegs: list[bytes], images: list[Image], *, iterations: int) -> Headline:
    found = engine.detect(images[0])[0].box
    analyzer = FrameAnalyzer(engine)
    plain, full = cycle(jpegs), cycle(jpegs)
    number = 0

    def analyze() -> None:
        nonlocal number
        number += 1
        analyzer.analyze(
            next(full),
            sequence=number,
            captured_at_seconds=number / 8,
            request=FrameRequest(light=True, search=found),
        )

    baseline, result = alternate(
        lambda: engine.detect(decode_image(next(plain)), search=found), analyze, iterations=iterations
    )
    return Headline(
        "a frame with all pixel signals", "ms", "decode and detect", baseline, "and all signals", result
    )
