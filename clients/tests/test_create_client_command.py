"""The first client from the command line: a key that opens the API, or one sentence and nothing made."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from clients.choices import Scope
from clients.models import ApiKey, Client

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("create_client", *arguments, stdout=output)
    return output.getvalue()


def ask(token: str) -> Any:
    return Browser().get("/api/clients/users/", headers={"authorization": f"Bearer {token}"})


def test_the_printed_key_opens_the_api_with_every_scope() -> None:
    made = json.loads(run("My company", "--json"))
    assert Client.objects.get(pk=made["client_id"]).name == "My company"
    assert set(ApiKey.objects.get().scopes) == set(Scope.values)
    assert ask(made["api_key"]).status_code == 200


def test_the_words_that_are_printed_hold_the_key() -> None:
    printed = run("My company")
    (token,) = [word for word in printed.split() if word.startswith("fg_")]
    assert ask(token).status_code == 200


@pytest.mark.parametrize("name", ["", "n" * 5000])
def test_a_name_that_is_none_is_refused_in_one_sentence_and_makes_nothing(name: str) -> None:
    with pytest.raises(CommandError, match=r"No client was made: .*name"):
        run(name)
    assert not Client.objects.exists()
    assert not ApiKey.objects.exists()
