"""What only the real socket server shows: how it ends a connection that sends too much."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from django.conf import settings
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from auth_service.demo.rest_client import OpenedSession
from auth_service.frame_binding import decode_frame_key
from auth_service.protocol import Frame, pack_frame
from tests.system.client_app import client_of
from tests.system.processes import Installation

pytestmark = pytest.mark.slow

OURS = settings.FACE_MAX_FRAME_BYTES


async def send_one_frame(opened: OpenedSession, *, size: int) -> tuple[str, int]:
    """(error code that was told or "", close code) after a frame of ``size`` bytes."""
    told = ""
    async with connect(opened.socket_url, proxy=None) as socket, asyncio.timeout(30):
        await socket.send(json.dumps({"type": "session.start", "token": opened.token}))
        key = decode_frame_key(json.loads(await socket.recv())["frame_key"])
        try:
            await socket.send(pack_frame(Frame(1, 1.0, b"\xff" * size), key=key))
            while True:
                told = json.loads(await socket.recv()).get("error", {}).get("code", told)
        except ConnectionClosed as closed:
            assert closed.rcvd is not None
            return told, closed.rcvd.code


def test_too_large_frames_close_the_socket_with_a_code_and_leave_the_session_open(tmp_path: Path) -> None:
    with Installation(tmp_path) as installation:
        installation.serve()
        with client_of(installation) as client:
            for size, ending in ((OURS + 1, ("image_too_large", 4413)), (10_000_000, ("", 1009))):
                client.create_user(external_user_id=f"person-{size}", name="Ana")
                opened = client.open_session(purpose="enrollment", external_user_id=f"person-{size}")
                assert asyncio.run(send_one_frame(opened, size=size)) == ending
                result = client.get_result(opened.session_id)
                assert (result.state, result.verdict) == ("open", None)
