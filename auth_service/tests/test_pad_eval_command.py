"""``pad_eval``: recordings in, verdicts and rates out; what is broken is named and nothing is written."""

from __future__ import annotations

import json
import shutil
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from auth_service.pad.codec import parse_scorecard
from auth_service.pad.evaluation import find_recordings
from auth_service.pad.virtual.battery import BatteryPlan, make_battery
from auth_service.thresholds import read_policies


@pytest.fixture(scope="module")
def battery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One genuine session and an injected puppet."""
    folder = tmp_path_factory.mktemp("battery") / "made"
    plan = BatteryPlan(kinds=("genuine", "puppet3d"), genuine=1, attacks=1, seed=1)
    make_battery(plan, folder, progress=lambda _: None)
    return folder


@pytest.fixture
def recordings(battery: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(battery, tmp_path / "recordings"))


def evaluate(directory: Path, **options: object) -> tuple[str, str]:
    """What it says on stdout and on stderr."""
    out, err = StringIO(), StringIO()
    call_command("pad_eval", str(directory), **({"packs": ["dlib"], "stdout": out, "stderr": err} | options))
    return out.getvalue(), err.getvalue()


def edit(directory: Path, file: str, /, **changes: object) -> None:
    path = directory / f"{file}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.slow
def test_a_single_run_is_printed_and_written_as_it_is(battery: Path, tmp_path: Path) -> None:
    out, err = evaluate(battery, json_file=tmp_path / "run.json")
    run = json.loads((tmp_path / "run.json").read_text())

    assert out.startswith("2 recorded sessions of 2 people: 1 genuine, 1 attack of 1 species")
    assert "BPCER genuine                      0.0%  0/1" in out
    assert "APCER puppet3d                     0.0%  0/1" in out
    assert "puppet3d_1_001 puppet3d refused screen_light_missing" in " ".join(out.split())
    assert err == "dlib 1/2 genuine_1_001\ndlib 2/2 puppet3d_1_001\n"
    assert (run["pack"], run["level"], run["detector_layout"]) == ("dlib", "standard", "eye_corners_nose")
    assert run["thresholds"]["flash_correlation"] == 0.75
    assert run["apcer"]["puppet3d"] == {
        "errors": 0,
        "n": 1,
        "low": 0.0,
        "high": pytest.approx(0.793, abs=1e-3),
    }
    assert {one["file"]: one["verdict"] for one in run["sequences"]} == {
        "genuine_1_001": "accepted",
        "puppet3d_1_001": "refused",
    }


@pytest.mark.slow
def test_several_runs_share_a_head_and_a_report(battery: Path, tmp_path: Path) -> None:
    evaluate(battery, level="all", json_file=tmp_path / "all.json", report=tmp_path / "report", about="Two.")
    written = json.loads((tmp_path / "all.json").read_text())

    assert written["standard"] == "ISO/IEC 30107-3"
    assert written["generated_from"].endswith("1 attack of 1 species. Two.")
    assert written["synthetic"] is True
    assert [run["level"] for run in written["runs"]] == ["basic", "standard", "strict"]
    report = (tmp_path / "report" / "scorecard.json").read_text()
    assert json.loads(report) == written
    assert [run.level.value for run in parse_scorecard(report).runs] == ["basic", "standard", "strict"]
    page = (tmp_path / "report" / "scorecard.md").read_text()
    lower = "accepted for review, reached only standard"
    assert f"| genuine_1_001 | genuine | accepted | the same | {lower} |" in page
    assert str(tmp_path) not in page + report


@pytest.mark.slow
def test_a_sites_own_thresholds_are_in_force_and_shown(
    battery: Path, tmp_path: Path, settings: Settings
) -> None:
    chosen = tmp_path / "thresholds.json"
    chosen.write_text('{"standard": {"flash_gain": 0.9}}')
    read_policies.cache_clear()
    settings.FACE_LIVENESS_THRESHOLDS = str(chosen)

    out, _ = evaluate(battery, json_file=tmp_path / "run.json")

    run = json.loads((tmp_path / "run.json").read_text())
    assert run["thresholds"]["flash_gain"] == 0.9
    assert run["site_thresholds"] == ["flash_gain"]
    assert run["bpcer"]["errors"] == 1
    assert "! genuine_1_001" in out


@pytest.mark.slow
def test_a_wrong_verdict_fails_the_command_only_where_that_is_asked(recordings: Path) -> None:
    # A genuine session under a false label is an attack that gets in.
    edit(recordings, "genuine_1_001", kind="perfect_mask", label="attack")
    out, _ = evaluate(recordings)
    assert "worst species: perfect_mask" in out
    assert "BPCER genuine                    no presentations" in out
    with pytest.raises(CommandError, match="1 verdict is wrong"):
        evaluate(recordings, fail_on_error=True)


@pytest.mark.slow
def test_a_frame_that_is_no_picture_stops_it_before_anything_is_written(
    recordings: Path, tmp_path: Path
) -> None:
    media = recordings / "puppet3d_1_001.mjpeg"
    media.write_bytes(b"\0" * media.stat().st_size)
    with pytest.raises(CommandError, match="puppet3d_1_001: "):
        evaluate(recordings, json_file=tmp_path / "run.json", report=tmp_path / "report")
    assert not (tmp_path / "run.json").exists()
    assert not (tmp_path / "report").exists()


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no sequence"):
        evaluate(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nowhere: there is no such folder"):
        evaluate(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="file: there is no such folder"):
        evaluate(tmp_path / "file")


@pytest.mark.parametrize(
    ("file", "changes", "cause"),
    [
        ("puppet3d_1_001", {"kind": "genuine"}, "labelled an attack with kind 'genuine'"),
        ("genuine_1_001", {"kind": "mask"}, "labelled genuine with kind 'mask'"),
        ("genuine_1_001", {"label": "unknown"}, "labelled an attack with kind 'genuine'"),
        ("puppet3d_1_001", {"name": "genuine_1_001"}, "genuine_1_001.json is called 'genuine_1_001' too"),
        ("puppet3d_1_001", {"frames": [{"t": 0, "offset": 10**9, "length": 5}]}, "beyond the media"),
        ("puppet3d_1_001", {"media": "nothing.mjpeg"}, "FileNotFoundError"),
        ("puppet3d_1_001", {"challenges": None}, "TypeError"),
    ],
)
def test_a_mistake_in_any_sidecar_is_named_before_anything_is_analysed(
    recordings: Path, file: str, changes: dict[str, object], cause: str
) -> None:
    edit(recordings, file, **changes)
    # No pack of that name: it would be what is refused if it came to loading one.
    with pytest.raises(CommandError, match=cause):
        evaluate(recordings, packs=["no such pack"])


def test_an_unknown_pack_is_refused_in_words(battery: Path) -> None:
    with pytest.raises(CommandError, match="'no such pack' is not installed"):
        evaluate(battery, packs=["no such pack"])


def test_thresholds_that_cannot_be_read_are_refused(
    battery: Path, tmp_path: Path, settings: Settings
) -> None:
    chosen = tmp_path / "thresholds.json"
    chosen.write_text("{")
    read_policies.cache_clear()
    settings.FACE_LIVENESS_THRESHOLDS = str(chosen)
    with pytest.raises(CommandError, match="FACE_LIVENESS_THRESHOLDS"):
        evaluate(battery)


@pytest.mark.slow
def test_two_packs_of_one_name_cannot_be_told_apart(recordings: Path) -> None:
    edit(recordings, "genuine_1_001", verdict="broken_off")
    with pytest.raises(CommandError, match="Two packs are called dlib"):
        evaluate(recordings, packs=["dlib", ""])


@pytest.mark.slow
def test_a_session_that_was_broken_off_is_left_out_and_said_so(recordings: Path) -> None:
    edit(recordings, "genuine_1_001", verdict="broken_off")
    out, err = evaluate(recordings)
    assert "left out, broken off before a verdict: 1" in out
    assert "BPCER genuine                    no presentations" in out
    assert err == "dlib 1/1 puppet3d_1_001\n"


def test_sessions_that_were_all_broken_off_make_no_scorecard(recordings: Path) -> None:
    for name in ("genuine_1_001", "puppet3d_1_001"):
        edit(recordings, name, verdict="broken_off")
    with pytest.raises(CommandError, match="none of 2 sessions came to a verdict"):
        evaluate(recordings)


def test_a_place_that_cannot_be_written_is_named_before_anything_is_analysed(
    recordings: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    # No pack of that name: it would be what is refused if it came to loading one.
    for options, place in (
        ({"report": tmp_path / "file" / "report"}, "file/report"),
        ({"report": tmp_path / "file"}, "file"),
        ({"json_file": tmp_path / "nowhere" / "run.json"}, "nowhere/run.json"),
        ({"json_file": tmp_path / "file" / "run.json"}, "file/run.json"),
        ({"json_file": tmp_path}, ""),
    ):
        with pytest.raises(CommandError, match=rf"could not be written: .*{tmp_path}/?{place}'"):
            evaluate(recordings, packs=["no such pack"], **options)
    with pytest.raises(CommandError, match="is not installed"):
        evaluate(recordings, packs=["no such pack"], report=tmp_path / "a" / "b", json_file=tmp_path / "c")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "recordings"]


def test_the_same_pack_twice_is_refused_before_anything_is_analysed(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="--pack dlib is given more than once"):
        evaluate(tmp_path / "nowhere", packs=["dlib", "other", "dlib"])


def test_one_virtual_session_among_real_ones_does_not_make_all_virtual(recordings: Path) -> None:
    assert find_recordings(recordings).all_synthetic
    assert "synthetic" not in find_recordings(recordings).summary

    edit(recordings, "genuine_1_001", synthetic=False)
    mixed = find_recordings(recordings)

    assert not mixed.all_synthetic
    assert mixed.summary.endswith("; 1 of 2 synthetic, nobody before the camera")
    called = mixed.called_synthetic()
    assert called.all_synthetic
    assert "synthetic" not in called.summary


@pytest.mark.slow
def test_a_pass_that_goes_to_review_is_printed_so(recordings: Path, tmp_path: Path) -> None:
    edit(recordings, "puppet3d_1_001", verdict="broken_off")
    out, _ = evaluate(recordings, level="strict", report=tmp_path / "report")
    assert "genuine_1_001 genuine accepted review(standard)" in " ".join(out.split())
    assert out.startswith("1 recorded session of 1 person: 1 genuine, 0 attacks of 0 species")
    assert "reached only standard" in (tmp_path / "report" / "scorecard.md").read_text()
