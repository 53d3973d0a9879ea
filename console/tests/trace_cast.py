"""A trace as the flow writes it, small enough to count in: a turn, a flash, a replaced turn."""

from __future__ import annotations

from typing import Any

from core.liveness.timeline import ShownColor, StepSpan, Timeline

FRAMES = 9


def timeline() -> Timeline:
    """Nine frames over eight seconds; the fifth shows no face; no passive model."""
    nothing = (None,) * FRAMES
    return Timeline(
        challenge_start=1.0,
        limits={"yaw": 13.0, "pitch": 6.0, "size": 0.15, "live": 0.35, "identity": 0.28, "nearest": 0.5},
        series={
            "at": tuple(float(second) for second in range(FRAMES)),
            "yaw": (0.0, 5.0, 24.25, 0.5, None, 0.0, 0.0, -9.0, 0.0),
            "pitch": (0.0, 1.0, -1.0, 0.0, None, 0.0, 0.5, 0.0, 0.0),
            "size": (0.0, 0.01, 0.02, 0.0, None, 0.0, 0.0, -0.03, 0.0),
            "skin_red": (None, None, None, None, None, 0.5, 0.62, 0.5, None),
            "skin_green": (None, None, None, None, None, 0.3, 0.3, 0.4, None),
            "skin_blue": (None, None, None, None, None, 0.1, 0.1, 0.1, None),
            "live": nothing,
            "identity": (None, 1.0, None, None, None, 0.97, None, None, 0.96),
            "nearest": (None, 9.5, 30.0, 12.0, 40.0, 6.0, 5.0, 20.0, 0.0),
            "second_face": (0.0, 0.0, 0.0, 0.0, None, 0.0, 0.0, 0.0, 0.0),
        },
        steps=(
            StepSpan("turn_left", 1.0, 3.5, "followed", 1.8, False, ()),
            StepSpan(
                "flash",
                5.0,
                7.5,
                "shown",
                0.0,
                False,
                (ShownColor("#ff4040", 5.0), ShownColor("#40ff40", 6.0)),
            ),
            StepSpan("turn_right", 7.5, 8.0, "not_followed", 0.7, True, ()),
        ),
    )


def trace(**changes: Any) -> dict[str, Any]:
    """As it is stored; ``changes`` replace its keys."""
    return timeline().as_json() | changes


def attempt_row(**liveness: Any) -> dict[str, Any]:
    """An attempt's evidence that the flash refused; ``liveness`` changes that part of it."""
    return {
        "level": "standard",
        "script": [
            {"kind": "turn_left", "colors": []},
            {"kind": "flash", "colors": ["#ff4040", "#40ff40"]},
        ],
        "reasons": ["screen_light_missing"],
        "liveness": {
            "passed": False,
            "score": 0.12,
            "signals": {"flash_correlation": 0.9, "flash_chance": 0.01, "flash_gain": 0.005, "ring": 0.1},
            "margins": {"flash": -0.3, "ring": 1.2},
            "thresholds": {"flash_correlation": 0.75, "flash_gain": 0.012, "ring_following": 0.7},
            "not_measured": ["passive"],
            "level_reached": None,
        }
        | liveness,
        "frames": 61,
        "frames_dropped": 3,
        "seconds": 8.25,
        "engine": "dlib dlib-resnet:128:7d196f39",
        "models": {"model.onnx": "ab" * 32},
    }
