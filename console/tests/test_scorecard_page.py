"""The scorecard's page: the shipped one, a site's own, and an explanation where one cannot be read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.test import Client as Browser
from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext

from auth_service.pad.codec import UnreadableScorecard, as_text, scorecard_json
from auth_service.pad.limits import limits_of
from auth_service.pad.scorecard import Presentation, Run, Scorecard
from console.scorecard import MOST_BYTES, load_scorecard
from console.scorecard_page import SHIPPED, SITE, scorecard_page
from console.scorecard_tables import caught_table, rate_rows, recording_rows
from core.engine.types import LandmarkLayout
from core.liveness.policy import Level


def presentation(name: str, kind: str, *refused_by: str, reasons: tuple[str, ...] = ()) -> Presentation:
    margins = {"follow": 1.0, "flash": 1.0, "ring": 0.4} | dict.fromkeys(refused_by, -0.5)
    return Presentation(
        name=name,
        kind=kind,
        accepted=not reasons,
        reasons=reasons,
        score=0.1 if reasons else 0.9,
        signals={"follow": 1.5},
        margins=margins,
        not_measured=("passive",),
        reached=None if reasons else Level.STANDARD,
    )


REPLAY = ("screen_light_missing", "challenge_not_followed")


def run(*extra: Presentation, level: Level = Level.STANDARD, pack: str = "dlib") -> Run:
    return Run(
        pack=pack,
        detector="HOG",
        recognizer="ResNet",
        passive_models=(),
        detector_layout=LandmarkLayout.EYE_CORNERS_NOSE,
        level=level,
        thresholds={"follow": 1.0},
        site_thresholds=("flash_gain",),
        presentations=(
            presentation("good_1", "genuine"),
            presentation("good_2", "genuine"),
            presentation("replay_1", "screen_replay", "flash", "follow", reasons=REPLAY),
            presentation("replay_2", "screen_replay", "flash", reasons=REPLAY[:1]),
            presentation("mask_1", "rigid_mask"),
            *extra,
        ),
    )


def card(*runs: Run, synthetic: bool = False) -> Scorecard:
    return Scorecard(generated_from="Five recordings of us", synthetic=synthetic, runs=runs or (run(),))


@pytest.fixture
def own(tmp_path: Path, settings: Any) -> Callable[[Any], Path]:
    """Set the site's own file: a scorecard, a document, or whatever text."""

    def write(content: Any) -> Path:
        path = tmp_path / "own.json"
        if isinstance(content, Scorecard):
            content = as_text(scorecard_json(content))
        elif not isinstance(content, bytes):
            content = json.dumps(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        settings.FACE_SCORECARD_FILE = str(path)
        return path

    return write


Own = Callable[[Any], Path]


def html_of(browser: Browser, query: str = "") -> str:
    answer = browser.get(f"/console/scorecard/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_rates_stand_with_their_intervals_worst_first() -> None:
    mask, replay = rate_rows(run())
    assert (mask.label, mask.errors, mask.trials, mask.interval, mask.tone) == (
        "rigid mask",
        1,
        1,
        "21 % to 100 %",
        "bad",
    )
    assert (replay.label, replay.errors, replay.trials, replay.interval) == (
        "screen replay",
        0,
        2,
        "0 % to 66 %",
    )


def test_what_caught_what_counts_signals_by_species() -> None:
    table = caught_table(run())
    columns = [column.word.name for column in table.columns]
    rows = {row.species: dict(zip(columns, row.cells, strict=True)) for row in table.rows}
    flash, follow, passive = (
        rows["screen replay"][name] for name in ("Screen light", "Follow", "Passive model")
    )
    assert [(cell.state, cell.count) for cell in (flash, follow, passive)] == [
        ("refused", "2"),
        ("refused", "1"),
        ("not_measured", ""),
    ]
    assert rows["genuine"]["Follow"].state == "agreed"
    counts = {column.word.name: (column.caught, column.alone) for column in table.columns}
    assert counts["Screen light"] == (2, 1)
    assert counts["Follow"] == (1, 0)
    assert [row.species for row in table.rows if row.wrong] == ["rigid mask"]


def test_recordings_stand_with_their_leading_reason_and_wrong_ones_first() -> None:
    wrong, *rest = recording_rows(run())
    assert (wrong.file, wrong.accepted, wrong.right) == ("mask_1", True, False)
    assert [row.file for row in rest] == ["good_1", "good_2", "replay_1", "replay_2"]
    replay = rest[2]
    assert replay.leading is not None
    assert replay.leading.name == "No answer to the screen light"
    assert [word.name for word in replay.others] == ["Challenge not followed"]


def test_a_pass_that_reached_less_than_its_level_says_so(console: Browser, own: Own) -> None:
    strict = run(level=Level.STRICT)
    assert [row.reached for row in recording_rows(strict)] == ["Standard", "Standard", "Standard", "", ""]
    assert {row.reached for row in recording_rows(run())} == {""}
    own(card(strict))
    assert html_of(console).count("reached Standard") == 3


def test_the_flow_has_a_column_where_it_refused_without_a_signal() -> None:
    broken = presentation("gone", "walked_away", reasons=("no_face",))
    flow = caught_table(run(broken)).columns[-1]
    assert (flow.word.name, flow.caught, flow.alone) == ("Flow", 1, 1)


def test_the_page_shows_all_of_a_run(console: Browser, own: Own) -> None:
    own(card())
    html = html_of(console)
    assert html.count('class="plot interval bad"') == 1
    assert html.count('class="plot interval good"') == 2
    assert "<title>95 % interval 21 % to 100 %</title>" in html
    assert "rigid mask" in html
    assert "Five recordings of us" in html
    assert "ISO/IEC 30107-3" in html
    assert "flash_gain" in html
    assert "It speaks of the people, cameras, rooms and attacks that were recorded here" in html


def test_what_synthetic_data_cannot_show_is_said_of_synthetic_data(console: Browser, own: Own) -> None:
    own(card(synthetic=True))
    html = html_of(console)
    assert "Nobody stood before a camera" in html
    assert "recorded here, and of no others" not in html
    assert "An error rate of 0 in a few presentations is not 0" in html
    # Only whoever recorded them knows on what the thresholds were chosen.
    assert "Thresholds that were chosen on these recordings look better" in html


def test_the_usual_level_is_shown_first_and_any_other_by_its_address(console: Browser, own: Own) -> None:
    own(card(run(level=Level.BASIC), run(), run(level=Level.STRICT, pack="mine")))
    title = re.compile(r"<h2>(\w+ · \w+)</h2>")
    assert title.findall(html_of(console)) == ["dlib · Standard"]
    assert title.findall(html_of(console, "?run=1")) == ["dlib · Basic"]
    assert title.findall(html_of(console, "?source=site&run=3")) == ["mine · Strict"]


@pytest.mark.parametrize(
    "query", ["?run=0", "?run=9", "?run=-1", "?run=x", "?run=1e9", "?run=%00", "?source=../x"]
)
def test_what_does_not_exist_is_the_usual_one(console: Browser, own: Own, query: str) -> None:
    own(card())
    assert "dlib · Standard" in html_of(console, query)


def test_a_run_without_genuine_sessions_or_attacks_is_shown(console: Browser, own: Own) -> None:
    alone = Run(**{name: getattr(run(), name) for name in Run.__slots__} | {"presentations": ()})
    own(card(alone))
    assert "no recordings" in html_of(console)


BROKEN: list[Any] = [
    b"",
    b"{",
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b"1" * 100_000,
    [],
    3,
    None,
    {},
    {"generated_from": "x", "synthetic": False, "runs": []},
    {"generated_from": "x", "synthetic": False, "runs": 3},
    {"generated_from": "x", "synthetic": False, "runs": [3]},
    {"generated_from": "x", "synthetic": False, "runs": [{"pack": "x"}]},
]


@pytest.mark.parametrize("content", BROKEN, ids=[repr(one)[:40] for one in BROKEN])
def test_a_broken_file_is_explained_and_no_server_error(console: Browser, own: Own, content: Any) -> None:
    path = own(content)
    html = html_of(console)
    assert "This scorecard cannot be shown" in html
    assert str(path) in html
    assert "pad_eval DIR --report FOLDER" in html
    assert re.search(r"(Key|Type|Attribute|Value)Error", html) is None


@pytest.mark.parametrize("language", ["id", "vi"])
def test_what_it_cannot_show_and_a_missing_file_are_told_in_the_readers_language(
    console: Browser, own: Own, language: str
) -> None:
    console.cookies["django_language"] = language
    path = own(card(synthetic=True))
    shown = html_of(console)
    path.unlink()
    missing = html_of(console)
    with translation.override(language):
        limits = limits_of(card(synthetic=True))
        absent = gettext("There is no such file.")
    assert [one for one in limits if escape(one) not in shown] == []
    assert absent in missing
    assert "Nobody stood" not in shown
    assert absent != "There is no such file."


def test_a_number_too_large_for_anybody_is_explained(console: Browser, own: Own) -> None:
    document = scorecard_json(card())
    own(as_text(document).replace('"score": 0.9', f'"score": {"9" * 400}').encode())
    assert "This scorecard cannot be shown" in html_of(console)


def test_rates_that_were_written_over_are_not_believed(console: Browser, own: Own) -> None:
    own(as_text(scorecard_json(card())).replace('"errors": 1', '"errors": 0').encode())
    html = html_of(console)
    assert "the rates are not those of the sequences" in html


def test_a_missing_file_a_folder_and_a_huge_one_are_explained(tmp_path: Path) -> None:
    huge = tmp_path / "huge.json"
    with huge.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    for path, cause in ((tmp_path / "none.json", "no such file"), (tmp_path, "directory"), (huge, "larger")):
        with pytest.raises(UnreadableScorecard, match=cause):
            load_scorecard(path)


def test_a_broken_own_file_leaves_the_shipped_one_within_reach(console: Browser, own: Own) -> None:
    own(b"{")
    assert 'href="?source=shipped"' in html_of(console)


def test_without_a_file_of_its_own_there_is_nothing_to_choose(settings: Any) -> None:
    settings.FACE_SCORECARD_FILE = ""
    shown = scorecard_page(source=SITE, run="")
    assert [source.code for source in shown.sources] == [SHIPPED]
    assert not Path(shown.file).is_absolute()


def test_the_shipped_scorecard_is_shown(console: Browser) -> None:
    path = Path(project.BASE_DIR) / "docs" / "scorecard" / "scorecard.json"
    html = html_of(console, "?source=shipped")
    assert path.exists()
    assert "This scorecard cannot be shown" not in html
    assert "Nobody stood before a camera" in html


def test_nothing_in_a_file_can_become_markup(console: Browser, own: Own) -> None:
    bad = "<script>alert(1)</script>"
    evil = presentation(bad, bad, reasons=(bad,))
    own(Scorecard(generated_from=bad, synthetic=False, runs=(run(evil, pack=bad),)))
    html = html_of(console)
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html
