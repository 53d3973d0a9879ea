"""Arithmetic on embeddings: one similarity, one way to fuse several, one exact ranking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.templates import Embedding

_NORM_TOLERANCE = 1e-3
_ROUNDING = 1e-5


@dataclass(frozen=True, slots=True)
class Ranked:
    row: int
    """Index into the matrix."""
    similarity: float
    """Cosine in [-1, 1]."""


def unit(vector: NDArray[np.floating]) -> Embedding:
    """The vector scaled to L2 norm 1. Raises ValueError for zero or non-finite vectors."""
    norm = float(np.linalg.norm(vector))
    if vector.ndim != 1 or not np.isfinite(norm) or norm == 0.0:
        raise ValueError("an embedding is one finite vector other than zero")
    return (vector / norm).astype(np.float32)


def cosine(one: Embedding, other: Embedding) -> float:
    """Similarity in [-1, 1] of two unit vectors. Raises ValueError for different dimensions.

    Whoever calls it has made sure that both were made under one contract.
    """
    if one.shape != other.shape or one.ndim != 1:
        raise ValueError(f"embeddings of shapes {one.shape} and {other.shape} cannot be compared")
    return float(np.clip(np.dot(one, other), -1.0, 1.0))


def fuse_embeddings(embeddings: Sequence[Embedding]) -> Embedding:
    """The direction of the mean of unit vectors. Raises ValueError when there are none or they cancel out."""
    if not embeddings:
        raise ValueError("there is nothing to fuse")
    for embedding in embeddings:
        if abs(float(np.linalg.norm(embedding)) - 1.0) > _NORM_TOLERANCE:
            raise ValueError("an embedding is a vector of L2 norm 1")
    # Summed in double precision, so that the order of the samples does not show.
    return unit(np.sum(np.stack(embeddings), axis=0, dtype=np.float64))


def rank(matrix: NDArray[np.float32], probe: Embedding, *, limit: int) -> list[Ranked]:
    """The ``limit`` rows of an (n, dimension) matrix of unit vectors most similar to ``probe``, best first.

    Exact; equal similarities keep the order of the rows. Raises ValueError for another dimension.
    """
    if matrix.ndim != 2 or probe.ndim != 1 or matrix.shape[1] != probe.shape[0]:
        raise ValueError(f"a probe of shape {probe.shape} cannot be ranked in a matrix of {matrix.shape}")
    similarities = matrix @ probe
    count = min(limit, len(similarities))
    if count <= 0:
        return []
    # A matrix product rounds equal rows differently by their position, so it only names candidates.
    floor = np.partition(similarities, len(similarities) - count)[len(similarities) - count]
    candidates = np.flatnonzero(similarities >= floor - _ROUNDING)
    exact = (matrix[candidates].astype(np.float64) * probe.astype(np.float64)).sum(axis=1)
    order = np.argsort(-exact, kind="stable")[:count]
    return [
        Ranked(row=int(candidates[index]), similarity=float(np.clip(exact[index], -1.0, 1.0)))
        for index in order
    ]
