"""What an operator's browser does in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib.messages import get_messages
from django.test import Client as Browser

ROOT = "/admin/clients"


def texts(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def act(browser: Browser, model: str, action: str, *rows: Any, **more: Any) -> Any:
    data = {"action": action, "_selected_action": [str(row.pk) for row in rows], **more}
    return browser.post(f"{ROOT}/{model}/", data)
