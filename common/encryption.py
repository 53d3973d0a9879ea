"""Authenticated encryption of what must be readable again: templates, webhook secrets, camera URLs.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce per value. The first byte names the key,
so that keys can be rotated: new values use the first key of ``FACE_ENCRYPTION_KEYS``, old ones
are read with any of them. ``purpose`` is authenticated: a value copied into another column, row
kind or client does not decrypt.
"""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_FORMAT = b"\x01"
_KEY_ID_BYTES = 4
_NONCE_BYTES = 12


class DecryptionFailed(Exception):
    """The value was damaged, moved from its place, or its key is no longer configured."""


@lru_cache(maxsize=8)
def _load_keys(secrets: tuple[str, ...]) -> dict[bytes, AESGCM]:
    keys: dict[bytes, AESGCM] = {}
    for secret in secrets:
        key = hashlib.sha256(b"facegate-encryption:" + secret.encode()).digest()
        keys[hashlib.sha256(key).digest()[:_KEY_ID_BYTES]] = AESGCM(key)
    return keys


def _keys() -> dict[bytes, AESGCM]:
    return _load_keys(tuple(settings.FACE_ENCRYPTION_KEYS))


def encrypt(plain: bytes, *, purpose: str) -> bytes:
    """Encrypt ``plain`` for one ``purpose`` such as ``"template:FR_ABC123"``."""
    key_id, cipher = next(iter(_keys().items()))
    nonce = os.urandom(_NONCE_BYTES)
    return _FORMAT + key_id + nonce + cipher.encrypt(nonce, plain, purpose.encode())


def decrypt(token: bytes, *, purpose: str) -> bytes:
    """Undo `encrypt`. Raises DecryptionFailed for a wrong key, purpose or damaged value."""
    token = bytes(token)
    body = 1 + _KEY_ID_BYTES
    cipher = _keys().get(token[1:body])
    if token[:1] != _FORMAT or cipher is None:
        raise DecryptionFailed("unknown format or key")
    nonce, sealed = token[body : body + _NONCE_BYTES], token[body + _NONCE_BYTES :]
    try:
        return cipher.decrypt(nonce, sealed, purpose.encode())
    except (InvalidTag, ValueError) as error:  # ValueError: cut short, so that not even the nonce is whole
        raise DecryptionFailed("value does not authenticate") from error
