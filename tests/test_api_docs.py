"""The API page tells the codes that the code raises, and its example verifies what the server signs."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from auth_service.webhooks import sign
from clients.choices import Scope
from common.errors import FaceAppError

PAGE = Path(settings.BASE_DIR, "docs/api.md").read_text()
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
BODY = b'{"type": "session.completed"}'


def every_error(kind: type[FaceAppError] = FaceAppError) -> Iterator[type[FaceAppError]]:
    for one in kind.__subclasses__():
        # Tests and calibration have kinds of their own that keep their parent's code.
        if "code" in vars(one) and one.__module__ == "common.errors":
            yield one
        yield from every_error(one)


def test_every_error_code_is_listed_with_its_status_and_close_code() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) \|$", PAGE, re.M))
    raised = {(kind.code, str(kind.http_status), str(kind.close_code)) for kind in every_error()}
    assert listed == raised


def test_every_scope_is_named() -> None:
    assert all(f"`{scope}`" in PAGE for scope in Scope.values)


@pytest.fixture(scope="module")
def is_genuine() -> Callable[..., bool]:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102 - the page's own example
    verify: Callable[..., bool] = names["is_genuine"]
    return verify


def headers(*, sent: int, body: bytes = BODY) -> dict[str, str]:
    return {
        "webhook-id": "one",
        "webhook-timestamp": str(sent),
        "webhook-signature": sign(secret=SECRET, message_id="one", timestamp=sent, body=body),
    }


def test_the_example_accepts_what_the_server_signs(is_genuine: Callable[..., bool]) -> None:
    assert is_genuine(SECRET, headers(sent=int(time.time())), BODY)


def test_the_example_refuses_another_body_secret_or_an_old_message(is_genuine: Callable[..., bool]) -> None:
    now = int(time.time())
    other = "whsec_" + base64.b64encode(b"x" * 32).decode()
    assert not is_genuine(SECRET, headers(sent=now), BODY + b" ")
    assert not is_genuine(other, headers(sent=now), BODY)
    assert not is_genuine(SECRET, headers(sent=now - 301), BODY)
