"""The system check that keeps recording off every real server."""

from __future__ import annotations

from typing import Any

from django.core import checks

from auth_service.recording.plan import find_plan_problem

CHECK_ID = "auth_service.E001"


@checks.register(checks.Tags.security)
def check_recording(**_: Any) -> list[checks.CheckMessage]:
    problem = find_plan_problem()
    return [checks.Error(problem, id=CHECK_ID)] if problem else []
