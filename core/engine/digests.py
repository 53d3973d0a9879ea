"""SHA-256 of model files and of everything else that shapes an embedding."""

from __future__ import annotations

import hashlib
from pathlib import Path


def file_sha256(path: Path) -> str:
    """Lower-case hex. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def contract_digest(*, weights_sha256: str, preprocessing: str) -> str:
    """One digest for weights and preprocessing: a change of either makes vectors incomparable."""
    return hashlib.sha256(f"{weights_sha256}\n{preprocessing}".encode()).hexdigest()
