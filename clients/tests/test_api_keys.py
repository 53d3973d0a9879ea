"""Keys: hashed, shown once, scoped, revocable, and never stronger than what created them."""

from __future__ import annotations

import hashlib
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from clients.choices import Scope
from clients.models import ApiKey, AuditEntry, Client
from clients.selectors import find_api_key
from clients.services import create_api_key, revoke_api_key
from common import clock
from common.errors import AlreadyExists, FaceAppError, InvalidParameter, PermissionDenied

pytestmark = pytest.mark.django_db


def new_key(client: Client, **options: Any) -> tuple[ApiKey, str]:
    return create_api_key(client=client, **{"name": "server", "scopes": [Scope.USERS_READ], **options})


def test_only_the_hash_of_a_key_is_stored(tenant: Client) -> None:
    key, token = new_key(tenant)
    label, prefix, secret = token.split("_", 2)
    assert (label, prefix) == ("fg", key.prefix)
    assert len(secret) == 43
    row = ApiKey.objects.filter(pk=key.pk).values().get()
    assert row["secret_hash"] == hashlib.sha256(secret.encode()).hexdigest()
    assert not any(secret in str(value) for value in row.values())
    assert not any(secret in str(entry) for entry in AuditEntry.objects.values())


def test_token_finds_its_key_until_revoked_or_expired(tenant: Client) -> None:
    now = clock.now()
    key, token = new_key(tenant, expires_at=now + timedelta(hours=1))
    found = find_api_key(token=token, now=now)
    assert found is not None
    assert (found.pk, found.client) == (key.pk, tenant)
    assert find_api_key(token=token, now=now + timedelta(hours=1)) is None
    revoke_api_key(key=key)
    assert find_api_key(token=token, now=now) is None


def test_key_of_a_disabled_client_opens_nothing(tenant: Client) -> None:
    _, token = new_key(tenant)
    Client.objects.filter(pk=tenant.pk).update(is_active=False)
    assert find_api_key(token=token, now=clock.now()) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token + "\n",
        lambda token: token.upper(),
        lambda token: token.replace("fg_", "", 1),
        lambda token: token.split("_")[1],
        lambda _: "",
        lambda _: "fg__",
        lambda _: "fg_\x00\x00\x00\x00\x00\x00\x00\x00_" + "a" * 43,
        lambda token: "fg_%_" + token.split("_", 2)[2],
        lambda token: token.replace(token.split("_")[1], "zzzzzzzz"),
    ],
)
def test_damaged_token_is_nobodys(tenant: Client, damage: Any) -> None:
    _, token = new_key(tenant)
    assert find_api_key(token=damage(token), now=clock.now()) is None


def test_revoking_twice_keeps_the_first_time_and_one_audit_entry(tenant: Client) -> None:
    key, _ = new_key(tenant)
    first = revoke_api_key(key=key).revoked_at
    assert revoke_api_key(key=key).revoked_at == first
    assert AuditEntry.objects.filter(action="api_key.revoked").count() == 1


def test_second_key_of_a_name_is_refused_until_the_first_is_revoked(tenant: Client, stranger: Client) -> None:
    key, _ = new_key(tenant)
    with pytest.raises(AlreadyExists):
        new_key(tenant)
    assert ApiKey.objects.filter(client=tenant).count() == 1
    new_key(stranger)
    revoke_api_key(key=key)
    new_key(tenant)


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["users:read", "users:read"]}, "scopes"),
        ({"scopes": ["users:everything"]}, "scopes"),
        ({"name": ""}, "name"),
        ({"name": "a" * 101}, "name"),
        ({"name": "bell\x07"}, "name"),
        ({"expires_at": clock.now() - timedelta(seconds=1)}, "expires_at"),
    ],
)
def test_malformed_key_is_refused_and_nothing_is_written(
    tenant: Client, columns: dict[str, Any], field: str
) -> None:
    entries = AuditEntry.objects.count()
    with pytest.raises(InvalidParameter) as refusal:
        new_key(tenant, **columns)
    assert field in refusal.value.details["fields"]  # type: ignore[operator]
    assert not ApiKey.objects.exists()
    assert AuditEntry.objects.count() == entries


def test_key_cannot_grant_what_it_lacks(tenant: Client) -> None:
    grantor, _ = new_key(tenant, scopes=[Scope.KEYS_WRITE, Scope.USERS_READ])
    with pytest.raises(PermissionDenied) as refusal:
        new_key(tenant, name="heir", scopes=[Scope.USERS_WRITE, Scope.USERS_READ], grantor=grantor)
    assert refusal.value.details == {"missing": ["users:write"]}
    new_key(tenant, name="heir", scopes=[Scope.USERS_READ], grantor=grantor)


def test_key_cannot_grant_a_longer_life_than_its_own(tenant: Client) -> None:
    end = clock.now() + timedelta(days=1)
    grantor, _ = new_key(tenant, scopes=[Scope.KEYS_WRITE], expires_at=end)
    for expires_at in (None, end + timedelta(seconds=1)):
        with pytest.raises(PermissionDenied):
            new_key(tenant, name="heir", scopes=[Scope.KEYS_WRITE], grantor=grantor, expires_at=expires_at)
    new_key(tenant, name="heir", scopes=[Scope.KEYS_WRITE], grantor=grantor, expires_at=end)


def test_key_revoked_meanwhile_leaves_no_heir(tenant: Client) -> None:
    grantor, _ = new_key(tenant, scopes=[Scope.KEYS_WRITE])
    ApiKey.objects.filter(pk=grantor.pk).update(revoked_at=clock.now())
    with pytest.raises(FaceAppError) as refusal:
        new_key(tenant, name="heir", scopes=[Scope.KEYS_WRITE], grantor=grantor)
    assert refusal.value.code == "not_authenticated"
    assert ApiKey.objects.count() == 1


def test_last_use_is_written_at_most_once_a_minute(api: APIClient, django_assert_num_queries: Any) -> None:
    api.get("/api/clients/keys/")
    key = ApiKey.objects.get()
    assert key.last_used_at is not None
    api.get("/api/clients/keys/")
    assert ApiKey.objects.get().last_used_at == key.last_used_at
    earlier = clock.now() - timedelta(seconds=61)
    ApiKey.objects.update(last_used_at=earlier)
    api.get("/api/clients/keys/")
    assert ApiKey.objects.get().last_used_at > earlier  # type: ignore[operator]


@pytest.mark.django_db(transaction=True)
def test_two_threads_creating_the_same_key_leave_one(tenant: Client) -> None:
    barrier, outcomes = threading.Barrier(2), []

    def create() -> None:
        barrier.wait()
        try:
            outcomes.append(new_key(tenant)[1])
        except AlreadyExists as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=create) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 2
    assert outcomes.count("already_exists") == 1
    assert ApiKey.objects.count() == 1


class TestOverHttp:
    def test_created_key_works_and_its_token_is_shown_once(self, api: APIClient) -> None:
        made = api.post("/api/clients/keys/", {"name": "reader", "scopes": ["users:read"]}, format="json")
        assert made.status_code == 201
        assert made["Cache-Control"] == "no-store"
        token = made.json()["token"]
        reader = APIClient(headers={"Authorization": f"Bearer {token}"})
        assert reader.get("/api/clients/users/").status_code == 200
        assert token not in api.get("/api/clients/keys/").content.decode()
        assert "secret_hash" not in api.get("/api/clients/keys/").content.decode()

    def test_revoked_key_is_refused_from_the_next_request_on(self, api: APIClient) -> None:
        prefix = ApiKey.objects.get().prefix
        assert api.delete(f"/api/clients/keys/{prefix}/").status_code == 204
        assert api.get("/api/clients/keys/").status_code == 401

    def test_list_shows_only_own_keys(self, api: APIClient, stranger_api: APIClient) -> None:
        prefixes = [key["prefix"] for key in api.get("/api/clients/keys/").json()["results"]]
        assert prefixes == [ApiKey.objects.get(client__name="Acme").prefix]

    def test_stranger_cannot_revoke_a_key_nor_learn_that_it_exists(
        self, api: APIClient, stranger_api: APIClient
    ) -> None:
        prefix = ApiKey.objects.get(client__name="Acme").prefix
        foreign = stranger_api.delete(f"/api/clients/keys/{prefix}/")
        unknown = stranger_api.delete("/api/clients/keys/zzzzzzzz/")
        assert foreign.status_code == unknown.status_code == 404
        assert foreign.json()["error"] == unknown.json()["error"]
        assert api.get("/api/clients/keys/").status_code == 200

    def test_scopes_are_not_extended_over_http(self, api_factory: Any, tenant: Client) -> None:
        api = api_factory(tenant, scopes=["keys:write"])
        answer = api.post("/api/clients/keys/", {"name": "x", "scopes": ["users:write"]}, format="json")
        assert answer.status_code == 403
        assert answer.json()["error"]["details"] == {"missing": ["users:write"]}

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"name": "x"},
            {"name": "x", "scopes": "users:read"},
            {"name": "x", "scopes": [["users:read"]]},
            {"name": "x", "scopes": [], "expires_at": None},
            {"name": "x", "scopes": ["users:read"], "expires_at": "tomorrow"},
            {"name": "x", "scopes": ["users:read"], "expires_at": "0001-01-01T00:00:00+14:00"},
            {"name": "x", "scopes": ["users:read"], "secret_hash": "0"},
            {"name": {"a": 1}, "scopes": ["users:read"]},
        ],
    )
    def test_malformed_body_creates_nothing(self, api: APIClient, body: dict[str, Any]) -> None:
        answer = api.post("/api/clients/keys/", body, format="json")
        assert answer.status_code == 400, answer.content
        assert answer.json()["error"]["code"] == "invalid_parameter"
        assert ApiKey.objects.count() == 1

    def test_second_key_of_a_name_is_a_conflict(self, api: APIClient) -> None:
        body = {"name": "reader", "scopes": ["users:read"]}
        assert api.post("/api/clients/keys/", body, format="json").status_code == 201
        again = api.post("/api/clients/keys/", body, format="json")
        assert (again.status_code, again.json()["error"]["code"]) == (409, "already_exists")
