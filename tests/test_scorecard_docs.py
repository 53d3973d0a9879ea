"""The published scorecards: whole, made from their own numbers, of the thresholds in force."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from django.conf import settings

from auth_service.pad.codec import parse_scorecard
from auth_service.pad.markdown import scorecard_page
from auth_service.pad.scorecard import Run, Scorecard
from auth_service.pad.virtual.species import SPECIES
from auth_service.tests.true_causes import CAUSES, misnamed
from core.liveness.policy import Level, policy_for
from core.liveness.thresholds import RANGES

ROOT = Path(settings.BASE_DIR)
RECORDED = ROOT / "docs" / "scorecard"
VIRTUAL = RECORDED / "virtual"
BEGIN = "<!-- scorecards: compared with docs/scorecard by a test -->"
END = "<!-- /scorecards -->"

each_folder = pytest.mark.parametrize("folder", [RECORDED, VIRTUAL], ids=["recorded", "virtual"])


def read(folder: Path) -> Scorecard:
    return parse_scorecard((folder / "scorecard.json").read_text())


@each_folder
def test_the_page_is_what_its_numbers_make(folder: Path) -> None:
    assert (folder / "scorecard.md").read_text() == scorecard_page(read(folder))


@each_folder
def test_the_plot_is_a_picture(folder: Path) -> None:
    plot = cv2.imread(str(folder / "scorecard.png"))
    assert plot is not None
    assert min(plot.shape[:2]) > 800


@each_folder
def test_no_machines_path_is_told(folder: Path) -> None:
    for name in ("scorecard.json", "scorecard.md"):
        text = (folder / name).read_text()
        assert [word for word in ("/work/", "/home/", "/root/", ".onnx/") if word in text] == []


@each_folder
def test_the_thresholds_are_the_shipped_ones(folder: Path) -> None:
    """Fails after a change of thresholds until the scorecards are made again."""
    for run in read(folder).runs:
        shipped = policy_for(run.level)
        assert run.site_thresholds == ()
        assert {name: run.thresholds[name] for name in RANGES if name in run.thresholds} == {
            name: getattr(shipped, name) for name in RANGES if name in run.thresholds
        }


@each_folder
def test_it_is_said_to_be_synthetic_and_each_refusal_names_its_cause(folder: Path) -> None:
    card = read(folder)
    assert card.synthetic
    for run in card.runs:
        assert set(run.species) <= set(CAUSES)
        assert [one.name for one in run.attacks if misnamed(one, level=run.level)] == [], run.title


def test_the_recorded_sessions_meet_the_goal() -> None:
    """APCER 0 of all attack files and at most one genuine session refused, SCRFD with passive models."""
    (goal,) = [
        run
        for run in read(RECORDED).runs
        if run.pack != "dlib" and run.passive_models and run.level is Level.STANDARD
    ]
    assert (len(goal.attacks), len(goal.genuine)) == (19, 6)
    assert [one.name for one in goal.attacks if one.accepted] == []
    assert goal.bpcer.errors <= 1


def test_both_packs_are_shown_with_passive_models_and_without() -> None:
    recorded, virtual = read(RECORDED), read(VIRTUAL)
    assert {run.level for run in recorded.runs} == set(Level)
    assert len(recorded.packs) == 4
    assert virtual.packs == recorded.packs
    assert {run.kind for run in virtual.runs[0].presentations} == set(SPECIES)


def quoted_table() -> str:
    """What docs/liveness.md shows of them."""
    rows = [
        "| pack | recorded: attacks accepted | genuine refused | virtual: attacks accepted "
        "| genuine refused |",
        "|---|---|---|---|---|",
    ]
    recorded, virtual = standard_runs(read(RECORDED)), standard_runs(read(VIRTUAL))
    rows += [f"| {title} | {_errors(recorded[title])} | {_errors(virtual[title])} |" for title in recorded]
    return "\n".join(rows)


def standard_runs(card: Scorecard) -> dict[str, Run]:
    return {run.title: run for run in card.runs if run.level is Level.STANDARD}


def _errors(run: Run) -> str:
    accepted = sum(one.accepted for one in run.attacks)
    return f"{accepted} of {len(run.attacks)} | {run.bpcer.errors} of {run.bpcer.trials}"


def test_the_documents_quote_the_scorecards() -> None:
    text = (ROOT / "docs" / "liveness.md").read_text()
    assert text.partition(BEGIN)[2].partition(END)[0].strip() == quoted_table()
