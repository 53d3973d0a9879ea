"""The folder is private and shared by runs; a killed one leaves nothing that stays; a recording is whole."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from auth_service.recording.folder import (
    UnusableFolder,
    claim_run_directory,
    list_runs,
    make_folder,
    open_folder,
    open_private,
    publish,
    remove_leftovers,
)

HOLD_A_RUN = """
import sys, time
from pathlib import Path
from auth_service.recording.folder import claim_run_directory
with claim_run_directory(Path(sys.argv[1])) as run:
    (run / "frames").write_bytes(b"face")
    print(run, flush=True)
    time.sleep(60)
"""


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "recordings")


@pytest.fixture
def another_process(folder: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """One that holds a run in the same folder, and its run directory."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD_A_RUN, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    yield process, Path(process.stdout.readline().strip())
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_missing_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "deep" / "recordings")

    assert mode_of(made) == 0o700
    assert made.is_absolute()
    assert open_folder(made) == make_folder(made) == made


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o707])
def test_a_folder_that_others_can_look_into_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)

    with pytest.raises(UnusableFolder, match=f"chmod 700 {tmp_path}"):
        open_folder(tmp_path)
    assert mode_of(tmp_path) == mode


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    for use in (open_folder, make_folder):
        with pytest.raises(UnusableFolder, match="file"):
            use(tmp_path / "file")
        with pytest.raises(UnusableFolder, match="file"):
            use(tmp_path / "file" / "below")


def test_looking_into_a_folder_that_is_not_there_makes_none(tmp_path: Path) -> None:
    with pytest.raises(UnusableFolder, match="No such file"):
        open_folder(tmp_path / "typo")
    assert list(tmp_path.iterdir()) == []


def test_a_run_has_a_private_directory_that_is_gone_afterwards(folder: Path) -> None:
    with claim_run_directory(folder) as run:
        assert mode_of(run) == 0o700
        assert run.parent == folder
        (run / "frames").write_bytes(b"face")

    assert list(folder.iterdir()) == []


def test_a_run_directory_is_gone_after_an_error_too(folder: Path) -> None:
    with pytest.raises(RuntimeError), claim_run_directory(folder):
        raise RuntimeError

    assert list(folder.iterdir()) == []


def test_two_runs_at_once_leave_each_other_alone(folder: Path) -> None:
    with claim_run_directory(folder) as first, claim_run_directory(folder) as second:
        assert first != second
        remove_leftovers(folder)
        assert set(list_runs(folder)) == {first, second}


def test_many_threads_that_begin_at_once_each_get_a_run(folder: Path) -> None:
    together, runs = threading.Barrier(8), []

    def begin() -> None:
        together.wait()
        with claim_run_directory(folder) as run:
            runs.append(run)
            together.wait()
            assert run.is_dir()

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(runs)) == 8
    assert list(folder.iterdir()) == []


def test_a_living_process_keeps_its_run_and_what_a_killed_one_left_goes_with_the_next(
    folder: Path, another_process: tuple[subprocess.Popen[str], Path]
) -> None:
    process, run = another_process
    with claim_run_directory(folder):
        assert run.joinpath("frames").read_bytes() == b"face"

    process.send_signal(signal.SIGKILL)
    process.wait()
    assert [path.name for path in folder.iterdir()] == [run.name]
    assert run.name.endswith(".partial")

    with claim_run_directory(folder):
        assert not run.exists()


def test_what_is_no_run_is_left_alone(folder: Path) -> None:
    for name in (".run-mine", "notes.partial", "genuine-1"):
        (folder / name).mkdir()

    remove_leftovers(folder)

    assert sorted(path.name for path in folder.iterdir()) == [".run-mine", "genuine-1", "notes.partial"]


def test_a_published_recording_appears_whole(folder: Path) -> None:
    with claim_run_directory(folder) as run:
        staged = run / "genuine-1"
        staged.mkdir(mode=0o700)
        with open_private(staged / "genuine-1.mjpeg") as media:
            media.write(b"face")
        assert mode_of(staged / "genuine-1.mjpeg") == 0o600
        publish(staged, folder=folder)
        assert list(run.iterdir()) == []

    assert (folder / "genuine-1" / "genuine-1.mjpeg").read_bytes() == b"face"


def test_a_recording_never_replaces_another(folder: Path) -> None:
    (folder / "genuine-1").mkdir()
    (folder / "genuine-1" / "first").touch()
    with claim_run_directory(folder) as run:
        (run / "genuine-1").mkdir()
        with pytest.raises(OSError, match="not empty"):
            publish(run / "genuine-1", folder=folder)

    assert [path.name for path in (folder / "genuine-1").iterdir()] == ["first"]


def test_a_private_file_is_never_an_existing_one(tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    with pytest.raises(FileExistsError):
        open_private(tmp_path / "there")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        open_private(tmp_path / "link")
    assert not (tmp_path / "elsewhere").exists()
