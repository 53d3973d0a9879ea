"""A frame key is random, travels as text, and fits nothing but what it made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_service.frame_binding import (
    KEY_BYTES,
    TAG_BYTES,
    decode_frame_key,
    encode_frame_key,
    make_tag,
    new_frame_key,
    tag_fits,
)

keys = st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES)


def test_no_key_comes_twice() -> None:
    drawn = {new_frame_key() for _ in range(1000)}
    assert len(drawn) == 1000
    assert {len(key) for key in drawn} == {KEY_BYTES}


@given(keys)
def test_a_key_survives_its_text(key: bytes) -> None:
    text = encode_frame_key(key)
    assert decode_frame_key(text) == key
    assert text.isascii()
    assert not set(text) & set("+/=")


@pytest.mark.parametrize("text", ["", "short", "not base64!", "é" * 43, "A" * 42, "A" * 44])
def test_a_text_that_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="frame key"):
        decode_frame_key(text)


@given(keys, st.binary(max_size=40), st.binary(max_size=200))
def test_a_tag_fits_what_it_was_made_of(key: bytes, header: bytes, jpeg: bytes) -> None:
    tag = make_tag(header, jpeg, key=key)
    assert len(tag) == TAG_BYTES
    assert tag_fits(tag, header, jpeg, key=key)


@given(keys, keys, st.binary(max_size=200))
def test_a_tag_of_another_key_does_not_fit(key: bytes, other: bytes, jpeg: bytes) -> None:
    assert tag_fits(make_tag(b"", jpeg, key=other), b"", jpeg, key=key) == (key == other)


@pytest.mark.parametrize("tag", [b"", b"\0" * TAG_BYTES, b"\0" * 15, b"\0" * 32])
def test_a_made_up_tag_does_not_fit(tag: bytes) -> None:
    assert not tag_fits(tag, b"header", b"jpeg", key=new_frame_key())
