"""``manage.py models list | verify [NAME] | install NAME --accept-license``, for packs and passive models."""

from __future__ import annotations

import math
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from common.errors import FaceAppError
from core.calibration import NotCalibrated, calibration_for
from core.engine.catalog import OFFICIAL_PACKS, PackLicence, licence_of
from core.engine.config import config_from_settings
from core.engine.dlib_pack import DLIB_SUMMARY
from core.engine.download import InstallFailed
from core.engine.install import install
from core.engine.passive.catalog import PASSIVE_RELEASES
from core.engine.passive.loading import INSTALLED
from core.engine.registry import DLIB, load_engine
from core.engine.self_test import SelfTest, self_test
from core.engine.types import PackSummary

_PROGRESS_STEP = 0.1
_NO_PASSIVE = "none in use; `manage.py models install minifasnet --accept-license` serves every pack"
_Row = tuple[str, str, str, str, str, str]


class Command(BaseCommand):
    help = "List, verify and install face model packs and passive liveness models."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="what there is, installed and official")
        verify = actions.add_parser("verify", help="check digests, load, and try a pack on real faces")
        verify.add_argument("name", nargs="?", help="pack or directory (default: the active one)")
        fetch = actions.add_parser("install", help="download an official pack or passive liveness models")
        fetch.add_argument("name", choices=[*sorted(OFFICIAL_PACKS), *PASSIVE_RELEASES])
        fetch.add_argument("--accept-license", action="store_true", dest="accept_licence")

    def handle(
        self, *, action: str, name: str | None = None, accept_licence: bool = False, **options: Any
    ) -> None:
        if action == "list":
            self._list()
        elif action == "verify":
            self._verify(name)
        elif name is not None:
            self._install(name, accept_licence=accept_licence)

    def _list(self) -> None:
        rows = [("", "NAME", "STATE", "COMMERCIAL USE", "LICENCE", "NOTE"), *_pack_rows(), *_passive_rows()]
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        for row in rows:
            cells = [cell.ljust(width) for cell, width in zip(row[:5], widths, strict=True)]
            self.stdout.write("  ".join([*cells, row[5]]).rstrip())

    def _verify(self, name: str | None) -> None:
        if name in PASSIVE_RELEASES:
            raise CommandError(
                f"{name} is no pack but used by packs: verify a pack, and it shows its models."
            )
        config = config_from_settings(pack=name)
        try:
            engine = load_engine(config)
            try:
                summary, contract = engine.summary(), engine.contract
                result = self_test(engine)
                capabilities = sorted(engine.capabilities)
            finally:
                engine.close()
        except (FaceAppError, OSError) as error:
            raise CommandError(f"{config.pack or DLIB}: {error}") from error
        self.stdout.write(f"pack          {summary.name} ({summary.detector}; {summary.recognizer})")
        self.stdout.write(f"licence       {summary.licence}")
        self.stdout.write(f"contract      {contract.key}")
        self.stdout.write(f"preprocessing {contract.preprocessing}")
        self.stdout.write(f"provider      {summary.provider}, {config.intra_op_threads} threads per run")
        self.stdout.write(f"capabilities  {', '.join(capabilities)}")
        self._show_models(summary)
        self._show_self_test(result)
        self._judge(contract_key=contract.key, same=result.same_person, strangers=result.strangers)

    def _show_models(self, summary: PackSummary) -> None:
        for name, digest in summary.models.items():
            self.stdout.write(f"model         {digest}  {name}")
        self.stdout.write(f"passive       {', '.join(summary.passive) or _NO_PASSIVE}")
        for kind, why in summary.passive_unusable.items():
            self.stdout.write(f"not measured  {kind}: {why}")

    def _show_self_test(self, result: SelfTest) -> None:
        self.stdout.write(
            f"self-test     {result.faces} faces; same person >= {result.same_person:.3f}, "
            f"strangers <= {result.strangers:.3f}"
        )
        live = "" if result.live_ms is None else f", passive liveness {result.live_ms:.1f} ms"
        self.stdout.write(
            f"speed         640x480: whole frame {result.detect_ms:.1f} ms, around the last face "
            f"{result.search_ms:.1f} ms, embedding {result.embed_ms:.1f} ms{live}"
        )

    def _judge(self, *, contract_key: str, same: float, strangers: float) -> None:
        try:
            table = calibration_for(contract_key)
        except NotCalibrated as error:
            raise CommandError(str(error)) from error
        threshold = table.default_threshold
        self.stdout.write(f"threshold     {threshold:.4f} at FMR {table.default_fmr:g} ({table.source})")
        if not strangers < threshold <= same:
            raise CommandError("The pack tells the sample's people apart wrongly at its default threshold.")
        self.stdout.write("ok")

    def _install(self, name: str, *, accept_licence: bool) -> None:
        release = OFFICIAL_PACKS.get(name) or PASSIVE_RELEASES[name]
        self.stdout.write(release.licence_text)
        if not accept_licence:
            raise CommandError(f"Nothing was installed. Run again with --accept-license to install {name}.")
        try:
            installed = install(
                release,
                models_dir=Path(settings.FACE_MODELS_DIR),
                base_url=settings.FACE_MODELS_BASE_URL or None,
                accept_licence=accept_licence,
                progress=_Progress(self).report,
            )
        except (InstallFailed, OSError) as error:
            raise CommandError(f"{name} was not installed. {error}") from error
        for file, digest in installed.downloads.items():
            self.stdout.write(f"SHA-256 {digest}  {file}")
        if not installed.digest_was_pinned:
            self.stdout.write(
                "No digest of this archive is known; the one above was recorded in the manifest."
            )
        self.stdout.write(f"installed in {installed.directory}")
        if name in OFFICIAL_PACKS:
            self.stdout.write(f"Set FACE_MODEL_PACK={name}, then run `manage.py models verify {name}`.")
        else:
            self.stdout.write("Used from the next start on; `manage.py models verify` shows by which pack.")


class _Progress:
    """A line for every tenth of a download."""

    def __init__(self, command: BaseCommand) -> None:
        self._command = command
        self._name = ""
        self._next = _PROGRESS_STEP

    def report(self, name: str, received: int, total: int | None) -> None:
        if name != self._name:
            self._name, self._next = name, _PROGRESS_STEP
        if total and received / total >= self._next:
            self._command.stdout.write(
                f"{name}: downloaded {received / total:.0%} of {total / 2**20:.1f} MiB"
            )
            self._next = (math.floor(received / total / _PROGRESS_STEP) + 1) * _PROGRESS_STEP


def _installed_packs() -> list[str]:
    folder = Path(settings.FACE_MODELS_DIR)
    if not folder.is_dir():
        return []
    return sorted(
        path.name
        for path in folder.iterdir()
        if path.is_dir()
        and not path.name.startswith(".")
        and path.name != INSTALLED
        and any(path.glob("*.onnx"))
    )


def _pack_rows() -> Iterator[_Row]:
    active = settings.FACE_MODEL_PACK or DLIB
    installed = _installed_packs()
    dlib = PackLicence(DLIB_SUMMARY.licence, DLIB_SUMMARY.commercial_use, DLIB_SUMMARY.note)
    yield _row(DLIB, active=active, state="built in", licence=dlib)
    for name in installed:
        yield _row(name, active=active, state="installed", licence=licence_of(name))
    for name in OFFICIAL_PACKS:
        if name not in installed:
            yield _row(name, active=active, state="not installed", licence=licence_of(name))
    if active not in {DLIB, *installed, *OFFICIAL_PACKS}:
        state = "directory" if Path(active).is_dir() else "MISSING"
        yield _row(active, active=active, state=state, licence=licence_of(Path(active).name))


def _passive_rows() -> Iterator[_Row]:
    for release in PASSIVE_RELEASES.values():
        there = (Path(settings.FACE_MODELS_DIR) / release.folder).is_dir()
        state = "installed" if there else "not installed"
        yield _row(release.name, active="", state=state, licence=release.licence)


def _row(name: str, *, active: str, state: str, licence: PackLicence) -> _Row:
    commercial = "yes" if licence.commercial_use else "no"
    return ("*" if name == active else "", name, state, commercial, licence.title, licence.note)
