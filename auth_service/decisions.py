"""The rules that turn similarities into verdicts. Cosines in [-1, 1]; no Django, no I/O."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OldPhotoDecision:
    outcome: str
    """``absent``, ``match``, ``review`` or ``mismatch``."""
    blocks: bool
    """The enrollment is refused."""
    needs_review: bool


def decide_old_photo(
    *, similarity: float | None, match_threshold: float, review_threshold: float, policy: str
) -> OldPhotoDecision:
    """Three outcomes of comparing with the old photo, and what ``policy`` makes of them.

    ``ignore`` only reports; ``review`` sends all but a match to a person; ``require`` refuses a
    mismatch and sends a missing photo or a borderline similarity to a person.
    """
    if similarity is None:
        outcome = "absent"
    elif similarity >= match_threshold:
        outcome = "match"
    elif similarity >= review_threshold:
        outcome = "review"
    else:
        outcome = "mismatch"
    if policy == "ignore" or outcome == "match":
        return OldPhotoDecision(outcome=outcome, blocks=False, needs_review=False)
    if policy == "require" and outcome == "mismatch":
        return OldPhotoDecision(outcome=outcome, blocks=True, needs_review=False)
    # Under "review" a person who never had a photo is nobody's suspicion.
    needs_review = outcome != "absent" or policy == "require"
    return OldPhotoDecision(outcome=outcome, blocks=False, needs_review=needs_review)


@dataclass(frozen=True, slots=True)
class DuplicateDecision:
    suspect: bool
    blocks: bool
    needs_review: bool


def decide_duplicate(*, similarity: float | None, threshold: float, policy: str) -> DuplicateDecision:
    """``similarity`` to the best match among the client's other people (None: there is nobody)."""
    suspect = similarity is not None and similarity >= threshold
    return DuplicateDecision(
        suspect=suspect, blocks=suspect and policy == "refuse", needs_review=suspect and policy == "flag"
    )


def decide_verification(*, similarity: float, threshold: float) -> bool:
    """Whether the probe is the enrolled person: at the threshold counts as a match."""
    return similarity >= threshold
