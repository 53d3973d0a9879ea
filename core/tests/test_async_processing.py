"""The inference budget: bounded, with deadlines, and honest about what it dropped."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from common.errors import DeadlineExceeded, Throttled
from core import async_processing
from core.async_processing import AsyncFaceProcessor, ProcessorStats


class Gate:
    """Jobs that run until they are let go, and remember that they began."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.began = threading.Semaphore(0)
        self.runs = 0

    def job(self) -> str:
        self.runs += 1
        self.began.release()
        assert self.open.wait(10)
        return threading.current_thread().name

    def wait_until_began(self) -> None:
        assert self.began.acquire(timeout=10)


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open.set()


@pytest.fixture
def make() -> Iterator[Callable[..., AsyncFaceProcessor]]:
    made: list[AsyncFaceProcessor] = []

    def build(*, threads: int = 1, queue_limit: int = 10, deadline: float = 5.0) -> AsyncFaceProcessor:
        made.append(
            AsyncFaceProcessor(threads=threads, queue_limit=queue_limit, default_deadline_seconds=deadline)
        )
        return made[-1]

    yield build
    for processor in made:
        processor.drain(timeout=5)


async def test_a_result_comes_back_from_a_named_inference_thread(make: Callable[..., Any]) -> None:
    processor = make()

    assert (await processor.run(lambda: threading.current_thread().name)).startswith("face-engine")
    assert processor.run_sync(lambda: 7) == 7
    assert processor.stats() == ProcessorStats(
        waiting=0, running=0, done=2, expired=0, refused=0, abandoned=0
    )


async def test_an_exception_of_the_job_reaches_its_caller(make: Callable[..., Any]) -> None:
    processor = make()

    def fail() -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        await processor.run(fail)
    with pytest.raises(LookupError, match="mine"):
        processor.run_sync(fail)


def test_a_timeout_error_raised_by_the_job_is_not_taken_for_a_missed_deadline(
    make: Callable[..., Any],
) -> None:
    def fail() -> None:
        raise TimeoutError("the job's own")

    with pytest.raises(TimeoutError, match="the job's own"):
        make().run_sync(fail)


async def test_no_more_jobs_run_at_once_than_there_are_threads(make: Callable[..., Any]) -> None:
    processor, lock = make(threads=2, queue_limit=50), threading.Lock()
    running = most = 0

    def job() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1

    await asyncio.gather(*(processor.run(job) for _ in range(20)))

    assert most == 2


async def test_the_event_loop_is_free_while_a_job_runs(make: Callable[..., Any], gate: Gate) -> None:
    processor = make()
    job = asyncio.create_task(processor.run(gate.job))
    for _ in range(20):
        await asyncio.sleep(0.001)

    assert not job.done()
    gate.open.set()
    await job


async def test_one_job_more_than_the_queue_holds_is_refused_at_once(
    make: Callable[..., Any], gate: Gate
) -> None:
    processor = make(threads=1, queue_limit=2)
    jobs = [asyncio.create_task(processor.run(gate.job)) for _ in range(3)]
    await asyncio.sleep(0)
    gate.wait_until_began()

    with pytest.raises(Throttled):
        await processor.run(gate.job)
    with pytest.raises(Throttled):
        processor.run_sync(gate.job)

    assert processor.stats() == ProcessorStats(
        waiting=2, running=1, done=0, expired=0, refused=2, abandoned=0
    )
    gate.open.set()
    await asyncio.gather(*jobs)
    assert gate.runs == 3


async def test_a_job_that_waited_too_long_is_told_so_in_time_and_never_begins(
    make: Callable[..., Any], gate: Gate
) -> None:
    processor = make()
    running = asyncio.create_task(processor.run(gate.job))
    await asyncio.sleep(0)
    gate.wait_until_began()
    late_runs: list[int] = []
    start = time.monotonic()

    with pytest.raises(DeadlineExceeded):
        await processor.run(lambda: late_runs.append(1), deadline_seconds=0.05)
    with pytest.raises(DeadlineExceeded):
        await asyncio.to_thread(processor.run_sync, lambda: late_runs.append(2), deadline_seconds=0.05)

    assert time.monotonic() - start < 2
    gate.open.set()
    await running
    assert processor.drain(timeout=5)
    assert late_runs == []
    stats = processor.stats()
    assert (stats.waiting, stats.running, stats.done, stats.expired) == (0, 0, 1, 2)


async def test_a_deadline_limits_the_wait_and_not_the_work(make: Callable[..., Any]) -> None:
    def slow() -> str:
        time.sleep(0.2)
        return "done"

    assert await make().run(slow, deadline_seconds=0.05) == "done"
    assert make().run_sync(slow, deadline_seconds=0.05) == "done"


async def test_a_cancelled_caller_s_job_leaves_the_queue(make: Callable[..., Any], gate: Gate) -> None:
    processor = make(queue_limit=1)
    running = asyncio.create_task(processor.run(gate.job))
    await asyncio.sleep(0)
    gate.wait_until_began()
    waiting = asyncio.create_task(processor.run(gate.job))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert processor.stats().waiting == 0
    next_one = asyncio.create_task(processor.run(gate.job))
    await asyncio.sleep(0)
    gate.open.set()
    await asyncio.gather(running, next_one)
    assert gate.runs == 2
    assert processor.stats().abandoned == 1


async def test_a_caller_cancelled_while_its_job_runs_leaves_no_unheard_error(
    make: Callable[..., Any], gate: Gate
) -> None:
    processor = make()
    heard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))

    def fail_later() -> None:
        gate.job()
        raise LookupError("nobody listens")

    caller = asyncio.create_task(processor.run(fail_later))
    await asyncio.sleep(0)
    gate.wait_until_began()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    gate.open.set()
    await asyncio.to_thread(processor.drain, timeout=5)
    del caller
    await asyncio.sleep(0.05)

    assert heard == []
    assert processor.stats().done == 1


def test_a_job_that_asks_for_inference_itself_does_not_wait_for_its_own_thread(
    make: Callable[..., Any],
) -> None:
    processor = make(threads=1)

    assert processor.run_sync(lambda: processor.run_sync(lambda: "inner"), deadline_seconds=1) == "inner"


def test_draining_waits_for_what_runs_and_refuses_what_comes(make: Callable[..., Any], gate: Gate) -> None:
    processor = make()
    results: list[str] = []
    caller = threading.Thread(target=lambda: results.append(processor.run_sync(gate.job)))
    caller.start()
    gate.wait_until_began()
    threading.Timer(0.1, gate.open.set).start()

    assert processor.drain(timeout=5) is True
    caller.join(timeout=5)
    assert len(results) == 1
    with pytest.raises(Throttled, match="stopping"):
        processor.run_sync(lambda: None)


def test_draining_gives_up_after_its_timeout_and_lets_nothing_more_begin(
    make: Callable[..., Any], gate: Gate
) -> None:
    processor = make(threads=1)
    outcomes: list[object] = []

    def call(job: Callable[[], object]) -> None:
        try:
            outcomes.append(processor.run_sync(job))
        except DeadlineExceeded as error:
            outcomes.append(type(error))

    running = threading.Thread(target=call, args=(gate.job,))
    running.start()
    gate.wait_until_began()
    waiting = threading.Thread(target=call, args=(lambda: "must not run",))
    waiting.start()
    while processor.stats().waiting == 0:
        time.sleep(0.005)

    assert processor.drain(timeout=0.05) is False
    gate.open.set()
    running.join(timeout=5)
    waiting.join(timeout=5)
    assert "must not run" not in outcomes
    assert DeadlineExceeded in outcomes


def test_a_process_has_one_processor_made_from_settings(settings: Any) -> None:
    async_processing.close_processor()
    settings.FACE_ENGINE_WORKER_THREADS = 1
    settings.FACE_ENGINE_QUEUE_LIMIT = 3
    settings.FACE_ENGINE_DEADLINE_SECONDS = 1.0
    try:
        processor = async_processing.get_processor()

        assert async_processing.get_processor() is processor
        assert processor.run_sync(lambda: 1) == 1
        assert async_processing.close_processor() is True
        assert async_processing.get_processor() is not processor
    finally:
        async_processing.close_processor()
