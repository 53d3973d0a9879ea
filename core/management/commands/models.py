"""``manage.py models list | verify [NAME] | install NAME --accept-license``."""

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
from core.engine.catalog import (
    INSIGHTFACE_LICENCE,
    OFFICIAL_BASE_URL,
    OFFICIAL_PACKS,
    PackLicence,
    licence_of,
)
from core.engine.config import config_from_settings
from core.engine.dlib_pack import DLIB_SUMMARY
from core.engine.install import InstallFailed, install_pack
from core.engine.registry import DLIB, load_engine
from core.engine.self_test import self_test

_PROGRESS_STEP = 0.1
_Row = tuple[str, str, str, str, str, str]


class Command(BaseCommand):
    help = "List, verify and install face model packs."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="the packs there are, installed and official")
        verify = actions.add_parser("verify", help="check digests, load, and try a pack on real faces")
        verify.add_argument("name", nargs="?", help="pack or directory (default: the active one)")
        install = actions.add_parser("install", help="download an official pack")
        install.add_argument("name", choices=sorted(OFFICIAL_PACKS))
        install.add_argument("--accept-license", action="store_true", dest="accept_licence")

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
        rows = [("", "PACK", "STATE", "COMMERCIAL USE", "LICENCE", "SPEED"), *_pack_rows()]
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        for row in rows:
            cells = [cell.ljust(width) for cell, width in zip(row[:5], widths, strict=True)]
            self.stdout.write("  ".join([*cells, row[5]]).rstrip())

    def _verify(self, name: str | None) -> None:
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
        self.stdout.write(
            f"self-test     {result.faces} faces; same person >= {result.same_person:.3f}, "
            f"strangers <= {result.strangers:.3f}"
        )
        live = "" if result.live_ms is None else f", passive liveness {result.live_ms:.1f} ms"
        self.stdout.write(
            f"speed         640x480: whole frame {result.detect_ms:.1f} ms, around the last face "
            f"{result.search_ms:.1f} ms, embedding {result.embed_ms:.1f} ms{live}"
        )
        self._judge(contract_key=contract.key, same=result.same_person, strangers=result.strangers)

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
        pack = OFFICIAL_PACKS[name]
        self.stdout.write(INSIGHTFACE_LICENCE)
        if not accept_licence:
            raise CommandError(f"Nothing was installed. Run again with --accept-license to install {name}.")
        try:
            installed = install_pack(
                pack,
                models_dir=Path(settings.FACE_MODELS_DIR),
                base_url=settings.FACE_MODELS_BASE_URL or OFFICIAL_BASE_URL,
                accept_licence=accept_licence,
                progress=_Progress(self).report,
            )
        except (InstallFailed, OSError) as error:
            raise CommandError(f"{name} was not installed. {error}") from error
        self.stdout.write(f"archive SHA-256 {installed.archive_sha256}")
        if not installed.digest_was_pinned:
            self.stdout.write(
                "No digest of this archive is known; the one above was recorded in the manifest."
            )
        self.stdout.write(f"installed in {installed.directory}")
        self.stdout.write(f"Set FACE_MODEL_PACK={name}, then run `manage.py models verify {name}`.")


class _Progress:
    """A line for every tenth of a download."""

    def __init__(self, command: BaseCommand) -> None:
        self._command = command
        self._next = _PROGRESS_STEP

    def report(self, received: int, total: int | None) -> None:
        if total and received / total >= self._next:
            self._command.stdout.write(f"downloaded {received / total:.0%} of {total / 2**20:.0f} MiB")
            self._next = (math.floor(received / total / _PROGRESS_STEP) + 1) * _PROGRESS_STEP


def _installed_packs() -> list[str]:
    folder = Path(settings.FACE_MODELS_DIR)
    if not folder.is_dir():
        return []
    return sorted(
        path.name
        for path in folder.iterdir()
        if path.is_dir() and not path.name.startswith(".") and any(path.glob("*.onnx"))
    )


def _pack_rows() -> Iterator[_Row]:
    active = settings.FACE_MODEL_PACK or DLIB
    installed = _installed_packs()
    dlib = PackLicence(DLIB_SUMMARY.licence, DLIB_SUMMARY.commercial_use, DLIB_SUMMARY.speed_note)
    yield _row(DLIB, active=active, state="built in", licence=dlib)
    for name in installed:
        yield _row(name, active=active, state="installed", licence=licence_of(name))
    for name in OFFICIAL_PACKS:
        if name not in installed:
            yield _row(name, active=active, state="not installed", licence=licence_of(name))
    if active not in {DLIB, *installed, *OFFICIAL_PACKS}:
        state = "directory" if Path(active).is_dir() else "MISSING"
        yield _row(active, active=active, state=state, licence=licence_of(Path(active).name))


def _row(name: str, *, active: str, state: str, licence: PackLicence) -> _Row:
    commercial = "yes" if licence.commercial_use else "no"
    return ("*" if name == active else "", name, state, commercial, licence.title, licence.speed_note)
