"""Health for whoever keeps the process alive: live says the loop turns, ready that work can be done."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse

from core.engine.registry import get_engine

CHECK_SECONDS = 3.0


async def live(_request: HttpRequest) -> JsonResponse:
    """The event loop answers. Touches no database and no model."""
    return JsonResponse({"status": "ok", "version": settings.VERSION})


async def ready(_request: HttpRequest) -> JsonResponse:
    """Database, cache and engine each answer in time; 503 names the one that does not."""
    checks = await sync_to_async(run_checks, thread_sensitive=False)()
    healthy = all(state == "ok" for state in checks.values())
    body = {"status": "ok" if healthy else "unavailable", "checks": checks}
    return JsonResponse(body, status=200 if healthy else 503)


def run_checks() -> dict[str, str]:
    """``ok``, ``timeout`` or the kind of failure, per part."""
    parts: dict[str, Callable[[], object]] = {
        "database": _check_database,
        "cache": _check_cache,
        "engine": lambda: get_engine().summary(),
    }
    pool = ThreadPoolExecutor(max_workers=len(parts), thread_name_prefix="health")
    running = {name: pool.submit(check) for name, check in parts.items()}
    wait(running.values(), timeout=CHECK_SECONDS)
    pool.shutdown(wait=False)
    return {name: _describe(future) for name, future in running.items()}


def _describe(future: Future[object]) -> str:
    if not future.done():
        return "timeout"
    error = future.exception()
    return type(error).__name__ if error else "ok"


def _check_database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


def _check_cache() -> None:
    cache.set("health", "1", timeout=5)
    if cache.get("health") != "1":
        raise RuntimeError("the cache forgets")
