"""The demo's story: who comes before the camera, what the server ought to say, and what it said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from auth_service.demo.cast import ADMIRAL, ASTRONAUT, CARD_PLAYER, CastMember
from auth_service.demo.rest_client import RestClient
from auth_service.demo.socket_client import Outcome, SessionBrokenOff, run_session
from auth_service.demo.virtual_camera import Camera, PersonCamera, StillPhotoCamera
from auth_service.demo.virtual_person import VirtualPerson
from core.engine.types import Image

OLD_PHOTO_WAIT_SECONDS = 30.0
_OLD_PHOTO_GAMMA = 0.85


@dataclass(frozen=True, slots=True)
class Scene:
    title: str
    purpose: str
    external_user_id: str
    camera: Callable[[], Camera]
    expected: str
    reason: str = ""
    """One of the reasons that a failure must have; empty: any."""


@dataclass(frozen=True, slots=True)
class Played:
    """A scene and what came of it."""

    scene: Scene
    verdict: str
    reasons: tuple[str, ...]
    similarity: float | None
    liveness: float | None
    outcome: Outcome | None

    @property
    def as_expected(self) -> bool:
        if self.verdict != self.scene.expected:
            return False
        return not self.scene.reason or self.scene.reason in self.reasons


PEOPLE = (("demo-astronaut", ASTRONAUT), ("demo-admiral", ADMIRAL))


def play(*, client: RestClient, seed: int) -> Iterator[Played]:
    """Register two people with old photos, then one scene after the other, in real time."""
    persons = {member.name: VirtualPerson(member) for member in (ASTRONAUT, ADMIRAL, CARD_PLAYER)}
    for external_user_id, member in PEOPLE:
        client.create_user(external_user_id=external_user_id, name=member.name.title())
        client.upload_old_photo(external_user_id=external_user_id, jpeg=old_photo(member))
    for external_user_id, _ in PEOPLE:
        client.await_old_photo(external_user_id=external_user_id, limit_seconds=OLD_PHOTO_WAIT_SECONDS)
    for scene in write_scenes(persons, seed=seed):
        yield _play(scene, client=client)


def write_scenes(persons: dict[str, VirtualPerson], *, seed: int) -> list[Scene]:
    """``persons`` by the names of the cast."""

    def live(member: CastMember, take: int, *, screen_gain: float = 0.3) -> Callable[[], Camera]:
        return lambda: PersonCamera(persons[member.name], seed=seed + take, screen_gain=screen_gain)

    def still(member: CastMember, take: int) -> Callable[[], Camera]:
        return lambda: StillPhotoCamera(persons[member.name], seed=seed + take)

    (astronaut, _), (admiral, _) = PEOPLE
    enroll, verify = "enrollment", "verification"
    return [
        Scene("enrol the astronaut", enroll, astronaut, live(ASTRONAUT, 1), "passed"),
        Scene("enrol the admiral", enroll, admiral, live(ADMIRAL, 2), "passed"),
        Scene("verify the astronaut", verify, astronaut, live(ASTRONAUT, 3), "passed"),
        Scene("verify the admiral", verify, admiral, live(ADMIRAL, 4), "passed"),
        Scene(
            "somebody else as the astronaut",
            verify,
            astronaut,
            live(CARD_PLAYER, 5),
            "failed",
            "face_mismatch",
        ),
        Scene("a photo of the astronaut", verify, astronaut, still(ASTRONAUT, 6), "failed"),
        Scene(
            "an injected puppet of the admiral",
            verify,
            admiral,
            live(ADMIRAL, 7, screen_gain=0.0),
            "failed",
            "screen_light_missing",
        ),
    ]


def old_photo(member: CastMember) -> bytes:
    """A JPEG of the sample photo around the head, in other light than the webcam's."""
    photo = _around_head(member)
    lit = 255 * (photo.astype(np.float32) / 255) ** _OLD_PHOTO_GAMMA
    done, jpeg = cv2.imencode(".jpg", lit.round().astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90])
    if not done:
        raise RuntimeError("the photo could not be encoded")
    return bytes(jpeg)


def _around_head(member: CastMember) -> Image:
    photo = member.load_photo()
    left, right = member.points.left_eye, member.points.right_eye
    eyes = right[0] - left[0]
    middle_x, middle_y = (left[0] + right[0]) // 2, (left[1] + right[1]) // 2
    top, bottom = max(0, middle_y - round(1.7 * eyes)), middle_y + round(2.3 * eyes)
    start, end = max(0, middle_x - round(1.7 * eyes)), middle_x + round(1.7 * eyes)
    return photo[top:bottom, start:end]


def _play(scene: Scene, *, client: RestClient) -> Played:
    opened = client.open_session(purpose=scene.purpose, external_user_id=scene.external_user_id)
    try:
        outcome = asyncio.run(
            run_session(socket_url=opened.socket_url, token=opened.token, camera=scene.camera())
        )
    except SessionBrokenOff as broken:
        return Played(scene, f"broken off: {broken.code}", (), similarity=None, liveness=None, outcome=None)
    result = client.get_result(opened.session_id)
    similarity = result.old_photo_similarity if scene.purpose == "enrollment" else result.similarity
    return Played(
        scene,
        outcome.verdict,
        outcome.reasons,
        similarity=similarity,
        liveness=result.liveness_score,
        outcome=outcome,
    )
