"""System checks of this app's settings: a server with a wrong one does not start."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error

from auth_service.thresholds import site_policies
from core.liveness.thresholds import UnusableThresholds


def check_liveness_thresholds(**_: Any) -> list[CheckMessage]:
    """Id ``auth_service.E001``."""
    try:
        site_policies()
    except UnusableThresholds as error:
        return [Error(str(error), hint="docs/liveness.md tells what may be set.", id="auth_service.E001")]
    return []
