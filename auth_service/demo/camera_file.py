"""Motion JPEG files for a browser's built-in fake camera (Chromium's --use-file-for-fake-video-capture)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from auth_service.demo.virtual_camera import Camera


def write_fake_camera_file(
    path: Path,
    *,
    camera: Camera,
    seconds: float,
    frames_per_second: int = 15,
    commands: Sequence[tuple[float, str]] = (),
) -> int:
    """Write what ``camera`` sees to ``path`` (``.mjpeg``), answering ``commands`` (second, kind).

    Returns the number of frames. A file cannot see the page, so it follows its own script: good for the
    camera's plumbing and for a still photo. The browser plays it in a loop.
    """
    waiting = sorted(commands)
    count = round(seconds * frames_per_second)
    with path.open("wb") as file:
        for number in range(count):
            at = number / frames_per_second
            while waiting and waiting[0][0] <= at:
                shown_at, kind = waiting.pop(0)
                camera.show_step(kind, at=shown_at)
            file.write(camera.frame(at=at))
    return count
