from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from auth_service.retention import purge_expired_traces
from clients.services import purge_expired_images, purge_orphan_files
from common import clock


class Command(BaseCommand):
    help = "Remove kept images and traces that outlived their client's policy, and files that no row names."

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        expired = purge_expired_images(now=now)
        orphans = purge_orphan_files(now=now)
        traces = purge_expired_traces(now=now)
        self.stdout.write(f"expired={expired} orphans={orphans} traces={traces}")
