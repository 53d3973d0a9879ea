"""The same code on PostgreSQL, Redis and a Celery worker process: photo read, enrolled, verified."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from auth_service.demo.cast import ASTRONAUT
from auth_service.demo.scenario import old_photo
from tests.system.client_app import client_of, look_into_camera
from tests.system.processes import Installation, Redis

pytestmark = [pytest.mark.slow, pytest.mark.redis, pytest.mark.postgres]

WORKER = [
    sys.executable,
    "-m",
    "celery",
    "-A",
    "face_app",
    "worker",
    "--pool",
    "threads",
    "--concurrency",
    "1",
]


def test_a_person_with_an_old_photo_is_enrolled_and_verified(
    tmp_path: Path, redis: Redis, postgres_url: str
) -> None:
    with Installation(
        tmp_path,
        DATABASE_URL=postgres_url,
        DB_POOL_SIZE="4",
        REDIS_URL=redis.url(0),
        CELERY_BROKER_URL=redis.url(1),
    ) as installation:
        installation.serve()
        installation.start(WORKER)
        with client_of(installation) as client:
            client.create_user(external_user_id="ana", name="Ana")
            client.upload_old_photo(external_user_id="ana", jpeg=old_photo(ASTRONAUT))
            assert client.await_old_photo(external_user_id="ana", limit_seconds=60) == "ready"
            enrollment = client.open_session(purpose="enrollment", external_user_id="ana")
            assert look_into_camera(enrollment).verdict == "passed"
            verification = client.open_session(purpose="verification", external_user_id="ana")
            assert look_into_camera(verification, seed=2).verdict == "passed"
            result = client.get_result(enrollment.session_id)
    assert result.old_photo_similarity is not None
    assert result.old_photo_similarity > 0.8
