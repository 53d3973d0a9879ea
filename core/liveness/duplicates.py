"""Frames that come again: equal bytes (a frozen or spliced feed) and equal pictures under fresh noise (a
loop)."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from core.engine.types import Box

Grey = NDArray[np.uint8]

PATCH_SIZE = 48
APART_SECONDS = 0.4
_WIDER = 1.2
_MAX_PATCHES = 240


class HeadHistory:
    """Small greys of the head region, to find how close a frame comes to an earlier one.

    The region is fixed by the first face and stays: a living head never returns to the same place to a
    fraction of a pixel, a loop does. At most 240 patches are kept (1.1 MB); later frames still compare, no
    longer join.
    """

    def __init__(self) -> None:
        self._region: tuple[slice, slice] | None = None
        self._patches = np.empty((_MAX_PATCHES, PATCH_SIZE * PATCH_SIZE), np.int16)
        self._times: list[float] = []

    def nearest_earlier(self, grey: Grey, *, captured_at: float, face: Box | None) -> float | None:
        """Mean absolute difference (grey 0..255, means removed) to the most similar patch at least 0.4 s
        older.

        ``face``: in ``grey``'s pixels; the first one given fixes the region. None until there is such a
        patch.
        """
        if self._region is None:
            if face is None:
                return None
            self._region = _region_around(face, shape=grey.shape)
        region = grey[self._region]
        if region.size == 0:
            # The client changed its frames' shape, and the head's place is no longer in them.
            return None
        patch = cv2.resize(region, (PATCH_SIZE, PATCH_SIZE), interpolation=cv2.INTER_AREA)
        # Quarter grey levels keep the fraction that removing the mean leaves.
        vector = np.rint((patch.astype(np.float32).ravel() - float(patch.mean())) * 4).astype(np.int16)
        old = sum(1 for time in self._times if time <= captured_at - APART_SECONDS)
        nearest = float(_distances(self._patches[:old], vector).min()) / 4 if old else None
        if len(self._times) < _MAX_PATCHES:
            self._patches[len(self._times)] = vector
            self._times.append(captured_at)
        return nearest


def _distances(patches: NDArray[np.int16], vector: NDArray[np.int16]) -> NDArray[np.float64]:
    """Mean absolute difference of each row to ``vector``."""
    # A third of numpy's time; the sums of whole numbers stay below 2**24, exact in single precision.
    apart = cv2.absdiff(patches, np.broadcast_to(vector, patches.shape))
    sums = cv2.reduce(apart, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32F)
    means: NDArray[np.float64] = sums.ravel().astype(np.float64) / vector.size
    return means


def _region_around(face: Box, *, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """At least two pixels inside, wherever the box lies: a detector may report one outside the frame."""
    x, y = face.center
    rows = _inside(y, face.height * _WIDER / 2, size=shape[0])
    columns = _inside(x, face.width * _WIDER / 2, size=shape[1])
    return rows, columns


def _inside(middle: float, half: float, *, size: int) -> slice:
    start = min(max(0, int(middle - half)), size - 2)
    return slice(start, min(size, max(start + 2, int(middle + half))))


def repeated_share(digests: Sequence[bytes]) -> float:
    """Share of frames whose bytes came before.

    One immediate repeat is forgiven each time: a page may read a slow camera's frame twice. A third in a row,
    or a return after other frames, is not.
    """
    if not digests:
        return 0.0
    seen: set[bytes] = set()
    repeats = 0
    run = 0
    previous: bytes | None = None
    for digest in digests:
        run = run + 1 if digest == previous else 1
        if digest in seen and run != 2:
            repeats += 1
        seen.add(digest)
        previous = digest
    return repeats / len(digests)


def looping_share(nearest: Sequence[float | None], *, closest: float) -> float:
    """Share of frames that come closer than ``closest`` to an earlier one."""
    known = [distance for distance in nearest if distance is not None]
    return sum(distance < closest for distance in known) / len(known) if known else 0.0
