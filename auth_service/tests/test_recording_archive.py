"""A subject's recordings are listed and, when they withdraw, deleted to the last file; nobody else's are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auth_service.recording.archive import list_holdings, read_archive, remove_subject
from auth_service.recording.wording import describe_holdings


def keep(folder: Path, name: str, *, subject: str = "Ana", **changes: object) -> Path:
    """A recording in a directory of its own, as the recorder leaves it."""
    home = folder / name
    home.mkdir()
    (home / f"{name}.mjpeg").write_bytes(b"face of " + subject.encode())
    sidecar = {
        "name": name,
        "media": f"{name}.mjpeg",
        "subject": subject,
        "kind": "genuine",
        "verdict": "accepted",
        "recorded_at": "2026-05-04T10:30:00+00:00",
        "recorder": {"name": "pad_record", "version": 1},
    }
    (home / f"{name}.json").write_text(json.dumps(sidecar | changes))
    return home


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_recordings_are_listed_by_subject_and_kind(tmp_path: Path) -> None:
    keep(tmp_path, "a", recorded_at="2026-05-06T00:00:00+00:00")
    keep(tmp_path, "b", verdict="refused")
    keep(tmp_path, "c", kind="photo_print", verdict="broken_off")
    keep(tmp_path, "d", subject="Ben")

    holdings = list_holdings(read_archive(tmp_path).recordings)

    assert [(one.subject, one.kind, len(one.verdicts)) for one in holdings] == [
        ("Ana", "genuine", 2),
        ("Ana", "photo_print", 1),
        ("Ben", "genuine", 1),
    ]
    lines = describe_holdings(holdings)
    assert lines[1].split() == ["Ana", "genuine", "2", "1", "1", "0", "2026-05-04", "2026-05-06"]


def test_an_empty_folder_has_a_table_of_nobody(tmp_path: Path) -> None:
    assert len(describe_holdings(list_holdings(read_archive(tmp_path).recordings))) == 1


def test_other_tools_files_are_passed_over(tmp_path: Path) -> None:
    keep(tmp_path, "a", recorder={"name": "someone_else"})
    keep(tmp_path, "b", recorder="someone else")
    (tmp_path / "card.json").write_text('{"apcer": {}}')
    (tmp_path / "list.json").write_text("[1, 2]")

    archive = read_archive(tmp_path)

    assert (archive.recordings, archive.unreadable) == ((), ())


@pytest.mark.parametrize(
    "damage",
    ["{", "\udcff", '{"recorder": {"name": "pad_record"}}', "[" * 100_000],
    ids=["cut off", "no text", "without members", "nested without end"],
)
def test_what_cannot_be_read_is_named_and_hides_nobody_else(tmp_path: Path, damage: str) -> None:
    keep(tmp_path, "a")
    (tmp_path / "broken.json").write_bytes(damage.encode("utf-8", "surrogateescape"))

    archive = read_archive(tmp_path)

    assert [one.subject for one in archive.recordings] == ["Ana"]
    assert len(archive.unreadable) == 1
    assert "broken.json" in archive.unreadable[0]


def test_who_withdraws_is_gone_to_the_last_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        keep(tmp_path, name)
    keep(tmp_path, "c", subject="Ben")

    removed = remove_subject(read_archive(tmp_path), subject="Ana")

    assert [path.name for path in removed] == ["a.mjpeg", "a.json", "b.mjpeg", "b.json"]
    assert left(tmp_path) == ["c/c.json", "c/c.mjpeg"]
    assert not (tmp_path / "a").exists()
    assert all(b"Ana" not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


@pytest.mark.parametrize("subject", ["ana", "An", "", "Ana ", "*"])
def test_only_the_very_name_is_removed(tmp_path: Path, subject: str) -> None:
    keep(tmp_path, "a")

    assert remove_subject(read_archive(tmp_path), subject=subject) == []
    assert left(tmp_path) == ["a/a.json", "a/a.mjpeg"]


def test_a_removal_that_was_interrupted_is_finished_by_the_next(tmp_path: Path) -> None:
    home = keep(tmp_path, "a")
    (home / "a.mjpeg").unlink()

    assert [path.name for path in remove_subject(read_archive(tmp_path), subject="Ana")] == ["a.json"]
    assert left(tmp_path) == []


@pytest.mark.parametrize("media", ["../b/b.mjpeg", "/etc/hostname", "..", ""])
def test_a_sidecar_deletes_nothing_outside_its_folder(tmp_path: Path, media: str) -> None:
    keep(tmp_path, "a", media=media)
    keep(tmp_path, "b", subject="Ben")

    remove_subject(read_archive(tmp_path), subject="Ana")

    assert left(tmp_path) == ["a/a.mjpeg", "b/b.json", "b/b.mjpeg"]


def test_recordings_copied_into_one_folder_are_removed_and_the_folder_stays(tmp_path: Path) -> None:
    home = keep(tmp_path, "a")
    for path in home.iterdir():
        path.rename(tmp_path / path.name)
    (home).rmdir()

    remove_subject(read_archive(tmp_path), subject="Ana")

    assert tmp_path.is_dir()
    assert left(tmp_path) == []


def test_what_is_being_recorded_is_not_listed_yet(tmp_path: Path) -> None:
    run = tmp_path / ".run-1.partial"
    run.mkdir()
    keep(run, "a")

    assert read_archive(tmp_path).recordings == ()
