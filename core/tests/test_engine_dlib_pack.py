"""The default pack: its files, its descriptor processes, and what happens when they die."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from common.errors import EngineUnavailable
from core.engine import dlib_descriptors, dlib_pack
from core.engine.dlib_descriptors import DescriptorPool, DescriptorWorker, WorkerDied
from core.engine.dlib_pack import DlibEngine, load_dlib_engine, load_population_mean, weights_directory
from core.engine.types import Capability, Image
from core.tests.conftest import engine_config

NETWORK = weights_directory() / "dlib_face_recognition_resnet_model_v1.dat"
CHIP = np.full((150, 150, 3), 90, dtype=np.uint8)


@pytest.fixture
def pool() -> Iterator[DescriptorPool]:
    made = DescriptorPool(weights=NETWORK, size=2)
    yield made
    made.close()


def is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().split(") ")[1][0] != "Z"


def wait_until_gone(pid: int, *, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_running(pid)


def test_without_antispoof_models_only_the_pose_is_claimed(dlib_engine: DlibEngine, astronaut: Image) -> None:
    assert dlib_engine.capabilities == {Capability.POSE}
    assert dlib_engine.live_probability(astronaut, dlib_engine.detect(astronaut)[0]) is None


def test_the_package_with_the_weights_is_never_imported(dlib_engine: DlibEngine) -> None:
    assert dlib_engine.contract.model_id == "dlib-resnet"
    assert "face_recognition_models" not in sys.modules


def test_missing_weights_are_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(dlib_pack, "_PACKAGE", "no_such_package_of_weights")

    with pytest.raises(EngineUnavailable, match="pip install no_such_package_of_weights"):
        load_dlib_engine(engine_config(tmp_path))


def test_another_mean_is_another_contract() -> None:
    mean = load_population_mean()

    one = dlib_pack.dlib_contract(network_sha256="a" * 64, mean=mean)
    other = dlib_pack.dlib_contract(network_sha256="a" * 64, mean=mean + np.float32(1e-3))

    assert one.key != other.key
    assert one.preprocessing != other.preprocessing


def test_a_damaged_mean_stops_the_pack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    damaged = tmp_path / "mean.txt"
    damaged.write_text("0.1\n" * 127)
    monkeypatch.setattr(dlib_pack, "MEAN_FILE", damaged)

    with pytest.raises(EngineUnavailable, match="128 numbers"):
        load_population_mean()


async def test_the_event_loop_keeps_running_while_descriptors_are_computed(dlib_engine: DlibEngine) -> None:
    """In this process the call would hold the interpreter lock for most of a second."""
    dlib_engine.embed([CHIP])
    embedding = asyncio.create_task(asyncio.to_thread(dlib_engine.embed, [CHIP] * 6))
    longest, before = 0.0, time.perf_counter()
    while not embedding.done():
        await asyncio.sleep(0.005)
        now = time.perf_counter()
        longest, before = max(longest, now - before), now

    assert (await embedding).shape == (6, 128)
    assert longest < 0.15


def test_a_killed_process_is_replaced_and_the_call_succeeds(pool: DescriptorPool) -> None:
    before = pool.describe([CHIP])
    (pid,) = pool.worker_pids()

    os.kill(pid, signal.SIGKILL)
    after = pool.describe([CHIP])

    np.testing.assert_array_equal(before, after)
    assert pid not in pool.worker_pids()


def test_a_process_killed_in_the_middle_of_a_call_is_replaced(pool: DescriptorPool) -> None:
    pool.describe([CHIP])
    (pid,) = pool.worker_pids()
    answers: list[int] = []
    caller = threading.Thread(target=lambda: answers.append(len(pool.describe([CHIP] * 8))))
    caller.start()
    time.sleep(0.1)

    os.kill(pid, signal.SIGKILL)
    caller.join(timeout=60)

    assert answers == [8]


def test_processes_that_keep_dying_end_in_engine_unavailable(tmp_path: Path) -> None:
    broken = tmp_path / "weights.dat"
    broken.write_bytes(b"not a network")
    pool = DescriptorPool(weights=broken, size=1)
    try:
        with pytest.raises(EngineUnavailable, match="keeps dying"):
            pool.describe([CHIP])
    finally:
        pool.close()
    assert pool.worker_pids() == []


def test_a_process_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = DescriptorWorker(weights=NETWORK)
    try:
        worker.describe([CHIP])
        os.kill(worker.pid, signal.SIGSTOP)
        monkeypatch.setattr(dlib_descriptors, "_SECONDS_PER_CHIP", 0.1)

        with pytest.raises(WorkerDied, match="in time"):
            worker.describe([CHIP] * 4)
    finally:
        worker.kill()
        worker.stop()


def test_no_more_processes_than_the_pool_s_size(pool: DescriptorPool) -> None:
    callers = [threading.Thread(target=pool.describe, args=([CHIP],)) for _ in range(6)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(timeout=60)

    assert 1 <= len(pool.worker_pids()) <= 2


def test_closing_ends_the_processes_and_refuses_further_calls() -> None:
    pool = DescriptorPool(weights=NETWORK, size=1)
    pool.describe([CHIP])
    (pid,) = pool.worker_pids()

    pool.close()
    pool.close()

    assert wait_until_gone(pid)
    with pytest.raises(EngineUnavailable):
        pool.describe([CHIP])


def test_closing_during_a_call_ends_the_call() -> None:
    pool = DescriptorPool(weights=NETWORK, size=1)
    pool.describe([CHIP])
    errors: list[Exception] = []

    def call() -> None:
        try:
            pool.describe([CHIP] * 80)
        except EngineUnavailable as error:
            errors.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    time.sleep(0.15)
    pool.close()
    caller.join(timeout=10)

    assert not caller.is_alive()
    assert len(errors) == 1


PARENT = """
import sys, time
from pathlib import Path
from core.engine.config import EngineConfig
from core.engine.dlib_pack import load_dlib_engine
if __name__ == "__main__":
    config = EngineConfig("", Path("/nowhere"), None, ("CPUExecutionProvider",), 1)
    engine = load_dlib_engine(config)
    import numpy
    engine.embed([numpy.zeros((150, 150, 3), dtype=numpy.uint8)])
    print(*engine.worker_pids(), flush=True)
    if "stay" in sys.argv:
        time.sleep(60)
"""


def start_parent(*arguments: str) -> subprocess.Popen[str]:
    root = Path(__file__).resolve().parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", PARENT, *arguments], cwd=root, stdout=subprocess.PIPE, text=True
    )


def test_no_descriptor_process_outlives_a_killed_parent() -> None:
    with start_parent("stay") as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.kill()

    assert wait_until_gone(pid)


def test_a_program_that_does_not_close_the_pack_still_ends_cleanly() -> None:
    with start_parent() as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())

    assert parent.returncode == 0
    assert wait_until_gone(pid)


def test_the_descriptor_process_loads_nothing_of_this_project(pool: DescriptorPool) -> None:
    pool.describe([CHIP])
    (pid,) = pool.worker_pids()

    command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    libraries = Path(f"/proc/{pid}/maps").read_text()

    assert b"-I" in command
    assert "onnxruntime" not in libraries
    assert "_ssl" not in libraries
