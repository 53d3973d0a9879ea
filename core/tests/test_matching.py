"""Cosine, fusion and ranking against their plain definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from common.templates import Embedding
from core.matching import Ranked, cosine, fuse_embeddings, rank, unit


def random_units(count: int, dimension: int = 16, *, seed: int = 0) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def test_a_vector_is_wholly_similar_to_itself_and_wholly_unlike_its_opposite() -> None:
    (vector,) = random_units(1)

    assert cosine(vector, vector) == pytest.approx(1.0)
    assert cosine(vector, -vector) == pytest.approx(-1.0)


def test_cosine_is_symmetric_and_never_leaves_its_range() -> None:
    for one, other in zip(random_units(50), random_units(50, seed=1), strict=True):
        assert cosine(one, other) == cosine(other, one)
    slightly_long = random_units(1)[0] * np.float32(1.0005)
    assert cosine(slightly_long, slightly_long) == 1.0


def test_different_dimensions_are_never_compared() -> None:
    with pytest.raises(ValueError, match="shapes"):
        cosine(random_units(1)[0], random_units(1, 8)[0])


@settings(deadline=None, max_examples=60)
@given(arrays(np.float32, 12, elements=st.floats(-100, 100, width=32)))
def test_unit_scales_to_norm_one_or_refuses(vector: Embedding) -> None:
    if np.linalg.norm(vector) == 0:
        with pytest.raises(ValueError, match="zero"):
            unit(vector)
    else:
        assert np.linalg.norm(unit(vector)) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_unit_refuses_what_is_not_finite(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        unit(np.array([1.0, bad], dtype=np.float32))


def test_the_fusion_of_one_is_itself() -> None:
    (vector,) = random_units(1)

    np.testing.assert_allclose(fuse_embeddings([vector]), vector, atol=1e-6)


def test_fusion_lies_between_its_parts_and_has_norm_one() -> None:
    one, other = random_units(2)

    fused = fuse_embeddings([one, other])

    assert np.linalg.norm(fused) == pytest.approx(1.0, abs=1e-6)
    assert cosine(fused, one) == pytest.approx(cosine(fused, other), abs=1e-5)
    assert cosine(fused, one) > cosine(one, other)


def test_the_order_of_samples_does_not_matter() -> None:
    samples = list(random_units(7))

    np.testing.assert_array_equal(fuse_embeddings(samples), fuse_embeddings(samples[::-1]))


def test_fusion_refuses_nothing_opposites_and_unscaled_vectors() -> None:
    (vector,) = random_units(1)

    with pytest.raises(ValueError, match="nothing"):
        fuse_embeddings([])
    with pytest.raises(ValueError, match="zero"):
        fuse_embeddings([vector, -vector])
    with pytest.raises(ValueError, match="norm 1"):
        fuse_embeddings([vector * 2])


def test_ranking_equals_sorting_every_row() -> None:
    matrix, probe = random_units(500), random_units(1, seed=9)[0]

    ranked = rank(matrix, probe, limit=20)

    expected = np.argsort(-(matrix @ probe), kind="stable")[:20]
    assert [hit.row for hit in ranked] == expected.tolist()
    assert ranked[0].similarity == pytest.approx(float((matrix @ probe).max()))


def test_equal_rows_keep_their_order_also_at_the_cut() -> None:
    (vector,) = random_units(1)
    matrix = np.stack([vector] * 10)

    assert [hit.row for hit in rank(matrix, vector, limit=4)] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("rows", "limit", "count"), [(0, 5, 0), (3, 0, 0), (3, -1, 0), (3, 3, 3), (3, 99, 3)]
)
def test_limits_beyond_the_rows_are_harmless(rows: int, limit: int, count: int) -> None:
    matrix = random_units(rows) if rows else np.empty((0, 16), dtype=np.float32)

    assert len(rank(matrix, random_units(1)[0], limit=limit)) == count


def test_a_probe_of_another_dimension_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be ranked"):
        rank(random_units(3), random_units(1, 8)[0], limit=1)


def test_a_hit_names_row_and_similarity() -> None:
    matrix = np.eye(3, dtype=np.float32)

    assert rank(matrix, matrix[1], limit=1) == [Ranked(row=1, similarity=1.0)]
