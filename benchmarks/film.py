"""Pictures for the benchmarks, made from images that installed packages carry."""

from __future__ import annotations

import cv2
import numpy as np

from auth_service.demo.cast import ASTRONAUT
from auth_service.demo.virtual_camera import PersonCamera
from auth_service.demo.virtual_person import VirtualPerson
from core.imaging import decode_image

OFF_CENTRE_PX = 190.0


def turning_face(*, frames: int) -> list[bytes]:
    """JPEG frames, 640x480 at 8 fps, of a person who turns their head."""
    camera = PersonCamera(VirtualPerson(ASTRONAUT), seed=1)
    camera.show_step("turn_left", at=0.0)
    return [camera.frame(at=number / 8) for number in range(frames)]


def off_centre_faces(*, frames: int) -> list[bytes]:
    """The same at the frame's edge: a session keeps asking to come to the middle and never ends."""
    shift = np.array([[1, 0, OFF_CENTRE_PX], [0, 1, 0]], np.float32)
    shifted = []
    for jpeg in turning_face(frames=frames):
        image = cv2.warpAffine(decode_image(jpeg), shift, (640, 480), borderMode=cv2.BORDER_REPLICATE)
        shifted.append(bytes(cv2.imencode(".jpg", image)[1]))
    return shifted
