"""One file fetched over HTTP, with a limit on its size and its digest taken on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import httpx

_TIMEOUT = httpx.Timeout(30.0, connect=15.0)
_CHUNK_BYTES = 1024 * 1024

Progress = Callable[[str, int, int | None], None]
"""Called with the file's name, the bytes so far and the bytes in all, where the server says."""


class InstallFailed(Exception):
    """Nothing was installed; the message says why, in words for an operator."""


def download(
    url: str, path: Path, *, limit: int, expected_sha256: str | None, progress: Progress | None
) -> str:
    """Fetch ``url`` into a new file of at most ``limit`` bytes; the SHA-256 of what came.

    Raises InstallFailed, also for another digest than the expected one.
    """
    digest, received = hashlib.sha256(), 0
    try:
        with httpx.stream("GET", url, timeout=_TIMEOUT, follow_redirects=True) as response:
            if response.status_code != httpx.codes.OK:
                raise InstallFailed(f"{url} answered {response.status_code}.")
            declared = response.headers.get("Content-Length", "")
            total = int(declared) if declared.isdigit() else None
            if total is not None and total > limit:
                raise InstallFailed(f"{url} is larger than {limit} bytes.")
            with path.open("xb") as output:
                for chunk in response.iter_bytes(_CHUNK_BYTES):
                    received += len(chunk)
                    if received > limit:
                        raise InstallFailed(f"{url} is larger than {limit} bytes.")
                    output.write(chunk)
                    digest.update(chunk)
                    if progress is not None:
                        progress(url.rsplit("/", 1)[-1], received, total)
    except httpx.HTTPError as error:
        raise InstallFailed(f"{url} could not be downloaded: {type(error).__name__}: {error}") from error
    if expected_sha256 is not None and digest.hexdigest() != expected_sha256:
        raise InstallFailed(f"{url} has SHA-256 {digest.hexdigest()}, expected {expected_sha256}.")
    return digest.hexdigest()
