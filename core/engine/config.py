"""What the engine takes from settings, as one value, so that packs can be loaded without Django."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class EngineConfig:
    pack: str
    """Empty or ``dlib``, the name of an installed pack, or a directory."""
    models_dir: Path
    antispoof_dir: Path | None
    providers: tuple[str, ...]
    worker_threads: int
    allow_synthetic: bool = False

    @property
    def intra_op_threads(self) -> int:
        """Threads of one model run, so that all workers together never exceed the cores."""
        return max(1, available_cores() // self.worker_threads)


def available_cores() -> int:
    """Cores this process may use, not those the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def config_from_settings(*, pack: str | None = None) -> EngineConfig:
    """The configured engine; ``pack`` replaces FACE_MODEL_PACK."""
    from django.conf import settings  # noqa: PLC0415 - packs are also loaded by tools without Django

    return EngineConfig(
        pack=settings.FACE_MODEL_PACK if pack is None else pack,
        models_dir=Path(settings.FACE_MODELS_DIR),
        antispoof_dir=Path(settings.FACE_ANTISPOOF_DIR) if settings.FACE_ANTISPOOF_DIR else None,
        providers=tuple(settings.FACE_ENGINE_PROVIDERS),
        worker_threads=settings.FACE_ENGINE_WORKER_THREADS,
        allow_synthetic=settings.FACE_ALLOW_SYNTHETIC_ENGINE,
    )
