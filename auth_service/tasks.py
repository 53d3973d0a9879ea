"""Background work of sessions."""

from __future__ import annotations

from celery import shared_task

from auth_service import services, webhooks
from auth_service.models import WebhookDelivery
from auth_service.retention import purge_expired_traces
from common import clock, jobs


@shared_task(name=jobs.DELIVER_WEBHOOK)
def deliver_webhook(delivery_id: str) -> None:
    """Send one webhook. Delivered at least once: the receiver drops repeats by its ``webhook-id``."""
    delivery = WebhookDelivery.objects.select_related("client").filter(pk=delivery_id).first()
    if delivery is not None and delivery.delivered_at is None:
        webhooks.send_delivery(delivery=delivery, now=clock.now())


@shared_task(name=jobs.EXPIRE_SESSIONS)
def expire_sessions() -> None:
    """End sessions whose time is over."""
    services.expire_sessions(now=clock.now())


@shared_task(name=jobs.PURGE_TRACES)
def purge_traces() -> None:
    """Remove traces that outlived their client's policy."""
    purge_expired_traces(now=clock.now())
