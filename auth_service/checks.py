"""System checks of this app's settings: a server with a wrong one does not start."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error

from auth_service.recording.plan import find_plan_problem
from auth_service.thresholds import site_policies
from core.liveness.thresholds import UnusableThresholds


def check_liveness_thresholds(**_: Any) -> list[CheckMessage]:
    """Id ``auth_service.E001``."""
    try:
        site_policies()
    except UnusableThresholds as error:
        return [Error(str(error), hint="docs/liveness.md tells what may be set.", id="auth_service.E001")]
    return []


def check_recording(**_: Any) -> list[CheckMessage]:
    """Id ``auth_service.E002``: nothing is recorded but by a recording's own server."""
    problem = find_plan_problem()
    return [Error(problem, id="auth_service.E002")] if problem else []
