"""A ROC for the eye: lines of text, a JSON document, a picture."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from core.calibration.pairs import PairScores
from core.calibration.roc import Rate, Roc, rates_at
from core.calibration.table import Calibration

_BAR = 40


def report_lines(*, table: Calibration, roc: Roc, scores: PairScores) -> Iterator[str]:
    yield f"contract {table.contract}"
    yield (
        f"photos {scores.images}, people {scores.people}, "
        f"genuine pairs {len(scores.genuine)}, impostor pairs {len(scores.impostor)}"
    )
    if scores.without_face:
        yield f"no usable face in {len(scores.without_face)}: {', '.join(scores.without_face)}"
    yield (
        f"genuine {roc.genuine_min:.4f} .. {scores.genuine.max():.4f}, mean {scores.genuine.mean():.4f}; "
        f"impostor {scores.impostor.min():.4f} .. {roc.impostor_max:.4f}, mean {scores.impostor.mean():.4f}"
    )
    yield f"EER {roc.eer:.2%} at cosine {roc.eer_threshold:.4f}"
    yield ""
    yield f"{'FMR':>8} {'cosine':>8}  {'FMR here [95 %]':<26} {'FNMR here [95 %]':<26}"
    for threshold in table.thresholds:
        here = rates_at(threshold.cosine, genuine=scores.genuine, impostor=scores.impostor)
        marks = " extrapolated" if threshold.extrapolated else " measured"
        marks += ", DEFAULT" if threshold.fmr == table.default_fmr else ""
        rates = f"{_rate(here.fmr):<26} {_rate(here.fnmr):<26}"
        yield f"{threshold.fmr:>8.0e} {threshold.cosine:>8.4f}  {rates}{marks}"
    yield ""
    yield from _histogram(scores, default=table.default_threshold)


def roc_json(*, table: Calibration, roc: Roc, scores: PairScores) -> str:
    return json.dumps(
        {
            "table": asdict(table),
            "roc": asdict(roc),
            "genuine": [round(float(score), 6) for score in sorted(scores.genuine)],
            "impostor": [round(float(score), 6) for score in sorted(scores.impostor)],
            "images_without_face": scores.without_face,
        },
        indent=1,
    )


def plot_roc(path: Path, *, table: Calibration, roc: Roc, scores: PairScores) -> None:
    """The score distributions with the declared thresholds, and FMR and FNMR over the threshold."""
    # A Figure of its own: pyplot keeps global state and looks for a display.
    from matplotlib.figure import Figure  # noqa: PLC0415 - takes a second to import

    figure = Figure(figsize=(10, 4), layout="constrained")
    distributions, rates = figure.subplots(1, 2)
    bins = [step / 50 for step in range(-50, 51)]
    distributions.hist(scores.impostor, bins=bins, density=True, alpha=0.6, label="impostor")
    distributions.hist(scores.genuine, bins=bins, density=True, alpha=0.6, label="genuine")
    for threshold in table.thresholds:
        style = "--" if threshold.extrapolated else "-"
        distributions.axvline(threshold.cosine, color="0.3", linestyle=style, linewidth=0.8)
    distributions.axvline(table.default_threshold, color="red", linewidth=1.2, label="default")
    distributions.set(xlabel="cosine", ylabel="density", title=table.contract)
    distributions.legend()
    xs = [point.threshold for point in roc.points]
    for name, color in (("fmr", "tab:blue"), ("fnmr", "tab:orange")):
        series: list[Rate] = [getattr(point, name) for point in roc.points]
        rates.plot(xs, [rate.value for rate in series], color=color, label=name.upper())
        rates.fill_between(xs, [r.low for r in series], [r.high for r in series], color=color, alpha=0.2)
    rates.set(xlabel="threshold (cosine)", ylabel="rate, 95 % interval", title=f"EER {roc.eer:.2%}")
    rates.legend()
    figure.savefig(path, dpi=120)


def _rate(rate: Rate) -> str:
    return f"{rate.value:.4f} [{rate.low:.4f}, {rate.high:.4f}]"


def _histogram(scores: PairScores, *, default: float) -> Iterator[str]:
    """Shares of impostor (-) and genuine (#) pairs per band of similarity."""
    lowest = int(min(scores.impostor.min(), scores.genuine.min()) * 20 // 1)
    for band in range(lowest, 20):
        low, high = band / 20, (band + 1) / 20
        dashes = round(_BAR * float(((scores.impostor >= low) & (scores.impostor < high)).mean()))
        hashes = round(_BAR * float(((scores.genuine >= low) & (scores.genuine < high)).mean()))
        here = "  <- default threshold" if low <= default < high else ""
        yield f"{low:>6.2f} {'-' * dashes}{'#' * hashes}{here}"
