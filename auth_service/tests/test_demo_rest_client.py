"""The demo's REST client against the real API on a real port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from auth_service.demo.cast import ASTRONAUT
from auth_service.demo.rest_client import RestClient, UnexpectedAnswer
from auth_service.demo.scenario import old_photo
from clients.models import Client, ClientUser

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rest(live_server: Any, tenant: Client, token_factory: Callable[..., str]) -> Iterator[RestClient]:
    with RestClient(url=live_server.url, api_key=token_factory(tenant)) as client:
        yield client


def test_a_user_is_created_and_deleted_for_the_keys_client(rest: RestClient, tenant: Client) -> None:
    rest.create_user(external_user_id="demo-1", name="Demo")
    assert ClientUser.objects.get().client == tenant

    rest.delete_user("demo-1")
    assert not ClientUser.objects.exists()


def test_an_opened_session_carries_what_a_socket_needs(rest: RestClient, live_server: Any) -> None:
    rest.create_user(external_user_id="demo-1", name="Demo")
    opened = rest.open_session(purpose="enrollment", external_user_id="demo-1")

    host = live_server.url.removeprefix("http://")
    assert opened.socket_url == f"ws://{host}/ws/sessions/{opened.session_id}/"
    assert opened.token in opened.page_url
    result = rest.get_result(opened.session_id)
    assert (result.state, result.verdict, result.reasons, result.similarity) == ("open", None, (), None)


def test_an_old_photo_waits_for_its_job(rest: RestClient) -> None:
    rest.create_user(external_user_id="demo-1", name="Demo")
    rest.upload_old_photo(external_user_id="demo-1", jpeg=old_photo(ASTRONAUT))
    assert rest.await_old_photo(external_user_id="demo-1", limit_seconds=0.0) == "pending"

    ClientUser.objects.update(old_photo_state="ready")
    assert rest.await_old_photo(external_user_id="demo-1", limit_seconds=5.0) == "ready"


def test_an_error_of_the_server_is_told_with_its_code(rest: RestClient) -> None:
    with pytest.raises(UnexpectedAnswer, match=r"404 .*not_found"):
        rest.open_session(purpose="enrollment", external_user_id="nobody")


def test_a_wrong_key_is_refused(live_server: Any) -> None:
    with (
        RestClient(url=live_server.url, api_key="fg_wrong") as client,
        pytest.raises(UnexpectedAnswer, match=r"401 .*not_authenticated"),
    ):
        client.create_user(external_user_id="demo-1", name="Demo")
