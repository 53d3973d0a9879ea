"""Environment values, each read once: a bad value stops the start and is named."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


def _refuse(name: str, value: str, expected: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name}={value!r} is not {expected}")


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def secret(name: str, default: str = "") -> str:
    """A value that may also lie in the file named by ``NAME_FILE`` (Docker and Kubernetes secrets)."""
    path = os.environ.get(f"{name}_FILE", "").strip()
    if not path:
        return text(name, default)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE={path!r} cannot be read: {error.strerror}") from error


def boolean(name: str, *, default: bool) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value in _TRUE | _FALSE:
        return value in _TRUE
    raise _refuse(name, value, "true or false")


def integer(name: str, default: int, *, minimum: int | None = None, maximum: int | None = None) -> int:
    value = text(name)
    try:
        number = int(value) if value else default
    except ValueError:
        raise _refuse(name, value, "a whole number") from None
    if minimum is not None and number < minimum:
        raise _refuse(name, value, f"at least {minimum}")
    if maximum is not None and number > maximum:
        raise _refuse(name, value, f"at most {maximum}")
    return number


def number(name: str, default: float, *, minimum: float) -> float:
    value = text(name)
    try:
        result = float(value) if value else default
    except ValueError:
        raise _refuse(name, value, "a number") from None
    if not result >= minimum:
        raise _refuse(name, value, f"at least {minimum}")
    return result


def choice(name: str, default: str, allowed: Iterable[str]) -> str:
    value, options = text(name, default), sorted(allowed)
    if value not in options:
        raise _refuse(name, value, "one of " + ", ".join(options))
    return value


def rate(name: str, default: str) -> str:
    """Requests per period, such as ``100/min``."""
    value = text(name, default)
    if not re.fullmatch(r"[1-9]\d*/(s|sec|second|m|min|minute|h|hour|d|day)", value):
        raise _refuse(name, value, "a rate such as 100/min, per second, min, hour or day")
    return value


def origin(name: str) -> str:
    """Scheme and host of a web address, without a slash at the end; empty when not set."""
    value = text(name).rstrip("/")
    if value and not re.fullmatch(r"https?://[^\s/?#@]+", value):
        raise _refuse(name, value, "scheme and host, such as https://id.example.org")
    return value


def service(name: str, schemes: Iterable[str]) -> str:
    """The secret address of another server, which begins with one of ``schemes``; empty when not set."""
    value, allowed = secret(name), [f"{scheme}://" for scheme in schemes]
    if value and not value.startswith(tuple(allowed)):
        # It may hold a password, so it is not repeated.
        raise ImproperlyConfigured(f"{name} does not begin with {' or '.join(allowed)}")
    return value


def words(name: str, default: Iterable[str] = ()) -> list[str]:
    """A comma-separated list."""
    value = text(name)
    return [word.strip() for word in value.split(",") if word.strip()] if value else list(default)
