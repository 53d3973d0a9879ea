"""A mailbox with one slot: the newest frame wins, older ones are counted and forgotten."""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """For one event loop. Offering never waits; when the slot is taken the older item is dropped."""

    def __init__(self) -> None:
        self._item: T | None = None
        self._filled = asyncio.Event()
        self.dropped = 0

    def offer(self, item: T) -> None:
        if self._item is not None:
            self.dropped += 1
        self._item = item
        self._filled.set()

    async def take(self) -> T:
        while self._item is None:
            self._filled.clear()
            await self._filled.wait()
        item, self._item = self._item, None
        return item
