"""Labelled pairs of photos: read, embedded once per photo, compared."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from common.errors import InvalidImage
from common.templates import Embedding
from core.calibration.roc import Scores
from core.engine.stills import find_faces_in_photo
from core.engine.types import FaceEngine
from core.imaging import decode_image
from core.matching import cosine

_COLUMNS = ["image_a", "image_b", "same"]
_LABELS = {"1": True, "true": True, "0": False, "false": False}


@dataclass(frozen=True, slots=True)
class Pair:
    image_a: str
    image_b: str
    same: bool


@dataclass(frozen=True, slots=True)
class PairScores:
    genuine: Scores
    impostor: Scores
    images: int
    people: int
    """Groups of photos connected by genuine pairs."""
    without_face: tuple[str, ...]
    """Photos that could not be used; their pairs are left out."""


def read_pairs(path: Path) -> list[Pair]:
    """Read ``image_a,image_b,same`` with same 1 or 0. Raises ValueError, naming the line, or OSError."""
    # Spreadsheets begin their UTF-8 files with a mark.
    with path.open(newline="", encoding="utf-8-sig") as stream:
        rows = csv.DictReader(stream)
        if list(rows.fieldnames or []) != _COLUMNS:
            raise ValueError(f"{path}: the first line is not {','.join(_COLUMNS)}")
        pairs = [_pair(row, line=f"{path}:{rows.line_num}") for row in rows]
    if not pairs:
        raise ValueError(f"{path} holds no pairs")
    return pairs


def score_pairs(
    pairs: Sequence[Pair],
    *,
    images: Path,
    engine: FaceEngine,
    progress: Callable[[int, int], None] | None = None,
) -> PairScores:
    """Compare all pairs, largest face against largest face. Raises OSError for a missing photo."""
    names = sorted({name for pair in pairs for name in (pair.image_a, pair.image_b)})
    embeddings: dict[str, Embedding] = {}
    for number, name in enumerate(names, start=1):
        embedding = _embed((images / name).read_bytes(), engine)
        if embedding is not None:
            embeddings[name] = embedding
        if progress is not None:
            progress(number, len(names))
    usable = [pair for pair in pairs if pair.image_a in embeddings and pair.image_b in embeddings]
    scores = [(pair.same, cosine(embeddings[pair.image_a], embeddings[pair.image_b])) for pair in usable]
    return PairScores(
        genuine=np.array([score for same, score in scores if same], dtype=np.float64),
        impostor=np.array([score for same, score in scores if not same], dtype=np.float64),
        images=len(embeddings),
        people=_count_people(embeddings, usable),
        without_face=tuple(name for name in names if name not in embeddings),
    )


def _pair(row: dict[str, str | None], *, line: str) -> Pair:
    image_a, image_b = row["image_a"], row["image_b"]
    same = _LABELS.get((row["same"] or "").strip().lower())
    if not image_a or not image_b or same is None:
        raise ValueError(f"{line}: not two image names and 1 or 0")
    return Pair(image_a=image_a, image_b=image_b, same=same)


def _embed(data: bytes, engine: FaceEngine) -> Embedding | None:
    try:
        image = decode_image(data, max_bytes=64 * 1024 * 1024)
    except InvalidImage:
        return None
    faces = find_faces_in_photo(engine, image)
    return engine.embed([engine.align(image, faces[0])])[0] if faces else None


def _count_people(names: Iterable[str], pairs: Sequence[Pair]) -> int:
    group = {name: name for name in names}

    def root(name: str) -> str:
        while group[name] != name:
            name = group[name]
        return name

    for pair in pairs:
        if pair.same:
            group[root(pair.image_a)] = root(pair.image_b)
    return len({root(name) for name in group})
