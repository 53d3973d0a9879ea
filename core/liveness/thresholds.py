"""A site's own thresholds: set over the shipped policies, refused whole when anything in them is wrong.

The document is ``{level: {name: number}}`` with names of the numbers in `LivenessPolicy`; a level or a name
that is left out stays as shipped. What a level *is* (which signals refuse, how often a step may be retried)
is no threshold and cannot be set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from core.liveness.policy import SHIPPED_POLICIES, Level, LivenessPolicy, Policies

RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "flash_correlation": (0.0, 1.0),
        "flash_chance": (0.00002, 1.0),
        "flash_gain": (0.001, 1.0),
        "flash_center": (0.001, 1.0),
        "flash_side": (0.1, 2.0),
        "flash_beside": (0.1, 2.0),
        "live_probability": (0.01, 0.99),
        "repeated_share": (0.0, 1.0),
        "loop_distance": (0.05, 20.0),
        "loop_share": (0.0, 1.0),
        "ring_following": (0.05, 2.0),
        "narrowing": (-1.0, 0.0),
        "several_faces_share": (0.0, 1.0),
        "missing_share": (0.0, 1.0),
        "depth_with_mouth": (0.01, 1.0),
        "depth_without_mouth": (0.01, 1.0),
    }
)
"""What each may be set to, both ends included; beyond them it would refuse everybody or measure nothing."""


class UnusableThresholds(ValueError):
    """The message names the level, the threshold and what is wrong."""


def policies_from(document: object) -> Policies:
    """The shipped policies with what the document changes. Raises UnusableThresholds."""
    if not isinstance(document, dict):
        raise UnusableThresholds("the document is not an object of levels")
    unknown = [str(name) for name in document if name not in set(Level)]
    if unknown:
        raise UnusableThresholds(f"{_quoted(unknown)}: no such level; there are {', '.join(Level)}")
    return MappingProxyType(
        {level: _changed(policy, document.get(level.value, {})) for level, policy in SHIPPED_POLICIES.items()}
    )


def changed_thresholds(policy: LivenessPolicy) -> dict[str, float]:
    """Those that are not as shipped."""
    shipped = SHIPPED_POLICIES[policy.level]
    return {name: getattr(policy, name) for name in RANGES if getattr(policy, name) != getattr(shipped, name)}


def _changed(policy: LivenessPolicy, chosen: object) -> LivenessPolicy:
    if not isinstance(chosen, dict):
        raise UnusableThresholds(f"{policy.level}: not an object of thresholds")
    unknown = [str(name) for name in chosen if name not in RANGES]
    if unknown:
        raise UnusableThresholds(
            f"{policy.level}: {_quoted(unknown)}: no such threshold; there are {', '.join(RANGES)}"
        )
    numbers: dict[str, Any] = {
        name: _number(value, f"{policy.level}.{name}", allowed=RANGES[name]) for name, value in chosen.items()
    }
    return replace(policy, **numbers)


def _number(value: object, name: str, *, allowed: tuple[float, float]) -> float:
    low, high = allowed
    # True is an int to Python.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnusableThresholds(f"{name}: {value!r} is not a number")
    # NaN is not either.
    if not low <= value <= high:
        raise UnusableThresholds(f"{name}: {value!r} is not between {low:g} and {high:g}")
    return float(value)


def _quoted(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names)
