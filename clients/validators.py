"""Rules of the values a client may set; each raises Django's ValidationError with a stable code."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping, Sequence
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from clients.choices import Scope

MIN_THRESHOLD = 0.1
MAX_THRESHOLD = 0.99
"""Cosine bounds of a client's own threshold: outside them everyone or no one would match."""

MAX_ATTRIBUTES_BYTES = 16 * 1024
MAX_ORIGINS = 50
EXTERNAL_USER_ID_PATTERN = r"[A-Za-z0-9_.:@-]{1,128}"
CLIENT_ID_PATTERN = r"FR_[A-Z0-9]{6}"
REGION_PATTERN = r"[\w .:@-]{0,64}"

# `\Z`, not `$`: `$` would let a trailing newline through.
validate_external_user_id = RegexValidator(
    rf"\A(?!(\.{{1,2}}|bulk)\Z){EXTERNAL_USER_ID_PATTERN}\Z",
    "Use 1 to 128 of A-Z a-z 0-9 _ . : @ - (and not '.', '..' or 'bulk', which mean something in addresses).",
    "external_user_id",
)
validate_client_id = RegexValidator(rf"\A{CLIENT_ID_PATTERN}\Z", "FR_ and six of A-Z 0-9.", "client_id")
validate_region = RegexValidator(
    rf"\A{REGION_PATTERN}\Z", "At most 64 letters, digits, spaces or . : @ - _.", "region"
)


def validate_threshold(value: float) -> None:
    """Written so that NaN, of which every comparison is false, is refused too."""
    if not MIN_THRESHOLD <= value <= MAX_THRESHOLD:
        raise ValidationError(f"Give a cosine from {MIN_THRESHOLD} to {MAX_THRESHOLD}.", "threshold")


def validate_plain_text(value: str) -> None:
    """Refuse control characters: PostgreSQL cannot store NUL, and logs and pages misread the others."""
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise ValidationError("Control characters are not allowed.", "control_characters")


def _split(value: str, code: str) -> SplitResult:
    if not value.isascii() or any(character.isspace() or ord(character) < 33 for character in value):
        raise ValidationError("Only printable ASCII without spaces is allowed.", code)
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValidationError("Not a valid address.", code) from None
    if not parts.hostname or parts.username is not None or parts.password is not None or port == 0:
        raise ValidationError("Give scheme and host, and no user name or password.", code)
    return parts


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _require_safe_scheme(parts: SplitResult, code: str) -> None:
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return
    raise ValidationError("Use https (http only for localhost).", code)


def is_deliverable_address(address: str, *, allow_private: bool) -> bool:
    """Whether a webhook may be sent to this IP address. Raises ValueError for anything else.

    ``allow_private`` adds loopback and private ranges: a self-hosted server often calls systems of its own
    network. Link-local addresses are never allowed (cloud metadata services answer there), nor
    multicast, unspecified and reserved ones. Whoever delivers must ask this of the address it has resolved
    and must not follow redirects: a name can point anywhere after it was validated.
    """
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip
    if ip.is_loopback:
        return allow_private
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved:
        return False
    return ip.is_global or allow_private


def validate_webhook_url(value: str) -> None:
    """https, or http on loopback; no credentials, no fragment, no address that is never delivered to."""
    parts = _split(value, "webhook_url")
    _require_safe_scheme(parts, "webhook_url")
    if parts.fragment:
        raise ValidationError("A webhook address has no fragment.", "webhook_url")
    host = parts.hostname or ""
    try:
        deliverable = is_deliverable_address(host, allow_private=settings.WEBHOOK_ALLOW_PRIVATE)
    except ValueError:
        # All-numeric last labels ("0x7f.1", "2130706433") are IPv4 in disguise to many resolvers.
        deliverable = re.fullmatch(r"(0x[0-9a-f]*|\d+)", host.rstrip(".").rsplit(".", 1)[-1]) is None
        deliverable = deliverable and (settings.WEBHOOK_ALLOW_PRIVATE or not _is_loopback(host))
    if not deliverable:
        raise ValidationError("Webhooks are not sent to this address.", "webhook_url")


def normalize_origin(value: str) -> str:
    """``scheme://host[:port]`` in lower case without a default port, as browsers send ``Origin``."""
    parts = _split(value, "origin")
    _require_safe_scheme(parts, "origin")
    if parts.path not in ("", "/") or parts.query or parts.fragment or "*" in value:
        raise ValidationError("An origin is scheme, host and port only, without wildcards.", "origin")
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    default_port = {"https": 443, "http": 80}[parts.scheme]
    port = "" if parts.port in (None, default_port) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def validate_allowed_origins(value: object) -> None:
    if not isinstance(value, list) or len(value) > MAX_ORIGINS:
        raise ValidationError(f"Give a list of at most {MAX_ORIGINS} origins.", "origins")
    for origin in value:
        if not isinstance(origin, str) or normalize_origin(origin) != origin:
            raise ValidationError("Each origin is written like https://app.example.com.", "origins")


def validate_attributes(value: object) -> None:
    """A JSON object of at most 16 KiB, without NUL characters (PostgreSQL's jsonb refuses them)."""
    if not isinstance(value, Mapping):
        raise ValidationError("Attributes are a JSON object.", "attributes")
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise ValidationError("Attributes hold a value that is not JSON.", "attributes") from None
    if len(text.encode()) > MAX_ATTRIBUTES_BYTES:
        raise ValidationError(f"Attributes take at most {MAX_ATTRIBUTES_BYTES} bytes.", "attributes")
    if "\\u0000" in text or re.search(r"\\ud[89a-f]", text):
        _require_storable(value)


def _require_storable(value: object) -> None:
    if isinstance(value, str):
        if "\0" in value or any(0xD800 <= ord(character) <= 0xDFFF for character in value):
            raise ValidationError("Attributes hold a character that cannot be stored.", "attributes")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _require_storable(key)
            _require_storable(item)
    elif isinstance(value, Sequence):
        for item in value:
            _require_storable(item)


def validate_scopes(value: object) -> None:
    if not isinstance(value, list) or not value:
        raise ValidationError("Give at least one scope.", "scopes")
    if len(set(map(str, value))) != len(value) or not set(map(str, value)) <= set(Scope.values):
        raise ValidationError("Scopes are a subset of " + ", ".join(Scope.values) + ".", "scopes")
