"""Camera files for a browser's built-in fake camera."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from auth_service.demo.camera_file import write_fake_camera_file
from auth_service.demo.cast import ASTRONAUT
from auth_service.demo.virtual_camera import PersonCamera, StillPhotoCamera
from auth_service.demo.virtual_person import VirtualPerson


@pytest.fixture(scope="module")
def person() -> VirtualPerson:
    return VirtualPerson(ASTRONAUT)


def read(path: Path) -> list[np.ndarray]:
    start = b"\xff\xd8\xff"
    parts = [np.frombuffer(start + part, np.uint8) for part in path.read_bytes().split(start)[1:]]
    return [np.asarray(cv2.imdecode(part, cv2.IMREAD_COLOR)) for part in parts]


def test_the_file_holds_every_frame_as_a_jpeg(person: VirtualPerson, tmp_path: Path) -> None:
    path = tmp_path / "person.mjpeg"
    count = write_fake_camera_file(
        path, camera=PersonCamera(person, seed=1), seconds=1.0, frames_per_second=12
    )

    frames = read(path)
    assert count == len(frames) == 12
    assert {frame.shape for frame in frames} == {(480, 640, 3)}


def test_commands_are_followed_at_their_second_whatever_their_order(
    person: VirtualPerson, tmp_path: Path
) -> None:
    plain, turning = tmp_path / "plain.mjpeg", tmp_path / "turning.mjpeg"
    write_fake_camera_file(plain, camera=PersonCamera(person, seed=1), seconds=2.0, frames_per_second=5)
    write_fake_camera_file(
        turning,
        camera=PersonCamera(person, seed=1),
        seconds=2.0,
        frames_per_second=5,
        commands=[(1.5, "closer"), (0.6, "turn_left")],
    )

    changes = [np.abs(a.astype(int) - b).mean() for a, b in zip(read(plain), read(turning), strict=True)]
    assert max(changes[:4]) == 0
    assert max(changes) > 5


def test_a_still_photo_file_shows_one_picture_with_a_tremor(person: VirtualPerson, tmp_path: Path) -> None:
    path = tmp_path / "photo.mjpeg"
    write_fake_camera_file(
        path,
        camera=StillPhotoCamera(person, seed=1),
        seconds=1.0,
        frames_per_second=5,
        commands=[(0.0, "turn_left")],
    )

    first, *others = read(path)
    assert all(0 < np.abs(first.astype(int) - other).mean() < 25 for other in others)
