"""The scorecard counts errors per species with honest intervals; the command prints and writes it."""

from __future__ import annotations

import json
import shutil
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from auth_service.pad_scorecard import Presentation, as_json, make_scorecard, wilson

SEQUENCES = Path(settings.BASE_DIR).parent / "shared" / "sequences"


def shown(kind: str, *, accepted: bool) -> Presentation:
    return Presentation(
        name=f"{kind}_one",
        kind=kind,
        genuine=kind == "genuine",
        accepted=accepted,
        reasons=() if accepted else ("flat_face",),
        score=0.7 if accepted else 0.1,
        signals={"plane": 0.2},
        not_measured=("passive",),
    )


def test_errors_are_attacks_accepted_and_people_refused() -> None:
    card = make_scorecard(
        [
            shown("genuine", accepted=True),
            shown("genuine", accepted=False),
            shown("photo", accepted=False),
            shown("photo", accepted=True),
            shown("screen", accepted=False),
        ]
    )

    assert (card.bpcer.errors, card.bpcer.trials) == (1, 2)
    assert card.apcer["photo"].value == 0.5
    assert card.apcer["screen"].value == 0.0
    assert card.worst_species == "photo"


def test_no_species_is_worst_where_none_got_through() -> None:
    assert make_scorecard([shown("photo", accepted=False)]).worst_species is None


@pytest.mark.parametrize(
    ("errors", "trials", "low", "high"), [(0, 10, 0.0, 0.278), (5, 10, 0.237, 0.763), (1, 1, 0.207, 1.0)]
)
def test_wilson_intervals_are_the_tabled_ones(errors: int, trials: int, low: float, high: float) -> None:
    rate = wilson(errors, trials)

    assert (rate.low, rate.high) == pytest.approx((low, high), abs=0.001)


def test_no_trials_know_nothing() -> None:
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)
    report = as_json(make_scorecard([]), pack="dlib", level="standard")
    assert report["bpcer"] == {"errors": 0, "n": 0, "low": 0.0, "high": 1.0}


def test_the_command_refuses_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no sequence"):
        call_command("pad_eval", str(tmp_path), pack="dlib")


@pytest.mark.slow
@pytest.mark.skipif(not SEQUENCES.is_dir(), reason="no recorded sequences beside the repository")
def test_the_command_prints_a_table_and_writes_the_evidence(tmp_path: Path) -> None:
    folder = tmp_path / "few"
    folder.mkdir()
    for stem in ("genuine/genuine_obama", "attacks/photo_fixed_hopper"):
        for suffix in (".json", ".mjpeg"):
            shutil.copy(SEQUENCES / f"{stem}{suffix}", folder)
    out, written = StringIO(), tmp_path / "card.json"
    call_command("pad_eval", str(folder), pack="dlib", json_file=written, stdout=out)
    card = json.loads(written.read_text())

    assert "BPCER genuine" in out.getvalue()
    assert "0/1" in out.getvalue()
    assert card["bpcer"]["errors"] == 0
    assert (card["pack"], card["level"]) == ("dlib", "standard")
    assert card["apcer"]["photo_fixed"] == {
        "errors": 0,
        "n": 1,
        "low": 0.0,
        "high": pytest.approx(0.793, abs=0.01),
    }
    assert {one["file"]: one["verdict"] for one in card["sequences"]} == {
        "genuine_obama": "accepted",
        "photo_fixed_hopper": "refused",
    }
