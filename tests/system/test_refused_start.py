"""What a server says that cannot start: one sentence, and an exit code that a supervisor understands."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from auth_service.demo.temporary_server import manage_command

pytestmark = pytest.mark.slow


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def serve(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        manage_command("serve", *arguments),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_port_that_is_in_use_ends_the_server_with_a_failure(tmp_path: Path, taken_port: int) -> None:
    ended = serve("--port", str(taken_port), FACE_DATA_DIR=str(tmp_path))
    assert ended.returncode == 1
    assert "Address already in use" in ended.stderr
    assert f"Cannot listen on 127.0.0.1 port {taken_port}" in ended.stderr


def _a_file(folder: Path) -> Path:
    (folder / "file").touch()
    return folder / "file"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("FACE_MODEL_PACK", "nonsense", "Model pack 'nonsense' is not installed"),
        ("DEBUG", "false", "needs SECRET_KEY and FACE_ENCRYPTION_KEYS"),
        ("DATABASE_URL", "postgres://u:geheim@host:port/name", "DATABASE_URL is not postgres://"),
        ("CELERY_BROKER_URL", "geheim", "CELERY_BROKER_URL does not begin with"),
    ],
)
def test_a_wrong_setting_is_one_line_and_shows_no_secret(
    tmp_path: Path, name: str, value: str, sentence: str
) -> None:
    ended = serve(**{"FACE_DATA_DIR": str(tmp_path), name: value})
    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "geheim" not in ended.stderr


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    folder = _a_file(tmp_path) / "data"
    ended = serve(FACE_DATA_DIR=str(folder))
    assert ended.returncode == 1
    assert f"FACE_DATA_DIR='{folder}': Not a directory" in ended.stderr
    assert "Traceback" not in ended.stderr
