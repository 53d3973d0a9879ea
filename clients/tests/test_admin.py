"""The operator's pages: they load, they change things through services, they show no secrets."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client as Browser
from PIL import Image

from clients.models import ApiKey, AuditEntry, Client, ClientUser, FaceSample, Job
from clients.selectors import find_api_key
from clients.services import (
    create_api_key,
)
from clients.tests.admin_browser import ROOT, act, texts
from common import clock

pytestmark = pytest.mark.django_db

MODELS = ["client", "apikey", "clientuser", "facesample", "job", "auditentry"]


@pytest.mark.parametrize("model", MODELS)
def test_list_page_loads_and_can_be_searched(admin_client: Browser, full: ClientUser, model: str) -> None:
    for query in ("", "?q=alice", "?q=FR_", "?q=00000000-0000-4000-8000-000000000000"):
        assert admin_client.get(f"{ROOT}/{model}/{query}").status_code == 200


@pytest.mark.parametrize(
    ("model", "query"),
    [
        ("client", "is_active__exact=1&liveness_level__exact=standard"),
        ("clientuser", "client__client_id__exact={client}&enrollment_state__exact=needs_review&region=north"),
        ("clientuser", "old_photo_state__exact=ready"),
        ("facesample", "source__exact=enrollment"),
        ("apikey", "client__client_id__exact={client}"),
        ("job", "state__exact=queued"),
        ("auditentry", "action=user.created&actor_kind__exact=system"),
    ],
)
def test_filters_find_the_row(admin_client: Browser, full: ClientUser, model: str, query: str) -> None:
    answer = admin_client.get(f"{ROOT}/{model}/?{query.format(client=full.client_id)}")
    assert answer.status_code == 200
    assert answer.context["cl"].result_count >= 1
    assert "e=1" not in answer.request["QUERY_STRING"]


@pytest.mark.parametrize("model", MODELS)
def test_every_row_can_be_opened(admin_client: Browser, full: ClientUser, model: str) -> None:
    manager = {
        "client": Client,
        "apikey": ApiKey,
        "clientuser": ClientUser,
        "facesample": FaceSample,
        "job": Job,
        "auditentry": AuditEntry,
    }[model]._default_manager
    row = manager.first()
    assert row is not None
    assert admin_client.get(f"{ROOT}/{model}/{row.pk}/change/").status_code == 200


@pytest.mark.parametrize("model", ["client", "apikey", "clientuser"])
def test_add_form_loads(admin_client: Browser, model: str) -> None:
    answer = admin_client.get(f"{ROOT}/{model}/add/")
    assert answer.status_code == 200
    # What leads from a row to others has nowhere to lead before the row exists.
    assert "client_id__exact=" not in answer.content.decode()


@pytest.mark.parametrize("model", ["facesample", "job", "auditentry"])
def test_what_happened_cannot_be_added_changed_or_deleted(
    admin_client: Browser, full: ClientUser, model: str
) -> None:
    row = {"facesample": FaceSample, "job": Job, "auditentry": AuditEntry}[model]._default_manager.first()
    assert row is not None
    for page in ("add/", f"{row.pk}/delete/"):
        assert admin_client.post(f"{ROOT}/{model}/{page}", {"post": "yes"}).status_code == 403
    assert admin_client.post(f"{ROOT}/{model}/{row.pk}/change/", {"name": "x"}).status_code == 403
    act(admin_client, model, "delete_selected", row, post="yes")
    assert type(row)._default_manager.filter(pk=row.pk).exists()


def test_no_page_shows_a_template_or_a_key(admin_client: Browser, full: ClientUser) -> None:
    full.refresh_from_db()
    key = ApiKey.objects.get()
    packed = bytes(full.cached_embedding or b"")
    forbidden = [
        key.secret_hash,
        base64.b64encode(packed).decode()[:40],
        packed.hex()[:40],
        repr(packed)[:40],
    ]
    forbidden.append(full.client.get_webhook_secret())
    sample = FaceSample.objects.get()
    for page in (
        f"clientuser/{full.pk}/change/",
        "clientuser/",
        f"apikey/{key.pk}/change/",
        f"facesample/{sample.pk}/change/",
        f"client/{full.client_id}/change/",
    ):
        text = admin_client.get(f"{ROOT}/{page}").content.decode()
        assert not [secret for secret in forbidden if secret in text]


class TestPictures:
    def test_staff_see_photo_and_sample_in_full_and_small(
        self, admin_client: Browser, full: ClientUser
    ) -> None:
        sample = FaceSample.objects.get()
        for address in (f"clientuser/{full.pk}/photo/", f"facesample/{sample.pk}/image/"):
            whole = admin_client.get(f"{ROOT}/{address}")
            assert whole["Content-Type"] == "image/jpeg"
            assert {"private", "no-store"} <= set(whole["Cache-Control"].split(", "))
            assert Image.open(io.BytesIO(whole.content)).size == (64, 48)
            small = admin_client.get(f"{ROOT}/{address}?side=32")
            assert Image.open(io.BytesIO(small.content)).size == (32, 24)

    @pytest.mark.parametrize("side", ["x", "-5", "", "9" * 30, "٣"])
    def test_odd_sizes_are_harmless(self, admin_client: Browser, full: ClientUser, side: str) -> None:
        answer = admin_client.get(f"{ROOT}/clientuser/{full.pk}/photo/", {"side": side})
        assert answer.status_code == 200

    def test_visitors_and_staff_without_permission_do_not(self, client: Browser, full: ClientUser) -> None:
        address = f"{ROOT}/clientuser/{full.pk}/photo/"
        assert client.get(address).status_code == 302
        clerk = User.objects.create_user("clerk", is_staff=True)
        client.force_login(clerk)
        assert client.get(address).status_code == 403
        clerk.user_permissions.add(Permission.objects.get(codename="view_clientuser"))
        assert client.get(address).status_code == 200

    def test_missing_picture_is_a_404(
        self, admin_client: Browser, full: ClientUser, private_files: Path, user: ClientUser
    ) -> None:
        for path in private_files.rglob("*.jpg"):
            path.unlink()
        assert admin_client.get(f"{ROOT}/clientuser/{full.pk}/photo/").status_code == 404
        assert admin_client.get(f"{ROOT}/clientuser/{full.pk + 1000}/photo/").status_code == 404

    def test_lists_show_thumbnails(self, admin_client: Browser, full: ClientUser) -> None:
        people = admin_client.get(f"{ROOT}/clientuser/").content.decode()
        assert f"{ROOT}/clientuser/{full.pk}/photo/?side=80" in people
        page = admin_client.get(f"{ROOT}/clientuser/{full.pk}/change/").content.decode()
        assert f"{ROOT}/facesample/{FaceSample.objects.get().pk}/image/?side=160" in page


CLIENT_FORM = {
    "name": "Umbrella",
    "is_active": "on",
    "liveness_level": "strict",
    "session_lifetime_seconds": "300",
    "old_photo_policy": "require",
    "duplicate_policy": "refuse",
    "image_retention": "none",
    "retention_days": "10",
    "allowed_origins": '["https://app.example.com"]',
    "webhook_url": "https://hooks.example.com/face",
    "verification_threshold": "0.5",
}


class TestClients:
    def test_added_client_has_an_id_and_its_webhook_secret_is_shown_once(self, admin_client: Browser) -> None:
        answer = admin_client.post(f"{ROOT}/client/add/", CLIENT_FORM)
        assert answer.status_code == 302
        made = Client.objects.get(name="Umbrella")
        assert re.fullmatch(r"FR_[A-Z0-9]{6}", made.client_id)
        assert (made.liveness_level, made.verification_threshold) == ("strict", 0.5)
        secret = made.get_webhook_secret()
        assert len([text for text in texts(answer) if secret in text]) == 1
        created = AuditEntry.objects.get(action="client.created")
        assert (created.actor_kind, created.target_id) == ("staff", made.client_id)
        assert secret not in str(AuditEntry.objects.values_list("details", flat=True))

    def test_changed_client_keeps_its_secret(self, admin_client: Browser, tenant: Client) -> None:
        secret = tenant.get_webhook_secret()
        answer = admin_client.post(f"{ROOT}/client/{tenant.pk}/change/", CLIENT_FORM)
        assert answer.status_code == 302
        tenant.refresh_from_db()
        assert (tenant.name, tenant.old_photo_policy) == ("Umbrella", "require")
        assert tenant.get_webhook_secret() == secret
        assert "name" in AuditEntry.objects.get(action="client.updated").details["changed"]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("webhook_url", "http://example.com/"),
            ("webhook_url", "https://169.254.169.254/latest/meta-data"),
            ("allowed_origins", '["*"]'),
            ("verification_threshold", "1.5"),
            ("session_lifetime_seconds", "5"),
            ("name", ""),
        ],
    )
    def test_bad_policy_is_shown_as_a_form_error(
        self, admin_client: Browser, tenant: Client, field: str, value: str
    ) -> None:
        answer = admin_client.post(f"{ROOT}/client/{tenant.pk}/change/", {**CLIENT_FORM, field: value})
        assert answer.status_code == 200
        assert field in answer.context["adminform"].form.errors
        tenant.refresh_from_db()
        assert tenant.name == "Acme"

    def test_secret_is_replaced_by_an_action(self, admin_client: Browser, tenant: Client) -> None:
        before = tenant.get_webhook_secret()
        answer = act(admin_client, "client", "rotate_webhook_secrets", tenant)
        tenant.refresh_from_db()
        assert tenant.get_webhook_secret() != before
        assert tenant.get_webhook_secret() in texts(answer)[0]

    def test_deleted_client_takes_everything_along(
        self,
        admin_client: Browser,
        full: ClientUser,
        private_files: Path,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            answer = admin_client.post(f"{ROOT}/client/{full.client_id}/delete/", {"post": "yes"})
        assert answer.status_code == 302
        assert not Client.objects.exists()
        assert [path for path in private_files.rglob("*") if path.is_file()] == []
        assert admin_client.get(f"{ROOT}/auditentry/").status_code == 200
        entry = AuditEntry.objects.get(action="client.deleted")
        assert admin_client.get(f"{ROOT}/auditentry/{entry.pk}/change/").status_code == 200


class TestKeys:
    def test_added_key_works_and_its_token_is_shown_once(self, admin_client: Browser, tenant: Client) -> None:
        form = {"client": tenant.pk, "name": "server", "scopes": ["users:read"]}
        answer = admin_client.post(f"{ROOT}/apikey/add/", form)
        assert answer.status_code == 302
        (text,) = [text for text in texts(answer) if "fg_" in text and "shown only now" in text]
        token = re.search(r"fg_[a-z0-9]{8}_[\w-]{43}", text)
        assert token is not None
        key = find_api_key(token=token[0], now=clock.now())
        assert key is not None
        assert (key.client, key.scopes) == (tenant, ["users:read"])

    def test_second_key_of_a_name_is_an_error_not_a_crash(
        self, admin_client: Browser, tenant: Client
    ) -> None:
        create_api_key(client=tenant, name="server", scopes=["users:read"])
        form = {"client": tenant.pk, "name": "server", "scopes": ["users:read"]}
        answer = admin_client.post(f"{ROOT}/apikey/add/", form)
        assert answer.status_code in (200, 302)
        assert ApiKey.objects.count() == 1

    def test_revoked_by_an_action(self, admin_client: Browser, full: ClientUser) -> None:
        key = ApiKey.objects.get()
        act(admin_client, "apikey", "revoke", key)
        key.refresh_from_db()
        assert key.revoked_at is not None
        assert AuditEntry.objects.get(action="api_key.revoked").actor_kind == "staff"

    def test_revoking_needs_a_permission(self, client: Browser, full: ClientUser) -> None:
        clerk = User.objects.create_user("clerk", is_staff=True)
        clerk.user_permissions.add(Permission.objects.get(codename="view_apikey"))
        client.force_login(clerk)
        key = ApiKey.objects.get()
        act(client, "apikey", "revoke", key)
        key.refresh_from_db()
        assert key.revoked_at is None


@pytest.mark.parametrize("page", ["", "auth/user/", "auth/group/", "auth/user/add/", "clients/"])
def test_rest_of_the_admin_loads(admin_client: Browser, page: str) -> None:
    assert admin_client.get(f"/admin/{page}").status_code == 200
