"""`manage.py pad_record`: what it refuses to begin, what it tells of a folder, what it takes out."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django.live_server_helper import LiveServer

from auth_service.demo.temporary_server import is_alive
from auth_service.recording.folder import claim_run_directory
from auth_service.recording.plan import write_plan
from auth_service.tests.recording_cast import make_plan
from auth_service.tests.test_recording_archive import keep

Say = Callable[..., str]


@pytest.fixture
def pad_record(tmp_path: Path) -> Say:
    """What the command prints."""

    def say(*arguments: str, folder: Path = tmp_path) -> str:
        said = io.StringIO()
        call_command("pad_record", str(folder), *arguments, stdout=said)
        return said.getvalue()

    return say


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "needs --kind and --subject"),
        (["--kind", "genuine"], "needs --kind and --subject"),
        (["--subject", "Ana"], "needs --kind and --subject"),
        (["--kind", "Photo", "--subject", "Ana"], "no kind"),
        (["--kind", "genuine", "--subject", "two\nlines"], "no subject"),
        (["--kind", "genuine", "--subject", "Ana", "--sessions", "0"], "one session"),
        (["--kind", "genuine", "--subject", "Ana", "--sessions", "many"], "invalid int"),
        (["--kind", "genuine", "--subject", "Ana", "--level", "loose"], "invalid choice"),
        (["--kind", "genuine", "--subject", "Ana", "--host", "::"], "needs --url"),
        (["--kind", "genuine", "--subject", "Ana", "--url", "id.example.org"], "not scheme and host"),
        (
            ["--kind", "genuine", "--subject", "Ana", "--url", "https://id.example.org/a"],
            "not scheme and host",
        ),
        (["--kind", "genuine", "--subject", "Ana", "--url", "ftp://id.example.org"], "not scheme and host"),
        (["--kind", "genuine", "--subject", "Ana", "--url", "http://[::1"], "not scheme and host"),
        (["--kind", "genuine", "--subject", "Ana", "--host", "999.1.1.1"], "'999.1.1.1' is no name"),
        (["--kind", "genuine", "--subject", "Ana", "--host", ""], "'' is no name"),
        (["--kind", "genuine", "--subject", "Ana", "--host", "a" * 64], "is no name"),
        (["--kind", "genuine", "--subject", "Ana", "--host", "192.0.2.1"], "192.0.2.1, port"),
        (["--kind", "genuine", "--subject", "Ana", "--port", "99999"], "99999 is no port: 1 to 65535"),
        (["--kind", "genuine", "--subject", "Ana", "--port", "0"], "0 is no port"),
        (["--kind", "genuine", "--subject", "Ana", "--port", "-1"], "-1 is no port"),
        (["--list", "--remove", "Ana"], "not allowed with"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words_and_leaves_nothing(
    arguments: list[str], words: str, pad_record: Say, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match=words):
        pad_record(*arguments, folder=tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_another_server_holds_is_refused_though_it_answers(
    pad_record: Say, tmp_path: Path, live_server: LiveServer
) -> None:
    host, _, port = live_server.url.removeprefix("http://").partition(":")
    assert is_alive(live_server.url)
    for where in (host, "0.0.0.0"):  # noqa: S104 - refused
        with pytest.raises(CommandError, match=f"port {port}: Address already in use"):
            pad_record(
                *("--kind", "genuine", "--subject", "Ana", "--url", "http://localhost"),
                *("--host", where, "--port", port),
                folder=tmp_path / "new",
            )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["--list"], ["--kind", "genuine", "--subject", "Ana"]])
def test_a_folder_that_others_can_look_into_is_refused(
    arguments: list[str], pad_record: Say, tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(CommandError, match="chmod 700"):
        pad_record(*arguments)


def test_a_folder_is_listed(pad_record: Say, tmp_path: Path) -> None:
    keep(tmp_path, "a")
    keep(tmp_path, "b", subject="Ben", kind="screen_replay", verdict="refused")

    lines = pad_record("--list").splitlines()

    assert [line.split()[:3] for line in lines[1:]] == [
        ["Ana", "genuine", "1"],
        ["Ben", "screen_replay", "1"],
    ]


def test_what_cannot_be_read_is_told_after_the_list(pad_record: Say, tmp_path: Path) -> None:
    keep(tmp_path, "a")
    (tmp_path / "broken.json").write_text("{")

    with pytest.raises(CommandError, match=r"broken\.json"):
        pad_record("--list")


def test_who_withdraws_is_removed_file_by_file_and_it_is_said(pad_record: Say, tmp_path: Path) -> None:
    keep(tmp_path, "a")
    keep(tmp_path, "b", subject="Ben")

    said = pad_record("--remove", "Ana")

    assert [Path(line.removeprefix("removed ")).name for line in said.splitlines()] == ["a.mjpeg", "a.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_name_that_is_not_there_is_an_error_not_a_success(pad_record: Say, tmp_path: Path) -> None:
    keep(tmp_path, "a")

    with pytest.raises(CommandError, match="No recording of 'Anna'"):
        pad_record("--remove", "Anna")
    assert (tmp_path / "a").is_dir()


def test_a_file_that_cannot_be_read_hinders_no_removal_and_is_named(pad_record: Say, tmp_path: Path) -> None:
    keep(tmp_path, "a")
    (tmp_path / "broken.json").write_text("{")

    with pytest.raises(CommandError, match=r"nobody knows whose they are:\n.*broken\.json"):
        pad_record("--remove", "Ana")
    assert not (tmp_path / "a").exists()


def test_who_is_being_recorded_is_removed_when_that_has_ended(pad_record: Say, tmp_path: Path) -> None:
    keep(tmp_path, "a")
    with claim_run_directory(tmp_path) as run:
        write_plan(make_plan(tmp_path, subject="Ana"), run)
        with pytest.raises(CommandError, match="being recorded"):
            pad_record("--remove", "Ana")
        assert (tmp_path / "a").is_dir()
        keep(tmp_path, "b", subject="Ben")
        assert "b.json" in pad_record("--remove", "Ben")

    assert "a.json" in pad_record("--remove", "Ana")


def test_a_removal_takes_along_what_a_killed_run_of_theirs_left(pad_record: Say, tmp_path: Path) -> None:
    keep(tmp_path, "a")
    left = tmp_path / ".run-killed.partial"
    left.mkdir()
    write_plan(make_plan(tmp_path, subject="Ana"), left)
    (left / "a.mjpeg").write_bytes(b"face")

    pad_record("--remove", "Ana")

    assert list(tmp_path.iterdir()) == []
