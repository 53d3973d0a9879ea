"""A client application in tests: a key, a person, and that person before a virtual camera."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager

from auth_service.demo.cast import ASTRONAUT
from auth_service.demo.rest_client import OpenedSession, RestClient
from auth_service.demo.socket_client import Outcome, run_session
from auth_service.demo.virtual_camera import PersonCamera
from auth_service.demo.virtual_person import VirtualPerson
from tests.system.processes import Installation


@contextmanager
def client_of(installation: Installation) -> Iterator[RestClient]:
    made = json.loads(installation.manage("create_client", "Acme", "--json"))
    with RestClient(url=installation.url, api_key=made["api_key"]) as client:
        yield client


def look_into_camera(opened: OpenedSession, *, token: str | None = None, seed: int = 1) -> Outcome:
    """The astronaut follows one session to its end."""
    camera = PersonCamera(VirtualPerson(ASTRONAUT), seed=seed)
    return asyncio.run(run_session(socket_url=opened.socket_url, token=token or opened.token, camera=camera))
