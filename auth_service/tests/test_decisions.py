"""Similarities become verdicts."""

import pytest

from auth_service.decisions import decide_duplicate, decide_old_photo, decide_verification

MATCH, REVIEW = 0.5, 0.3


@pytest.mark.parametrize(
    ("similarity", "policy", "expected"),
    [
        (0.5, "review", ("match", False, False)),
        (0.499, "review", ("review", False, True)),
        (0.3, "review", ("review", False, True)),
        (0.299, "review", ("mismatch", False, True)),
        (None, "review", ("absent", False, False)),
        (0.9, "require", ("match", False, False)),
        (0.4, "require", ("review", False, True)),
        (0.1, "require", ("mismatch", True, False)),
        (None, "require", ("absent", False, True)),
        (-1.0, "ignore", ("mismatch", False, False)),
        (None, "ignore", ("absent", False, False)),
    ],
)
def test_an_old_photo_has_three_outcomes_and_policy_decides_what_they_do(
    similarity: float | None, policy: str, expected: tuple[str, bool, bool]
) -> None:
    decision = decide_old_photo(
        similarity=similarity, match_threshold=MATCH, review_threshold=REVIEW, policy=policy
    )
    assert (decision.outcome, decision.blocks, decision.needs_review) == expected


@pytest.mark.parametrize(
    ("similarity", "policy", "expected"),
    [
        (0.5, "allow", (True, False, False)),
        (0.5, "flag", (True, False, True)),
        (0.5, "refuse", (True, True, False)),
        (0.499, "refuse", (False, False, False)),
        (None, "refuse", (False, False, False)),
    ],
)
def test_a_look_alike_is_allowed_flagged_or_refused(
    similarity: float | None, policy: str, expected: tuple[bool, bool, bool]
) -> None:
    decision = decide_duplicate(similarity=similarity, threshold=0.5, policy=policy)
    assert (decision.suspect, decision.blocks, decision.needs_review) == expected


def test_a_similarity_at_the_threshold_verifies_and_one_below_does_not() -> None:
    assert decide_verification(similarity=0.5, threshold=0.5)
    assert not decide_verification(similarity=0.4999, threshold=0.5)
