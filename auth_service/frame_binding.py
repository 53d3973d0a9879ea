"""Frames bound to one socket: a key that only its page was told, and on each frame a tag made with it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Final

KEY_BYTES: Final = 32
TAG_BYTES: Final = 16
"""Half of SHA-256: guessing one right takes 2^128 frames, and the first wrong one closes the socket."""


def new_frame_key() -> bytes:
    """32 random bytes. Kept in the socket's memory alone: never stored, never logged."""
    return secrets.token_bytes(KEY_BYTES)


def encode_frame_key(key: bytes) -> str:
    """Base64url without padding, as `session.ready` carries it."""
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode("ascii")


def decode_frame_key(text: str) -> bytes:
    """The reverse of `encode_frame_key`. Raises ValueError for anything else."""
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("a frame key is base64url text") from error
    if len(key) != KEY_BYTES:
        raise ValueError(f"a frame key has {KEY_BYTES} bytes")
    return key


def make_tag(header: bytes, jpeg: bytes | memoryview, *, key: bytes) -> bytes:
    """HMAC-SHA256 over header and JPEG, cut to 16 bytes."""
    mac = hmac.new(key, header, hashlib.sha256)
    mac.update(jpeg)
    return mac.digest()[:TAG_BYTES]


def tag_fits(tag: bytes, header: bytes, jpeg: bytes | memoryview, *, key: bytes) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(tag, make_tag(header, jpeg, key=key))
