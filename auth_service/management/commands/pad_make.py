"""manage.py pad_make DIR: a battery of virtual people and attacks, for a scorecard without recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from auth_service.pad.virtual.battery import BatteryPlan, FolderNotEmpty, make_battery
from auth_service.pad.virtual.species import SPECIES


class Command(BaseCommand):
    help = (
        "Film virtual people, made from photos that installed packages carry, and attacks on them, for "
        "pad_eval to read. Nobody stands before a camera: docs/liveness.md says what that cannot show."
    )
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path, help="a new or empty folder")
        parser.add_argument("--genuine", type=int, default=30, help="genuine sessions")
        parser.add_argument("--attacks", type=int, default=12, help="sessions of each species")
        parser.add_argument("--kind", choices=list(SPECIES), action="append", dest="kinds", help="only these")
        parser.add_argument("--seed", type=int, default=1, help="another one gives other sessions")

    def handle(
        self,
        *args: Any,
        directory: Path,
        genuine: int,
        attacks: int,
        kinds: list[str] | None,
        seed: int,
        **options: Any,
    ) -> None:
        if min(genuine, attacks) < 0:
            raise CommandError("A number of sessions is not below 0")
        plan = BatteryPlan(kinds=tuple(kinds or SPECIES), genuine=genuine, attacks=attacks, seed=seed)
        if not any(plan.sessions()):
            raise CommandError("There is nothing to make")
        try:
            made = make_battery(plan, directory, progress=self._tell)
        except (FolderNotEmpty, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{made} {'session' if made == 1 else 'sessions'} in {directory}")

    def _tell(self, line: str) -> None:
        # Not an error, and not in an error's colour.
        self.stderr.write(line, style_func=str)
