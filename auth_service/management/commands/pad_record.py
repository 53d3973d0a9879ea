"""manage.py pad_record DIR: a site's own genuine and attack sessions, with consent, for its own scorecard."""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser

from auth_service.demo.address import UnusableAddress, free_port, local_url, require_free
from auth_service.demo.temporary_server import (
    ServerDidNotStart,
    TemporaryServer,
    manage_command,
    run_temporary_server,
)
from auth_service.recording.archive import list_holdings, read_archive, remove_subject
from auth_service.recording.folder import (
    UnusableFolder,
    claim_run_directory,
    list_runs,
    make_folder,
    open_folder,
    remove_leftovers,
)
from auth_service.recording.operator import ServerEnded, run_sessions
from auth_service.recording.plan import RecordingPlan, find_plan, read_plan, run_directory, write_plan
from auth_service.recording.report import Outcome
from auth_service.recording.wording import describe_event, describe_holdings
from core.liveness.policy import Level

WATCH_SECONDS = 0.5
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - refused without --url


class Command(BaseCommand):
    help = (
        "Record sessions of people who agree to it, for this site's own liveness scorecard: a private server "
        "on a temporary database, a link for each session, and recordings in DIR that pad_eval reads."
    )
    # Of this installation neither database nor cache is used.
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path, metavar="DIR", help="of the recordings; made if missing")
        parser.add_argument(
            "--kind", help="genuine, or the attack's species: photo_print, screen_replay, ..."
        )
        parser.add_argument("--subject", help="whose face it is; a pseudonym is enough")
        parser.add_argument("--sessions", type=int, default=1, help="how many, one after another")
        parser.add_argument("--organisation", default="", help="who records, as the consent text names it")
        parser.add_argument("--level", choices=[level.value for level in Level], default=Level.STANDARD.value)
        parser.add_argument("--pack", help="model pack in place of FACE_MODEL_PACK")
        parser.add_argument("--host", default="127.0.0.1", help="where the private server listens")
        parser.add_argument("--port", type=int, help="default: a free one")
        parser.add_argument("--url", default="", help="how people reach it, such as https://id.example.org")
        action = parser.add_mutually_exclusive_group()
        action.add_argument("--list", action="store_true", help="tell what lies in DIR")
        action.add_argument("--remove", metavar="SUBJECT", help="delete every recording of this subject")

    def handle(self, *, directory: Path, remove: str | None, **options: Any) -> None:
        plan = find_plan()
        try:
            if plan:
                self._run_sessions(plan)
            elif options["list"]:
                self._list(open_folder(directory))
            elif remove is not None:
                self._remove(open_folder(directory), subject=remove)
            else:
                self._record(directory, options)
        except (UnusableFolder, UnusableAddress, ServerEnded) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self._say("\nStopped. What was finished is kept.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    # Recording ---------------------------------------------------------------------------------

    def _record(self, directory: Path, options: Mapping[str, Any]) -> None:
        """Serve, and have another process open the sessions: this one's settings name the site's database."""
        port = free_port() if options["port"] is None else options["port"]
        plan = _plan(directory.absolute(), options, port=port)
        require_free(host=options["host"], port=port)
        folder = make_folder(directory)
        signal.signal(signal.SIGTERM, _as_interrupt)
        # A shell starts what runs in the background deaf to it.
        signal.signal(signal.SIGINT, _as_interrupt)
        with claim_run_directory(folder) as run:
            write_plan(plan, run)
            self._say("Starting a private server ...")
            try:
                with run_temporary_server(
                    directory=run,
                    host=options["host"],
                    port=port,
                    environment=_environment(plan, pack=options["pack"]),
                ) as server:
                    code = _open_sessions(server, folder=folder)
            except ServerDidNotStart as error:
                raise CommandError(f"The server did not start:\n{error}") from error
        if code != 0:
            raise CommandError("Not every session was recorded.", returncode=code)

    def _run_sessions(self, plan: RecordingPlan) -> None:
        """In the recording server's own environment."""
        lost = 0
        for event in run_sessions(plan, run=run_directory(), server_ended=_stdin_closed):
            line = describe_event(event, sessions=plan.sessions)
            if line:
                self._say(line)
            lost += isinstance(event, Outcome) and bool(event.error)
        if lost:
            raise CommandError(f"{lost} of {plan.sessions} could not be stored in {plan.folder}")

    # What lies there ---------------------------------------------------------------------------

    def _list(self, folder: Path) -> None:
        archive = read_archive(folder)
        for line in describe_holdings(list_holdings(archive.recordings)):
            self._say(line)
        _refuse_unreadable(archive.unreadable)

    def _remove(self, folder: Path, *, subject: str) -> None:
        remove_leftovers(folder)
        if any(_records(run, subject) for run in list_runs(folder)):
            raise CommandError(f"Sessions of {subject} are being recorded; end that first.")
        archive = read_archive(folder)
        try:
            removed = remove_subject(archive, subject=subject)
        except OSError as error:
            raise CommandError(f"Not everything was removed; try again: {error}") from error
        for path in removed:
            self._say(f"removed {path}")
        _refuse_unreadable(archive.unreadable)
        if not removed:
            raise CommandError(f"No recording of {subject!r} lies in {folder}.")


def _open_sessions(server: TemporaryServer, *, folder: Path) -> int:
    """Have another process open them; its exit code. Its stdin closes with the server, or when we end."""
    command = manage_command("pad_record", str(folder))
    process = subprocess.Popen(command, env=server.environment, stdin=subprocess.PIPE)  # noqa: S603 - ours
    try:
        while not server.has_ended:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(timeout=WATCH_SECONDS)
        process.communicate()
        return process.returncode
    except BaseException:
        process.kill()
        process.wait()
        raise


def _stdin_closed() -> bool:
    """Nothing is ever written to it."""
    readable, _, _ = select.select([sys.stdin], [], [], 0)
    return bool(readable)


def _plan(folder: Path, options: Mapping[str, Any], *, port: int) -> RecordingPlan:
    if not options["kind"] or not options["subject"]:
        raise CommandError("A recording needs --kind and --subject; --list and --remove do not.")
    try:
        return RecordingPlan(
            folder=str(folder),
            kind=options["kind"],
            subject=options["subject"],
            organisation=options["organisation"],
            computer=socket.gethostname(),
            level=options["level"],
            sessions=options["sessions"],
            url=_url(options, port=port),
        )
    except ValueError as error:
        raise CommandError(str(error)) from error


def _url(options: Mapping[str, Any], *, port: int) -> str:
    url = str(options["url"]).rstrip("/")
    if not url:
        if options["host"] in EVERYWHERE:
            raise CommandError(f"--host {options['host']} needs --url: how people reach it.")
        return local_url(options["host"], port)
    if not _is_origin(url):
        raise CommandError(f"--url {url} is not scheme and host, such as https://id.example.org")
    return url


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:  # an unclosed IPv6 bracket
        return False
    web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    return web and url == f"{parts.scheme}://{parts.netloc}"


def _environment(plan: RecordingPlan, *, pack: str | None) -> dict[str, str]:
    host = urlsplit(plan.url).hostname or ""
    people = f"[{host}]" if ":" in host else host
    return {
        "FACE_PAD_RECORDINGS_DIR": plan.folder,
        "FACE_DEMO": "false",
        "PUBLIC_URL": plan.url,
        "ALLOWED_HOSTS": f"{people},127.0.0.1,localhost,[::1]",
        **({} if pack is None else {"FACE_MODEL_PACK": pack}),
    }


def _records(run: Path, subject: str) -> bool:
    try:
        return read_plan(run).subject == subject
    except (OSError, ValueError, TypeError):
        # Gone meanwhile, or not begun yet.
        return False


def _refuse_unreadable(unreadable: tuple[str, ...]) -> None:
    if unreadable:
        raise CommandError("Not read, so nobody knows whose they are:\n" + "\n".join(unreadable))


def _as_interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
