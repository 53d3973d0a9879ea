"""Show the whole system at work: two virtual people enrolled and verified, three attacks refused."""

from __future__ import annotations

import argparse
import contextlib
import logging
import subprocess
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from auth_service.demo.report import format_report
from auth_service.demo.rest_client import RestClient, UnexpectedAnswer
from auth_service.demo.scenario import PEOPLE, Played, play
from auth_service.demo.temporary_server import (
    ServerDidNotStart,
    is_alive,
    manage_command,
    run_temporary_server,
)
from clients import services
from clients.choices import Scope

DEMO_CLIENT = "Demo"


class Command(BaseCommand):
    help = (
        "Enrol and verify virtual people over REST and the session socket, and try attacks. Exit code 1 when "
        "a verdict is wrong. Without --url it starts a server of its own on a temporary database."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--url", default="", help="a running server, such as http://127.0.0.1:8000")
        parser.add_argument(
            "--api-key",
            default="",
            help="a key for that server; without it a client is made in the database of these settings",
        )
        parser.add_argument("--keep", action="store_true", help="with --url: leave what the demo made")
        parser.add_argument("--seed", type=int, default=1, help="of the people's movements")

    def handle(self, *, url: str, api_key: str, keep: bool, seed: int, **options: Any) -> None:
        if not url:
            self._play_on_temporary_server(seed=seed)
            return
        # One line per request would drown the table.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        url = url.rstrip("/")
        if not is_alive(url):
            raise CommandError(f"No server answers at {url}/health/live")
        with contextlib.ExitStack() as stack:
            key = api_key or stack.enter_context(_demo_client(keep=keep))
            client = stack.enter_context(RestClient(url=url, api_key=key))
            try:
                played = self._play(client, seed=seed)
            except UnexpectedAnswer as error:
                raise CommandError(str(error)) from error
            finally:
                if api_key and not keep:
                    _delete_people(client)
        self.stdout.write("\n" + format_report(played))
        wrong = [one.scene.title for one in played if not one.as_expected]
        if wrong:
            raise CommandError(f"{len(wrong)} of {len(played)} verdicts are wrong: {', '.join(wrong)}")

    def _play(self, client: RestClient, *, seed: int) -> list[Played]:
        played = []
        for one in play(client=client, seed=seed):
            played.append(one)
            self.stdout.write(f"{one.scene.title}: {one.verdict}")
            self.stdout.flush()
        return played

    def _play_on_temporary_server(self, *, seed: int) -> None:
        self.stdout.write("Starting a server on a temporary database ...")
        self.stdout.flush()
        try:
            with run_temporary_server() as server:
                # Another process, because this one's settings name the user's own database.
                command = manage_command("demo", "--url", server.url, "--seed", str(seed))
                finished = subprocess.run(command, env=server.environment, check=False)  # noqa: S603 - ours
        except ServerDidNotStart as error:
            raise CommandError(f"The server did not start:\n{error}") from error
        if finished.returncode != 0:
            raise CommandError("The demo did not go as it should.", returncode=finished.returncode)


@contextlib.contextmanager
def _demo_client(*, keep: bool) -> Iterator[str]:
    """An API key of a new client, which is deleted with everything below it at the end."""
    client = services.create_client(name=DEMO_CLIENT)
    try:
        scopes = [Scope.USERS_READ, Scope.USERS_WRITE, Scope.SESSIONS_READ, Scope.SESSIONS_WRITE]
        _, token = services.create_api_key(client=client, name="demo", scopes=scopes)
        yield token
    finally:
        if not keep:
            services.delete_client(client=client)


def _delete_people(client: RestClient) -> None:
    for external_user_id, _ in PEOPLE:
        # A demo that stopped half-way has not made all of them.
        with contextlib.suppress(UnexpectedAnswer):
            client.delete_user(external_user_id)
