"""Requests per client, counted in the cache.

DRF's own throttle keeps every request's time in a list, which at thousands a minute means unpickling tens of
kilobytes on each call, and loses counts between two processes. Here two counters of fixed windows, the
former weighted by how much of it still lies in the last window's length, give the same bound atomically.
"""

from __future__ import annotations

import math
import re
import time
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

from clients.models import ApiKey

if TYPE_CHECKING:
    # DRF loads this module while it is still loading its own views.
    from rest_framework.views import APIView

_RATE = re.compile(r"\A(\d+)/(s|m|h|d)[a-z]*\Z")
_WINDOW_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def parse_rate(rate: str) -> tuple[int, int]:
    """``"600/min"`` as (requests, seconds). Raises ImproperlyConfigured."""
    parts = _RATE.match(rate)
    if parts is None or int(parts[1]) < 1:
        raise ImproperlyConfigured(f"{rate!r} is not a rate like 600/min")
    return int(parts[1]), _WINDOW_SECONDS[parts[2]]


class ClientRateThrottle(BaseThrottle):
    """Bounds one client's requests, over all its keys, to ``DEFAULT_THROTTLE_RATES[scope]``."""

    scope = "client"

    def __init__(self) -> None:
        self._wait_seconds: float | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        rate = api_settings.DEFAULT_THROTTLE_RATES.get(self.scope)
        if rate is None or not isinstance(request.auth, ApiKey):
            return True
        limit, window_seconds = parse_rate(str(rate))
        now = time.time()
        window = int(now // window_seconds)
        elapsed = now / window_seconds - window
        key = f"throttle:{self.scope}:{request.auth.client_id}"
        former = int(cache.get(f"{key}:{window - 1}", 0))
        current = self._count(f"{key}:{window}", timeout_seconds=2 * window_seconds)
        if current + former * (1 - elapsed) <= limit:
            return True
        # A refused request is not counted, or a client that keeps asking would stay locked out.
        cache.decr(f"{key}:{window}")
        windows = _windows_to_wait(former=former, current=current - 1, limit=limit, elapsed=elapsed)
        self._wait_seconds = max(1, math.ceil(windows * window_seconds))
        return False

    def wait(self) -> float | None:
        return self._wait_seconds

    @staticmethod
    def _count(key: str, *, timeout_seconds: int) -> int:
        if cache.add(key, 1, timeout_seconds):
            return 1
        try:
            return cache.incr(key)
        except ValueError:
            # It expired between the two calls.
            cache.set(key, 1, timeout_seconds)
            return 1


def _windows_to_wait(*, former: int, current: int, limit: int, elapsed: float) -> float:
    """How long until one more request fits, as a fraction of the window's length."""
    if current < limit:
        return 1 - (limit - current - 1) / former - elapsed
    return 1 - elapsed + 1 - (limit - 1) / current
