"""`manage.py demo` tells a wrong verdict by its exit code and leaves nothing behind."""

from __future__ import annotations

import io
import itertools
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from auth_service.demo import scenario
from auth_service.demo.rest_client import RestClient
from auth_service.demo.scenario import play
from auth_service.demo.temporary_server import is_alive, manage_command, run_temporary_server
from auth_service.management.commands.demo import DEMO_CLIENT
from clients.models import Client, ClientUser


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """No job runs here, so that an old photo would be waited for in vain."""
    monkeypatch.setattr(scenario, "OLD_PHOTO_WAIT_SECONDS", 0.0)


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match=r"No server answers at http://127\.0\.0\.1:9/health/live"):
        call_command("demo", url="http://127.0.0.1:9/")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_waiting")
def test_a_demo_that_goes_wrong_says_so_and_still_deletes_what_it_made(live_server: Any) -> None:
    # This server has no sockets, so every session is broken off.
    said = io.StringIO()
    with pytest.raises(CommandError):
        call_command("demo", url=live_server.url, stdout=said)

    assert "enrol the astronaut: broken off: connection_failed" in said.getvalue()
    assert not Client.objects.exists()
    assert not ClientUser.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_waiting")
def test_keep_leaves_the_demo_client_and_its_people(live_server: Any) -> None:
    with pytest.raises(CommandError):
        call_command("demo", url=live_server.url, keep=True, stdout=io.StringIO())

    assert Client.objects.get().name == DEMO_CLIENT
    assert ClientUser.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_waiting")
def test_a_given_key_is_used_and_only_the_demos_people_are_deleted(
    live_server: Any, tenant: Client, user: ClientUser, token_factory: Any
) -> None:
    with pytest.raises(CommandError):
        call_command("demo", url=live_server.url, api_key=token_factory(tenant), stdout=io.StringIO())

    assert list(Client.objects.all()) == [tenant]
    assert list(ClientUser.objects.all()) == [user]


@pytest.mark.slow
def test_a_person_is_enrolled_on_a_temporary_server_that_is_gone_afterwards(tmp_path: Any) -> None:
    import subprocess

    with run_temporary_server() as server:
        made = subprocess.run(
            manage_command(
                "shell",
                "--command",
                "from clients import services; from clients.choices import Scope; "
                "client, scopes = services.create_client(name='Test'), list(Scope.values); "
                "print('KEY', services.create_api_key(client=client, name='k', scopes=scopes)[1])",
            ),
            env=server.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        key = made.stdout.partition("KEY ")[2].split()[0]
        with RestClient(url=server.url, api_key=key) as client:
            first = next(itertools.islice(play(client=client, seed=1), 1))
        directory = server.log.parent

    assert first.as_expected, first
    assert first.similarity is not None, "the old photo was not compared"
    assert first.outcome is not None
    assert first.outcome.percentile(50) < 1000
    assert not directory.exists()
    assert not is_alive(server.url)
