"""Health addresses, answered before the host is checked: a probe asks an address, not the name we serve."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from monitoring import health

PROBES = {"/health/live": health.live, "/health/ready": health.ready}


class ProbeMiddleware:
    sync_capable = True
    async_capable = True

    def __init__(
        self,
        get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]],
    ) -> None:
        self.get_response: Callable[[HttpRequest], Any] = get_response
        self._async = iscoroutinefunction(get_response)
        if self._async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._async:
            return self._call_async(request)
        probe = PROBES.get(request.path_info)
        return async_to_sync(probe)(request) if probe else self.get_response(request)

    async def _call_async(self, request: HttpRequest) -> HttpResponseBase:
        probe = PROBES.get(request.path_info)
        return await probe(request) if probe else await self.get_response(request)
