"""Database calls from coroutines: a small pool of threads of their own.

Channels' default puts every ORM call of a process on one thread; four waiting sessions would queue
behind each other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from asgiref.sync import SyncToAsync
from django.db import close_old_connections

P = ParamSpec("P")
R = TypeVar("R")

_executor = ThreadPoolExecutor(max_workers=4, thread_name_prefix="database")


def in_db_thread(function: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """``await in_db_thread(service)(argument=...)`` runs it on a database thread."""

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        close_old_connections()
        try:
            return function(*args, **kwargs)
        finally:
            close_old_connections()

    return SyncToAsync(call, thread_sensitive=False, executor=_executor)
