"""People in the admin: added, changed, reviewed, deleted, through services."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser

from clients.admin import ClientUserAdmin
from clients.choices import EnrollmentState
from clients.models import AuditEntry, Client, ClientUser, FaceSample, Job
from clients.tests.admin_browser import ROOT, act, texts

pytestmark = pytest.mark.django_db


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
