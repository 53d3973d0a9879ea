"""Recordings as an operator makes them: a private server, a virtual person at its links, a scorecard."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from auth_service.demo.cast import ASTRONAUT
from auth_service.demo.socket_client import Outcome, SessionBrokenOff, run_session
from auth_service.demo.temporary_server import is_alive, manage_command
from auth_service.demo.virtual_camera import Camera, FrozenCamera, PersonCamera, StillPhotoCamera
from auth_service.demo.virtual_person import VirtualPerson
from auth_service.recording.archive import Recording, read_archive
from tests.system.pad_record import PadRecord
from tests.system.processes import wait_until

pytestmark = pytest.mark.slow


class LinkPage:
    """What a browser reads off the page of a link."""

    def __init__(self, link: str) -> None:
        self.link = link
        html = httpx.get(link, trust_env=False).text
        (self.version,) = re.findall(r'data-version="(\w+)"', html)
        (config,) = re.findall(r'id="facegate-config"[^>]*>(.*?)</script>', html, re.S)
        self.config: dict[str, Any] = json.loads(config)

    def attend(self, camera: Camera, *, consent: str | None = None) -> Outcome:
        server = self.link.partition("/session/")[0].replace("http", "ws")
        return asyncio.run(
            run_session(
                socket_url=server + self.config["socket_path"],
                token=self.config["token"],
                camera=camera,
                consent=self.version if consent is None else consent,
            )
        )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


@pytest.fixture
def pad_record(folder: Path) -> Iterator[Callable[..., PadRecord]]:
    started: list[PadRecord] = []

    def start(*arguments: str, kind: str = "genuine") -> PadRecord:
        command = PadRecord(folder, "--kind", kind, "--subject", "Ana", "--organisation", "Acme", *arguments)
        started.append(command)
        return command

    yield start
    for command in started:
        command.__exit__(None, None, None)


def recordings(folder: Path) -> tuple[Recording, ...]:
    return read_archive(folder).recordings


def live_signals(folder: Path) -> dict[str, dict[str, float]]:
    """By recording, as they were measured live."""
    return {one.sidecar.stem: json.loads(one.sidecar.read_text())["signals"] for one in recordings(folder)}


def scorecard(folder: Path, tmp_path: Path) -> dict[str, Any]:
    """What pad_eval writes of the folder."""
    card = tmp_path / "card.json"
    subprocess.run(
        manage_command("pad_eval", str(folder), "--pack", "dlib", "--json", str(card)),
        check=True,
        capture_output=True,
        timeout=300,
    )
    written: dict[str, Any] = json.loads(card.read_text())
    return written


# What is recorded is what the scorecard judges ----------------------------------------------------


def test_a_live_person_and_two_attacks_get_the_same_verdict_again(
    pad_record: Callable[..., PadRecord], folder: Path, tmp_path: Path
) -> None:
    """A genuine session, a photo before the camera, and frames that stand still."""
    with pad_record("--sessions", "3") as genuine:
        # Camera, page and models share this machine's cores: a person may come too late for a step.
        for _ in range(3):
            outcome = LinkPage(genuine.next_link()).attend(PersonCamera(VirtualPerson(ASTRONAUT), seed=1))
            if outcome.verdict == "passed":
                break
        genuine.next_line("accepted: genuine-")
        genuine.signal(signal.SIGINT)
        assert genuine.wait() == 0
    for kind, camera in (("photo_print", StillPhotoCamera), ("frozen", FrozenCamera)):
        with pad_record(kind=kind) as attack:
            shown = LinkPage(attack.next_link()).attend(camera(VirtualPerson(ASTRONAUT), seed=2))
            assert shown.verdict == "failed"
            attack.next_line(f": {kind}-")
            assert attack.wait() == 0

    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    live = {one.sidecar.stem: one.verdict for one in recordings(folder)}
    assert set(live.values()) == {"accepted", "refused"}
    assert {one.sidecar.stat().st_mode & 0o777 for one in recordings(folder)} == {0o600}
    card = scorecard(folder, tmp_path)
    assert {one["file"]: one["verdict"] for one in card["sequences"]} == live
    assert all(
        one["signals"] == pytest.approx(live_signals(folder)[one["file"]], abs=0.02)
        for one in card["sequences"]
    )
    assert card["apcer"].keys() == {"frozen", "photo_print"}
    assert all(rate["errors"] == 0 for rate in card["apcer"].values())


# Without consent -----------------------------------------------------------------------------------


def test_who_declines_leaves_nothing_and_the_next_link_comes(
    pad_record: Callable[..., PadRecord], folder: Path
) -> None:
    with pad_record("--sessions", "2") as command:
        link = command.next_link()
        with pytest.raises(SessionBrokenOff, match="consent_required"):
            LinkPage(link).attend(FrozenCamera(VirtualPerson(ASTRONAUT), seed=1), consent="")
        answer = httpx.post(f"{link}decline/", follow_redirects=True, trust_env=False)
        assert "Nothing was recorded" in answer.text
        command.next_line("did not agree")
        httpx.post(f"{command.next_link()}decline/", trust_env=False)
        assert command.wait() == 0

    assert list(folder.iterdir()) == []


# A run that is killed --------------------------------------------------------------------------------


def test_a_killed_run_leaves_no_server_and_no_half_recording_and_the_next_cleans_up(
    pad_record: Callable[..., PadRecord], folder: Path
) -> None:
    command = pad_record()
    link = command.next_link()
    killer = KillerCamera(command, folder=folder)
    with pytest.raises(SessionBrokenOff):
        LinkPage(link).attend(killer)

    assert killer.shown >= KillerCamera.LAST
    server = link.partition("/session/")[0]
    wait_until(lambda: not is_alive(server), seconds=60, what="the end of the orphaned server")
    assert list(folder.glob(".run-*.partial")) != []
    for one in recordings(folder):
        # What the server still published as its people went is whole.
        assert one.media.is_file()

    with pad_record(kind="photo_print") as after:
        after.next_link()
        assert len(list(folder.glob(".run-*.partial"))) == 1
    assert list(folder.glob(".run-*.partial")) == []


class KillerCamera(FrozenCamera):
    """Kills the command, without a word, while its pictures are being recorded."""

    LAST = 5

    def __init__(self, command: PadRecord, *, folder: Path) -> None:
        super().__init__(VirtualPerson(ASTRONAUT), seed=1)
        self._command = command
        self._folder = folder
        self.shown = 0

    def frame(self, *, at: float) -> bytes:
        self.shown += 1
        if self.shown == self.LAST:
            (spool,) = self._folder.glob(".run-*.partial/genuine-*/*.mjpeg")
            assert spool.stat().st_mode & 0o777 == 0o600
            self._command.signal(signal.SIGKILL)
        return super().frame(at=at)


def test_a_terminated_run_cleans_up_after_itself(pad_record: Callable[..., PadRecord], folder: Path) -> None:
    with pad_record() as command:
        server = command.next_link().partition("/session/")[0]
        command.signal(signal.SIGTERM)
        command.wait()

    assert list(folder.iterdir()) == []
    assert not is_alive(server)


def test_a_server_that_dies_ends_the_run_in_words(pad_record: Callable[..., PadRecord], folder: Path) -> None:
    with pad_record() as command:
        command.next_link()
        command.kill_server()
        assert command.wait() == 1

    assert "The recording server has ended. What was finished is kept." in "\n".join(command.lines)
    assert list(folder.iterdir()) == []


def test_a_server_that_cannot_start_is_told_and_leaves_nothing(
    pad_record: Callable[..., PadRecord], folder: Path
) -> None:
    with pad_record("--pack", "nonsense") as command:
        assert command.wait() == 1

    assert "Model pack 'nonsense' is not installed" in "\n".join(command.lines)
    assert list(folder.iterdir()) == []


def test_two_runs_in_one_folder_do_not_meet(pad_record: Callable[..., PadRecord], folder: Path) -> None:
    with pad_record() as first, pad_record(kind="photo_print") as second:
        links = first.next_link(), second.next_link()
        assert len({link.partition("/session/")[0] for link in links}) == 2
        for link in links:
            httpx.post(f"{link}decline/", trust_env=False)
        assert (first.wait(), second.wait()) == (0, 0)

    assert list(folder.iterdir()) == []


def test_nothing_of_the_sites_own_data_is_touched(
    pad_record: Callable[..., PadRecord], folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    monkeypatch.setenv("FACE_DATA_DIR", str(own))
    monkeypatch.setenv("DATABASE_URL", "postgres://nobody:secret@127.0.0.1:9/facegate")
    with pad_record() as command:
        httpx.post(f"{command.next_link()}decline/", trust_env=False)
        assert command.wait() == 0

    assert [path for path in own.rglob("*") if path.is_file()] == []
