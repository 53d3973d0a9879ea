"""The liveness policies in force: as shipped, or with a site's own thresholds from a file."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from django.conf import settings

from core.liveness.policy import SHIPPED_POLICIES, Policies
from core.liveness.thresholds import UnusableThresholds, policies_from

MOST_BYTES = 64 * 1024


def site_policies() -> Policies:
    """With the file of FACE_LIVENESS_THRESHOLDS, read once per process.

    Raises UnusableThresholds, naming the file: a site that chose thresholds must not run with others.
    """
    path: str = settings.FACE_LIVENESS_THRESHOLDS
    return read_policies(Path(path)) if path else SHIPPED_POLICIES


@cache
def read_policies(path: Path) -> Policies:
    """Raises UnusableThresholds."""
    try:
        # Never more than that: the path may be a mistake, such as a disk image or a device.
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise _unusable(path, error.strerror or type(error).__name__) from error
    if len(text) > MOST_BYTES:
        raise _unusable(path, f"it is larger than {MOST_BYTES // 1024} KiB")
    try:
        return policies_from(json.loads(text, object_pairs_hook=_each_name_once))
    except UnusableThresholds as error:
        raise _unusable(path, str(error)) from error
    except (ValueError, RecursionError) as error:
        raise _unusable(path, f"it is not JSON: {error}") from error


def _each_name_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Of a name that stands twice JSON readers take the last, and nobody would know which one is in force."""
    known = dict(pairs)
    if len(known) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise UnusableThresholds(f"{twice!r} stands twice")
    return known


def _unusable(path: Path, why: str) -> UnusableThresholds:
    return UnusableThresholds(f"FACE_LIVENESS_THRESHOLDS={str(path)!r}: {why}")
