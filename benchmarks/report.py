"""The report: one JSON file, one Markdown page with a plot, one table for the terminal."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from importlib import metadata
from pathlib import Path

from benchmarks import engine, event_loop, liveness
from benchmarks.headline import Headline
from core.engine.registry import get_engine

BEGIN = "<!-- figures: written by `make bench` -->"
END = "<!-- /figures -->"
PACKAGES = ("django", "daphne", "onnxruntime", "insightface", "dlib-bin", "numpy", "opencv-python")


@dataclass(frozen=True, slots=True)
class Report:
    machine: dict[str, object]
    versions: dict[str, str]
    models: list[str]
    headlines: list[Headline]

    def write(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "performance.json").write_text(json.dumps(asdict(self), indent=2) + "\n")
        self._plot(directory / "performance.png")
        (directory / "performance.md").write_text(
            "# Performance\n\nMade by `make bench`. Baseline and result come from the same run, taken in\n"
            f"turns; compare ratios, not milliseconds. {self.machine['cores']} cores,\n"
            f"{', '.join(self.models)}.\n\n"
            f"{self.table()}\n\n![Ratios](performance.png)\n"
        )

    def table(self) -> str:
        return format_table(self.headlines)

    def _plot(self, path: Path) -> None:
        from matplotlib.figure import Figure  # noqa: PLC0415  slow to import, needed once

        figure = Figure(figsize=(8, 0.6 * len(self.headlines) + 1.2), layout="constrained")
        axes = figure.subplots()
        axes.barh(
            [one.name for one in self.headlines], [one.ratio for one in self.headlines], color="#2f6f6b"
        )
        axes.axvline(1.0, color="#444444", linewidth=1)
        axes.set_xlabel("times better than the baseline")
        axes.invert_yaxis()
        figure.savefig(path, dpi=120)


def format_table(headlines: Sequence[Headline]) -> str:
    rows = ["| what | unit | baseline | | result | | times better |", "|---|---|---|---|---|---|---|"]
    rows += [
        f"| {one.name} | {one.unit} | {one.baseline:.1f} | {one.baseline_label} | {one.optimised:.1f} "
        f"| {one.optimised_label} | {one.ratio:.2f} |"
        for one in headlines
    ]
    return "\n".join(rows)


def read_table(report: Path) -> str:
    """The table of a report written earlier."""
    known = {field.name for field in fields(Headline) if field.init}
    written = json.loads(report.read_text(encoding="utf-8"))["headlines"]
    return format_table([Headline(**{name: one[name] for name in known}) for one in written])


def quote_in_readme(readme: Path, table: str) -> None:
    """Put the table between the README's marks. Raises ValueError when they are missing."""
    head, begin, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{readme} has no marks for the figures")
    readme.write_text(f"{head}{begin}\n{table}\n{end}{tail}", encoding="utf-8")


def run_benchmarks(*, iterations: int, sockets: int, seconds: float) -> Report:
    active = get_engine()
    headlines = [
        *engine.measure(active, iterations=iterations),
        *liveness.measure(active, iterations=iterations),
        *event_loop.measure(sockets=sockets, seconds=seconds),
    ]
    summary = active.summary()
    return Report(
        machine={"cores": os.cpu_count(), "system": platform.machine(), "python": platform.python_version()},
        versions={name: metadata.version(name) for name in PACKAGES},
        models=[f"{summary.name}: {summary.detector} + {summary.recognizer}", *summary.passive],
        headlines=headlines,
    )
