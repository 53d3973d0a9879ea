"""Settings from the environment: a bad value stops the start and is named, a secret one is not repeated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from face_app import env

NAME = "FACEGATE_TEST_VALUE"
SCHEMES = ["redis", "rediss"]


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda: env.boolean(NAME, default=True), "maybe"),
        (lambda: env.integer(NAME, 1), "many"),
        (lambda: env.integer(NAME, 1, minimum=1), "0"),
        (lambda: env.integer(NAME, 1, maximum=9), "10"),
        (lambda: env.number(NAME, 1.0, minimum=0.1), "nan"),
        (lambda: env.choice(NAME, "a", ["a", "b"]), "c"),
        (lambda: env.rate(NAME, "1/s"), "banana"),
        (lambda: env.rate(NAME, "1/s"), "0/min"),
        (lambda: env.rate(NAME, "1/s"), "5/fortnight"),
        (lambda: env.origin(NAME), "id.example.org"),
        (lambda: env.origin(NAME), "https://id.example.org/path"),
        (lambda: env.origin(NAME), "ftp://id.example.org"),
    ],
)
def test_a_bad_value_is_refused_with_its_name(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[], object], value: str
) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(ImproperlyConfigured, match=f"{NAME}='{value}' is not"):
        read()


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (lambda: env.rate(NAME, "1/s"), "", "1/s"),
        (lambda: env.rate(NAME, "1/s"), "20/hour", "20/hour"),
        (lambda: env.origin(NAME), "", ""),
        (lambda: env.origin(NAME), "https://id.example.org:8443/", "https://id.example.org:8443"),
        (lambda: env.origin(NAME), "http://[::1]:8000", "http://[::1]:8000"),
        (lambda: env.service(NAME, SCHEMES), "", ""),
        (lambda: env.service(NAME, SCHEMES), "rediss://:pw@host:1/0", "rediss://:pw@host:1/0"),
        (lambda: env.words(NAME, ["a"]), " b, ,c ", ["b", "c"]),
    ],
)
def test_a_good_value_is_read(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[], object], value: str, expected: object
) -> None:
    monkeypatch.setenv(NAME, value)
    assert read() == expected


def test_the_address_of_a_service_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "http://:geheim@host")
    with pytest.raises(ImproperlyConfigured, match="redis:// or rediss://") as refused:
        env.service(NAME, SCHEMES)
    assert "geheim" not in str(refused.value)


def test_the_file_of_a_secret_wins_over_its_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from the file\n")
    monkeypatch.setenv(NAME, "from the variable")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))
    assert env.secret(NAME) == "from the file"


def test_a_secret_file_that_is_missing_is_refused_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{NAME}_FILE", "/nowhere")
    with pytest.raises(ImproperlyConfigured, match=f"{NAME}_FILE='/nowhere' cannot be read"):
        env.secret(NAME)
