"""A server of our own for a demo: another process, another data directory, gone afterwards."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import httpx
from django.conf import settings

START_SECONDS = 120.0
STOP_SECONDS = 15.0
_POLL_SECONDS = 0.25
_NOT_INHERITED = {"ALLOWED_HOSTS", "DATABASE_URL_FILE", "REDIS_URL_FILE", "CELERY_BROKER_URL_FILE"}
"""Of a secret and the file that holds it, the file wins."""


class ServerDidNotStart(Exception):
    """Carries the end of what the server wrote."""


@dataclass(frozen=True, slots=True)
class TemporaryServer:
    url: str
    environment: dict[str, str]
    """For a command that is to use this server's database."""
    log: Path


def is_alive(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live", timeout=2.0, trust_env=False).is_success
    except httpx.HTTPError:
        return False


@contextlib.contextmanager
def run_temporary_server(
    *,
    directory: Path | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[TemporaryServer]:
    """Migrate an empty SQLite database and serve it, for as long as this process lives.

    Without ``directory`` in one of its own, which is deleted. Raises ServerDidNotStart.
    """
    port = port or free_port()
    with contextlib.ExitStack() as stack:
        home = directory or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="facegate-demo-")))
        server = TemporaryServer(
            url=local_url(host, port),
            environment=_environment(home) | dict(environment or {}),
            log=home / "server.log",
        )
        log = stack.enter_context(server.log.open("wb"))
        if _start(["migrate", "--verbosity=0"], server, log).wait() != 0:
            raise ServerDidNotStart(_end_of(server.log))
        serve = ["serve", "--host", host, "--port", str(port), "--until-eof"]
        # Never written to: the pipe closes when we end, however that may be.
        process = _start(serve, server, log, stdin=subprocess.PIPE)
        try:
            _await_alive(server, process)
            yield server
        finally:
            _stop(process)


def local_url(host: str, port: int) -> str:
    """Where this machine reaches a server that listens on ``host``."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def manage_command(*arguments: str) -> list[str]:
    return [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), *arguments]


def _environment(directory: Path) -> dict[str, str]:
    # Everything that could reach the user's own data is pointed elsewhere; installed models are only read.
    own = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    return {
        **own,
        "FACE_DATA_DIR": str(directory),
        "FACE_MODELS_DIR": str(settings.FACE_MODELS_DIR),
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "CELERY_BROKER_URL": "",
        "PUBLIC_URL": "",
        "DEBUG": "true",
        "LOG_LEVEL": "WARNING",
    }


def _start(
    arguments: list[str], server: TemporaryServer, log: BinaryIO, *, stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own manage.py
        manage_command(*arguments),
        env=server.environment,
        stdin=stdin,
        stdout=log,
        stderr=subprocess.STDOUT,
    )


def _await_alive(server: TemporaryServer, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + START_SECONDS
    while not is_alive(server.url):
        if process.poll() is not None or time.monotonic() > give_up:
            raise ServerDidNotStart(_end_of(server.log))
        time.sleep(_POLL_SECONDS)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin:
        process.stdin.close()


def _end_of(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-2000:]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
