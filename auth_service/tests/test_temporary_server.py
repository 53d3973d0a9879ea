"""A temporary server is the process that was started, not whatever answers at its address."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from auth_service.demo.address import UnusableAddress, free_port, local_url, require_free
from auth_service.demo.temporary_server import (
    ServerDidNotStart,
    TemporaryServer,
    _await_alive,
    is_alive,
    run_temporary_server,
)


def test_another_server_that_answers_is_not_ours(live_server: LiveServer, tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text("Address already in use")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert is_alive(live_server.url)

    with pytest.raises(ServerDidNotStart, match="already in use"):
        _await_alive(TemporaryServer(url=live_server.url, environment={}, log=log, process=ended))


def test_nothing_is_started_on_a_port_that_is_held(live_server: LiveServer, tmp_path: Path) -> None:
    port = int(live_server.url.rpartition(":")[2])
    with (
        pytest.raises(ServerDidNotStart, match="already in use"),
        run_temporary_server(directory=tmp_path, port=port),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_free_port_stays_free() -> None:
    port = free_port()
    require_free(host="127.0.0.1", port=port)
    require_free(host="localhost", port=port)
    with socket.create_server(("127.0.0.1", port)), pytest.raises(UnusableAddress, match="in use"):
        require_free(host="127.0.0.1", port=port)


@pytest.mark.parametrize("port", [0, -1, 2**16, 10**12])
def test_what_is_no_port_is_said(port: int) -> None:
    with pytest.raises(UnusableAddress, match="is no port"):
        require_free(host="127.0.0.1", port=port)


@pytest.mark.parametrize("host", ["", "999.1.1.1", "a b", "a..b", "x" * 300, "\0", "[::1]"])
def test_what_is_no_host_is_said(host: str) -> None:
    with pytest.raises(UnusableAddress, match="is no name or address"):
        require_free(host=host, port=8100)


def test_this_machine_reaches_what_listens_everywhere() -> None:
    assert local_url("0.0.0.0", 8100) == "http://127.0.0.1:8100"  # noqa: S104 - not bound
    assert local_url("::", 8100) == "http://[::1]:8100"


@pytest.mark.parametrize("url", ["http://999.1.1.1:80", "http://[::1", "nonsense", ""])
def test_nothing_lives_at_an_impossible_address(url: str) -> None:
    assert not is_alive(url)
