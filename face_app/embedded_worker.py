"""Background jobs inside the web process, for installations without a broker."""

from __future__ import annotations

import logging
import threading
import warnings
from datetime import timedelta

from celery import Celery, beat
from celery.apps.worker import Worker
from celery.exceptions import SecurityWarning

logger = logging.getLogger(__name__)


RESTART_SECONDS = 1.0


class EmbeddedWorker:
    """A Celery worker and its clock in daemon threads of this process; a broken worker is replaced."""

    def __init__(self, app: Celery, *, concurrency: int) -> None:
        # Its advice is for workers that unpickle what they are sent; ours take JSON from an own folder.
        warnings.filterwarnings("ignore", category=SecurityWarning, module="celery.platforms")
        self._app = app
        self._concurrency = concurrency
        self._worker = self._build()
        self._beat = _MemoryBeat(app)
        self._stopping = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._work, name="jobs", daemon=True).start()
        threading.Thread(target=self._beat.run, name="job-clock", daemon=True).start()
        logger.info("embedded job worker started")

    def stop(self) -> None:
        """Ask both to end; a running job is picked up again by the sweeper if it does not finish."""
        self._stopping.set()
        self._beat.stop()
        self._worker.stop()

    def _work(self) -> None:
        # Celery's worker swallows what ends it and returns; without this, jobs would just cease.
        while not self._stopping.is_set():
            self._worker.start()
            if self._stopping.wait(RESTART_SECONDS):
                return
            logger.error("the job worker ended by itself; another one takes over")
            self._worker = self._build()

    def _build(self) -> Worker:
        return self._app.Worker(
            pool="threads",
            concurrency=self._concurrency,
            without_heartbeat=True,
            without_gossip=True,
            without_mingle=True,
            quiet=True,
            loglevel="WARNING",
        )


class _MemoryBeat:
    """Sends the beat schedule's tasks; keeps no file, for every entry is safe to repeat after a restart."""

    def __init__(self, app: Celery) -> None:
        self._scheduler = beat.Scheduler(app=app)
        self._stopped = threading.Event()

    def run(self) -> None:
        longest = timedelta(seconds=5).total_seconds()
        while not self._stopped.is_set():
            self._stopped.wait(min(longest, self._scheduler.tick()))

    def stop(self) -> None:
        self._stopped.set()
