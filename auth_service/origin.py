"""Which sites may open a session socket from a browser."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit


def origin_allowed(*, origin: str | None, host: str, allowed_origins: Collection[str]) -> bool:
    """Our own page, the client's listed sites, and programs that are no browser (they send no Origin)."""
    if origin is None:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:  # an unclosed IPv6 bracket
        return False
    if parts.scheme not in {"http", "https"}:
        return False
    return parts.netloc.lower() == host.lower() or origin.lower().rstrip("/") in {
        allowed.lower().rstrip("/") for allowed in allowed_origins
    }
