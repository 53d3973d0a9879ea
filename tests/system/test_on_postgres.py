"""What SQLite serialises by itself, PostgreSQL must by our locks: the tests of races and rules again."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

SUITES = [
    "clients/tests",
    "core/tests/test_jobs.py",
    "auth_service/tests/test_session_services.py",
    "auth_service/tests/test_completion.py",
    "auth_service/tests/test_session_races.py",
    "auth_service/tests/test_session_midway_changes.py",
    "auth_service/tests/test_session_api.py",
]


def test_the_rules_and_races_hold_on_postgresql(postgres_url: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SUITES],
        env=os.environ | {"DATABASE_URL": postgres_url},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-6000:]
