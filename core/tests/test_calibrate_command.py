"""The ROC of both packs on real labelled pairs, and what the command does with bad input."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from core.calibration import calibration_for
from core.calibration.pairs import Pair, read_pairs, score_pairs
from core.engine.synthetic import SyntheticEngine, draw_marker
from core.engine.types import Box, Image


class CountingEngine(SyntheticEngine):
    """Counts how many crops it embeds."""

    def __init__(self) -> None:
        self.embedded = 0

    def embed(self, crops: Any) -> Any:
        self.embedded += len(crops)
        return super().embed(crops)


@pytest.fixture
def run(models_dir: Path, settings: Any) -> Callable[..., str]:
    settings.FACE_ALLOW_SYNTHETIC_ENGINE = True

    def call(*arguments: object) -> str:
        output = io.StringIO()
        call_command("calibrate", *(str(argument) for argument in arguments), stdout=output)
        return output.getvalue()

    return call


def write_photo(path: Path, *markers: tuple[int, Box]) -> None:
    image: Image = np.full((240, 320, 3), 128, dtype=np.uint8)
    for identity, box in markers:
        image = draw_marker(image, box, identity=identity)
    cv2.imwrite(str(path), image)


def write_people(folder: Path, *, people: int, photos: int) -> Path:
    """A labelled list of drawn people; returns the CSV."""
    names = []
    for person in range(people):
        for photo in range(photos):
            names.append((person, f"{person}_{photo}.png"))
            write_photo(folder / names[-1][1], (person, Box(40 + 9 * photo, 50, 140, 160)))
    lines = ["image_a,image_b,same"]
    for index, (person, name) in enumerate(names):
        lines += [f"{name},{other},{int(person == who)}" for who, other in names[index + 1 :]]
    path = folder / "pairs.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("pack", "default"), [("", 0.80), ("scrfd_mbf", 0.42)], ids=["dlib", "SCRFD and MobileFaceNet"]
)
def test_no_verdict_is_wrong_at_the_shipped_default_threshold(
    run: Callable[..., str], shared: Path, tmp_path: Path, pack: str, default: float
) -> None:
    figures = tmp_path / "roc.json"
    arguments = ["--pack", shared / "models" / pack] if pack else []

    output = run(shared / "faces" / "pairs.csv", *arguments, "--json", figures)

    document = json.loads(figures.read_text())
    table = calibration_for(document["table"]["contract"])
    assert (len(document["genuine"]), len(document["impostor"])) == (91, 812)
    assert document["table"]["people"] == 10
    assert document["images_without_face"] == []
    assert max(document["impostor"]) < table.default_threshold <= min(document["genuine"])
    assert table.default_threshold == pytest.approx(default, abs=0.01)
    # The shipped table is what the command makes today.
    made = {threshold["fmr"]: threshold["cosine"] for threshold in document["table"]["thresholds"]}
    assert made == pytest.approx({t.fmr: t.cosine for t in table.thresholds}, abs=0.01)
    assert "EER 0.00%" in output
    assert "DEFAULT" in output


def test_the_table_is_written_only_when_asked_for(
    run: Callable[..., str], tmp_path: Path, models_dir: Path
) -> None:
    pairs = write_people(tmp_path, people=8, photos=5)

    output = run(pairs, "--pack", "synthetic", "--source", "drawn people")
    assert not models_dir.exists()
    assert "photos 40, people 8, genuine pairs 80, impostor pairs 700" in output

    output = run(pairs, "--pack", "synthetic", "--source", "drawn people", "--write")
    table = calibration_for(SyntheticEngine().contract)
    assert table.source == "drawn people"
    assert (table.genuine_pairs, table.impostor_pairs, table.people) == (80, 700, 8)
    assert str(models_dir) in output


def test_a_plot_is_drawn(run: Callable[..., str], tmp_path: Path) -> None:
    run(write_people(tmp_path, people=8, photos=5), "--pack", "synthetic", "--plot", tmp_path / "roc.png")

    picture = cv2.imread(str(tmp_path / "roc.png"))
    assert picture is not None
    assert picture.shape[1] > 600
    assert picture.std() > 5


def test_images_may_lie_elsewhere(run: Callable[..., str], tmp_path: Path) -> None:
    pairs = write_people(tmp_path, people=8, photos=5)
    moved = tmp_path / "lists"
    moved.mkdir()
    pairs = pairs.rename(moved / "pairs.csv")

    with pytest.raises(CommandError, match="No such file"):
        run(pairs, "--pack", "synthetic")
    assert "photos 40" in run(pairs, "--pack", "synthetic", "--images", tmp_path)


def test_each_photo_is_embedded_once_however_many_pairs_it_is_in(tmp_path: Path) -> None:
    engine = CountingEngine()

    scores = score_pairs(
        read_pairs(write_people(tmp_path, people=4, photos=3)), images=tmp_path, engine=engine
    )

    assert engine.embedded == 12
    assert len(scores.genuine) + len(scores.impostor) == 66


def test_the_largest_face_of_a_photo_counts(tmp_path: Path) -> None:
    small, large = Box(10, 10, 40, 40), Box(100, 20, 250, 200)
    write_photo(tmp_path / "a.png", (1, large), (2, small))
    write_photo(tmp_path / "b.png", (1, large))

    scores = score_pairs([Pair("a.png", "b.png", same=True)], images=tmp_path, engine=SyntheticEngine())

    assert scores.genuine == pytest.approx([1.0])


def test_photos_without_a_face_are_named_and_their_pairs_left_out(tmp_path: Path) -> None:
    write_photo(tmp_path / "face.png", (1, Box(100, 20, 250, 200)))
    write_photo(tmp_path / "wall.png")
    (tmp_path / "text.png").write_text("not an image")
    pairs = [Pair("face.png", "wall.png", same=False), Pair("face.png", "text.png", same=False)]

    scores = score_pairs(pairs, images=tmp_path, engine=SyntheticEngine())

    assert scores.without_face == ("text.png", "wall.png")
    assert len(scores.impostor) == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "first line"),
        ("a,b,c\n", "first line"),
        ("image_a,image_b,same\n", "no pairs"),
        ("image_a,image_b,same\nx.jpg,y.jpg,maybe\n", ":2: not two image names"),
        ("image_a,image_b,same\nx.jpg,y.jpg,1\nx.jpg,,0\n", ":3: not two image names"),
        ("image_a,image_b,same\nx.jpg\n", ":2: not two image names"),
    ],
)
def test_a_list_that_is_wrong_is_refused_by_line(
    run: Callable[..., str], tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "pairs.csv").write_text(text)

    with pytest.raises(CommandError, match=words):
        run(tmp_path / "pairs.csv", "--pack", "synthetic")


def test_too_few_pairs_make_no_table(run: Callable[..., str], tmp_path: Path, models_dir: Path) -> None:
    with pytest.raises(CommandError, match="too few"):
        run(write_people(tmp_path, people=3, photos=2), "--pack", "synthetic", "--write")

    assert not models_dir.exists()


def test_a_pack_that_is_not_installed_is_explained(run: Callable[..., str], tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="not installed"):
        run(write_people(tmp_path, people=2, photos=1), "--pack", "buffalo_l")


def test_the_mark_that_spreadsheets_write_before_the_first_line_is_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("image_a,image_b,same\nx.jpg,y.jpg,1\n", encoding="utf-8-sig")
    assert read_pairs(tmp_path / "pairs.csv") == [Pair("x.jpg", "y.jpg", same=True)]
