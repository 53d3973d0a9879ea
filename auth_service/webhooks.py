"""Signed webhooks: what a session's end tells the client's own server.

Signature after the Standard Webhooks specification (1.0.0): headers ``webhook-id``,
``webhook-timestamp`` (Unix seconds) and ``webhook-signature`` = ``v1,`` + base64 of
HMAC-SHA256 over ``id.timestamp.body``, its key the base64 behind ``whsec_``.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import socket
from datetime import datetime

import httpx
from django.conf import settings

from auth_service.models import AuthSession, WebhookDelivery
from auth_service.presenters import present_session
from clients.jobs import enqueue_on_commit
from clients.validators import is_deliverable_address
from common import jobs
from common.errors import FaceAppError, PermissionDenied, TransientError

RETRIES_AFTER_STATUS = {408, 425, 429}


def record_delivery(*, session: AuthSession, now: datetime) -> None:
    """Queue the event of a session's end, in the caller's transaction. Once per session and event."""
    if not session.client.webhook_url:
        return
    delivery, created = WebhookDelivery.objects.get_or_create(
        session=session,
        event=f"session.{session.state}",
        defaults={
            "client": session.client,
            "payload": present_session(session),
            "created_at": now,
        },
    )
    if created:
        enqueue_on_commit(
            jobs.DELIVER_WEBHOOK,
            client=session.client,
            dedupe_key=f"webhook:{delivery.pk}",
            max_attempts=settings.WEBHOOK_MAX_ATTEMPTS,
            delivery_id=str(delivery.pk),
        )


def sign(*, secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The ``webhook-signature`` value for one delivery."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def send_delivery(*, delivery: WebhookDelivery, now: datetime) -> None:
    """POST one delivery and note the answer. Raises TransientError when it should be tried again."""
    client = delivery.client
    if not client.webhook_url:
        _note(delivery, status=None, error="the client has no webhook any more")
        return
    try:
        address = _resolve_allowed(client.webhook_url)
    except FaceAppError as error:
        _note(delivery, status=None, error=error.message)
        raise
    message = {
        "type": delivery.event,
        "timestamp": delivery.created_at.isoformat(),
        "data": delivery.payload,
    }
    body = json.dumps(message).encode()
    timestamp = int(now.timestamp())
    headers = {
        "content-type": "application/json",
        "webhook-id": str(delivery.pk),
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(
            secret=client.get_webhook_secret(), message_id=str(delivery.pk), timestamp=timestamp, body=body
        ),
    }
    try:
        status = asyncio.run(_post(client.webhook_url, body=body, headers=headers, address=address))
    except (httpx.HTTPError, TimeoutError) as error:
        _note(delivery, status=None, error=type(error).__name__)
        raise TransientError("The webhook could not be reached.") from error
    if httpx.codes.is_success(status):
        _note(delivery, status=status, error="", delivered_at=now)
        return
    _note(delivery, status=status, error=f"HTTP {status}")
    if httpx.codes.is_server_error(status) or status in RETRIES_AFTER_STATUS:
        raise TransientError(f"The webhook answered {status}.")


def _note(
    delivery: WebhookDelivery, *, status: int | None, error: str, delivered_at: datetime | None = None
) -> None:
    delivery.attempts += 1
    delivery.last_status = status
    delivery.last_error = error[:200]
    delivery.delivered_at = delivered_at
    delivery.save(update_fields=["attempts", "last_status", "last_error", "delivered_at"])


async def _post(url: str, *, body: bytes, headers: dict[str, str], address: str) -> int:
    """The answer's status. To the address that was checked, not to what the name may mean a moment later; no
    redirects. The whole of it has one deadline (httpx' own begins anew with each byte that drips in), and the
    answer's body is not read: it may have no end, and the worker serves every client."""
    target = httpx.URL(url)
    async with (
        asyncio.timeout(settings.WEBHOOK_TIMEOUT_SECONDS),
        httpx.AsyncClient(timeout=settings.WEBHOOK_TIMEOUT_SECONDS, trust_env=False) as http,
        http.stream(
            "POST",
            target.copy_with(host=address),
            content=body,
            headers=headers | {"host": target.netloc.decode("ascii")},
            extensions={"sni_hostname": target.host},
        ) as answer,
    ):
        return answer.status_code


def _resolve_allowed(url: str) -> str:
    """The host's address. Raises TransientError for an unknown host.

    Raises PermissionDenied for one inside our own network: no client may make us call our neighbours.
    """
    parts = httpx.URL(url)
    try:
        found = socket.getaddrinfo(parts.host, parts.port or 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise TransientError("The webhook's host is unknown.") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not all(
        is_deliverable_address(address, allow_private=settings.WEBHOOK_ALLOW_PRIVATE) for address in addresses
    ):
        raise PermissionDenied("The webhook's address is private.")
    return addresses[0]
