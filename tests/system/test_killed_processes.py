"""kill -9 at bad moments: nothing is lost, nothing is half written, everything goes on."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from auth_service.demo.cast import ASTRONAUT
from auth_service.demo.rest_client import OpenedSession
from auth_service.demo.scenario import old_photo
from auth_service.demo.virtual_camera import PersonCamera
from auth_service.demo.virtual_person import VirtualPerson
from auth_service.frame_binding import decode_frame_key
from auth_service.protocol import Frame, pack_frame
from auth_service.services import SOCKET_SILENT_SECONDS
from tests.system.client_app import client_of, look_into_camera
from tests.system.processes import Installation, kill, wait_until

pytestmark = pytest.mark.slow


async def begin(opened: OpenedSession) -> str:
    """Follow a session into its challenge, then hold on to the socket no more; gives the resume token."""
    camera = PersonCamera(VirtualPerson(ASTRONAUT), seed=3)
    async with connect(opened.socket_url, proxy=None) as socket, asyncio.timeout(60):
        await socket.send(json.dumps({"type": "session.start", "token": opened.token}))
        ready = json.loads(await socket.recv())
        key = decode_frame_key(ready["frame_key"])
        for number in range(1, 400):
            frame = Frame(number, number / 8, camera.frame(at=number / 8))
            await socket.send(pack_frame(frame, key=key))
            step = json.loads(await socket.recv())
            if step["phase"] == "challenge":
                # The server dies with this socket open.
                socket.transport.abort()
                return str(ready["resume_token"])
    raise AssertionError("the challenge never began")


def test_a_server_killed_in_the_middle_of_a_challenge_leaves_a_session_that_can_be_resumed(
    tmp_path: Path,
) -> None:
    with Installation(tmp_path) as installation:
        server = installation.serve()
        with client_of(installation) as client:
            client.create_user(external_user_id="ana", name="Ana")
            opened = client.open_session(purpose="enrollment", external_user_id="ana")
            resume_token = asyncio.run(begin(opened))
            kill(server)
            installation.serve()
            between = client.get_result(opened.session_id)
            assert (between.state, between.verdict) == ("open", None)
            outcome = resume_when_free(opened, resume_token)
            after = client.get_result(opened.session_id)
    assert outcome == "passed"
    assert (after.state, after.verdict) == ("completed", "passed")


def resume_when_free(opened: OpenedSession, token: str) -> str:
    verdicts: list[str] = []

    def resumed() -> bool:
        try:
            verdicts.append(look_into_camera(opened, token=token).verdict)
        except Exception as refused:
            if "conflict" not in str(refused):
                raise
        return bool(verdicts)

    wait_until(resumed, seconds=SOCKET_SILENT_SECONDS + 60, what="the resumption")
    return verdicts[0]


def test_an_extraction_whose_process_is_killed_is_done_by_the_next_one(tmp_path: Path) -> None:
    with Installation(tmp_path, JOB_STALE_SECONDS="5", JOB_SWEEP_SECONDS="1") as installation:
        server = installation.serve()
        with client_of(installation) as client:
            for number in range(4):
                name = f"person-{number}"
                client.create_user(external_user_id=name, name=name)
                client.upload_old_photo(external_user_id=name, jpeg=old_photo(ASTRONAUT))
            kill(server)
            installation.serve()
            states = [
                client.await_old_photo(external_user_id=f"person-{number}", limit_seconds=40)
                for number in range(4)
            ]
    assert states == ["ready"] * 4
