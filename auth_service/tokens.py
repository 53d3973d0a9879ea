"""Session tokens: 256 random bits for the holder, only their hash for us."""

from __future__ import annotations

import hashlib
import secrets


def make_token() -> tuple[str, str]:
    """(token for the holder, hash to store)."""
    token = secrets.token_urlsafe(32)
    return token, hash_token(token)


def hash_token(token: str) -> str:
    # A plain hash is enough: 256 random bits cannot be searched.
    # A text from JSON may hold half a surrogate pair; with a mark in its place it is just a wrong token.
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
