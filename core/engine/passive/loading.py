"""Where passive models lie, and which of them a pack uses."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.errors import EngineUnavailable
from core.engine.config import EngineConfig
from core.engine.passive import insightface_addon, minifasnet
from core.engine.passive.insightface_addon import FILE_NAME, load_insightface_liveness
from core.engine.passive.manifest import check_files
from core.engine.passive.minifasnet import is_minifasnet_file, load_minifasnet
from core.engine.passive.model import PassiveLiveness, PassiveModel
from core.engine.types import LandmarkLayout

logger = logging.getLogger(__name__)

INSTALLED = "antispoof"
"""The folder in FACE_MODELS_DIR whose models serve every pack."""
_NEEDS_MOUTH = "it needs eyes, nose and mouth corners, and this pack's five points have no mouth"


@dataclass(frozen=True, slots=True)
class _Place:
    directory: Path
    alone: bool
    """It is there for these models alone: an ONNX file of no known kind in it is a mistake."""


def is_passive_file(path: Path) -> bool:
    return _kind_of(path) is not None


def load_passive_liveness(
    *, config: EngineConfig, layout: LandmarkLayout, pack_directory: Path | None = None
) -> PassiveLiveness:
    """The models that a pack of this layout can use; of each kind those of the nearest place that has it.

    Nearest first: FACE_ANTISPOOF_DIR; the pack's folder and its ``antispoof`` and ``addons``; the installed.
    Raises EngineUnavailable for whatever was put there to be used and cannot be: a configured check must
    never be left out quietly.
    """
    found: dict[str, list[Path]] = {}
    for place in _places(config, pack_directory):
        kinds = _models_in(place)
        if place.directory == config.antispoof_dir:
            _require_usable(place.directory, kinds, layout=layout)
        for kind, files in kinds.items():
            found.setdefault(kind, files)
    unusable = {kind: why for kind in found if (why := _why_unusable(kind, layout)) is not None}
    for kind, why in unusable.items():
        logger.warning("passive model not measured", extra={"model": kind, "reason": why})
    return PassiveLiveness(
        models=tuple(_load(kind, files, config) for kind, files in found.items() if kind not in unusable),
        unusable=unusable,
    )


def _places(config: EngineConfig, pack_directory: Path | None) -> Iterator[_Place]:
    if config.antispoof_dir is not None:
        yield _Place(config.antispoof_dir, alone=True)
    if pack_directory is not None:
        yield _Place(pack_directory, alone=False)
        yield _Place(pack_directory / "antispoof", alone=True)
        # insightface keeps all its addons in one folder, whatever they do.
        yield _Place(pack_directory / "addons", alone=False)
    installed = config.models_dir / INSTALLED
    yield _Place(installed, alone=True)
    if installed.is_dir():
        for folder in sorted(path for path in installed.iterdir() if path.is_dir()):
            if not folder.name.startswith("."):
                yield _Place(folder, alone=True)


def _models_in(place: _Place) -> dict[str, list[Path]]:
    kinds: dict[str, list[Path]] = {}
    for path in sorted(place.directory.glob("*.onnx")):
        kind = _kind_of(path)
        if kind is not None:
            kinds.setdefault(kind, []).append(path)
        elif place.alone:
            raise EngineUnavailable(
                f"{path} is of no known kind: the name of a MiniFASNet tells its crop, as in "
                f"2.7_80x80_MiniFASNetV2.onnx, and that of InsightFace's addon is {FILE_NAME}"
            )
    if place.alone:
        check_files(place.directory)
    return kinds


def _kind_of(path: Path) -> str | None:
    if is_minifasnet_file(path):
        return minifasnet.KIND
    return insightface_addon.KIND if path.name == FILE_NAME else None


def _why_unusable(kind: str, layout: LandmarkLayout) -> str | None:
    return _NEEDS_MOUTH if kind == insightface_addon.KIND and layout != insightface_addon.LAYOUT else None


def _require_usable(directory: Path, kinds: Mapping[str, Sequence[Path]], *, layout: LandmarkLayout) -> None:
    named = f"FACE_ANTISPOOF_DIR={str(directory)!r}"
    if not directory.is_dir():
        raise EngineUnavailable(f"{named}: there is no such folder")
    if not kinds:
        raise EngineUnavailable(f"{named} holds no models named like *_2.7_80.onnx or {FILE_NAME}")
    reasons = [_why_unusable(kind, layout) for kind in kinds]
    if all(reasons):
        raise EngineUnavailable(f"{named} holds only {', '.join(kinds)}: {reasons[0]}")


def _load(kind: str, files: Sequence[Path], config: EngineConfig) -> PassiveModel:
    if kind == minifasnet.KIND:
        return load_minifasnet(files, config)
    return load_insightface_liveness(files[0], config)
