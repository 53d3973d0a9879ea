"""Health for probes: they come with an address of their own and get a status without a name or a login."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import AsyncClient, Client

PROBES = ["/health/live", "/health/ready"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("address", PROBES)
def test_a_probe_is_answered_whatever_host_it_names(address: str, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["id.example.org"]
    response = Client().get(address, headers={"host": "10.1.2.3:8000"})
    assert response.status_code == 200
    assert response.json()["status"] == "ok"


@pytest.mark.parametrize("address", PROBES)
async def test_a_probe_is_answered_on_the_event_loop(address: str) -> None:
    response = await AsyncClient().get(address, headers={"host": "10.1.2.3:8000"})
    assert response.status_code == 200
    assert response.headers["X-Request-Id"]


def test_other_pages_still_refuse_a_foreign_host(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["id.example.org"]
    assert Client().get("/", headers={"host": "10.1.2.3:8000"}).status_code == 400


def test_not_ready_names_the_part_that_does_not_answer(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    response = Client().get("/health/ready")
    assert response.status_code == 503
    body = response.json()
    assert body["status"] == "unavailable"
    assert body["checks"] == {"database": "ok", "cache": "RuntimeError", "engine": "ok"}
