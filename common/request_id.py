"""The id that ties log lines, audit entries and answers of one request together."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

REQUEST_ID_HEADER = "X-Request-ID"
_SANE = re.compile(r"\A[A-Za-z0-9_.-]{1,64}\Z")
_request_id: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """The id of the request that this code runs in, or an empty string outside of one."""
    return _request_id.get()


@contextmanager
def bind_request_id(value: str) -> Iterator[None]:
    """Run a block under a request id; also for work that is not HTTP: a socket, a job."""
    token = _request_id.set(value)
    try:
        yield
    finally:
        _request_id.reset(token)


def choose_request_id(offered: str) -> str:
    """Keep what a proxy or client sent if it is short and harmless in a log line, else make one."""
    return offered if _SANE.match(offered) else uuid.uuid4().hex


class RequestIdFilter(logging.Filter):
    """Adds ``request_id`` to every log record; ``-`` outside a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id() or "-"
        return True
