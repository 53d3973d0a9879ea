"""Clients: their ids, their policy and what it refuses, their webhook secret."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from clients import validators
from clients.models import AuditEntry, Client
from clients.services import (
    create_client,
    delete_client,
    reveal_webhook_secret,
    rotate_webhook_secret,
    update_client,
)
from clients.services import tenants as tenants_module
from common.encryption import DecryptionFailed
from common.errors import Conflict, InvalidParameter, NotFound


@pytest.mark.django_db
class TestCreation:
    def test_ids_have_the_agreed_form_and_differ(self) -> None:
        ids = {create_client(name=f"c{number}").client_id for number in range(20)}
        assert len(ids) == 20
        assert all(re.fullmatch(r"FR_[A-Z0-9]{6}", client_id) for client_id in ids)

    def test_taken_id_is_drawn_again(self, tenant: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        draws = iter([tenant.client_id, tenant.client_id, "FR_AAAAAA"])
        monkeypatch.setattr(tenants_module, "_draw_client_id", lambda: next(draws))
        made = create_client(name="Other")
        assert made.client_id == "FR_AAAAAA"
        tenant.refresh_from_db()
        assert tenant.name == "Acme"
        assert reveal_webhook_secret(Client.objects.get(pk="FR_AAAAAA")).startswith("whsec_")

    def test_no_free_id_is_a_conflict_and_overwrites_nobody(
        self, tenant: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tenants_module, "_draw_client_id", lambda: tenant.client_id)
        with pytest.raises(Conflict):
            create_client(name="Other")
        assert Client.objects.get().name == "Acme"

    def test_every_client_has_a_secret_of_its_own_that_is_not_stored_in_clear(
        self, tenant: Client, stranger: Client
    ) -> None:
        secret = reveal_webhook_secret(tenant)
        assert secret != reveal_webhook_secret(stranger)
        assert secret.encode() not in bytes(Client.objects.get(pk=tenant.pk).webhook_secret or b"")

    def test_secret_copied_to_another_client_cannot_be_read(self, tenant: Client, stranger: Client) -> None:
        stranger.webhook_secret = tenant.webhook_secret
        with pytest.raises(DecryptionFailed):
            reveal_webhook_secret(stranger)

    def test_rotation_replaces_the_secret_and_is_audited_without_it(self, tenant: Client) -> None:
        before = reveal_webhook_secret(tenant)
        after = rotate_webhook_secret(client=tenant)
        assert after != before
        assert reveal_webhook_secret(tenant) == after
        assert reveal_webhook_secret(Client.objects.get(pk=tenant.pk)) == after
        assert after not in str(AuditEntry.objects.values_list())


BAD_POLICY: list[tuple[str, Any]] = [
    ("name", ""),
    ("name", "   "),
    ("name", "a\x00"),
    ("verification_threshold", 0.05),
    ("verification_threshold", 1.0),
    ("verification_threshold", float("nan")),
    ("verification_threshold", "high"),
    ("identification_threshold", -0.5),
    ("liveness_level", "none"),
    ("old_photo_policy", "maybe"),
    ("duplicate_policy", ""),
    ("image_retention", "all"),
    ("retention_days", 0),
    ("retention_days", 5000),
    ("session_lifetime_seconds", 59),
    ("session_lifetime_seconds", 86_401),
    ("max_attempts", 0),
    ("lockout_seconds", -1),
    ("allowed_origins", ["*"]),
    ("allowed_origins", ["https://*.example.com"]),
    ("allowed_origins", ["http://example.com"]),
    ("allowed_origins", ["https://example.com/path"]),
    ("allowed_origins", ["javascript:alert(1)"]),
    ("allowed_origins", ["null"]),
    ("allowed_origins", [f"https://h{number}.example.com" for number in range(51)]),
    ("webhook_url", "http://example.com/hook"),
    ("webhook_url", "ftp://example.com/"),
    ("webhook_url", "https://"),
    ("webhook_url", "https://example.com/" + "a" * 500),
]


@pytest.mark.django_db
class TestPolicy:
    @pytest.mark.parametrize(("field", "value"), BAD_POLICY)
    def test_bad_policy_is_refused_at_creation_and_at_change_and_writes_nothing(
        self, tenant: Client, field: str, value: Any
    ) -> None:
        entries = AuditEntry.objects.count()
        before = Client.objects.values().get()
        calls: list[Callable[[], object]] = [
            lambda: create_client(**{"name": "New", field: value}),
            lambda: update_client(client=tenant, **{field: value}),
        ]
        for call in calls:
            with pytest.raises(InvalidParameter) as refusal:
                call()
            assert field in refusal.value.details["fields"]  # type: ignore[operator]
        assert Client.objects.values().get() == before
        assert AuditEntry.objects.count() == entries

    def test_change_is_audited_by_the_names_of_what_changed(self, tenant: Client) -> None:
        update_client(client=tenant, liveness_level="strict", retention_days=30)
        entry = AuditEntry.objects.get(action="client.updated")
        assert entry.details == {"changed": ["liveness_level"]}
        update_client(client=tenant, liveness_level="strict")
        assert AuditEntry.objects.filter(action="client.updated").count() == 1

    def test_origins_are_stored_as_browsers_send_them(self, tenant: Client) -> None:
        origins = ["HTTPS://App.Example.com:443/", "https://app.example.com", "http://localhost:3000"]
        updated = update_client(client=tenant, allowed_origins=origins)
        assert updated.allowed_origins == ["https://app.example.com", "http://localhost:3000"]

    def test_change_of_a_deleted_client_is_not_found(self, tenant: Client) -> None:
        delete_client(client=Client.objects.get())
        with pytest.raises(NotFound):
            update_client(client=tenant, name="Back")
        with pytest.raises(NotFound):
            rotate_webhook_secret(client=tenant)


class TestWebhookAddress:
    @pytest.mark.parametrize(
        "url",
        [
            "https://example.com",
            "https://hooks.example.com:8443/a/b?c=d",
            "https://8.8.8.8/hook",
            "https://[2606:4700::1111]/hook",
            "http://localhost:9000/hook",
            "http://127.0.0.1/hook",
            "http://[::1]:80/hook",
            "https://10.1.2.3/hook",
        ],
    )
    def test_allowed(self, settings: Any, url: str) -> None:
        settings.WEBHOOK_ALLOW_PRIVATE = True
        validators.validate_webhook_url(url)

    @pytest.mark.parametrize(
        "url",
        [
            "http://example.com/",
            "http://localhost.example.com/",
            "http://127.0.0.1.example.com/",
            "https://user:pw@example.com/",
            "https://user@example.com/",
            "https://example.com/#part",
            "https://exa mple.com/",
            "https://example.com/\n",
            "https://ex\tample.com/",
            "https://пример.example/",
            "https://example.com:0/",
            "https://example.com:99999/",
            "https://example.com:x/",
            "https:///hook",
            "//example.com",
            "example.com",
            "file:///etc/passwd",
            "gopher://127.0.0.1/",
            "https://169.254.169.254/latest",
            "https://[fe80::1]/",
            "https://[::ffff:169.254.169.254]/",
            "https://0.0.0.0/",
            "https://224.0.0.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0x7f.1/",
            "https://127.1/",
            "https://[::1/",
        ],
    )
    def test_never_allowed(self, settings: Any, url: str) -> None:
        settings.WEBHOOK_ALLOW_PRIVATE = True
        with pytest.raises(ValidationError):
            validators.validate_webhook_url(url)

    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1/",
            "https://localhost/",
            "https://x.localhost/",
            "https://10.1.2.3/",
            "https://192.168.0.1/",
            "https://172.16.0.1/",
            "https://100.64.0.1/",
            "https://[fd00::1]/",
            "https://[::ffff:10.0.0.1]/",
        ],
    )
    def test_private_only_where_the_operator_says_so(self, settings: Any, url: str) -> None:
        settings.WEBHOOK_ALLOW_PRIVATE = False
        with pytest.raises(ValidationError):
            validators.validate_webhook_url(url)

    def test_resolved_address_that_is_none_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="address"):
            validators.is_deliverable_address("example.com", allow_private=True)
