"""The address of people over REST, and what its tests send and read."""

from __future__ import annotations

import base64
import json
from typing import Any

from rest_framework.test import APIClient

USERS = "/api/clients/users/"


def post(api: APIClient, address: str, body: Any) -> Any:
    return api.generic("POST", address, json.dumps(body), content_type="application/json")


def fields_of(answer: Any) -> dict[str, Any]:
    fields: dict[str, Any] = answer.json()["error"]["details"]["fields"]
    return fields


def cursor(inside: str) -> str:
    return base64.b64encode(inside.encode()).decode()
