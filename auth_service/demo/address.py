"""Where a server of our own listens, and how this machine reaches it."""

from __future__ import annotations

import os
import socket
from typing import Any

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
_PORTS = range(1, 2**16)


class UnusableAddress(Exception):
    """No server can listen there; the message names the address and the cause."""


def local_url(host: str, port: int) -> str:
    """Where this machine reaches a server that listens on ``host``."""
    reached = _EVERYWHERE.get(host, host)
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def require_free(*, host: str, port: int) -> None:
    """Listen for a moment. Raises UnusableAddress, also where another server holds the port."""
    if port not in _PORTS:
        raise UnusableAddress(f"{port} is no port: 1 to {_PORTS[-1]}")
    try:
        family, kind, protocol, address = _resolve(host, port)
        with socket.socket(family, kind, protocol) as probe:
            # As the server does: connections that have ended must not keep the port.
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise UnusableAddress(f"{host}, port {port}: {error.strerror}") from error


def _resolve(host: str, port: int) -> tuple[int, int, int, tuple[Any, ...]]:
    """Family, type, protocol and address of a socket that listens there."""
    try:
        # An empty name would be every address.
        found = socket.getaddrinfo(host or ".", port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise UnusableAddress(f"{host!r} is no name or address of this machine") from error
    family, kind, protocol, _, address = found[0]
    return family, kind, protocol, address
