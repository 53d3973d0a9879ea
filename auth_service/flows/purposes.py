"""What each purpose asks of a session: how many samples it needs."""

from __future__ import annotations

from .base import SessionFlow


class EnrollmentFlow(SessionFlow):
    """Accepted with 3 to 5 samples."""

    LEAST_SAMPLES = 3
    MOST_SAMPLES = 5


class VerificationFlow(SessionFlow):
    """Accepted with 1 to 3 samples."""

    LEAST_SAMPLES = 1
    MOST_SAMPLES = 3
