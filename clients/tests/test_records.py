"""Audit entries are only appended; templates are readable in their own place; samples follow policy."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, transaction

from clients.audit import SYSTEM, Actor, record_audit
from clients.choices import ActorKind, OldPhotoState, SampleSource
from clients.models import AppendOnlyError, AuditEntry, Client, ClientUser, FaceSample
from clients.services import (
    NewSample,
    approve_enrollment,
    create_user,
    delete_user,
    record_samples,
    reject_enrollment,
    update_client,
    update_user,
)
from common.encryption import DecryptionFailed
from common.errors import Conflict, NotFound
from common.request_id import bind_request_id

pytestmark = pytest.mark.django_db


class TestAudit:
    def test_entry_says_who_did_what_to_whom_in_which_request(self, tenant: Client) -> None:
        with bind_request_id("req-1"):
            entry = record_audit(
                action="thing.done",
                actor=Actor(kind=ActorKind.STAFF, id="7"),
                client=tenant,
                target_kind="thing",
                target_id="9",
                details={"number": 1, "codes": ["a", "b"]},
            )
        row = AuditEntry.objects.filter(pk=entry.pk).values().get()
        assert (row["actor_kind"], row["actor_id"], row["action"]) == ("staff", "7", "thing.done")
        assert (row["client_id"], row["target_kind"], row["target_id"]) == (tenant.pk, "thing", "9")
        assert (row["request_id"], row["details"]) == ("req-1", {"number": 1, "codes": ["a", "b"]})

    def test_entries_cannot_be_changed_or_deleted_by_any_orm_way(self, tenant: Client) -> None:
        entry = AuditEntry.objects.get(action="client.created")
        before = AuditEntry.objects.values().get(pk=entry.pk)
        entry.action = "client.forged"
        forbidden_calls: list[Callable[[], object]] = [
            entry.save,
            entry.delete,
            lambda: AuditEntry.objects.get(pk=entry.pk).save(update_fields=["action"]),
            lambda: AuditEntry.objects.update(action="client.forged"),
            lambda: AuditEntry.objects.filter(pk=entry.pk).update(action="client.forged"),
            lambda: AuditEntry.objects.all().delete(),
            lambda: AuditEntry.objects.bulk_update([entry], ["action"]),
        ]
        for forbidden in forbidden_calls:
            with pytest.raises(AppendOnlyError):
                forbidden()
        assert AuditEntry.objects.values().get(pk=entry.pk) == before

    @pytest.mark.parametrize(
        "value",
        [b"bytes", np.zeros(3), {"nested": 1}, [b"bytes"], [[1.0]], list(range(201)), object()],
    )
    def test_details_that_could_hide_a_template_are_refused(self, value: Any) -> None:
        with pytest.raises(TypeError, match="secret"):
            record_audit(action="x", actor=SYSTEM, details={"secret": value})
        assert not AuditEntry.objects.exists()

    @pytest.mark.django_db(transaction=True)
    def test_entry_falls_with_the_change_it_tells_of(self, tenant: Client) -> None:
        before = AuditEntry.objects.count()
        with pytest.raises(ValueError, match="undo"), transaction.atomic():
            create_user(client=tenant, external_user_id="bob")
            raise ValueError("undo")
        assert AuditEntry.objects.count() == before


class TestTemplates:
    def test_template_comes_back_as_it_went_in(self, user: ClientUser, make_template: Any) -> None:
        own, old = make_template(1), make_template(2, dimension=512, contract="other:1:512")
        user.cache_embedding(own)
        user.cache_old_photo_embedding(old)
        user.save()
        row = ClientUser.objects.get(pk=user.pk)
        kept, kept_old = row.get_cached_embedding(), row.get_cached_old_photo_embedding()
        assert kept is not None
        assert kept_old is not None
        np.testing.assert_array_equal(kept.embedding, own.embedding)
        np.testing.assert_array_equal(kept_old.embedding, old.embedding)
        assert (row.embedding_contract, row.old_photo_contract) == (own.contract, old.contract)
        assert (row.old_photo_state, row.old_photo_reason) == (OldPhotoState.READY, "")

    def test_database_holds_no_readable_vector(self, user: ClientUser, make_template: Any) -> None:
        template = make_template(1)
        user.cache_embedding(template)
        assert template.embedding.tobytes()[:32] not in bytes(user.cached_embedding or b"")
        assert template.contract.encode() not in bytes(user.cached_embedding or b"")

    def test_template_moved_to_another_client_cannot_be_read(
        self, user: ClientUser, stranger: Client, make_template: Any
    ) -> None:
        user.cache_embedding(make_template())
        other = create_user(client=stranger, external_user_id="eve")
        other.cached_embedding = user.cached_embedding
        with pytest.raises(DecryptionFailed):
            other.get_cached_embedding()

    def test_person_without_template_has_none(self, user: ClientUser) -> None:
        assert user.get_cached_embedding() is None
        assert user.get_cached_old_photo_embedding() is None

    def test_embedding_that_is_no_unit_vector_is_refused(self, user: ClientUser, make_template: Any) -> None:
        template = make_template()
        for bad in (template.embedding * 2, template.embedding * np.nan, template.embedding[None]):
            with pytest.raises(ValueError, match="norm 1"):
                user.cache_embedding(type(template)(embedding=bad, contract=template.contract))
        assert user.cached_embedding is None


class TestSamples:
    @pytest.fixture
    def make_sample(self, make_template: Any, make_photo: Any) -> Callable[[], NewSample]:
        return lambda: NewSample(
            template=make_template(4),
            quality={"size_px": np.float32(80), "sharpness": float("nan")},
            box=(1, 2, 3, 4),
            confidence=0.9,
            jpeg=make_photo(),
        )

    def test_sample_keeps_template_quality_and_session(
        self, user: ClientUser, make_sample: Any, make_template: Any
    ) -> None:
        session_id = uuid.uuid4()
        record_samples(
            user=user,
            samples=[make_sample()] * 2,
            source=SampleSource.ENROLLMENT,
            session_id=session_id,
        )
        first, second = FaceSample.objects.all()
        assert first.pk != second.pk
        assert (first.client_id, first.user_id, first.session_id) == (user.client_id, user.pk, session_id)
        assert (first.quality, first.box, first.confidence) == ({"size_px": 80.0}, [1.0, 2.0, 3.0, 4.0], 0.9)
        np.testing.assert_array_equal(first.get_template().embedding, make_template(4).embedding)

    @pytest.mark.parametrize(("policy", "kept"), [("none", 0), ("samples", 1)])
    def test_picture_is_kept_only_by_policy(
        self, user: ClientUser, make_sample: Any, private_files: Path, policy: str, kept: int
    ) -> None:
        user.client = update_client(client=user.client, image_retention=policy)
        record_samples(user=user, samples=[make_sample()], source="enrollment")
        assert len([path for path in private_files.rglob("*") if path.is_file()]) == kept
        assert bool(FaceSample.objects.get().image) is bool(kept)

    @pytest.mark.django_db(transaction=True)
    def test_samples_of_a_deleted_person_are_refused_and_leave_no_file(
        self, user: ClientUser, make_sample: Any, private_files: Path
    ) -> None:
        user.client = update_client(client=user.client, image_retention="samples")
        delete_user(user=ClientUser.objects.get())
        with pytest.raises(IntegrityError):
            record_samples(user=user, samples=[make_sample()], source="enrollment")
        assert not FaceSample.objects.exists()
        assert [path for path in private_files.rglob("*") if path.is_file()] == []


class TestReview:
    @pytest.mark.parametrize("state", ["not_enrolled", "enrolled"])
    def test_nothing_but_a_review_can_be_settled(self, user: ClientUser, state: str) -> None:
        ClientUser.objects.update(enrollment_state=state)
        for settle in (approve_enrollment, reject_enrollment):
            with pytest.raises(Conflict):
                settle(user=user)
        assert ClientUser.objects.get().enrollment_state == state

    def test_person_who_is_gone_is_not_found(self, user: ClientUser) -> None:
        gone = ClientUser.objects.get()
        delete_user(user=user)
        for service in (approve_enrollment, reject_enrollment, update_user, delete_user):
            with pytest.raises(NotFound):
                service(user=gone)
