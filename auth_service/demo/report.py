"""The demo's table."""

from __future__ import annotations

from collections.abc import Sequence

from auth_service.demo.scenario import Played

_HEADER = ("", "scene", "expected", "got", "similarity", "liveness", "seconds", "frames", "ms p50", "ms p95")
_LEFT = 4
"""This many columns are words, the others numbers."""


def format_report(played: Sequence[Played]) -> str:
    """Enrollments compare with the old photo, verifications with the template; ms is from frame to answer."""
    rows = [_HEADER, *(_row(one) for one in played)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEADER))]
    return "\n".join("  ".join(_pad(row, widths)).rstrip() for row in rows)


def _pad(row: tuple[str, ...], widths: Sequence[int]) -> list[str]:
    return [
        cell.ljust(width) if at < _LEFT else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def _row(played: Played) -> tuple[str, ...]:
    outcome = played.outcome
    got = " ".join([played.verdict, *(f"[{reason}]" for reason in played.reasons)])
    timing = ("-", "-", "-", "-")
    if outcome:
        timing = (
            f"{outcome.seconds:.1f}",
            str(outcome.frames),
            f"{outcome.percentile(50):.0f}",
            f"{outcome.percentile(95):.0f}",
        )
    return (
        "ok" if played.as_expected else "WRONG",
        played.scene.title,
        played.scene.expected,
        got,
        _number(played.similarity),
        _number(played.liveness),
        *timing,
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
