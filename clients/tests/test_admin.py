"""The operator's pages: they load, they change things through services, they show no secrets."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from PIL import Image

from clients.admin import ClientUserAdmin
from clients.choices import EnrollmentState, SampleSource
from clients.models import ApiKey, AuditEntry, Client, ClientUser, FaceSample, Job
from clients.selectors import find_api_key
from clients.services import (
    NewSample,
    create_api_key,
    record_samples,
    request_preload,
    set_old_photo,
    update_client,
)
from common import clock

pytestmark = pytest.mark.django_db

MODELS = ["client", "apikey", "clientuser", "facesample", "job", "auditentry"]
ROOT = "/admin/clients"


def texts(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def act(browser: Browser, model: str, action: str, *rows: Any, **more: Any) -> Any:
    data = {"action": action, "_selected_action": [str(row.pk) for row in rows], **more}
    return browser.post(f"{ROOT}/{model}/", data)


@pytest.fixture
def full(tenant: Client, user: ClientUser, make_photo: Any, make_template: Any) -> ClientUser:
    """A person with photo, kept sample, job, and templates that no page may show."""
    update_client(client=tenant, image_retention="samples")
    tenant.refresh_from_db()
    user = set_old_photo(user=user, data=make_photo())
    user.cache_embedding(make_template(1))
    user.cache_old_photo_embedding(make_template(2))
    user.enrollment_state = EnrollmentState.NEEDS_REVIEW
    user.save()
    sample = NewSample(template=make_template(3), jpeg=make_photo(), quality={"size_px": 90.0})
    record_samples(user=user, samples=[sample], source=SampleSource.ENROLLMENT)
    create_api_key(client=tenant, name="server", scopes=["users:read"])
    request_preload(user=user)
    return user


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


class TestPeople:
    def form(self, tenant: Client, **more: Any) -> dict[str, Any]:
        return {
            "client": tenant.pk,
            "external_user_id": "bob",
            "name": "Bob",
            "region": "south",
            "attributes": "{}",
            "is_active": "on",
            **more,
        }

    def test_added_with_a_photo_it_is_extracted_after_commit(
        self,
        admin_client: Browser,
        tenant: Client,
        make_photo: Any,
        sent_jobs: Any,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        photo = SimpleUploadedFile("bob.png", make_photo("PNG"))
        with django_capture_on_commit_callbacks(execute=True):
            answer = admin_client.post(f"{ROOT}/clientuser/add/", self.form(tenant, new_old_photo=photo))
        assert answer.status_code == 302, answer.context["adminform"].form.errors
        bob = ClientUser.objects.get(external_user_id="bob")
        assert bob.old_photo_state == "pending"
        assert Job.objects.get().arguments == {"user_id": bob.pk}
        assert len(sent_jobs) == 1
        assert answer["Location"].endswith("/clientuser/")

    def test_changed_and_photo_removed(self, admin_client: Browser, tenant: Client, full: ClientUser) -> None:
        form = {"name": "Alicia", "region": "east", "attributes": '{"a": 1}', "remove_old_photo": "on"}
        answer = admin_client.post(f"{ROOT}/clientuser/{full.pk}/change/", form)
        assert answer.status_code == 302
        full.refresh_from_db()
        assert (full.name, full.attributes, full.is_active) == ("Alicia", {"a": 1}, False)
        assert not full.old_profile_photo
        assert full.external_user_id == "alice"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("external_user_id", "a b"),
            ("external_user_id", "alice"),
            ("attributes", "[1]"),
            ("attributes", "{"),
            ("new_old_photo", SimpleUploadedFile("x.jpg", b"no image")),
        ],
    )
    def test_bad_person_is_shown_as_a_form_error(
        self, admin_client: Browser, tenant: Client, user: ClientUser, field: str, value: Any
    ) -> None:
        answer = admin_client.post(f"{ROOT}/clientuser/add/", self.form(tenant, **{field: value}))
        assert answer.status_code == 200
        assert answer.context["adminform"].form.errors
        assert ClientUser.objects.count() == 1

    def test_photo_is_read_again_by_an_action(self, admin_client: Browser, full: ClientUser) -> None:
        Job.objects.all().delete()
        act(admin_client, "clientuser", "extract_old_photos", full)
        full.refresh_from_db()
        assert full.old_photo_state == "pending"
        assert Job.objects.count() == 1

    def test_action_on_a_person_without_photo_explains_itself(
        self, admin_client: Browser, user: ClientUser
    ) -> None:
        answer = act(admin_client, "clientuser", "extract_old_photos", user)
        assert texts(answer) == [f"{user}: This person has no old photo."]

    def test_review_is_settled_by_approving_or_rejecting(
        self, admin_client: Browser, full: ClientUser
    ) -> None:
        answer = act(admin_client, "clientuser", "approve", full)
        assert texts(answer) == ["Enrollments approved: 1"]
        full.refresh_from_db()
        assert full.enrollment_state == EnrollmentState.ENROLLED
        act(admin_client, "clientuser", "reject", full)
        full.refresh_from_db()
        assert full.enrollment_state == EnrollmentState.ENROLLED
        ClientUser.objects.update(enrollment_state=EnrollmentState.NEEDS_REVIEW)
        act(admin_client, "clientuser", "reject", full)
        full.refresh_from_db()
        assert (full.enrollment_state, full.cached_embedding) == (EnrollmentState.NOT_ENROLLED, None)
        assert not FaceSample.objects.exists()
        actions = AuditEntry.objects.filter(action__startswith="enrollment.").values_list("action", flat=True)
        assert sorted(actions) == ["enrollment.approved", "enrollment.rejected"]

    @pytest.mark.parametrize("by_list", [True, False])
    def test_deleted_with_everything(
        self,
        admin_client: Browser,
        full: ClientUser,
        private_files: Path,
        django_capture_on_commit_callbacks: Any,
        by_list: bool,
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            if by_list:
                act(admin_client, "clientuser", "delete_selected", full, post="yes")
            else:
                admin_client.post(f"{ROOT}/clientuser/{full.pk}/delete/", {"post": "yes"})
        assert not ClientUser.objects.exists()
        assert not Job.objects.exists()
        assert [path for path in private_files.rglob("*") if path.is_file()] == []
        assert AuditEntry.objects.get(action="user.deleted").actor_kind == "staff"

    def test_another_app_can_add_an_action(
        self, admin_client: Browser, user: ClientUser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[Any] = []

        def wave(model_admin: Any, request: Any, queryset: Any) -> None:
            seen.extend(queryset)

        monkeypatch.setattr(ClientUserAdmin, "actions", ClientUserAdmin.actions)
        ClientUserAdmin.add_action(wave)
        ClientUserAdmin.add_action(wave)
        assert ClientUserAdmin.actions.count(wave) == 1
        act(admin_client, "clientuser", "wave", user)
        assert seen == [user]


@pytest.mark.parametrize("page", ["", "auth/user/", "auth/group/", "auth/user/add/", "clients/"])
def test_rest_of_the_admin_loads(admin_client: Browser, page: str) -> None:
    assert admin_client.get(f"/admin/{page}").status_code == 200
