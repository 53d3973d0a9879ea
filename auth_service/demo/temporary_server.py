"""A server of our own for a demo: another process, another data directory, gone afterwards."""

from __future__ import annotations

import contextlib
import os
import signal
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

from auth_service.demo.address import UnusableAddress, free_port, local_url, require_free

START_SECONDS = 120.0
STOP_SECONDS = 15.0
_POLL_SECONDS = 0.25
_NOT_INHERITED = {"ALLOWED_HOSTS", "DATABASE_URL_FILE", "REDIS_URL_FILE", "CELERY_BROKER_URL_FILE"}
"""Of a secret and the file that holds it, the file wins."""


class ServerDidNotStart(Exception):
    """Carries the cause, or the end of what the server wrote."""


@dataclass(frozen=True, slots=True)
class TemporaryServer:
    url: str
    environment: dict[str, str]
    """For a command that is to use this server's database."""
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None


def is_alive(url: str) -> bool:
    """Whether any server answers there: not necessarily the one that was started for it."""
    try:
        return httpx.get(f"{url}/health/live", timeout=2.0, trust_env=False).is_success
    except (httpx.HTTPError, httpx.InvalidURL):
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
    port = free_port() if port is None else port
    try:
        require_free(host=host, port=port)
    except UnusableAddress as error:
        raise ServerDidNotStart(str(error)) from error
    with contextlib.ExitStack() as stack:
        home = directory or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="facegate-demo-")))
        own = _environment(home) | dict(environment or {})
        path = home / "server.log"
        log = stack.enter_context(path.open("wb"))
        if _start(["migrate", "--verbosity=0"], own, log).wait() != 0:
            raise ServerDidNotStart(_end_of(path))
        serve = ["serve", "--host", host, "--port", str(port), "--until-eof"]
        # Never written to: the pipe closes when we end, however that may be.
        process = _start(serve, own, log, stdin=subprocess.PIPE)
        server = TemporaryServer(url=local_url(host, port), environment=own, log=path, process=process)
        try:
            _await_alive(server)
            yield server
        finally:
            _stop(process)


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
    arguments: list[str], environment: Mapping[str, str], log: BinaryIO, *, stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own manage.py
        manage_command(*arguments),
        env=environment,
        stdin=stdin,
        stdout=log,
        stderr=subprocess.STDOUT,
    )


def _await_alive(server: TemporaryServer) -> None:
    give_up = time.monotonic() + START_SECONDS
    answers = False
    while not answers:
        answers = is_alive(server.url)
        # Asked last: who answers may be another server, on whose port ours could not listen.
        if server.has_ended or time.monotonic() > give_up:
            raise ServerDidNotStart(_end_of(server.log))
        if not answers:
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
