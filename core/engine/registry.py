"""One loaded engine per process, made on first use and closed at exit."""

from __future__ import annotations

import atexit
import os
import threading
from pathlib import Path

import cv2

from common.errors import EngineUnavailable
from core.engine.catalog import OFFICIAL_PACKS
from core.engine.config import EngineConfig, config_from_settings
from core.engine.types import FaceEngine

DLIB = "dlib"
SYNTHETIC = "synthetic"

_lock = threading.Lock()
_engine: FaceEngine | None = None
_owner_pid = 0


def get_engine() -> FaceEngine:
    """The process's engine. Raises EngineUnavailable when the configured pack cannot be loaded."""
    global _engine, _owner_pid  # noqa: PLW0603 - the one process-wide singleton this module exists for
    with _lock:
        # A forked child shares the parent's pipes and sessions: it makes an engine of its own.
        if _engine is None or _owner_pid != os.getpid():
            _engine = load_engine(config_from_settings())
            _owner_pid = os.getpid()
        return _engine


def close_engine() -> None:
    """Release the process's engine, if one was made. The next `get_engine` loads it anew."""
    global _engine
    with _lock:
        engine, _engine = _engine, None
        if engine is not None and _owner_pid == os.getpid():
            engine.close()


def load_engine(config: EngineConfig) -> FaceEngine:
    """A new engine, which the caller closes. Raises EngineUnavailable."""
    # OpenCV has one pool for all callers and would take every core for each of them: a resize on two threads
    # costs more than it saves, and the cores belong to the other workers.
    cv2.setNumThreads(config.intra_op_threads)
    if config.pack in {"", DLIB}:
        from core.engine.dlib_pack import load_dlib_engine  # noqa: PLC0415 - only what is used is imported

        return load_dlib_engine(config)
    if config.pack == SYNTHETIC:
        if not config.allow_synthetic:
            raise EngineUnavailable("The synthetic engine is for unit tests only.")
        from core.engine.synthetic import SyntheticEngine  # noqa: PLC0415

        return SyntheticEngine()
    from core.engine.insightface_pack import load_insightface_engine  # noqa: PLC0415

    return load_insightface_engine(pack_directory(config), config)


def pack_directory(config: EngineConfig) -> Path:
    """Where the configured pack lies. Raises EngineUnavailable when it is nowhere."""
    # A bare name is only ever looked up among the installed packs: a folder that happens to be
    # called the same in the working directory must not be loaded instead.
    if Path(config.pack).name == config.pack:
        directory = config.models_dir / config.pack
        advice = "Choose one that `manage.py models list` shows"
        if config.pack in OFFICIAL_PACKS:
            advice = f"Run `manage.py models install {config.pack} --accept-license`"
    else:
        directory = Path(config.pack).expanduser()
        advice = "Set FACE_MODEL_PACK to a directory of ONNX files"
    if not directory.is_dir():
        raise EngineUnavailable(
            f"Model pack {config.pack!r} is not installed: {directory} is not a directory. "
            f"{advice}, or leave FACE_MODEL_PACK empty for the dlib pack."
        )
    return directory


atexit.register(close_engine)
