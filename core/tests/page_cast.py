"""An honest page on a bad network, as arithmetic: which frames the server analyses, and by which clocks."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, replace

CAMERA_SECONDS = 1 / 30
PACE_SECONDS = 0.125
ANSWER_TIMEOUT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Analysed:
    """One frame as the server saw it: number, the page's clock, the server's."""

    sequence: int
    captured: float
    received: float


@dataclass(frozen=True, slots=True)
class Network:
    """Seconds. ``delay``: of every message; ``jitter``: added at random; ``stall``: now and then everything
    stands still for so long; ``analysis``: not the network's, but how long the server takes for a frame."""

    delay: float
    jitter: float
    stall: float
    analysis: float


@dataclass(frozen=True, slots=True)
class Hidden:
    """The page is not seen, and sends nothing."""

    since: float
    until: float


NEVER_HIDDEN = Hidden(0.0, 0.0)


class _Wire:
    """One direction: messages arrive in the order sent."""

    def __init__(self, network: Network, rng: random.Random) -> None:
        self._network, self._rng = network, rng
        self._last = 0.0

    def arrival(self, sent: float) -> float:
        at = sent + self._network.delay + self._rng.random() * self._network.jitter
        # A stall every five seconds.
        begins = 5.0 * (at // 5.0) + 3.0
        if begins <= at < begins + self._network.stall:
            at = begins + self._network.stall
        self._last = max(at, self._last + 1e-4)
        return self._last


class _Server:
    """One frame under analysis, the newest of the others waits."""

    def __init__(self, network: Network, down: _Wire) -> None:
        self._analysis, self._down = network.analysis, down
        self._free_at = 0.0
        self._parked: Analysed | None = None
        self.arriving: deque[Analysed] = deque()
        self.analysed: list[Analysed] = []
        self.answers: list[float] = []

    def run_until(self, now: float) -> None:
        while self.arriving and self.arriving[0].received <= now:
            frame = self.arriving.popleft()
            self._take_parked(before=frame.received)
            self._parked = frame
            self._take_parked(before=frame.received)
        self._take_parked(before=now)

    def _take_parked(self, *, before: float) -> None:
        if self._parked is None or self._free_at > before:
            return
        frame, self._parked = self._parked, None
        self._free_at = max(self._free_at, frame.received) + self._analysis
        self.analysed.append(frame)
        self.answers.append(self._down.arrival(self._free_at))


def film(
    network: Network, *, seed: int, seconds: float, hidden: Hidden = NEVER_HIDDEN, offset: float = 0.0
) -> list[Analysed]:
    """What the server analyses of a page that keeps the protocol: a frame after an answer, or after a second.

    ``offset``: the server's clock less the page's.
    """
    rng = random.Random(seed)
    up, server = _Wire(network, rng), _Server(network, _Wire(network, rng))
    sequence, heard, now, last = 0, 0, 0.0, -ANSWER_TIMEOUT_SECONDS
    while now < seconds:
        now += CAMERA_SECONDS * rng.uniform(0.95, 1.05)
        server.run_until(now)
        answers = sum(answer <= now for answer in server.answers)
        may_send = answers > heard or now - last >= ANSWER_TIMEOUT_SECONDS
        if not may_send or now - last < PACE_SECONDS - 0.016 or hidden.since <= now < hidden.until:
            continue
        heard, sequence, last = answers, sequence + 1, now
        server.arriving.append(Analysed(sequence, captured=now, received=up.arrival(now)))
    return [replace(frame, received=frame.received + offset) for frame in server.analysed]
