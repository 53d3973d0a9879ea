"""A queue in a folder for installations without a broker.

kombu's own file-system transport writes a message in place, and a worker that reads the half-written
file dies. Here a message appears by rename, so a reader sees all of it or nothing. The `Job` row stays
the durable truth: a message lost with its worker is sent again by the sweeper.
"""

from __future__ import annotations

import json
import logging
import os
import time
import uuid
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

from celery import Celery
from django.core.exceptions import ImproperlyConfigured
from kombu import transport
from kombu.transport import filesystem, virtual

logger = logging.getLogger(__name__)

SCHEME = "folder"


class Channel(filesystem.Channel):
    # kombu's own classes disagree on the second name.
    def _put(self, queue: str, payload: dict[str, Any], **_: Any) -> None:  # type: ignore[override]
        name = f"{time.time_ns():020d}_{uuid.uuid4().hex}.{queue}.msg"
        folder = Path(self.data_folder_out)
        partial = folder / f".{name}.part"
        partial.write_text(json.dumps(payload), encoding="utf-8")
        partial.rename(folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """Take the oldest message: the rename decides which of several readers has it."""
        for name in self._listed(queue):
            taken = Path(self.processed_folder) / name
            try:
                (Path(self.data_folder_in) / name).rename(taken)
            except FileNotFoundError:
                continue
            text = taken.read_text(encoding="utf-8", errors="replace")
            taken.unlink()
            try:
                return json.loads(text)
            except ValueError:
                # A power cut may keep the name and lose the contents; the error would end the worker.
                logger.warning("unreadable message dropped; the sweeper sends its job again")
        raise Empty

    def _listed(self, queue: str) -> Iterator[str]:
        """Names of messages, oldest first; a long queue is not listed anew for each of them."""
        known = self.__dict__.setdefault("known_messages", {}).setdefault(queue, deque())
        if not known:
            names = (path.name for path in Path(self.data_folder_in).iterdir())
            known.extend(sorted(name for name in names if name.partition(".")[2] == f"{queue}.msg"))
        while known:
            yield known.popleft()


class Transport(filesystem.Transport):
    Channel = Channel


def configure(app: Celery, folder: Path) -> None:
    """Point ``app`` at the queue in ``folder``, made when missing and readable by its owner only."""
    transport.TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"
    parts = {name: folder / name for name in ("messages", "taken", "control")}
    for part in parts.values():
        _require_writable(part, below=folder.parent)
    # What kombu remembers of bindings belongs to one folder; in another one they must be made anew.
    Transport.global_state = virtual.BrokerState()
    options = {
        "data_folder_in": str(parts["messages"]),
        "data_folder_out": str(parts["messages"]),
        "processed_folder": str(parts["taken"]),
        "control_folder": str(parts["control"]),
        "polling_interval": 0.1,
    }
    app.conf.update(broker_url=f"{SCHEME}://localhost", broker_transport_options=options)


def _require_writable(part: Path, *, below: Path) -> None:
    """Make the folder ``part``. Raises ImproperlyConfigured, which names the data directory ``below``."""
    try:
        part.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ImproperlyConfigured(f"FACE_DATA_DIR={str(below)!r}: {error.strerror}") from error
    if not os.access(part, os.W_OK):
        raise ImproperlyConfigured(f"FACE_DATA_DIR={str(below)!r} cannot be written")
