"""Who gets in: credentials, scopes, other clients, rates."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from rest_framework.test import APIClient

from clients.models import ApiKey, AuditEntry, Client, ClientUser, Job
from clients.throttling import parse_rate
from common import clock

pytestmark = pytest.mark.django_db

ENDPOINTS = [
    ("get", "/api/clients/users/", "users:read"),
    ("post", "/api/clients/users/", "users:write"),
    ("post", "/api/clients/users/bulk/", "users:write"),
    ("get", "/api/clients/users/alice/", "users:read"),
    ("patch", "/api/clients/users/alice/", "users:write"),
    ("delete", "/api/clients/users/alice/", "users:write"),
    ("post", "/api/clients/users/alice/old-photo/", "users:write"),
    ("delete", "/api/clients/users/alice/old-photo/", "users:write"),
    ("post", "/api/clients/users/alice/preload/", "sessions:write"),
    ("get", "/api/clients/keys/", "keys:write"),
    ("post", "/api/clients/keys/", "keys:write"),
    ("delete", "/api/clients/keys/abcdefgh/", "keys:write"),
]
ABOUT_ALICE = [row for row in ENDPOINTS if "alice" in row[1]]
ALL_SCOPES = {"users:read", "users:write", "sessions:read", "sessions:write", "keys:write"}


def call(api: APIClient, method: str, address: str) -> Any:
    return getattr(api, method)(address)


def state() -> list[Any]:
    people = ClientUser.objects.order_by("pk").values_list("client", "external_user_id", "updated_at")
    return [list(people), Job.objects.count(), AuditEntry.objects.exclude(target_kind="api_key").count()]


@pytest.mark.parametrize(("method", "address", "scope"), ENDPOINTS)
def test_no_credentials_is_401_with_a_challenge(
    user: ClientUser, method: str, address: str, scope: str
) -> None:
    before = state()
    answer = call(APIClient(), method, address)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
    assert answer.json()["error"]["code"] == "not_authenticated"
    assert state() == before


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer fg_a_b", "Basic YTpi", "Bearer \xff\xfe", "x" * 5000]
)
def test_nonsense_credentials_are_401(header: str) -> None:
    answer = APIClient(HTTP_AUTHORIZATION=header).get("/api/clients/users/")
    assert answer.status_code == 401


@pytest.mark.parametrize(("method", "address", "scope"), ENDPOINTS)
def test_expired_key_is_401_and_changes_nothing(
    api: APIClient, user: ClientUser, method: str, address: str, scope: str
) -> None:
    ApiKey.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    before = state()
    assert call(api, method, address).status_code == 401
    assert state() == before


@pytest.mark.usefixtures("user")
@pytest.mark.parametrize(("method", "address", "scope"), ENDPOINTS)
def test_key_with_every_other_scope_is_403_naming_the_missing_one(
    api_factory: Any, tenant: Client, method: str, address: str, scope: str
) -> None:
    api = api_factory(tenant, scopes=sorted(ALL_SCOPES - {scope}))
    before = state()
    answer = call(api, method, address)
    assert answer.status_code == 403
    assert answer.json()["error"]["details"] == {"required_scope": scope}
    assert state() == before


@pytest.mark.usefixtures("user")
@pytest.mark.parametrize(("method", "address", "scope"), ENDPOINTS)
def test_the_one_scope_is_enough(
    api_factory: Any, tenant: Client, method: str, address: str, scope: str
) -> None:
    assert call(api_factory(tenant, scopes=[scope]), method, address).status_code not in (401, 403)


@pytest.mark.parametrize(("method", "address", "scope"), ABOUT_ALICE)
def test_stranger_gets_the_404_of_a_user_that_does_not_exist(
    stranger_api: APIClient, user: ClientUser, method: str, address: str, scope: str
) -> None:
    before = state()
    foreign = call(stranger_api, method, address)
    unknown = call(stranger_api, method, address.replace("alice", "nobody"))
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json()["error"] == unknown.json()["error"]
    assert state() == before


def test_stranger_lists_and_searches_only_its_own(stranger_api: APIClient, user: ClientUser) -> None:
    for query in ("", "?search=alice", "?region=north", "?enrollment_state=not_enrolled"):
        assert stranger_api.get(f"/api/clients/users/{query}").json()["results"] == []


def test_same_id_at_two_clients_is_two_people(
    api: APIClient, stranger_api: APIClient, user: ClientUser
) -> None:
    made = stranger_api.post("/api/clients/users/", {"external_user_id": "alice"}, format="json")
    assert made.status_code == 201
    assert stranger_api.delete("/api/clients/users/alice/").status_code == 200
    assert api.get("/api/clients/users/alice/").status_code == 200


@pytest.mark.parametrize(
    ("method", "address"), [("put", "/api/clients/users/alice/"), ("patch", "/api/clients/users/")]
)
def test_method_that_does_not_exist_is_405_in_the_common_shape(
    api: APIClient, method: str, address: str
) -> None:
    answer = call(api, method, address)
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("segment", ["%00", "a%00b", "%FF%FE", "%ED%A0%80", "a%2Fb", "%20", "'", "a" * 5000])
@pytest.mark.parametrize("address", ["users/{}/", "users/{}/old-photo/", "users/{}/preload/", "keys/{}/"])
def test_path_that_can_name_nothing_is_a_404(api: APIClient, address: str, segment: str) -> None:
    # The test client would unquote and quote again; a real client sends these bytes.
    raw = {"PATH_INFO": unquote_to_bytes(f"/api/clients/{address.format(segment)}").decode("latin-1")}
    for method in ("delete", "post", "get"):
        assert getattr(api, method)("/", **raw).status_code in (404, 405)


class TestRate:
    @pytest.fixture
    def _three_a_minute(self, settings: Any) -> None:
        rates = {"client": "3/min"}
        settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}

    @pytest.mark.usefixtures("_three_a_minute")
    def test_request_over_the_rate_is_429_and_says_when_to_return(
        self, api: APIClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        moment = 1_000_000_020.0
        monkeypatch.setattr("time.time", lambda: moment)
        codes = [api.get("/api/clients/keys/").status_code for _ in range(4)]
        assert codes == [200, 200, 200, 429]
        answer = api.get("/api/clients/keys/")
        wait = int(answer["Retry-After"])
        assert answer.json()["error"]["code"] == "throttled"
        assert answer.json()["error"]["details"] == {"retry_after": wait}
        monkeypatch.setattr("time.time", lambda: moment + wait)
        assert api.get("/api/clients/keys/").status_code == 200

    @pytest.mark.usefixtures("_three_a_minute")
    def test_rate_is_one_for_all_keys_of_a_client_and_apart_from_others(
        self, api: APIClient, api_factory: Any, tenant: Client, stranger_api: APIClient
    ) -> None:
        other_key = api_factory(tenant)
        for _ in range(3):
            api.get("/api/clients/keys/")
        assert other_key.get("/api/clients/keys/").status_code == 429
        assert stranger_api.get("/api/clients/keys/").status_code == 200

    @pytest.mark.parametrize(
        ("rate", "parsed"),
        [("3/min", (3, 60)), ("10/s", (10, 1)), ("9/hour", (9, 3600)), ("1/day", (1, 86400))],
    )
    def test_rates_are_read(self, rate: str, parsed: tuple[int, int]) -> None:
        assert parse_rate(rate) == parsed

    @pytest.mark.parametrize("rate", ["", "3", "0/min", "x/min", "3/fortnight"])
    def test_rate_that_says_nothing_is_refused(self, rate: str) -> None:
        with pytest.raises(Exception, match="rate"):
            parse_rate(rate)
