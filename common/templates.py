"""Biometric templates at rest: an embedding packed with its contract, encrypted for its client."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.encryption import decrypt, encrypt
from common.errors import ContractMismatch

_NORM_TOLERANCE = 1e-3

Embedding = NDArray[np.float32]
"""Shape (dimension,), float32, L2 norm 1."""


@dataclass(frozen=True, slots=True)
class Template:
    """An embedding together with the key of the contract that made it."""

    embedding: Embedding
    contract: str

    def require_contract(self, contract: str) -> Template:
        """Return self. Raises ContractMismatch unless made under ``contract``."""
        if self.contract != contract:
            raise ContractMismatch(details={"stored": self.contract, "active": contract})
        return self


def pack_template(template: Template, *, client_id: str) -> bytes:
    """Serialise and encrypt. Raises ValueError for an embedding that is not one finite unit vector."""
    embedding = np.ascontiguousarray(template.embedding, dtype="<f4")
    if embedding.ndim != 1 or not abs(float(np.linalg.norm(embedding)) - 1.0) < _NORM_TOLERANCE:
        raise ValueError("an embedding is one vector of L2 norm 1")
    contract = template.contract.encode()
    plain = struct.pack("<H", len(contract)) + contract + embedding.tobytes()
    return encrypt(plain, purpose=f"template:{client_id}")


def unpack_template(packed: bytes, *, client_id: str) -> Template:
    """Undo `pack_template`. Raises DecryptionFailed when the bytes belong to another client."""
    plain = decrypt(packed, purpose=f"template:{client_id}")
    (length,) = struct.unpack_from("<H", plain)
    contract = plain[2 : 2 + length].decode()
    embedding = np.frombuffer(plain, dtype="<f4", offset=2 + length).astype(np.float32)
    return Template(embedding=embedding, contract=contract)
