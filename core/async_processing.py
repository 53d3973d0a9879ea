"""The process's inference threads: a bounded queue in front of them and a deadline on every wait."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeVar

from django.conf import settings

from common.errors import DeadlineExceeded, Throttled

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ProcessorStats:
    """Jobs now waiting and running; since the start: finished, given up, refused at a full queue."""

    waiting: int
    running: int
    done: int
    expired: int
    refused: int
    abandoned: int
    """The caller went away before the job began, so it never ran."""


class _State(Enum):
    WAITING = auto()
    RUNNING = auto()
    EXPIRED = auto()
    ABANDONED = auto()


class _Job:
    __slots__ = ("future", "run", "start_before", "state")

    def __init__(self, run: Callable[[], Any], *, start_before: float) -> None:
        self.run = run
        self.start_before = start_before
        """On `time.monotonic`."""
        self.state = _State.WAITING
        self.future: Future[Any] | None = None


class AsyncFaceProcessor:
    """Runs model work on ``threads`` threads, for coroutines and for ordinary code alike.

    At most ``queue_limit`` jobs wait; one more is refused with Throttled. A job that has not begun when its
    deadline passes raises DeadlineExceeded to its caller and never begins: a late answer about a frame
    is of no use, and working it off would make the next one late too.
    """

    def __init__(self, *, threads: int, queue_limit: int, default_deadline_seconds: float) -> None:
        self._executor = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="face-engine")
        self._queue_limit = queue_limit
        self._threads = threads
        self._default_deadline_seconds = default_deadline_seconds
        self._idle = threading.Condition()
        self._inside = threading.local()
        self._closed = self._gave_up = False
        self._waiting = self._running = self._done = self._expired = self._refused = self._abandoned = 0

    async def run(self, fn: Callable[[], T], *, deadline_seconds: float | None = None) -> T:
        """Await ``fn()`` on an inference thread; what it raises is raised here.

        Raises Throttled at once when the queue is full, DeadlineExceeded when the job did not begin in time.
        A cancelled caller's job is taken out of the queue; one that runs already runs to its end.
        """
        job = self._submit(fn, deadline_seconds=deadline_seconds)
        result: asyncio.Future[T] = asyncio.wrap_future(_future_of(job))
        try:
            await asyncio.wait({result}, timeout=max(0.0, job.start_before - time.monotonic()))
            if not result.done() and self._leave_queue(job, _State.EXPIRED):
                raise DeadlineExceeded
            return await asyncio.shield(result)
        finally:
            # Also after a cancellation, and whatever the job raises then, nobody is left to hear it.
            self._leave_queue(job, _State.ABANDONED)
            result.add_done_callback(_hear)

    def run_sync(self, fn: Callable[[], T], *, deadline_seconds: float | None = None) -> T:
        """As `run`, for threads. Called on an inference thread it just calls ``fn``."""
        if getattr(self._inside, "yes", False):
            # Waiting here for another inference thread could leave all of them waiting for each other.
            return fn()
        job = self._submit(fn, deadline_seconds=deadline_seconds)
        future: Future[T] = _future_of(job)
        try:
            return future.result(timeout=max(0.0, job.start_before - time.monotonic()))
        except FutureTimeout:
            # Also what a job itself may raise: then it is done and the exception is its own.
            if not future.done() and self._leave_queue(job, _State.EXPIRED):
                raise DeadlineExceeded from None
            return future.result()

    def stats(self) -> ProcessorStats:
        with self._idle:
            return ProcessorStats(
                waiting=self._waiting,
                running=self._running,
                done=self._done,
                expired=self._expired,
                refused=self._refused,
                abandoned=self._abandoned,
            )

    def drain(self, *, timeout: float) -> bool:
        """Refuse new work and wait for what is there; True when all of it ended within ``timeout`` seconds.

        Jobs still waiting after that end with DeadlineExceeded.
        """
        with self._idle:
            self._closed = True
            finished = self._idle.wait_for(lambda: self._waiting == self._running == 0, timeout=timeout)
            self._gave_up = not finished
        self._executor.shutdown(wait=finished)
        return finished

    def _submit(self, fn: Callable[[], Any], *, deadline_seconds: float | None) -> _Job:
        seconds = self._default_deadline_seconds if deadline_seconds is None else deadline_seconds
        job = _Job(fn, start_before=time.monotonic() + seconds)
        with self._idle:
            # A job that a free thread takes at once was never really waiting.
            busy = self._waiting + self._running
            if self._closed or busy >= self._queue_limit + self._threads:
                self._refused += 1
                raise Throttled("The face engine is busy." if not self._closed else "The server is stopping.")
            job.future = self._executor.submit(self._perform, job)
            self._waiting += 1
        return job

    def _perform(self, job: _Job) -> Any:
        if self._gave_up or time.monotonic() > job.start_before:
            self._leave_queue(job, _State.EXPIRED)
        with self._idle:
            if job.state is not _State.WAITING:
                raise DeadlineExceeded
            job.state = _State.RUNNING
            self._waiting -= 1
            self._running += 1
        self._inside.yes = True
        try:
            return job.run()
        finally:
            with self._idle:
                self._running -= 1
                self._done += 1
                self._idle.notify_all()

    def _leave_queue(self, job: _Job, state: _State) -> bool:
        """Take a job that has not begun out of the queue; False when it is no longer in it."""
        with self._idle:
            if job.state is not _State.WAITING:
                return False
            job.state = state
            self._waiting -= 1
            if state is _State.EXPIRED:
                self._expired += 1
            else:
                self._abandoned += 1
            self._idle.notify_all()
            return True


def _future_of(job: _Job) -> Future[Any]:
    if job.future is None:
        raise RuntimeError("the job was not submitted")
    return job.future


def _hear(result: asyncio.Future[Any]) -> None:
    """Take note of an exception that no caller waits for, so that asyncio does not report it as lost."""
    if not result.cancelled():
        result.exception()


_lock = threading.Lock()
_processor: AsyncFaceProcessor | None = None
_owner_pid = 0


def get_processor() -> AsyncFaceProcessor:
    """The process's one inference budget, made on first use; threads start with the first job."""
    global _processor, _owner_pid  # noqa: PLW0603 - the one process-wide singleton this module exists for
    with _lock:
        # A forked child inherits the object but none of its threads.
        if _processor is None or _owner_pid != os.getpid():
            _processor = AsyncFaceProcessor(
                threads=settings.FACE_ENGINE_WORKER_THREADS,
                queue_limit=settings.FACE_ENGINE_QUEUE_LIMIT,
                default_deadline_seconds=settings.FACE_ENGINE_DEADLINE_SECONDS,
            )
            _owner_pid = os.getpid()
        return _processor


def close_processor(*, timeout: float = 5.0) -> bool:
    """Drain and forget the process's processor; the next `get_processor` makes a new one."""
    global _processor
    with _lock:
        processor, _processor = _processor, None
    return processor is None or processor.drain(timeout=timeout)
