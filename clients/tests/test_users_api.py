"""People over REST: create, bulk, list, read, change, delete, preload."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from clients.models import AuditEntry, Client, ClientUser, Job
from clients.services import NewUser, bulk_create_users, create_user
from clients.tests.users_api import USERS, fields_of, post
from common.errors import AlreadyExists
from common.jobs import PRELOAD_ENROLLMENT_USER

pytestmark = pytest.mark.django_db


class TestCreate:
    def test_person_is_created_and_can_be_read_back(self, api: APIClient, tenant: Client) -> None:
        body = {
            "external_user_id": "emp:1@acme.com",
            "name": "Ann Ó Briain",
            "attributes": {"age": 30, "tags": ["a", None]},
            "region": "Hà Nội",
        }
        made = post(api, USERS, body)
        assert made.status_code == 201
        read = api.get(made["Location"])
        assert read.json() == made.json()
        assert {key: read.json()[key] for key in body} == body
        assert read.json()["enrollment_state"] == "not_enrolled"
        assert read.json()["old_photo"] == {"state": "none", "reason": ""}
        entry = AuditEntry.objects.get(action="user.created")
        assert (entry.client_id, entry.actor_kind, entry.target_id) == (
            tenant.pk,
            "api_key",
            "emp:1@acme.com",
        )
        assert entry.request_id == made["X-Request-ID"]

    def test_second_creation_is_a_conflict_and_changes_nothing(
        self, api: APIClient, user: ClientUser
    ) -> None:
        answer = post(api, USERS, {"external_user_id": "alice", "name": "Mallory"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "already_exists")
        assert ClientUser.objects.get().name == "Alice Adams"

    @pytest.mark.parametrize(
        "external_user_id",
        [
            "",
            " ",
            "a b",
            "a/b",
            "ü",
            ".",
            "..",
            "bulk",
            "a" * 129,
            "a\n",
            "\x00",
            "a?b",
            None,
            True,
            ["a"],
            {},
        ],
    )
    def test_identifier_that_is_no_path_segment_is_refused(
        self, api: APIClient, external_user_id: Any
    ) -> None:
        answer = post(api, USERS, {"external_user_id": external_user_id})
        assert answer.status_code == 400
        assert "external_user_id" in fields_of(answer)
        assert not ClientUser.objects.exists()

    @pytest.mark.parametrize("external_user_id", ["a", "A.b-c_d:e@f", "...", "Bulk", "1" * 128])
    def test_identifier_of_allowed_characters_has_an_address(
        self, api: APIClient, external_user_id: str
    ) -> None:
        made = post(api, USERS, {"external_user_id": external_user_id})
        assert made.status_code == 201
        assert api.get(made["Location"]).json()["external_user_id"] == external_user_id

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", "a" * 201),
            ("name", "a\x00b"),
            ("name", "tab\there"),
            ("name", ["a"]),
            ("attributes", []),
            ("attributes", "text"),
            ("attributes", None),
            ("attributes", {"a": "\x00"}),
            ("attributes", {"a": "x" * 17_000}),
            ("region", "a" * 65),
            ("region", "a;b"),
            ("colour", "blue"),
            ("enrollment_state", "enrolled"),
            ("cached_embedding", "AAAA"),
            ("client", "FR_ABC123"),
        ],
    )
    def test_bad_or_unknown_field_is_named_and_nothing_is_written(
        self, api: APIClient, field: str, value: Any
    ) -> None:
        answer = post(api, USERS, {"external_user_id": "bob", field: value})
        assert answer.status_code == 400
        assert list(fields_of(answer)) == [field]
        assert not ClientUser.objects.exists()

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"null",
            b"[]",
            b'"text"',
            b"\xff\xfe",
            b'{"external_user_id": "\\ud800"}',
            b'{"\\uD800": 1}',
            b'{"external_user_id": "a", "attributes": {"x": ["\\udfff"]}}',
            b"[" * 100_000,
            b'{"external_user_id": NaN}',
            b'{"external_user_id": "a", "attributes": {"x": 1e999}}',
            b'{"external_user_id": "a", "attributes": {"x": NaN}}',
            b'{"external_user_id": ' + b"9" * 5000 + b"}",
            b'{"external_user_id": "a", "attributes": ' + b'{"a":' * 3000 + b"1" + b"}" * 3000 + b"}",
        ],
    )
    def test_garbage_body_is_a_400(self, api: APIClient, body: bytes) -> None:
        answer = api.generic("POST", USERS, body, content_type="application/json")  # type: ignore[arg-type]
        assert answer.status_code == 400, answer.content[:300]
        assert answer.json()["error"]["code"] == "invalid_parameter"
        assert not ClientUser.objects.exists()

    def test_paired_surrogates_are_ordinary_characters(self, api: APIClient) -> None:
        made = post(
            api, USERS, {"external_user_id": "a", "name": "\U0001f600", "attributes": {"x": "\U0001f600"}}
        )
        assert made.status_code == 201
        assert made.json()["attributes"] == {"x": "\U0001f600"}

    def test_other_media_type_is_a_415(self, api: APIClient) -> None:
        answer = api.generic("POST", USERS, "a=1", content_type="application/x-www-form-urlencoded")
        assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")

    def test_body_over_the_limit_is_a_413(self, api: APIClient, settings: Any) -> None:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
        answer = post(api, USERS, {"external_user_id": "a", "name": "x" * 1000})
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_too_large")

    @pytest.mark.django_db(transaction=True)
    def test_two_threads_creating_the_same_person_leave_one(self, tenant: Client) -> None:
        barrier, outcomes = threading.Barrier(3), []

        def create() -> None:
            barrier.wait()
            try:
                outcomes.append(create_user(client=tenant, external_user_id="bob").external_user_id)
            except AlreadyExists as error:
                outcomes.append(error.code)
            finally:
                connection.close()

        threads = [threading.Thread(target=create) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["already_exists", "already_exists", "bob"]
        assert AuditEntry.objects.filter(action="user.created").count() == 1


class TestBulk:
    def test_all_good_rows_are_created(self, api: APIClient) -> None:
        answer = post(api, f"{USERS}bulk/", {"users": [{"external_user_id": f"u{i}"} for i in range(3)]})
        assert answer.status_code == 201
        assert [user["external_user_id"] for user in answer.json()["created"]] == ["u0", "u1", "u2"]
        assert answer.json()["failed"] == []
        assert AuditEntry.objects.filter(action="user.created").count() == 3

    def test_bad_rows_are_told_apart_and_do_not_touch_their_neighbours(
        self, api: APIClient, user: ClientUser
    ) -> None:
        rows = [
            {"external_user_id": "first"},
            {"external_user_id": "alice"},
            {"external_user_id": "bad id"},
            "text",
            {"external_user_id": "first"},
            {"name": "Nobody"},
            {"external_user_id": "last", "colour": "blue"},
            {"external_user_id": "last"},
            None,
        ]
        answer = post(api, f"{USERS}bulk/", {"users": rows})
        assert answer.status_code == 207
        body = answer.json()
        assert [user["external_user_id"] for user in body["created"]] == ["first", "last"]
        assert [(row["index"], row["external_user_id"], row["error"]["code"]) for row in body["failed"]] == [
            (1, "alice", "already_exists"),
            (2, "bad id", "invalid_parameter"),
            (3, "", "invalid_parameter"),
            (4, "first", "already_exists"),
            (5, "", "invalid_parameter"),
            (6, "last", "invalid_parameter"),
            (8, "", "invalid_parameter"),
        ]
        assert set(ClientUser.objects.values_list("external_user_id", flat=True)) == {
            "alice",
            "first",
            "last",
        }

    def test_repeating_a_bulk_request_creates_nothing_more(self, api: APIClient) -> None:
        body = {"users": [{"external_user_id": "a"}, {"external_user_id": "b"}]}
        assert post(api, f"{USERS}bulk/", body).status_code == 201
        again = post(api, f"{USERS}bulk/", body)
        assert again.status_code == 207
        assert again.json()["created"] == []
        assert ClientUser.objects.count() == 2

    @pytest.mark.parametrize("users", [None, [], {}, "a", [{"external_user_id": "a"}] * 1001])
    def test_envelope_that_is_no_list_of_1_to_1000_is_refused(self, api: APIClient, users: Any) -> None:
        answer = post(api, f"{USERS}bulk/", {"users": users})
        assert answer.status_code == 400
        assert not ClientUser.objects.exists()

    def test_a_thousand_people_take_few_statements(
        self, tenant: Client, django_assert_max_num_queries: Any
    ) -> None:
        rows = [NewUser(external_user_id=f"u{i}") for i in range(1000)]
        with django_assert_max_num_queries(40):
            result = bulk_create_users(client=tenant, rows=rows)
        assert len(result.created) == 1000
        assert all(user.pk for user in result.created)

    @pytest.mark.django_db(transaction=True)
    def test_two_threads_with_overlapping_rows_create_each_person_once(self, tenant: Client) -> None:
        barrier, created = threading.Barrier(2), []

        def create(first: int) -> None:
            rows = [NewUser(external_user_id=f"u{i}") for i in range(first, first + 60)]
            barrier.wait()
            try:
                created.extend(bulk_create_users(client=tenant, rows=rows).created)
            finally:
                connection.close()

        threads = [threading.Thread(target=create, args=(first,)) for first in (0, 30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(created) == ClientUser.objects.count() == 90


class TestChange:
    def test_only_given_fields_change(self, api: APIClient, user: ClientUser) -> None:
        answer = api.patch(f"{USERS}alice/", {"attributes": {"x": 1}, "is_active": False}, format="json")
        assert answer.status_code == 200
        body = answer.json()
        assert (body["name"], body["region"]) == ("Alice Adams", "north")
        assert (body["attributes"], body["is_active"]) == ({"x": 1}, False)
        assert AuditEntry.objects.get(action="user.updated").details == {
            "changed": ["attributes", "is_active"]
        }

    def test_empty_text_clears_and_empty_change_is_no_event(self, api: APIClient, user: ClientUser) -> None:
        assert api.patch(f"{USERS}alice/", {"region": ""}, format="json").json()["region"] == ""
        before = AuditEntry.objects.count()
        assert api.patch(f"{USERS}alice/", {}, format="json").status_code == 200
        assert api.patch(f"{USERS}alice/", {"name": "Alice Adams"}, format="json").status_code == 200
        assert AuditEntry.objects.count() == before

    @pytest.mark.parametrize(
        ("field", "value"),
        [("external_user_id", "bob"), ("is_active", "perhaps"), ("name", None), ("id", 5), ("name", "a\x07")],
    )
    def test_what_cannot_change_is_refused(
        self, api: APIClient, user: ClientUser, field: str, value: Any
    ) -> None:
        answer = api.patch(f"{USERS}alice/", {"region": "east", field: value}, format="json")
        assert answer.status_code == 400
        assert field in fields_of(answer)
        user.refresh_from_db()
        assert user.region == "north"


class TestPreload:
    def test_preload_is_queued_once(
        self, api: APIClient, user: ClientUser, sent_jobs: Any, django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            first = api.post(f"{USERS}alice/preload/")
            second = api.post(f"{USERS}alice/preload/")
        assert first.status_code == second.status_code == 202
        assert first.json() == second.json()
        job = Job.objects.get()
        assert (job.name, job.arguments) == (PRELOAD_ENROLLMENT_USER, {"user_id": user.pk})
        assert first.json() == {"job_id": str(job.pk), "state": "queued"}
        assert {arguments["job_id"] for _, arguments in sent_jobs} == {str(job.pk)}


def test_answers_never_hold_biometric_columns(api: APIClient, user: ClientUser, make_template: Any) -> None:
    user.cache_embedding(make_template(1))
    user.cache_old_photo_embedding(make_template(2))
    user.save()
    for address in (USERS, f"{USERS}alice/"):
        text = json.dumps(api.get(address).json())
        assert "embedding" not in text
        assert "contract" not in text
