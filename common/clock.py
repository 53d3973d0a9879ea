"""The one place that reads the wall clock, so that rules take ``now`` as an argument."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """Current time, timezone-aware, UTC."""
    return timezone.now()
