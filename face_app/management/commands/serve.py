"""Run the server: HTTP, sockets and, without a broker, the background jobs."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from common.errors import EngineUnavailable
from core.async_processing import get_processor
from core.engine.registry import close_engine, get_engine
from face_app.celery import app as celery_app
from face_app.embedded_worker import EmbeddedWorker

FRAME_CEILING_BYTES = 1024 * 1024
"""What the socket layer itself refuses with close code 1009; smaller frames get our own error first."""


class Command(BaseCommand):
    help = "Run the web server (and, without CELERY_BROKER_URL, the background jobs)."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--no-jobs", action="store_true", help="leave background jobs to other processes")
        parser.add_argument(
            "--until-eof",
            action="store_true",
            help="stop when standard input closes, so as not to outlive the process that started this one",
        )

    def handle(self, *, host: str, port: int, no_jobs: bool, until_eof: bool, **options: Any) -> None:
        from daphne.server import Server  # noqa: PLC0415  installs the reactor, so only where it runs

        from face_app.asgi import application  # noqa: PLC0415

        try:
            engine = get_engine()
        except EngineUnavailable as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Face engine: {engine.summary().name}")
        worker = None
        if not settings.CELERY_BROKER_URL and not no_jobs:
            worker = EmbeddedWorker(celery_app, concurrency=settings.JOB_CONCURRENCY)
        shown_host = f"[{host}]" if ":" in host else host
        escaped = host.replace(":", r"\:")

        def announce() -> None:
            # Without this the connection of a too large message is dropped with no close code.
            server.ws_factory.setProtocolOptions(failByDrop=False)
            if worker:
                worker.start()
            if until_eof:
                threading.Thread(target=_stop_at_eof, name="until-eof", daemon=True).start()
            self.stdout.write(f"Listening on http://{shown_host}:{port}/", ending="\n")
            self.stdout.flush()

        server = Server(
            application,
            endpoints=[f"tcp:port={port}:interface={escaped}"],
            websocket_max_message_size=FRAME_CEILING_BYTES,
            websocket_max_frame_size=FRAME_CEILING_BYTES,
            ready_callable=announce,
            server_name="facegate",
        )
        try:
            server.run()
        finally:
            if worker:
                worker.stop()
            get_processor().drain(timeout=5.0)
            close_engine()
        if not server.listening_addresses:
            # Daphne has logged the cause and only returns.
            raise CommandError(f"Cannot listen on {shown_host} port {port}; --port chooses another.")


def _stop_at_eof() -> None:
    # Not sys.stdin: its lock, held here, would hinder the interpreter's end.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
