"""manage.py pad_eval DIR: recorded sessions through the real flow, and the scorecard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from auth_service.flows import EnrollmentFlow, VerificationFlow
from auth_service.flows.replay import replay_session
from auth_service.pad_scorecard import (
    Presentation,
    Rate,
    Scorecard,
    as_json,
    make_scorecard,
    presentation_of,
)
from common.errors import EngineUnavailable
from core.engine.config import config_from_settings
from core.engine.registry import load_engine
from core.engine.types import FaceEngine
from core.liveness.policy import Level
from core.liveness.sequences import UnreadableSequence, find_sidecars, read_session
from core.liveness.traits import traits_of

_KEY_SIGNALS = {
    "follow": "follow",
    "plane": "plane",
    "ring": "ring",
    "flash_correlation": "flash",
    "shape_side": "side",
    "passive": "passive",
    "identity_lowest": "identity",
    "repeated": "repeated",
    "loop": "loop",
}


class Command(BaseCommand):
    help = "Replay recorded sessions (NAME.json with NAME.mjpeg) and print APCER per species and BPCER."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path)
        parser.add_argument("--pack", help="model pack in place of FACE_MODEL_PACK")
        parser.add_argument("--level", choices=[level.value for level in Level], default=Level.STANDARD.value)
        parser.add_argument("--purpose", choices=["enrollment", "verification"], default="verification")
        parser.add_argument("--json", type=Path, dest="json_file", help="write everything measured here")

    def handle(
        self,
        *args: Any,
        directory: Path,
        pack: str | None,
        level: str,
        purpose: str,
        json_file: Path | None,
        **options: Any,
    ) -> None:
        try:
            sidecars = find_sidecars(directory)
            engine = load_engine(config_from_settings(pack=pack))
        except (UnreadableSequence, EngineUnavailable) as error:
            raise CommandError(str(error)) from error
        try:
            presentations = self._replay_all(engine, sidecars, level=Level(level), purpose=purpose)
        except UnreadableSequence as error:
            raise CommandError(str(error)) from error
        finally:
            engine.close()
        card = make_scorecard(presentations)
        self._print_rates(card)
        if json_file is not None:
            report = as_json(card, pack=engine.summary().name, level=level)
            json_file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")

    def _replay_all(
        self, engine: FaceEngine, sidecars: list[Path], *, level: Level, purpose: str
    ) -> list[Presentation]:
        traits = traits_of(engine)
        flow_class = EnrollmentFlow if purpose == "enrollment" else VerificationFlow
        presentations = []
        for path in sidecars:
            session = read_session(path, level=level)
            end = replay_session(session, engine=engine, traits=traits, flow_class=flow_class)
            one = presentation_of(name=session.name, kind=session.kind, genuine=session.genuine, end=end)
            self._print_presentation(one)
            presentations.append(one)
        return presentations

    def _print_presentation(self, one: Presentation) -> None:
        verdict = "accepted" if one.accepted else "refused"
        mark = " " if one.right else "!"
        signals = " ".join(
            f"{short}={one.signals[name]:.2f}" for name, short in _KEY_SIGNALS.items() if name in one.signals
        )
        self.stdout.write(
            f"{mark} {one.name:<32} {one.kind:<24} {verdict:<8} {','.join(one.reasons) or '-'}  {signals}"
        )

    def _print_rates(self, card: Scorecard) -> None:
        self.stdout.write("")
        for kind, rate in card.apcer.items():
            self.stdout.write(f"APCER {kind:<26} {_rate_text(rate)}")
        if card.worst_species is not None:
            self.stdout.write(f"worst species: {card.worst_species}")
        self.stdout.write(f"BPCER {'genuine':<26} {_rate_text(card.bpcer)}")


def _rate_text(rate: Rate) -> str:
    if rate.trials == 0:
        return "no presentations"
    return f"{rate.value:6.1%}  {rate.errors}/{rate.trials}  95 % [{rate.low:.1%}, {rate.high:.1%}]"
