"""The webcam behind the lens: softness, slow exposure, noise that never repeats, JPEG."""

from __future__ import annotations

import cv2
import numpy as np

from auth_service.demo.geometry import FRAME_HEIGHT, FRAME_WIDTH, Floats
from core.engine.types import Image

_NOISE_BANKS = 3
_BANK_MARGIN = 96
_NOISE_LEVELS = 2.6
_SOFTNESS_PX = 0.7


class Sensor:
    """Deterministic by seed and the sequence of shots."""

    def __init__(self, rng: np.random.Generator, *, jpeg_quality: int = 80) -> None:
        self._rng = rng
        self._quality = jpeg_quality
        self._drift = rng.uniform(0.006, 0.014)
        self._phase = rng.uniform(0, 2 * np.pi)
        shape = (FRAME_HEIGHT + _BANK_MARGIN, FRAME_WIDTH + _BANK_MARGIN, 3)
        # Sums of shifted banks cost a tenth of fresh noise and repeat only after some 10^8 shots.
        self._banks = [self._bank(shape) for _ in range(_NOISE_BANKS)]

    def shoot(self, scene: Image, *, at: float) -> bytes:
        """One JPEG of ``scene`` taken ``at`` seconds."""
        exposure = 1 + self._drift * np.sin(2 * np.pi * at / 7.3 + self._phase)
        soft = cv2.GaussianBlur(scene, (0, 0), _SOFTNESS_PX)
        noisy = soft.astype(np.float32) * np.float32(exposure)
        # Bright pixels carry more shot noise.
        noisy += self._noise() * (np.float32(0.7) + noisy * np.float32(1 / 300))
        # The byte type saturates instead of wrapping.
        frame = cv2.convertScaleAbs(np.maximum(noisy, 0))
        done, encoded = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, self._quality])
        if not done:
            raise RuntimeError("the frame could not be encoded")
        return bytes(encoded)

    def _noise(self) -> Floats:
        total = np.zeros((FRAME_HEIGHT, FRAME_WIDTH, 3), np.float32)
        for bank in self._banks:
            top, left = self._rng.integers(0, _BANK_MARGIN, 2)
            total += bank[top : top + FRAME_HEIGHT, left : left + FRAME_WIDTH]
        return total

    def _bank(self, shape: tuple[int, int, int]) -> Floats:
        noise = cv2.GaussianBlur(self._rng.standard_normal(shape, dtype=np.float32), (0, 0), 0.6)
        wanted = _NOISE_LEVELS / np.sqrt(_NOISE_BANKS)
        return np.asarray(noise * np.float32(wanted / noise.std()), np.float32)
