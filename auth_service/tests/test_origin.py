"""Which sites may open a socket."""

import pytest

from auth_service.origin import origin_allowed


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        ("https://id.example.org", True),
        ("http://ID.example.org", True),
        ("https://shop.example.com", True),
        ("https://shop.example.com/", True),
        ("http://shop.example.com", False),
        ("https://shop.example.com.evil.test", False),
        ("https://evil.test", False),
        ("null", False),
        ("", False),
        ("chrome-extension://id.example.org", False),
    ],
)
def test_our_own_page_and_listed_sites_may_and_others_may_not(origin: str | None, allowed: bool) -> None:
    found = origin_allowed(origin=origin, host="id.example.org", allowed_origins=["https://shop.example.com"])
    assert found is allowed


def test_another_port_is_another_site() -> None:
    assert not origin_allowed(origin="http://localhost:3000", host="localhost:8000", allowed_origins=[])
