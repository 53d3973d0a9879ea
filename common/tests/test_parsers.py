"""JSON bodies: bounded, strict, and answerable."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError

from common.parsers import JSONParser


def parse(body: bytes) -> Any:
    return JSONParser().parse(io.BytesIO(body), "application/json", {"encoding": "utf-8"})


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, null, "x"]}', {"a": [1, None, "x"]}),
        ('{"a": "ü"}'.encode(), {"a": "ü"}),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        (b'{"a": "\\\\ud800"}', {"a": "\\ud800"}),
    ],
)
def test_json_is_read(body: bytes, value: Any) -> None:
    assert parse(body) == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"NaN",
        b"[Infinity]",
        b'"\\ud800"',
        b'{"\\uDFFF": 1}',
        b'["\\ude00\\ud83d"]',
        b"[" * 200_000,
        b'{"a":' * 50_000,
    ],
)
def test_what_cannot_be_answered_is_a_parse_error(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse(body)


def test_reading_stops_at_the_limit(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert parse(b'{"a": 123}') == {"a": 123}
    endless = io.BytesIO(b" " * 1000)
    with pytest.raises(RequestDataTooBig):
        JSONParser().parse(endless)
    assert endless.tell() == 11


def test_no_limit_is_no_limit(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = None
    assert parse(b" " * 10_000 + b"1") == 1
