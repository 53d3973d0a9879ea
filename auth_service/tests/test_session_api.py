"""Sessions over REST, with the client's own key and with a stranger's."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from auth_service.models import AuthSession, SessionState
from clients.models import Client, ClientUser
from clients.services import create_api_key

ENROLL = "/api/auth/enrollment-sessions/"
VERIFY = "/api/auth/verification-sessions/"


def with_key(client: Client, *scopes: str) -> APIClient:
    _, token = create_api_key(client=client, name=" ".join(scopes), scopes=list(scopes))
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return api


@pytest.fixture
def api(company: Client) -> APIClient:
    return with_key(company, "sessions:write", "sessions:read")


@pytest.fixture
def stranger_api(stranger: Client) -> APIClient:
    return with_key(stranger, "sessions:write", "sessions:read")


def test_opening_an_enrollment_gives_the_link_and_the_socket(api: APIClient, alice: ClientUser) -> None:
    answer = api.post(ENROLL, {"external_user_id": "alice"}, format="json")
    body = answer.json()
    assert answer.status_code == 201
    assert body["url"] == f"http://testserver/session/{body['token']}/"
    assert body["socket_url"] == f"ws://testserver/ws/sessions/{body['session_id']}/"
    assert (body["purpose"], body["state"], body["verdict"]) == ("enrollment", "open", None)


def test_a_public_address_is_used_for_links_and_makes_the_socket_secure(
    api: APIClient, alice: ClientUser, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://id.example.org/"
    body = api.post(ENROLL, {"external_user_id": "alice"}, format="json").json()
    assert body["url"].startswith("https://id.example.org/session/")
    assert body["socket_url"].startswith("wss://id.example.org/ws/sessions/")


def test_the_token_is_shown_once(api: APIClient, alice: ClientUser) -> None:
    opened = api.post(ENROLL, {"external_user_id": "alice"}, format="json").json()
    later = api.get(f"/api/auth/sessions/{opened['session_id']}/").json()
    assert "token" not in later
    assert opened["token"] not in str(later)


def test_verifying_someone_not_enrolled_is_a_conflict(api: APIClient, alice: ClientUser) -> None:
    answer = api.post(VERIFY, {"external_user_id": "alice"}, format="json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


def test_an_enrolled_person_gets_a_verification(
    api: APIClient, alice: ClientUser, enroll: Callable[..., ClientUser]
) -> None:
    enroll(alice, "alice")
    answer = api.post(VERIFY, {"external_user_id": "alice"}, format="json")
    assert (answer.status_code, answer.json()["purpose"]) == (201, "verification")


@pytest.mark.parametrize("body", [{}, {"external_user_id": ""}, {"external_user_id": ["x"]}, [], "x"])
def test_garbage_is_an_invalid_parameter_and_opens_nothing(
    api: APIClient, alice: ClientUser, body: object
) -> None:
    answer = api.post(ENROLL, body, format="json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_parameter")
    assert not AuthSession.objects.exists()


def test_a_stranger_cannot_open_read_cancel_or_list(
    api: APIClient, stranger_api: APIClient, alice: ClientUser
) -> None:
    opened = api.post(ENROLL, {"external_user_id": "alice"}, format="json").json()
    address = f"/api/auth/sessions/{opened['session_id']}/"
    assert stranger_api.post(ENROLL, {"external_user_id": "alice"}, format="json").status_code == 404
    assert stranger_api.get(address).status_code == 404
    assert stranger_api.delete(address).status_code == 404
    assert stranger_api.get("/api/auth/sessions/").json()["results"] == []
    assert AuthSession.objects.get().state == SessionState.OPEN


def test_without_a_key_or_scope_nothing_is_told(company: Client, alice: ClientUser) -> None:
    assert APIClient().get("/api/auth/sessions/").status_code == 401
    reader = with_key(company, "sessions:read")
    assert reader.post(ENROLL, {"external_user_id": "alice"}, format="json").status_code == 403
    writer = with_key(company, "sessions:write")
    assert writer.get("/api/auth/sessions/").status_code == 403


def test_an_unknown_session_is_not_found(api: APIClient) -> None:
    answer = api.get(f"/api/auth/sessions/{uuid.uuid4()}/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_cancelling_twice_answers_the_same(api: APIClient, alice: ClientUser) -> None:
    opened = api.post(ENROLL, {"external_user_id": "alice"}, format="json").json()
    address = f"/api/auth/sessions/{opened['session_id']}/"
    first, second = api.delete(address), api.delete(address)
    assert first.json() == second.json()
    assert first.json()["state"] == "cancelled"


def test_cancelling_an_ended_session_is_a_conflict(api: APIClient, alice: ClientUser) -> None:
    opened = api.post(ENROLL, {"external_user_id": "alice"}, format="json").json()
    session = AuthSession.objects.get()
    AuthSession.objects.update(state=SessionState.FAILED, ended_at=session.created_at)
    answer = api.delete(f"/api/auth/sessions/{opened['session_id']}/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "session_closed")


def test_the_list_is_newest_first_and_can_be_paged_and_narrowed(
    api: APIClient, alice: ClientUser, bob: ClientUser
) -> None:
    for name in ("alice", "bob", "alice"):
        api.post(ENROLL, {"external_user_id": name}, format="json")
    first = api.get("/api/auth/sessions/?page_size=2").json()
    second = api.get(first["next"]).json()
    names = [session["external_user_id"] for session in first["results"] + second["results"]]
    assert names == ["alice", "bob", "alice"]
    mine = api.get("/api/auth/sessions/?external_user_id=bob").json()["results"]
    assert [session["external_user_id"] for session in mine] == ["bob"]


def test_a_locked_out_person_is_throttled_with_a_time_to_wait(api: APIClient, alice: ClientUser) -> None:
    api.post(ENROLL, {"external_user_id": "alice"}, format="json")
    AuthSession.objects.update(attempt_count=99)
    answer = api.post(ENROLL, {"external_user_id": "alice"}, format="json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "throttled")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("body", ["[" * 100_000, r'{"external_user_id": "\ud800"}', "[1]", '"x"'])
def test_a_body_made_to_crash_the_parser_is_an_invalid_parameter(api: APIClient, body: str) -> None:
    answer = api.post(ENROLL, body, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_parameter")


def test_an_id_that_no_person_can_have_lists_nothing(api: APIClient, alice: ClientUser) -> None:
    api.post(ENROLL, {"external_user_id": "alice"}, format="json")
    answer = api.get("/api/auth/sessions/", {"external_user_id": "\0"})
    assert (answer.status_code, answer.json()["results"]) == (200, [])
