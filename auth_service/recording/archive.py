"""What lies in a recordings folder: listed by subject, and taken out again when a subject withdraws."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from core.liveness.sequences import list_sidecars

RECORDER = "pad_record"


@dataclass(frozen=True, slots=True)
class Recording:
    sidecar: Path
    media: Path
    subject: str
    kind: str
    verdict: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Archive:
    recordings: tuple[Recording, ...]
    """By time."""
    unreadable: tuple[str, ...]
    """JSON files with the cause: nobody can say whose face lies beside them."""


@dataclass(frozen=True, slots=True)
class Holding:
    """All recordings of one subject and kind."""

    subject: str
    kind: str
    verdicts: tuple[str, ...]
    first: datetime
    last: datetime


def read_archive(folder: Path) -> Archive:
    """Our recordings alone: other sequences, and JSON files of other tools, are passed over."""
    recordings, unreadable = [], []
    for path in sorted(list_sidecars(folder)):
        try:
            recording = _read(path)
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            unreadable.append(f"{path}: {type(error).__name__}: {error}")
            continue
        if recording is not None:
            recordings.append(recording)
    recordings.sort(key=lambda recording: recording.recorded_at)
    return Archive(recordings=tuple(recordings), unreadable=tuple(unreadable))


def list_holdings(recordings: Iterable[Recording]) -> list[Holding]:
    """By subject, then kind."""
    groups: dict[tuple[str, str], list[Recording]] = {}
    for recording in recordings:
        groups.setdefault((recording.subject, recording.kind), []).append(recording)
    return [
        Holding(
            subject=subject,
            kind=kind,
            verdicts=tuple(recording.verdict for recording in group),
            first=min(recording.recorded_at for recording in group),
            last=max(recording.recorded_at for recording in group),
        )
        for (subject, kind), group in sorted(groups.items())
    ]


def remove_subject(archive: Archive, *, subject: str) -> list[Path]:
    """Delete every file of this subject; what was deleted.

    Raises OSError; repeated, it removes what is left.
    """
    removed = []
    for recording in archive.recordings:
        if recording.subject != subject:
            continue
        # The face first: a sidecar that outlives it leads the next try here, the reverse would not.
        for path in (recording.media, recording.sidecar):
            if path.is_file():
                path.unlink()
                removed.append(path)
        home = recording.sidecar.parent
        if home.name == recording.sidecar.stem and not any(home.iterdir()):
            home.rmdir()
    return removed


def _read(path: Path) -> Recording | None:
    sidecar = json.loads(path.read_text(encoding="utf-8"))
    recorder = sidecar.get("recorder") if isinstance(sidecar, dict) else None
    ours = isinstance(recorder, dict) and recorder.get("name") == RECORDER
    return _recording(sidecar, path=path) if ours else None


def _recording(sidecar: dict[str, Any], *, path: Path) -> Recording:
    return Recording(
        sidecar=path,
        # A name only: a sidecar must not make us delete something elsewhere.
        media=path.parent / Path(str(sidecar["media"])).name,
        subject=str(sidecar["subject"]),
        kind=str(sidecar["kind"]),
        verdict=str(sidecar["verdict"]),
        recorded_at=datetime.fromisoformat(sidecar["recorded_at"]),
    )
