"""manage.py pad_eval DIR: recorded sessions through the real flow, and the scorecard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from auth_service.flows import EnrollmentFlow, VerificationFlow
from auth_service.pad.codec import scorecard_json, single_run_json
from auth_service.pad.evaluation import Plan, Recordings, evaluate, find_recordings
from auth_service.pad.rates import Rate
from auth_service.pad.report import require_writable, write_json, write_report
from auth_service.pad.scorecard import Presentation, Run, Scorecard
from auth_service.thresholds import site_policies
from common.errors import FaceAppError
from core.engine.config import EngineConfig, config_from_settings
from core.engine.registry import load_engine
from core.liveness.policy import Level
from core.liveness.sequences import UnreadableSequence
from core.liveness.thresholds import UnusableThresholds

ALL = "all"
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
    help = (
        "Replay recorded sessions (NAME.json with NAME.mjpeg) through the real flow and print APCER per "
        "species and BPCER with 95 % intervals. docs/liveness.md tells how to read and use it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path)
        parser.add_argument(
            "--pack",
            action="append",
            dest="packs",
            help="model pack in place of FACE_MODEL_PACK; several times for several",
        )
        parser.add_argument(
            "--level", choices=[*(level.value for level in Level), ALL], default=Level.STANDARD.value
        )
        parser.add_argument("--purpose", choices=["enrollment", "verification"], default="verification")
        parser.add_argument(
            "--without-passive",
            action="store_true",
            help="a second run of each pack that has passive models, as if it had none",
        )
        parser.add_argument("--about", default="", help="what was recorded, for the report's head")
        parser.add_argument(
            "--synthetic", action="store_true", help="nobody stood before a camera; the report says so"
        )
        parser.add_argument("--json", type=Path, dest="json_file", help="write everything measured here")
        parser.add_argument(
            "--report", type=Path, help="write scorecard.json, scorecard.md and scorecard.png to this folder"
        )
        parser.add_argument(
            "--fail-on-error", action="store_true", help="exit code 1 when any verdict is wrong"
        )

    def handle(
        self,
        *args: Any,
        directory: Path,
        packs: list[str | None] | None,
        level: str,
        purpose: str,
        without_passive: bool,
        about: str,
        synthetic: bool,
        json_file: Path | None,
        report: Path | None,
        fail_on_error: bool,
        **options: Any,
    ) -> None:
        configs = _configs(packs or [None])
        try:
            require_writable(folder=report, file=json_file)
        except OSError as error:
            raise CommandError(_unwritten(error)) from error
        try:
            recordings = find_recordings(directory)
            if synthetic:
                recordings = recordings.called_synthetic()
            plan = Plan(
                levels=tuple(Level) if level == ALL else (Level(level),),
                policies=site_policies(),
                flow_class=EnrollmentFlow if purpose == "enrollment" else VerificationFlow,
                without_passive=without_passive,
            )
            runs = self._run_all(recordings, configs=configs, plan=plan)
        except (UnreadableSequence, UnusableThresholds) as error:
            raise CommandError(str(error)) from error
        except FaceAppError as error:
            raise CommandError(error.message) from error
        card = Scorecard(
            generated_from=f"{recordings.summary}. {about}".strip(),
            synthetic=recordings.all_synthetic,
            runs=tuple(runs),
        )
        self._print(card, recordings)
        self._write(card, json_file=json_file, report=report)
        wrong = sum(not one.right for run in card.runs for one in run.presentations)
        if wrong and fail_on_error:
            raise CommandError(f"{wrong} {'verdict is' if wrong == 1 else 'verdicts are'} wrong")

    def _run_all(self, recordings: Recordings, *, configs: list[EngineConfig], plan: Plan) -> list[Run]:
        runs: list[Run] = []
        for config in configs:
            engine = load_engine(config)
            name = engine.summary().name
            try:
                if any(name == run.pack for run in runs):
                    raise CommandError(f"Two packs are called {name}: a scorecard could not tell them apart.")
                runs += evaluate(recordings, engine=engine, plan=plan, progress=self._tell)
            finally:
                engine.close()
        return runs

    def _tell(self, line: str) -> None:
        # Not an error, and not in an error's colour.
        self.stderr.write(line, style_func=str)

    def _print(self, card: Scorecard, recordings: Recordings) -> None:
        self.stdout.write(card.generated_from)
        if recordings.broken_off:
            self.stdout.write(f"left out, broken off before a verdict: {recordings.broken_off}")
        for run in card.runs:
            self.stdout.write(f"\n{run.title}, {run.level.value}")
            for one in run.presentations:
                self.stdout.write(_presentation_line(one, level=run.level))
            for kind, rate in run.apcer.items():
                self.stdout.write(f"APCER {kind:<26} {_rate_text(rate)}")
            if run.worst_species is not None:
                self.stdout.write(f"worst species: {run.worst_species}")
            self.stdout.write(f"BPCER {'genuine':<26} {_rate_text(run.bpcer)}")

    def _write(self, card: Scorecard, *, json_file: Path | None, report: Path | None) -> None:
        """A single run is written as it is, several under a head of their own."""
        try:
            if json_file is not None:
                written = single_run_json if len(card.runs) == 1 else scorecard_json
                write_json(written(card), json_file)
            if report is not None:
                write_report(card, report)
        except OSError as error:
            raise CommandError(_unwritten(error)) from error


def _configs(packs: list[str | None]) -> list[EngineConfig]:
    """Raises CommandError for the same one twice: a scorecard could not tell its runs apart."""
    configs = [config_from_settings(pack=pack) for pack in packs]
    for config in configs:
        if configs.count(config) > 1:
            raise CommandError(f"--pack {config.pack} is given more than once")
    return configs


def _unwritten(error: OSError) -> str:
    return f"The scorecard could not be written: {error}"


def _presentation_line(one: Presentation, *, level: Level) -> str:
    verdict = "accepted" if one.accepted else "refused"
    signals = " ".join(
        f"{short}={one.signals[name]:.2f}" for name, short in _KEY_SIGNALS.items() if name in one.signals
    )
    said = ",".join(one.reasons) or "-"
    if one.accepted and one.reached is not level:
        said = f"review({one.reached.value if one.reached else 'no level'})"
    mark = " " if one.right else "!"
    return f"{mark} {one.name:<32} {one.kind:<24} {verdict:<8} {said}  {signals}"


def _rate_text(rate: Rate) -> str:
    if rate.trials == 0:
        return "no presentations"
    return f"{rate.value:6.1%}  {rate.errors}/{rate.trials}  95 % [{rate.low:.1%}, {rate.high:.1%}]"
