"""Recorded sessions are read as written, and refused by name when they are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.liveness.injection import DeviceReport
from core.liveness.policy import Level
from core.liveness.script import StepKind
from core.liveness.sequences import UnreadableSequence, find_sidecars, read_session


def sidecar(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": "attack_one",
        "kind": "photo_tilt",
        "label": "attack",
        "identity": "one",
        "media": "attack_one.mjpeg",
        "challenges": [
            {"type": "turn_left", "start": 1.0, "end": 3.5},
            {"type": "flash", "start": 3.5, "end": 6.25},
        ],
        "flash": ["red", "cyan", "red", "blue", "green"],
        "flash_step_s": 0.5,
        "frames": [{"t": 0.0, "offset": 0, "length": 3}, {"t": 0.125, "offset": 3, "length": 4}],
    }
    return {**made, **changes}


def write(folder: Path, content: dict[str, Any], *, media: bytes = b"abcdefg") -> Path:
    path = folder / "attack_one.json"
    path.write_text(json.dumps(content))
    (folder / "attack_one.mjpeg").write_bytes(media)
    return path


def test_a_session_is_read_as_written(tmp_path: Path) -> None:
    session = read_session(write(tmp_path, sidecar()), level=Level.STRICT)

    assert (session.name, session.kind, session.genuine) == ("attack_one", "photo_tilt", False)
    assert [step.kind for step in session.script.steps] == [StepKind.TURN_LEFT, StepKind.FLASH]
    assert session.script.level is Level.STRICT
    assert session.windows == ((1.0, 3.5), (3.5, 6.25))
    assert [frame.jpeg for frame in session.frames] == [b"abc", b"defg"]
    assert session.script.steps[1].colors[1].hex == "#00ffff"
    assert session.script.steps[1].color_seconds == 0.5


def test_what_only_a_live_session_knows_is_read_too(tmp_path: Path) -> None:
    live = sidecar(
        challenges=[
            {"type": "look_up", "start": 0.5, "end": 1.0, "replaced": True},
            {"type": "turn_left", "start": 1.0, "end": 3.5},
            {"type": "flash", "start": 3.5, "end": 6.25},
        ],
        flash=["#ff4040", "#40ffff"],
        flash_starts=[3.61, 4.2],
        framing=[0.25, 0.5],
        device={"camera_label": "OBS Virtual Camera", "width": 640, "mobile": False, "new": 1},
        verdict="refused",
        frames=[{"t": 0.0, "offset": 0, "length": 3, "received": 7.5, "sequence": 4}],
    )

    session = read_session(write(tmp_path, live), level=Level.STANDARD)

    assert session.replaced == {0}
    assert [color.hex for color in session.script.steps[2].colors] == ["#ff4040", "#40ffff"]
    assert session.color_starts == (3.61, 4.2)
    assert session.framing == (0.25, 0.5)
    assert (session.frames[0].received_at, session.frames[0].sequence) == (7.5, 4)
    assert session.device == DeviceReport(camera_label="OBS Virtual Camera", width=640, mobile=False)
    assert session.finished


def test_what_older_recordings_do_not_tell_is_not_made_up(tmp_path: Path) -> None:
    session = read_session(write(tmp_path, sidecar()), level=Level.STANDARD)

    assert (session.replaced, session.color_starts, session.framing) == (frozenset(), None, None)
    assert (session.frames[0].received_at, session.frames[0].sequence, session.device) == (None, None, None)
    assert session.finished


def test_a_session_that_was_broken_off_is_told_apart(tmp_path: Path) -> None:
    path = write(tmp_path, sidecar(verdict="broken_off", challenges=[], flash=[], flash_starts=[]))

    session = read_session(path, level=Level.STANDARD)

    assert not session.finished
    assert session.windows == ()
    assert session.color_starts is None


def test_frames_may_share_their_bytes(tmp_path: Path) -> None:
    frozen = sidecar(frames=[{"t": n / 8, "offset": 0, "length": 3} for n in range(3)])

    session = read_session(write(tmp_path, frozen), level=Level.BASIC)

    assert [frame.jpeg for frame in session.frames] == [b"abc"] * 3


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"frames": [{"t": 0.0, "offset": 5, "length": 9}]}, "beyond"),
        ({"flash": ["mauve"]}, "mauve"),
        ({"challenges": [{"type": "wink", "start": 0, "end": 1}]}, "wink"),
        ({"challenges": None}, "TypeError"),
        ({"media": "missing.mjpeg"}, "missing"),
        ({"flash": ["#ff40"]}, "#ff40"),
        ({"flash": [5]}, "TypeError"),
        ({"flash_starts": [3.5]}, "one time for each colour"),
        ({"flash_starts": [1, 2, 3, 3, 4]}, "does not increase"),
        ({"flash_starts": "soon"}, "ValueError"),
        ({"framing": ["nan", 1]}, "no time"),
        ({"framing": [1]}, "ValueError"),
        ({"frames": [{"t": 0.0, "offset": 0, "length": 3, "sequence": "first"}]}, "ValueError"),
        ({"framing": [2, 1]}, "framing ends"),
        ({"framing": [10**400, 1]}, "OverflowError"),
        ({"flash_step_s": 10**400}, "OverflowError"),
        ({"frames": [{"t": 10**400, "offset": 0, "length": 3}]}, "OverflowError"),
        ({"frames": [{"t": 0.0, "offset": float("inf"), "length": 3}]}, "OverflowError"),
        ({"device": {"camera_label": 3}}, "not what a page tells"),
        ({"device": {"width": "wide"}}, "TypeError"),
        ({"device": {"width": float("nan")}}, "not what a page tells"),
        ({"device": {"width": 10**400}}, "OverflowError"),
        ({"device": "a phone"}, "ValueError"),
        ({"frames": [{"t": float("nan"), "offset": 0, "length": 3}]}, "no time"),
        ({"challenges": [{"type": "turn_left", "start": 2, "end": 1}]}, "ends after it starts"),
    ],
)
def test_a_broken_sidecar_names_file_and_cause(tmp_path: Path, change: dict[str, Any], cause: str) -> None:
    path = write(tmp_path, sidecar(**change))

    with pytest.raises(UnreadableSequence, match=cause) as error:
        read_session(path, level=Level.BASIC)
    assert str(path) in str(error.value)


def test_media_outside_the_folder_is_not_read(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "secret.mjpeg").write_bytes(b"abcdefg")
    path = write(inner, sidecar(media="../secret.mjpeg"))

    with pytest.raises(UnreadableSequence):
        read_session(path, level=Level.BASIC)


@pytest.mark.parametrize("text", ["{", "[" * 100_000, '{"device": ' * 100_000, "9" * 5000], ids=len)
def test_no_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)

    with pytest.raises(UnreadableSequence):
        read_session(path, level=Level.BASIC)
    with pytest.raises(UnreadableSequence):
        read_session(tmp_path / "none.json", level=Level.BASIC)


def test_sidecars_are_found_below_and_sorted_by_name(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.json").write_text("{}")
    (tmp_path / "z.json").write_text("{}")

    assert [path.name for path in find_sidecars(tmp_path)] == ["a.json", "z.json"]


def test_what_is_being_written_is_not_a_sequence_yet(tmp_path: Path) -> None:
    (tmp_path / ".run-1.partial" / "deep").mkdir(parents=True)
    (tmp_path / ".run-1.partial" / "deep" / "a.json").write_text("{}")

    with pytest.raises(UnreadableSequence, match="no sequence"):
        find_sidecars(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSequence, match="no sequence"):
        find_sidecars(tmp_path)
