"""Values at rest: unreadable without the key, in another place, or after damage; keys can be rotated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from common.encryption import DecryptionFailed, decrypt, encrypt
from common.errors import ContractMismatch
from common.templates import Template, pack_template, unpack_template

PLAIN = b"a value that must not be readable"


@pytest.fixture(autouse=True)
def _keys(settings: Any) -> None:
    settings.FACE_ENCRYPTION_KEYS = ["first key"]


def test_value_comes_back_only_for_its_purpose() -> None:
    token = encrypt(PLAIN, purpose="webhook:FR_AAAAAA")
    assert decrypt(token, purpose="webhook:FR_AAAAAA") == PLAIN
    for purpose in ("webhook:FR_BBBBBB", "template:FR_AAAAAA", ""):
        with pytest.raises(DecryptionFailed):
            decrypt(token, purpose=purpose)


def test_same_value_never_looks_the_same_and_never_shows() -> None:
    tokens = {encrypt(PLAIN, purpose="x") for _ in range(50)}
    assert len(tokens) == 50
    assert not any(PLAIN[:8] in token for token in tokens)


def test_every_damaged_byte_is_noticed() -> None:
    token = encrypt(PLAIN, purpose="x")
    for at in range(len(token)):
        damaged = token[:at] + bytes([token[at] ^ 1]) + token[at + 1 :]
        with pytest.raises(DecryptionFailed):
            decrypt(damaged, purpose="x")


@pytest.mark.parametrize("length", [0, 1, 4, 5, 16, 17, 30])
def test_cut_value_is_noticed(length: int) -> None:
    with pytest.raises(DecryptionFailed):
        decrypt(encrypt(PLAIN, purpose="x")[:length], purpose="x")


def test_old_values_are_read_after_a_rotation_and_lost_with_their_key(settings: Any) -> None:
    old = encrypt(PLAIN, purpose="x")
    settings.FACE_ENCRYPTION_KEYS = ["second key", "first key"]
    new = encrypt(PLAIN, purpose="x")
    assert decrypt(old, purpose="x") == decrypt(new, purpose="x") == PLAIN
    settings.FACE_ENCRYPTION_KEYS = ["second key"]
    assert decrypt(new, purpose="x") == PLAIN
    with pytest.raises(DecryptionFailed):
        decrypt(old, purpose="x")


def test_memoryview_from_a_database_driver_is_read() -> None:
    token = encrypt(PLAIN, purpose="x")
    assert decrypt(memoryview(token), purpose="x") == PLAIN  # type: ignore[arg-type]


class TestTemplates:
    @pytest.mark.parametrize("dimension", [1, 128, 512])
    @pytest.mark.parametrize("contract", ["", "dlib:0a1b:128", "modèle:ü:512"])
    def test_template_is_bit_for_bit_the_same(
        self, make_template: Any, dimension: int, contract: str
    ) -> None:
        template = make_template(3, dimension=dimension, contract=contract)
        back = unpack_template(pack_template(template, client_id="FR_AAAAAA"), client_id="FR_AAAAAA")
        assert back.contract == contract
        assert back.embedding.dtype == np.float32
        np.testing.assert_array_equal(back.embedding, template.embedding)

    def test_unpacked_vector_may_be_written_to(self, make_template: Any) -> None:
        back = unpack_template(pack_template(make_template(), client_id="A"), client_id="A")
        back.embedding[0] = 0.0

    def test_other_client_cannot_read_it(self, make_template: Any) -> None:
        packed = pack_template(make_template(), client_id="FR_AAAAAA")
        with pytest.raises(DecryptionFailed):
            unpack_template(packed, client_id="FR_BBBBBB")

    @pytest.mark.parametrize(
        "embedding",
        [
            np.zeros(4, np.float32),
            np.ones(4, np.float32),
            np.array([np.nan, 1, 0], np.float32),
            np.array([np.inf, 0], np.float32),
            np.eye(3, dtype=np.float32),
            np.array([], np.float32),
        ],
    )
    def test_what_is_no_unit_vector_is_not_packed(self, embedding: Any) -> None:
        with pytest.raises(ValueError, match="norm 1"):
            pack_template(Template(embedding=embedding, contract="c"), client_id="A")

    def test_contracts_are_never_mixed(self, make_template: Any) -> None:
        template = make_template(contract="a:1:128")
        assert template.require_contract("a:1:128") is template
        with pytest.raises(ContractMismatch) as refusal:
            template.require_contract("b:1:128")
        assert refusal.value.details == {"stored": "a:1:128", "active": "b:1:128"}
