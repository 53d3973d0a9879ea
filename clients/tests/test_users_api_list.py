"""Lists of people over REST: paging, search, filters, and cursors nobody gave out."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from clients.models import Client, ClientUser
from clients.services import create_user
from clients.tests.users_api import USERS, cursor, fields_of

pytestmark = pytest.mark.django_db


class TestList:
    @pytest.fixture
    def _people(self, tenant: Client) -> None:
        for number in range(7):
            create_user(
                client=tenant,
                external_user_id=f"u{number}",
                name=f"Person {number}",
                region="north" if number % 2 else "south",
            )

    @pytest.mark.usefixtures("_people")
    def test_pages_hold_each_person_once_although_others_come_and_go(
        self, api: APIClient, tenant: Client
    ) -> None:
        first = api.get(USERS, {"limit": 3}).json()
        create_user(client=tenant, external_user_id="late")
        ClientUser.objects.filter(external_user_id="u4").delete()
        second = api.get(first["next"]).json()
        third = api.get(second["next"]).json()
        seen = [row["external_user_id"] for page in (first, second, third) for row in page["results"]]
        assert seen == ["u6", "u5", "u4", "u3", "u2", "u1", "u0"]
        assert third["next"] is None
        back = api.get(third["previous"]).json()
        assert [row["external_user_id"] for row in back["results"]] == ["u3", "u2", "u1"]

    @pytest.mark.usefixtures("_people")
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"region": "north"}, ["u5", "u3", "u1"]),
            ({"search": "PERSON 2"}, ["u2"]),
            ({"search": "u3"}, ["u3"]),
            ({"search": "%"}, []),
            ({"search": "_"}, []),
            ({"enrollment_state": "enrolled"}, []),
            ({"search": "person", "region": "south", "limit": 2}, ["u6", "u4"]),
        ],
    )
    def test_filters_narrow_the_list(self, api: APIClient, query: dict[str, Any], found: list[str]) -> None:
        rows = api.get(USERS, query).json()["results"]
        assert [row["external_user_id"] for row in rows] == found

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"limit": 0}, "limit"),
            ({"limit": 201}, "limit"),
            ({"limit": "many"}, "limit"),
            ({"enrollment_state": "happy"}, "enrollment_state"),
            ({"cursor": "nonsense"}, "cursor"),
            ({"cursor": "cD1hYmM="}, "cursor"),
            ({"cursor": "\x00"}, "cursor"),
            ({"cursor": cursor("p=1_0")}, "cursor"),
            ({"cursor": cursor("p=%00")}, "cursor"),
            ({"search": "a\x00"}, "search"),
            ({"serach": "a"}, "serach"),
        ],
    )
    def test_query_that_cannot_be_meant_is_refused(
        self, api: APIClient, user: ClientUser, query: dict[str, Any], field: str
    ) -> None:
        answer = api.get(USERS, query)
        assert answer.status_code == 400
        assert list(fields_of(answer)) == [field]

    @pytest.mark.usefixtures("_people")
    @pytest.mark.parametrize("inside", [f"p={10**30}", f"p=-{10**30}", "p=3&o=999999", "r=1&p=-1"])
    def test_cursor_beyond_every_row_finds_no_one_twice(self, api: APIClient, inside: str) -> None:
        answer = api.get(USERS, {"cursor": cursor(inside)})
        assert answer.status_code == 200
        found = [row["external_user_id"] for row in answer.json()["results"]]
        assert len(found) == len(set(found))

    @pytest.mark.usefixtures("_people")
    def test_page_takes_a_fixed_number_of_statements(
        self, api: APIClient, django_assert_num_queries: Any
    ) -> None:
        api.get(USERS)
        with django_assert_num_queries(2):
            assert len(api.get(USERS).json()["results"]) == 7
