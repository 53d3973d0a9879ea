"""``manage.py calibrate PAIRS.csv``: error rates of the active pack on labelled pairs, and its table."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.errors import FaceAppError
from core.calibration.pairs import PairScores, read_pairs, score_pairs
from core.calibration.report import plot_roc, report_lines, roc_json
from core.calibration.roc import calibrate, measure_roc
from core.calibration.store import write_table
from core.engine.config import config_from_settings
from core.engine.registry import load_engine


class Command(BaseCommand):
    help = "Print the ROC of a model pack on labelled photo pairs and, with --write, keep its thresholds."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("pairs", type=Path, help="CSV with image_a,image_b,same (1 or 0)")
        parser.add_argument("--images", type=Path, help="folder of the images (default: the CSV's)")
        parser.add_argument("--pack", help="model pack instead of FACE_MODEL_PACK")
        parser.add_argument("--source", help="one line about the photos, kept in the table")
        parser.add_argument("--write", action="store_true", help="keep the table beside the model packs")
        parser.add_argument("--plot", type=Path, help="write the curves to this PNG, SVG or PDF")
        parser.add_argument("--json", type=Path, help="write every figure to this file")

    def handle(
        self,
        *,
        pairs: Path,
        images: Path | None,
        pack: str | None,
        source: str | None,
        write: bool,
        plot: Path | None,
        json: Path | None,
        **options: Any,
    ) -> None:
        try:
            contract, scores = self._score(pairs, images=images or pairs.parent, pack=pack)
            roc = measure_roc(genuine=scores.genuine, impostor=scores.impostor)
            table = calibrate(
                contract=contract,
                genuine=scores.genuine,
                impostor=scores.impostor,
                people=scores.people,
                source=source or f"pairs of {pairs.name}",
            )
        except (FaceAppError, ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        for line in report_lines(table=table, roc=roc, scores=scores):
            self.stdout.write(line)
        if plot is not None:
            plot_roc(plot, table=table, roc=roc, scores=scores)
        if json is not None:
            json.write_text(roc_json(table=table, roc=roc, scores=scores), encoding="utf-8")
        if write:
            self.stdout.write(f"written {write_table(table)}")

    def _score(self, pairs: Path, *, images: Path, pack: str | None) -> tuple[str, PairScores]:
        labelled = read_pairs(pairs)
        engine = load_engine(config_from_settings(pack=pack))
        try:
            return engine.contract.key, score_pairs(labelled, images=images, engine=engine)
        finally:
            engine.close()
