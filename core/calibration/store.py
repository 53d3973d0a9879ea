"""Where tables lie: the operator's own beside the installed packs, the shipped ones in this package."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings

from common.errors import Conflict
from core.calibration.table import Calibration, table_from_json
from core.engine.types import EmbeddingContract

_SHIPPED = Path(__file__).with_name("tables")


class NotCalibrated(Conflict):
    code = "not_calibrated"
    default_message = "The active model pack has no calibration table."


def calibration_for(contract: EmbeddingContract | str) -> Calibration:
    """The table of a contract or its key; the operator's own before the shipped one.

    Raises NotCalibrated when there is none: without one, no threshold means anything.
    """
    key = contract.key if isinstance(contract, EmbeddingContract) else contract
    for folder in (_own_folder(), _SHIPPED):
        path = folder / _file_name(key)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            continue
        return _read(text, path=path)
    raise NotCalibrated(
        f"There is no calibration table for {key}. Run `manage.py calibrate PAIRS.csv --write` with labelled "
        "pairs of photos of the people you serve."
    )


def write_table(calibration: Calibration) -> Path:
    """Keep an operator's table. Atomic; replaces the earlier one."""
    folder = _own_folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _file_name(calibration.contract)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(calibration.to_json(), encoding="utf-8")
    return temporary.replace(path)


def _own_folder() -> Path:
    return Path(settings.FACE_MODELS_DIR) / "calibration"


def _file_name(key: str) -> str:
    """By digest and dimension: renaming a pack does not change what its similarities mean."""
    _, dimension, digest = key.rsplit(":", 2)
    return f"{digest}-{dimension}.json"


def _read(text: str, *, path: Path) -> Calibration:
    try:
        return table_from_json(text)
    except ValueError as error:
        raise NotCalibrated(f"{path} is not a usable calibration table: {error}") from error
