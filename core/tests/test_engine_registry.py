"""One engine per process: which pack a setting means, and that nothing is ever downloaded for it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import onnxruntime
import pytest

from common.errors import EngineUnavailable
from core.engine import registry
from core.engine.config import available_cores, config_from_settings
from core.engine.registry import close_engine, get_engine, load_engine, pack_directory
from core.tests.conftest import engine_config


@pytest.fixture(autouse=True)
def no_engine_left_behind() -> Iterator[None]:
    yield
    close_engine()


def test_a_process_has_one_engine_also_when_many_threads_ask_at_once(settings: Any) -> None:
    settings.FACE_MODEL_PACK, settings.FACE_ALLOW_SYNTHETIC_ENGINE = "synthetic", True
    close_engine()
    engines: list[object] = []
    threads = [threading.Thread(target=lambda: engines.append(get_engine())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({id(engine) for engine in engines}) == 1
    close_engine()
    assert get_engine() is not engines[0]


@pytest.mark.parametrize("workers", [1, available_cores(), available_cores() + 2])
def test_opencv_keeps_to_a_worker_s_share_of_the_cores(tmp_path: Path, workers: int) -> None:
    before = cv2.getNumThreads()
    try:
        config = engine_config(tmp_path, pack="synthetic", allow_synthetic=True, worker_threads=workers)
        load_engine(config).close()

        assert cv2.getNumThreads() == config.intra_op_threads
    finally:
        cv2.setNumThreads(before)


def test_a_forked_child_loads_an_engine_of_its_own(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FACE_MODEL_PACK, settings.FACE_ALLOW_SYNTHETIC_ENGINE = "synthetic", True
    close_engine()
    parents = get_engine()

    monkeypatch.setattr(registry, "_owner_pid", os.getpid() + 1)

    assert get_engine() is not parents


def test_the_synthetic_engine_is_refused_outside_tests(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="unit tests only"):
        load_engine(engine_config(tmp_path, pack="synthetic"))


@pytest.mark.parametrize("pack", ["", "dlib"])
def test_dlib_is_the_default(tmp_path: Path, pack: str) -> None:
    engine = load_engine(engine_config(tmp_path, pack=pack))
    engine.close()

    assert engine.summary().name == "dlib"


def test_a_pack_that_is_not_installed_is_never_downloaded_but_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    def no_network(*_: object, **__: object) -> None:
        raise AssertionError("network")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    config = engine_config(tmp_path, pack="buffalo_l")

    with pytest.raises(EngineUnavailable, match="models install buffalo_l --accept-license"):
        load_engine(config)
    with pytest.raises(EngineUnavailable, match="Set FACE_MODEL_PACK to a directory"):
        load_engine(replace(config, pack=str(tmp_path / "nowhere")))


def test_a_name_means_an_installed_pack_and_never_a_folder_that_happens_to_lie_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here" / "my_pack").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    config = engine_config(tmp_path, pack="my_pack")

    with pytest.raises(EngineUnavailable, match="not installed"):
        pack_directory(config)
    (config.models_dir / "my_pack").mkdir(parents=True)
    assert pack_directory(config) == config.models_dir / "my_pack"


def test_settings_become_the_engine_s_configuration(settings: Any, tmp_path: Path) -> None:
    settings.FACE_MODEL_PACK = "one"
    settings.FACE_MODELS_DIR = tmp_path
    settings.FACE_ANTISPOOF_DIR = str(tmp_path / "spoof")
    settings.FACE_ENGINE_PROVIDERS = ["CPUExecutionProvider"]
    settings.FACE_ENGINE_WORKER_THREADS = 3

    config = config_from_settings()

    assert (config.pack, config.models_dir, config.antispoof_dir) == ("one", tmp_path, tmp_path / "spoof")
    assert (config.providers, config.worker_threads) == (("CPUExecutionProvider",), 3)
    assert config_from_settings(pack="other").pack == "other"
    assert set(config.providers) <= set(onnxruntime.get_available_providers())
