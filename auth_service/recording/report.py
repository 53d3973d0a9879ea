"""How the recording server tells the command that started it what came of each session: lines in a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

REPORT_FILE = "report.jsonl"


@dataclass(frozen=True, slots=True)
class Outcome:
    session: str
    recording: str
    verdict: str
    """Empty where nothing could be stored."""
    reasons: tuple[str, ...] = ()
    error: str = ""


def write_outcome(outcome: Outcome, run: Path) -> None:
    """Append one line. Raises OSError."""
    with run.joinpath(REPORT_FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(outcome)) + "\n")


class ReportReader:
    """Outcomes in the order written, each once."""

    def __init__(self, run: Path) -> None:
        self._path = run / REPORT_FILE
        self._read = 0

    def news(self) -> Iterator[Outcome]:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._read)
            lines = file.readlines()
        for line in lines:
            # The end of a line that is being written comes with the next look.
            if not line.endswith(b"\n"):
                return
            self._read += len(line)
            entry = json.loads(line)
            yield Outcome(**{**entry, "reasons": tuple(entry["reasons"])})
