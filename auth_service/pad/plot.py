"""The scorecard as a picture: error rates with intervals, and every number's distance from its threshold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from auth_service.pad.rates import Rate
from auth_service.pad.scorecard import Run, Scorecard
from auth_service.pad.separation import Point, Separation, separations
from core.liveness.gates import gates_for
from core.liveness.policy import Level

Axes = Any
"""matplotlib's, which is imported only where something is drawn."""

_INK, _SOFT, _GRID, _REFUSED_SIDE = "#1d2b2a", "#64726f", "#e3e9e7", "#fbf1ec"
_LEVEL_COLORS = {Level.BASIC: "#8fb3ae", Level.STANDARD: "#2f6f6b", Level.STRICT: "#12312f"}
_ERROR = "#c1121f"
_GENUINE, _ATTACK, _OTHER = "#2f6f6b", "#c2612c", "#b9c3c1"
_REACH = 2.4
"""Strips are cut here; what lies beyond is drawn at the edge."""
_NO_ROW = -1
_SPREAD = 0.3


def draw_scorecard(card: Scorecard, path: Path) -> None:
    """A PNG with a column for each pack."""
    # A Figure of its own: pyplot keeps global state and looks for a display.
    from matplotlib.figure import Figure  # noqa: PLC0415 - takes a second to import

    packs = [card.of_pack(title) for title in card.packs]
    rates = list(dict.fromkeys(kind for runs in packs for kind in runs[0].species))
    strips = _strip_names(packs)
    heights = (0.26 * (len(rates) + 1) + 0.7, 0.36 * len(strips) + 0.9)
    figure = Figure(figsize=(2.6 + 3.5 * len(packs), sum(heights) + 1.0), layout="constrained")
    grid = figure.subplots(2, len(packs), squeeze=False, height_ratios=heights, sharey="row", sharex="row")
    for column, runs in enumerate(packs):
        _draw_rates(grid[0][column], runs, kinds=rates)
        _draw_strips(grid[1][column], _reference(runs), names=strips)
    grid[0][0].set_title("Error rates, 95 % intervals", loc="left", fontsize=11, color=_INK, pad=22)
    level = _reference(packs[0]).level.value
    grid[1][0].set_title(
        f"Distance from the threshold at {level}; 1 is the median genuine session",
        loc="left",
        fontsize=11,
        color=_INK,
        pad=22,
    )
    _draw_keys(figure, packs)
    figure.savefig(path, dpi=110)


def _reference(runs: Sequence[Run]) -> Run:
    """The run whose thresholds the strips show."""
    return next((run for run in runs if run.level is Level.STANDARD), runs[0])


def _strip_names(packs: Sequence[Sequence[Run]]) -> list[str]:
    """Numbers that any pack has, in the order in which a session shows them."""
    seen = {one.gate.value for runs in packs for one in separations(_reference(runs))}
    every = (gate.value for runs in packs for gate in gates_for(runs[0].detector_layout))
    return [name for name in dict.fromkeys(every) if name in seen]


def _draw_rates(axes: Axes, runs: Sequence[Run], *, kinds: Sequence[str]) -> None:
    names = ["BPCER: genuine refused", *(f"APCER: {kind}" for kind in kinds)]
    step = 0.56 / max(1, len(runs) - 1) if len(runs) > 1 else 0.0
    for place, run in enumerate(runs):
        apcer, offset = run.apcer, place * step - (0.28 if len(runs) > 1 else 0.0)
        rows = [run.bpcer, *(apcer.get(kind) for kind in kinds)]
        for row, rate in enumerate(rows):
            if rate is not None and rate.trials:
                _draw_rate(axes, rate, at=row + offset, color=_LEVEL_COLORS[run.level])
    axes.set_xlim(-0.02, 1.02)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    axes.axhline(0.5, color=_SOFT, linewidth=0.6)
    _tidy(axes, names, caption=runs[0].title)


def _draw_rate(axes: Axes, rate: Rate, *, at: float, color: str) -> None:
    axes.plot([rate.low, rate.high], [at, at], color=color, linewidth=2.2, alpha=0.55, solid_capstyle="butt")
    dot = _ERROR if rate.errors else color
    axes.plot([rate.value], [at], "o", color=dot, markersize=4.5 if rate.errors else 3.2, clip_on=False)


def _draw_strips(axes: Axes, run: Run, *, names: Sequence[str]) -> None:
    known = {one.gate.value: one for one in separations(run)}
    axes.axvspan(-_REACH - 0.2, 0, color=_REFUSED_SIDE, zorder=0)
    axes.axvline(0, color=_INK, linewidth=1.0, zorder=2)
    for row, name in enumerate(names):
        one = known.get(name)
        if one is None:
            axes.text(0.06, row, "not measured", fontsize=7, color=_SOFT, va="center", style="italic")
        else:
            _draw_strip(axes, one, row=row)
    axes.set_xlim(-_REACH - 0.2, _REACH + 0.2)
    axes.set_xticks([-2, -1, 0, 1, 2])
    _tidy(axes, names, caption=f"{run.title}, {run.level.value}")


def _draw_strip(axes: Axes, one: Separation, *, row: int) -> None:
    unit = _unit(one)

    def draw(points: Iterable[Point], *, side: float, color: str, hollow: bool = False) -> None:
        for number, point in enumerate(points):
            way = point.value - one.threshold if one.gate.least else one.threshold - point.value
            x = min(max(way / unit, -_REACH), _REACH)
            y = row + side * (0.08 + _SPREAD * ((number * 0.618) % 1.0))
            face = "none" if hollow else color
            axes.plot([x], [y], "o", color=color, markerfacecolor=face, markersize=3.6, markeredgewidth=0.8)

    draw(one.genuine, side=-1, color=_GENUINE)
    draw((point for point in one.attacks if not point.refused), side=1, color=_OTHER, hollow=True)
    draw((point for point in one.attacks if point.refused), side=1, color=_ATTACK)
    label = f"{one.gate.sign} {one.threshold:.3g}" + ("" if one.may_refuse else ", recorded only")
    axes.text(-_REACH - 0.12, row - 0.22, label, fontsize=6.5, color=_SOFT, va="center")


def _unit(one: Separation) -> float:
    """What is drawn as 1: from the threshold to the median genuine session, else to the furthest attack."""
    typical = one.typical_genuine
    lengths = [abs(typical - one.threshold)] if typical is not None else []
    lengths += [max((abs(point.value - one.threshold) for point in one.attacks), default=0.0)]
    return next((length for length in lengths if length > 1e-9), 1.0)


def _tidy(axes: Axes, names: Sequence[str], *, caption: str) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(length=0, labelsize=8, colors=_INK)
    axes.grid(axis="x", color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for row in range(len(names)):
        axes.axhline(row + 0.5, color=_GRID, linewidth=0.5, zorder=0)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.text(0, 1.012, caption, transform=axes.transAxes, fontsize=9, color=_INK, weight="bold", va="bottom")


def _draw_keys(figure: Any, packs: Sequence[Sequence[Run]]) -> None:
    from matplotlib.lines import Line2D  # noqa: PLC0415 - see `draw_scorecard`

    levels = dict.fromkeys(run.level for runs in packs for run in runs)
    keys = [Line2D([], [], color=_LEVEL_COLORS[level], linewidth=4, label=level.value) for level in levels]
    dots = [
        (_ERROR, True, "wrong at least once"),
        (_GENUINE, True, "genuine session"),
        (_ATTACK, True, "attack that the number refuses"),
        (_OTHER, False, "attack that it leaves to others"),
    ]
    keys += [
        Line2D([], [], linestyle="", marker="o", color=color, markersize=5, label=label)
        if filled
        else Line2D([], [], linestyle="", marker="o", color=color, mfc="none", markersize=5, label=label)
        for color, filled, label in dots
    ]
    figure.legend(handles=keys, loc="outside lower center", ncols=len(keys), fontsize=8, frameon=False)
