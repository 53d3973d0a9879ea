"""A bounded pool of descriptor processes, each used by one thread at a time.

Plain subprocesses rather than ProcessPoolExecutor: its children import the parent's main module (daphne,
celery, pytest), live on as orphans when the parent is killed, and may not be started at all from
Celery's prefork workers, which are daemonic.
"""

from __future__ import annotations

import logging
import os
import select
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np

from common.errors import EngineUnavailable
from core.engine.types import Embeddings, Image

logger = logging.getLogger(__name__)

DIMENSION = 128
CHIP_SIDE_PX = 150
_BATCH = 8
_START_SECONDS = 60.0
_SECONDS_PER_CHIP = 20.0
_WORKER = Path(__file__).with_name("dlib_worker.py")


class WorkerDied(Exception):
    """The process ended, hung, or broke the protocol; it is of no more use."""


class DescriptorWorker:
    """One process. Not thread-safe: whoever holds it owns it."""

    def __init__(self, *, weights: Path) -> None:
        # Isolated mode: the worker's folder has a types.py that must not shadow the standard one.
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and script
            [sys.executable, "-I", str(_WORKER), str(weights)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            # Ctrl-C reaches a whole process group; the worker is to end with its stdin instead.
            process_group=0,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the pipes asked for were not made")
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        # A write waits in `_wait`, which has a deadline, never in the kernel.
        os.set_blocking(self._stdin.fileno(), False)
        self._ready = False

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def describe(self, chips: Sequence[Image]) -> Embeddings:
        """Raw descriptors, one row per BGR chip of 150 x 150. Raises WorkerDied."""
        if not self._ready:
            self._read_reply(expected=0, deadline=time.monotonic() + _START_SECONDS)
            self._ready = True
        deadline = time.monotonic() + _SECONDS_PER_CHIP * len(chips)
        body = b"".join(np.ascontiguousarray(chip[:, :, ::-1]).tobytes() for chip in chips)
        self._write(struct.pack("<I", len(chips)) + body, deadline=deadline)
        return self._read_reply(expected=len(chips), deadline=deadline)

    def kill(self) -> None:
        """End the process; its owner sees WorkerDied and stops it. Safe from any thread."""
        self._process.kill()

    def stop(self) -> None:
        """End and reap the process and close its pipes. Idempotent; for the owner alone."""
        self._stdin.close()
        self._stdout.close()
        try:
            self._process.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            # It is inside a descriptor, which cannot be interrupted and is of use to nobody.
            self._process.kill()
            self._process.wait()

    def _write(self, data: bytes, *, deadline: float) -> None:
        view = memoryview(data)
        while view:
            self._wait(self._stdin, select.POLLOUT, deadline=deadline)
            try:
                view = view[os.write(self._stdin.fileno(), view) :]
            except OSError as error:
                raise WorkerDied(str(error)) from error

    def _read_reply(self, *, expected: int, deadline: float) -> Embeddings:
        (count,) = struct.unpack("<I", self._read(4, deadline=deadline))
        if count != expected:
            raise WorkerDied(f"reply for {count} chips instead of {expected}")
        raw = self._read(count * DIMENSION * 4, deadline=deadline)
        return np.frombuffer(raw, dtype="<f4").astype(np.float32).reshape(count, DIMENSION)

    def _read(self, size: int, *, deadline: float) -> bytes:
        data = bytearray()
        while len(data) < size:
            self._wait(self._stdout, select.POLLIN, deadline=deadline)
            part = os.read(self._stdout.fileno(), size - len(data))
            if not part:
                raise WorkerDied("ended")
            data += part
        return bytes(data)

    @staticmethod
    def _wait(stream: IO[bytes], event: int, *, deadline: float) -> None:
        poller = select.poll()
        poller.register(stream, event)
        if not poller.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise WorkerDied("no answer in time")


class DescriptorPool:
    """At most ``size`` processes, started when needed; callers beyond that wait for a free one."""

    def __init__(self, *, weights: Path, size: int) -> None:
        self._weights = weights
        self._slots = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._closed = False
        self._busy: set[DescriptorWorker] = set()
        # Loading takes about half a second; the first one does it while the rest of the pack loads.
        self._idle = [DescriptorWorker(weights=weights)]

    def describe(self, chips: Sequence[Image]) -> Embeddings:
        """Raw descriptors of any number of chips. Raises EngineUnavailable."""
        batches = [chips[start : start + _BATCH] for start in range(0, len(chips), _BATCH)]
        with self._slots:
            rows = [self._describe_with_one_restart(batch) for batch in batches]
        return np.concatenate(rows) if rows else np.empty((0, DIMENSION), dtype=np.float32)

    def worker_pids(self) -> list[int]:
        with self._lock:
            return [worker.pid for worker in (*self._idle, *self._busy)]

    def close(self) -> None:
        """End every process; a call in progress fails with EngineUnavailable. Idempotent."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            # Its owner may be reading from it, so only that thread closes the pipes.
            for worker in self._busy:
                worker.kill()
        for worker in idle:
            worker.stop()

    def _describe_with_one_restart(self, chips: Sequence[Image]) -> Embeddings:
        try:
            return self._describe(chips)
        except WorkerDied:
            logger.warning("descriptor process died; starting another")
        try:
            return self._describe(chips)
        except WorkerDied as error:
            raise EngineUnavailable("The dlib descriptor process keeps dying.") from error

    def _describe(self, chips: Sequence[Image]) -> Embeddings:
        worker = self._take()
        try:
            result = worker.describe(chips)
        except WorkerDied:
            with self._lock:
                self._busy.discard(worker)
            worker.stop()
            raise
        self._give_back(worker)
        return result

    def _take(self) -> DescriptorWorker:
        with self._lock:
            if self._closed:
                raise EngineUnavailable("The face engine is closed.")
            # What killed one idle process may have killed them all.
            for dead in [worker for worker in self._idle if not worker.alive]:
                self._idle.remove(dead)
                dead.stop()
            worker = self._idle.pop() if self._idle else self._start()
            self._busy.add(worker)
            return worker

    def _give_back(self, worker: DescriptorWorker) -> None:
        with self._lock:
            self._busy.discard(worker)
            if not self._closed:
                self._idle.append(worker)
                return
        worker.stop()

    def _start(self) -> DescriptorWorker:
        try:
            return DescriptorWorker(weights=self._weights)
        except OSError as error:
            raise EngineUnavailable("The dlib descriptor process cannot be started.") from error
