"""The engine of unit tests: drawn markers instead of faces."""

from __future__ import annotations

import numpy as np

from core.engine.synthetic import SyntheticEngine, draw_marker
from core.engine.types import Box


def test_markers_are_found_and_told_apart() -> None:
    engine = SyntheticEngine()
    wall = np.full((480, 640, 3), 128, dtype=np.uint8)
    image = draw_marker(wall, Box(50, 60, 250, 300), identity=7)
    image = draw_marker(image, Box(400, 100, 500, 220), identity=8)

    large, small = engine.detect(image)
    one, other = engine.embed([engine.align(image, large), engine.align(image, small)])

    assert large.box == Box(50, 60, 250, 300)
    assert float(one @ other) < 0.5
    np.testing.assert_allclose(np.linalg.norm([one, other], axis=1), 1.0, atol=1e-6)
    again = engine.embed(
        [
            engine.align(
                draw_marker(wall, Box(9, 9, 99, 99), identity=7),
                engine.detect(draw_marker(wall, Box(9, 9, 99, 99), identity=7))[0],
            )
        ]
    )
    np.testing.assert_array_equal(again[0], one)
    assert engine.detect(wall) == []
