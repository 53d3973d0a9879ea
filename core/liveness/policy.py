"""Liveness levels and the thresholds each signal is held to."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    BASIC = "basic"
    STANDARD = "standard"
    STRICT = "strict"
