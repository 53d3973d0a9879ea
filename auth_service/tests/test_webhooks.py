"""A session's end reaches the client's own server: signed, repeated until heard, never twice by accident."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_django import Settings

from auth_service import services, webhooks
from auth_service.models import WebhookDelivery
from auth_service.services import OpenedSession
from auth_service.tasks import deliver_webhook
from clients.audit import SYSTEM
from clients.models import Client, ClientUser, Job
from clients.services import rotate_webhook_secret
from common import clock, jobs
from common.errors import PermissionDenied, TransientError

Open = Callable[..., OpenedSession]


class Receiver:
    """A real HTTP server that remembers what it was sent and answers what it is told to."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.received: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.received.append(({k.lower(): v for k, v in self.headers.items()}, body))
                status = receiver.answers.pop(0) if receiver.answers else 204
                self.send_response(status)
                if status in {301, 302}:
                    self.send_header("location", "http://127.0.0.1:1/")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.close()


@pytest.fixture
def secret(company: Client, receiver: Receiver) -> str:
    Client.objects.filter(pk=company.pk).update(webhook_url=receiver.url)
    return rotate_webhook_secret(client=Client.objects.get(pk=company.pk))


@pytest.fixture
def delivery(secret: str, alice: ClientUser, opens: Open) -> WebhookDelivery:
    services.cancel_session(session=opens(alice).session, actor=SYSTEM)
    return WebhookDelivery.objects.select_related("client").get()


def test_the_end_of_a_session_queues_one_delivery_with_the_clients_view_of_it(
    delivery: WebhookDelivery,
) -> None:
    job = Job.objects.get(name=jobs.DELIVER_WEBHOOK)
    assert job.arguments == {"delivery_id": str(delivery.pk)}
    assert delivery.event == "session.cancelled"
    assert delivery.payload["external_user_id"] == "alice"


def test_a_client_without_a_webhook_gets_no_delivery(alice: ClientUser, opens: Open) -> None:
    services.cancel_session(session=opens(alice).session, actor=SYSTEM)
    assert not WebhookDelivery.objects.exists()


def test_what_arrives_is_signed_so_that_the_receiver_can_check_it(
    delivery: WebhookDelivery, receiver: Receiver, secret: str
) -> None:
    deliver_webhook(str(delivery.pk))
    [(headers, body)] = receiver.received
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert json.loads(body) == {
        "type": "session.cancelled",
        "timestamp": delivery.created_at.isoformat(),
        "data": delivery.payload,
    }


def test_a_delivered_webhook_is_not_sent_again(delivery: WebhookDelivery, receiver: Receiver) -> None:
    deliver_webhook(str(delivery.pk))
    deliver_webhook(str(delivery.pk))
    delivery.refresh_from_db()
    assert (len(receiver.received), delivery.attempts, delivery.last_status) == (1, 1, 204)
    assert delivery.delivered_at is not None


@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_an_answer_that_may_pass_is_tried_again_under_the_same_id(
    delivery: WebhookDelivery, receiver: Receiver, status: int
) -> None:
    receiver.answers = [status]
    with pytest.raises(TransientError):
        deliver_webhook(str(delivery.pk))
    deliver_webhook(str(delivery.pk))
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
    delivery.refresh_from_db()
    assert (delivery.attempts, delivery.last_status) == (2, 204)


@pytest.mark.parametrize("status", [400, 404, 302])
def test_an_answer_that_will_not_pass_is_noted_and_given_up_and_redirects_are_not_followed(
    delivery: WebhookDelivery, receiver: Receiver, status: int
) -> None:
    receiver.answers = [status]
    deliver_webhook(str(delivery.pk))
    delivery.refresh_from_db()
    assert (delivery.last_status, delivery.last_error, delivery.delivered_at) == (
        status,
        f"HTTP {status}",
        None,
    )


def test_a_receiver_that_is_away_is_tried_again(delivery: WebhookDelivery, company: Client) -> None:
    Client.objects.filter(pk=company.pk).update(webhook_url="http://127.0.0.1:1/hook")
    with pytest.raises(TransientError):
        deliver_webhook(str(delivery.pk))
    delivery.refresh_from_db()
    assert delivery.last_error == "ConnectError"


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.8", "169.254.169.254", "[::1]"])
def test_in_production_no_client_can_make_us_call_our_own_network(
    delivery: WebhookDelivery, receiver: Receiver, settings: Settings, address: str
) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = False
    delivery.client.webhook_url = f"http://{address}:{receiver.url.rpartition(':')[2]}"
    with pytest.raises(PermissionDenied):
        webhooks.send_delivery(delivery=delivery, now=clock.now())
    assert receiver.received == []


class Tireless(BaseHTTPRequestHandler):
    """Goes on talking: after its answer's headers, or in the middle of them."""

    opening = b""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        with contextlib.suppress(OSError):
            self.wfile.write(self.opening)
            while True:
                self.wfile.write(b".")
                time.sleep(0.05)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def tireless(company: Client) -> Iterator[Callable[[bytes], None]]:
    """Makes the company's webhook a server that begins with these bytes and never ends."""
    servers: list[ThreadingHTTPServer] = []

    def serve(opening: bytes) -> None:
        handler = type("Handler", (Tireless,), {"opening": opening})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/hook"
        Client.objects.filter(pk=company.pk).update(webhook_url=url)

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_an_answer_without_an_end_counts_by_its_status(
    delivery: WebhookDelivery, tireless: Callable[[bytes], None]
) -> None:
    tireless(b"HTTP/1.1 200 OK\r\n\r\n")
    deliver_webhook(str(delivery.pk))
    delivery.refresh_from_db()
    assert (delivery.last_status, delivery.delivered_at is None) == (200, False)


def test_an_answer_that_drips_in_is_given_up_at_the_deadline(
    delivery: WebhookDelivery, tireless: Callable[[bytes], None], settings: Settings
) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 0.5
    tireless(b"HTTP/1.1 200 OK\r\nX-Patience: ")
    with pytest.raises(TransientError):
        deliver_webhook(str(delivery.pk))
    delivery.refresh_from_db()
    assert (delivery.last_status, delivery.last_error) == (None, "TimeoutError")


def test_an_address_that_cannot_be_used_is_noted_with_the_delivery(
    delivery: WebhookDelivery, company: Client
) -> None:
    Client.objects.filter(pk=company.pk).update(webhook_url="https://unknown.invalid/hook")
    with pytest.raises(TransientError):
        deliver_webhook(str(delivery.pk))
    delivery.refresh_from_db()
    assert (delivery.attempts, delivery.last_error) == (1, "The webhook's host is unknown.")
