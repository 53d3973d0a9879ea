"""The scorecard's files: JSON that reads back, a page made from it alone, a plot; all three or none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import pytest
from django.utils import translation

from auth_service.pad import report
from auth_service.pad.codec import (
    UnreadableScorecard,
    as_text,
    parse_scorecard,
    run_json,
    scorecard_json,
    single_run_json,
)
from auth_service.pad.markdown import scorecard_page
from auth_service.pad.report import write_json, write_report
from auth_service.pad.scorecard import Scorecard
from auth_service.tests.pad_cast import card_of, run_of, shown
from core.liveness.policy import Level

SESSIONS = (
    shown("genuine", accepted=True, name="anna"),
    shown("genuine", accepted=False, name="bert", plane=0.1),
    shown("photo", accepted=False, name="print", plane=0.05, reasons=("flat_face", "no_face")),
    shown("photo", accepted=True, name="mask", plane=0.3),
)


def card() -> Scorecard:
    return card_of(
        run_of(*(replace(one, reached=Level.BASIC) for one in SESSIONS), level=Level.BASIC),
        run_of(*SESSIONS),
        run_of(*SESSIONS, pack="other", passive_models=("minifasnet",), site_thresholds=("flash_gain",)),
        synthetic=True,
    )


def test_a_run_is_the_documented_object() -> None:
    written = run_json(run_of(*SESSIONS))

    assert {"pack", "level", "sequences", "apcer", "bpcer"} <= set(written)
    assert written["apcer"] == {
        "photo": {
            "errors": 1,
            "n": 2,
            "low": pytest.approx(0.0945, abs=1e-3),
            "high": pytest.approx(0.9055, abs=1e-3),
        }
    }
    sequences: Any = written["sequences"]
    assert sequences[2] == {
        "file": "print",
        "kind": "photo",
        "verdict": "refused",
        "reasons": ["flat_face", "no_face"],
        "score": 0.1,
        "signals": {"plane": 0.05},
        "margins": {"plane": pytest.approx(-0.58333, abs=1e-4)},
        "not_measured": ["passive"],
        "level_reached": None,
    }
    assert [one["level_reached"] for one in sequences] == ["standard", None, None, "standard"]


def test_what_is_written_reads_back_and_is_written_the_same() -> None:
    text = as_text(scorecard_json(card()))
    read = parse_scorecard(text)

    assert as_text(scorecard_json(read)) == text
    assert scorecard_page(read) == scorecard_page(card())
    assert [run.title for run in read.runs] == ["test pack", "test pack", "other + minifasnet"]


def test_a_single_run_reads_back_as_a_scorecard_of_one() -> None:
    alone = card_of(run_of(*SESSIONS), synthetic=True)
    written = single_run_json(alone)

    assert "runs" not in written
    assert (written["pack"], written["level"]) == ("test pack", "standard")
    assert parse_scorecard(as_text(written)) == parse_scorecard(as_text(scorecard_json(alone)))
    with pytest.raises(ValueError, match="too many values"):
        single_run_json(card())


def test_a_number_that_json_does_not_know_is_left_out() -> None:
    odd = shown("photo", accepted=False, signals={"plane": float("nan"), "ring": float("inf"), "loop": 0.2})
    text = as_text(scorecard_json(card_of(run_of(odd))))
    assert json.loads(text)["runs"][0]["sequences"][0]["signals"] == {"loop": 0.2}


def changed(**change: Any) -> str:
    document = json.loads(as_text(scorecard_json(card_of(run_of(*SESSIONS)))))
    document["runs"][0].update(change)
    return json.dumps(document)


def written_with(**change: Any) -> str:
    """A scorecard whose first session is another one."""
    document = json.loads(changed())
    document["runs"][0]["sequences"][0].update(change)
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        ("[]", "it is not an object"),
        ("3", "it is not an object"),
        ("{}", "generated_from is missing"),
        ('{"generated_from": ""}', "synthetic is missing"),
        ('{"generated_from": "", "synthetic": true}', "pack is missing"),
        ('{"generated_from": "", "synthetic": true, "runs": 1}', "runs is not a list"),
        ('{"generated_from": "", "synthetic": true, "runs": {}}', "runs is not a list"),
        ('{"generated_from": "", "synthetic": true, "runs": [[]]}', "a run is not an object"),
        (changed(level="medium"), "'medium' is not a valid Level"),
        (changed(level=[]), "is not a valid Level"),
        (changed(detector_layout="eleven points"), "is not a valid LandmarkLayout"),
        (changed(sequences=None), "sequences is not a list"),
        (changed(sequences=["x"]), "a sequence is not an object"),
        (changed(passive_models="minifasnet"), "passive_models is not a list"),
        (written_with(verdict="perhaps"), "'perhaps' is no verdict"),
        (written_with(score=None), "score is not a number"),
        (written_with(score=10**400), "score is larger than any float"),
        (written_with(signals=[]), "signals is not an object"),
        (written_with(margins={"plane": True}), "margins: plane is not a number"),
        (written_with(reasons=None), "reasons is not a list"),
        (changed(thresholds={"plane": "much"}), "thresholds: plane is not a number"),
        (changed(thresholds={"plane": 10**400}), "thresholds: plane is larger"),
        (changed(bpcer={"errors": 0, "n": 2, "low": 0.0, "high": 0.6}), "not those of the sequences"),
        (changed(apcer={}), "not those of the sequences"),
    ],
)
def test_what_is_no_scorecard_is_refused_in_words(text: str, cause: str) -> None:
    with pytest.raises(UnreadableScorecard, match=cause):
        parse_scorecard(text)


def test_the_page_is_english_whoever_makes_it() -> None:
    with translation.override("vi"):
        assert "Nobody stood before a camera" in scorecard_page(card())


def test_the_page_tells_errors_intervals_causes_and_limits() -> None:
    page = scorecard_page(card())

    assert "**Data:** made up for a test" in page
    assert "Nobody stood before a camera" in page
    assert "| mask | photo | **wrong:** accepted | the same |" in page
    assert "| bert | genuine | **wrong:** flat_face | the same |" in page
    assert "| APCER photo | 50.0% (1 of 2) [9.5%, 90.5%] |" in page
    assert "photo: 50.0% (1 of 2)" in page
    assert "| **photo (2)** |" in page
    assert "| plane | ≥ 0.12 `depth_with_mouth` | 0.1 bert | 0.05 print | 0.05 | 1 of 2 |" in page
    assert "## other + minifasnet" in page
    assert "](#other--minifasnet)" in page


def test_a_pass_that_is_sent_to_review_is_not_shown_as_a_plain_one() -> None:
    lower = shown("genuine", accepted=True, name="anna")
    nothing = shown("photo", accepted=True, name="mask", reached=None)
    page = scorecard_page(card_of(run_of(lower, nothing), run_of(lower, nothing, level=Level.STRICT)))
    assert "| anna | genuine | accepted | accepted for review, reached only standard |" in page
    assert "| mask | photo | **wrong:** accepted for review, reached no level | the same |" in page


def test_a_sites_own_thresholds_are_marked() -> None:
    lit = shown("genuine", accepted=True, signals={"flash_gain": 0.1}, margins={"flash": 1.0})
    page = scorecard_page(card_of(run_of(lit, site_thresholds=("flash_gain",))))
    assert "≥ 0.012 `flash_gain` †" in page
    assert "† chosen by this site" in page
    assert "†" not in scorecard_page(card_of(run_of(lit)))


def test_real_recordings_are_not_called_synthetic() -> None:
    page = scorecard_page(card_of(run_of(*SESSIONS)))
    assert "Nobody stood" not in page
    assert "An error rate of 0 in a few presentations is not 0" in page


def test_a_name_cannot_break_the_table() -> None:
    page = scorecard_page(card_of(run_of(shown("photo", accepted=False, name="a|b\n<script>"))))
    assert "| a\\|b &lt;script> |" in page


def test_a_page_can_be_made_of_attacks_or_genuine_sessions_alone() -> None:
    for one in (shown("photo", accepted=False), shown("genuine", accepted=True)):
        assert "no presentations" in scorecard_page(card_of(run_of(one))) or one.genuine


def test_the_report_is_three_files_and_nothing_else(tmp_path: Path) -> None:
    write_report(card(), tmp_path / "new" / "folder")

    names = {path.name for path in (tmp_path / "new" / "folder").iterdir()}
    assert names == {"scorecard.json", "scorecard.md", "scorecard.png"}
    picture = cv2.imread(str(tmp_path / "new" / "folder" / "scorecard.png"))
    assert picture is not None
    assert picture.shape[0] > 300
    assert picture.std() > 10


@pytest.mark.parametrize("runs", [0, 1])
def test_a_plot_is_drawn_of_little_data(tmp_path: Path, runs: int) -> None:
    few = [run_of(shown("genuine", accepted=True)), run_of(shown("photo", accepted=False, plane=0.12))]
    write_report(card_of(few[runs]), tmp_path)
    assert (tmp_path / "scorecard.png").stat().st_size > 5_000


def test_a_report_that_fails_leaves_the_old_one_and_no_debris(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_report(card(), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(report, "draw_scorecard", full)
    with pytest.raises(OSError, match="No space"):
        write_report(card_of(run_of(*SESSIONS[:1])), tmp_path)

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("mine")
    write_report(card(), tmp_path)
    write_report(card(), tmp_path)
    assert (tmp_path / "notes.md").read_text() == "mine"


def test_json_replaces_what_was_there_whole(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_text("old")
    write_json({"runs": []}, path)
    assert json.loads(path.read_text()) == {"runs": []}
    with pytest.raises(OSError, match="No such file"):
        write_json({}, tmp_path / "nowhere" / "card.json")
    assert [entry.name for entry in tmp_path.iterdir()] == ["card.json"]
