"""The virtual battery: made by anyone, the same each time, read and judged like any recording."""

from __future__ import annotations

import json
from io import StringIO
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from auth_service.demo.cast import ADMIRAL, ASTRONAUT
from auth_service.demo.virtual_person import VirtualPerson
from auth_service.pad.evaluation import find_recordings
from auth_service.pad.virtual import battery
from auth_service.pad.virtual.battery import BatteryPlan, FolderNotEmpty, make_battery
from auth_service.pad.virtual.film import Film, color_at, length_of, shoot, windows_of
from auth_service.pad.virtual.sheet import SheetCamera
from auth_service.pad.virtual.species import SPECIES, Stage
from auth_service.tests.true_causes import CAUSES
from core.engine.types import Image
from core.liveness.policy import Level
from core.liveness.script import PALETTE, Script, StepKind, flash_step, motion_step
from core.liveness.sequences import read_session

SCRIPT = Script(
    level=Level.STANDARD,
    steps=(motion_step(StepKind.TURN_LEFT, step_id=1), flash_step(PALETTE[:5], step_id=2)),
)
BACKWARDS = Script(
    level=Level.STANDARD,
    steps=(motion_step(StepKind.CLOSER, step_id=1), flash_step(PALETTE[4::-1], step_id=2)),
)
OTHER_COLORS = Script(level=Level.STANDARD, steps=(SCRIPT.steps[0], flash_step(PALETTE[4::-1], step_id=2)))


class Recorder:
    """A camera that only notes what it is told; its frames are its notes."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str | None, float]] = []

    def show_step(self, kind: str, *, at: float) -> None:
        self.told.append(("step", kind, at))

    def show_color(self, color: str | None, *, at: float) -> None:
        self.told.append(("color", color, at))

    def frame(self, *, at: float) -> bytes:
        assert all(told_at <= at for *_, told_at in self.told)
        return str(len(self.told)).encode()


def test_a_camera_is_shown_each_step_and_colour_in_its_window() -> None:
    camera = Recorder()
    film = shoot(camera, SCRIPT, seed=1)
    (turn, _), (flash, flash_end) = windows_of(SCRIPT)

    assert camera.told[0] == ("step", "turn_left", turn)
    assert camera.told[1] == ("step", "flash", flash)
    colors = [(color, at) for what, color, at in camera.told if what == "color"]
    assert colors == [
        *((color.hex, flash + 0.5 * index) for index, color in enumerate(PALETTE[:5])),
        (None, flash + 2.5),
    ]
    assert flash_end < film[-1].at <= length_of(SCRIPT) + 0.01
    assert all(0.1 < later.at - earlier.at < 0.15 for earlier, later in pairwise(film))


def test_the_colour_of_a_moment_is_the_scripts() -> None:
    start = windows_of(SCRIPT)[1][0]
    assert color_at(SCRIPT, start - 0.01) is None
    assert color_at(SCRIPT, start + 0.01) == PALETTE[0]
    assert color_at(SCRIPT, start + 2.49) == PALETTE[4]
    assert color_at(SCRIPT, start + 2.51) is None


@pytest.fixture(scope="module")
def stage() -> Stage:
    return Stage(
        person=VirtualPerson(ASTRONAUT),
        stranger=VirtualPerson(ADMIRAL),
        script=SCRIPT,
        other_order=BACKWARDS,
        other_colors=OTHER_COLORS,
        seed=5,
        screen_gain=0.3,
    )


def image(jpeg: bytes) -> Image:
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)


@pytest.fixture(scope="module")
def films(stage: Stage) -> dict[str, Film]:
    return {kind: species.play(stage) for kind, species in SPECIES.items()}


@pytest.mark.slow
def test_every_species_is_a_film_of_the_asked_length_and_has_a_true_cause(films: dict[str, Film]) -> None:
    assert set(films) - {"genuine"} <= set(CAUSES)
    genuine = films["genuine"]
    for kind, film in films.items():
        assert [shot.at for shot in film] == [shot.at for shot in genuine], kind
        assert image(film[-1].jpeg).shape == (480, 640, 3)
        same = [shot.jpeg for shot in film] == [shot.jpeg for shot in genuine]
        assert same == (kind == "genuine"), kind


@pytest.mark.slow
def test_a_frozen_stream_repeats_bytes_and_a_loop_does_not(films: dict[str, Film]) -> None:
    frozen, looped = ([shot.jpeg for shot in films[kind]] for kind in ("frozen", "looped"))
    assert len(set(frozen)) < 0.7 * len(frozen)
    assert len(set(looped)) == len(looped)


@pytest.mark.slow
def test_a_tint_colours_the_wall_as_much_as_the_face(films: dict[str, Film]) -> None:
    at = windows_of(SCRIPT)[1][0] + 0.3
    puppet, tinted = (
        image(next(shot.jpeg for shot in films[kind] if shot.at > at))
        for kind in ("puppet3d", "puppet3d_tint")
    )
    wall, face = (slice(20, 80), slice(200, 440)), (slice(200, 260), slice(290, 350))
    gains = [brighter(puppet, tinted, where) for where in (wall, face)]
    assert gains[0][2] - gains[0][0] > 0.05
    assert gains[0] == pytest.approx(gains[1], abs=0.05)


def test_paper_is_lit_evenly_and_leaves_the_room_dark(stage: Stage) -> None:
    dark, lit = SheetCamera(stage.person, seed=3), SheetCamera(stage.person, seed=3)
    lit.show_color("#ff4040", at=0.0)
    before, after = (image(camera.frame(at=0.5)) for camera in (dark, lit))
    nose, cheek = (slice(220, 250), slice(305, 335)), (slice(220, 260), slice(275, 290))
    corner = (slice(4, 30), slice(4, 60))

    assert brighter(before, after, nose)[2] > 1.05
    assert brighter(before, after, nose) == pytest.approx(brighter(before, after, cheek), abs=0.03)
    assert brighter(before, after, corner) == pytest.approx([1.0, 1.0, 1.0], abs=0.02)


def brighter(before: Image, after: Image, where: tuple[slice, slice]) -> list[float]:
    """Of each channel, by how much the typical pixel there is brighter."""
    then, now = (
        np.median(picture[where].reshape(-1, 3).astype(float), axis=0) for picture in (before, after)
    )
    return [float(gain) for gain in now / then]


def make(folder: Path, *, seed: int = 1, kind: str = "photo_unlit", attacks: int = 1) -> dict[str, bytes]:
    plan = BatteryPlan(kinds=(kind,), genuine=0, attacks=attacks, seed=seed)
    assert make_battery(plan, folder, progress=lambda _: None) == attacks
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_plan_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first = make(tmp_path / "first")
    assert set(first) == {"photo_unlit_1_001.json", "photo_unlit_1_001.mjpeg"}
    assert make(tmp_path / "again") == first
    other = make(tmp_path / "other", seed=2)
    # Of other names too: batteries of several seeds may lie in one folder's folders.
    assert set(other) == {"photo_unlit_2_001.json", "photo_unlit_2_001.mjpeg"}
    assert other["photo_unlit_2_001.mjpeg"] != first["photo_unlit_1_001.mjpeg"]
    assert len(find_recordings(tmp_path / "other").sessions) == 1


def test_a_session_does_not_depend_on_what_else_is_made(tmp_path: Path) -> None:
    alone, more = make(tmp_path / "alone"), make(tmp_path / "more", attacks=2)
    assert len(more) == 2 * len(alone)
    assert {name: more[name] for name in alone} == alone


def test_sidecars_say_that_they_are_synthetic_and_of_whom(tmp_path: Path) -> None:
    make(tmp_path / "made", kind="replay_wrong_flash")
    (path,) = (tmp_path / "made").glob("*.json")
    session = read_session(path, level=Level.STANDARD)
    sidecar = json.loads(path.read_text())

    assert session.synthetic
    assert not session.genuine
    assert session.kind == "replay_wrong_flash"
    assert "of the package" in sidecar["source"]
    assert session.windows[0][0] > 1.0
    assert session.frames[-1].captured_at > session.windows[-1][1]
    (flash,) = [step for step in session.script.steps if step.kind is StepKind.FLASH]
    assert set(flash.colors) <= set(PALETTE)
    assert find_recordings(tmp_path / "made").synthetic == 1


def test_a_folder_that_cannot_be_made_is_named_itself(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file" / "made", Path("/proc/made")):
        with pytest.raises(CommandError, match=f"'{folder}'$"):
            call_command("pad_make", str(folder))


def test_a_battery_that_fails_half_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(battery, "_sidecar", full)
    with pytest.raises(OSError, match="No space"):
        make(tmp_path / "made")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_anything_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FolderNotEmpty):
        make(tmp_path)
    with pytest.raises(CommandError, match="is not empty"):
        call_command("pad_make", str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    out, err = StringIO(), StringIO()
    made = tmp_path / "made"
    made.mkdir()
    call_command("pad_make", str(made), kinds=["photo_unlit"], attacks=1, stdout=out, stderr=err)
    assert out.getvalue() == f"1 session in {made}\n"
    assert err.getvalue().startswith("1/1 photo_unlit ")
    assert len(list(made.iterdir())) == 2


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [({"genuine": -1}, "not below 0"), ({"genuine": 0, "attacks": 0}, "nothing to make")],
)
def test_numbers_that_make_nothing_are_refused(tmp_path: Path, wrong: dict[str, int], cause: str) -> None:
    with pytest.raises(CommandError, match=cause):
        call_command("pad_make", str(tmp_path / "made"), **wrong)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="invalid choice: 'deepfake'"):
        call_command("pad_make", str(tmp_path / "made"), "--kind", "deepfake")
