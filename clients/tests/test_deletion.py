"""Deletion leaves nothing: no row, no file, no queued work; only the receipt in the audit."""

from __future__ import annotations

import io
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from rest_framework.test import APIClient

from clients import jobs
from clients.choices import JobState, SampleSource
from clients.models import ApiKey, AuditEntry, Client, ClientUser, FaceSample, Job
from clients.services import (
    DeletionReceipt,
    NewSample,
    create_user,
    delete_client,
    delete_user,
    purge_expired_images,
    purge_orphan_files,
    record_samples,
    request_preload,
    set_old_photo,
    update_client,
)
from common import clock
from common.errors import NotFound
from common.jobs import EXTRACT_OLD_PHOTO

pytestmark = pytest.mark.django_db(transaction=True)


def files(private_files: Path) -> list[Path]:
    return [path for path in private_files.rglob("*") if path.is_file()]


@pytest.fixture
def keeping(tenant: Client) -> Client:
    return update_client(client=tenant, image_retention="samples", retention_days=30)


@pytest.fixture
def full(keeping: Client, make_photo: Any, make_template: Any) -> ClientUser:
    """A person with everything that can be held about one."""
    user = create_user(client=keeping, external_user_id="alice", name="Alice Adams")
    user = set_old_photo(user=user, data=make_photo())
    samples = [NewSample(template=make_template(seed), jpeg=make_photo()) for seed in range(3)]
    record_samples(user=user, samples=samples, source=SampleSource.ENROLLMENT)
    user.cache_embedding(make_template())
    user.save()
    request_preload(user=user)
    return user


def test_rows_files_and_jobs_go_and_the_receipt_counts_them(
    api: APIClient, full: ClientUser, private_files: Path
) -> None:
    assert len(files(private_files)) == 4
    answer = api.delete("/api/clients/users/alice/")
    assert answer.status_code == 200
    receipt = answer.json()
    assert receipt["rows"] == {"clients.ClientUser": 1, "clients.FaceSample": 3}
    assert (receipt["user"], receipt["files"], receipt["jobs"]) == ("alice", 4, 2)
    assert files(private_files) == []
    for model in (ClientUser, FaceSample, Job):
        assert not model._default_manager.exists()
    entry = AuditEntry.objects.get(action="user.deleted")
    assert entry.details["receipt_id"] == receipt["receipt_id"]
    assert "Alice Adams" not in str(AuditEntry.objects.values_list())


def test_second_deletion_is_a_404(api: APIClient, full: ClientUser) -> None:
    codes = [api.delete("/api/clients/users/alice/").status_code for _ in range(2)]
    assert codes == [200, 404]
    assert AuditEntry.objects.filter(action="user.deleted").count() == 1


def test_neighbours_keep_their_rows_files_and_jobs(
    full: ClientUser, stranger: Client, make_photo: Any, private_files: Path
) -> None:
    bob = set_old_photo(user=create_user(client=full.client, external_user_id="bob"), data=make_photo())
    namesake = create_user(client=stranger, external_user_id="alice")
    request_preload(user=namesake)
    delete_user(user=full)
    assert set(ClientUser.objects.all()) == {bob, namesake}
    assert files(private_files) == [private_files / str(bob.old_profile_photo.name)]
    assert {job.arguments["user_id"] for job in Job.objects.all()} == {bob.pk, namesake.pk}


def test_rolled_back_deletion_keeps_files_and_jobs(full: ClientUser, private_files: Path) -> None:
    before = files(private_files)
    with pytest.raises(ValueError, match="undo"), transaction.atomic():
        delete_user(user=full)
        raise ValueError("undo")
    assert files(private_files) == before
    assert ClientUser.objects.exists()
    assert Job.objects.count() == 2


def test_running_job_of_a_deleted_person_can_write_nothing(full: ClientUser) -> None:
    job = jobs.claim_job(Job.objects.get(name=EXTRACT_OLD_PHOTO).pk, now=clock.now())
    assert job is not None
    delete_user(user=full)
    assert not jobs.finish_job(job, now=clock.now())
    assert not Job.objects.filter(state=JobState.RUNNING).exists()


def test_of_two_threads_deleting_one_person_exactly_one_gets_the_receipt(full: ClientUser) -> None:
    barrier = threading.Barrier(2)
    outcomes: list[Any] = []

    def delete() -> None:
        barrier.wait()
        try:
            outcomes.append(delete_user(user=full))
        except NotFound as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=delete) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 2
    assert outcomes.count("not_found") == 1
    assert any(isinstance(outcome, DeletionReceipt) for outcome in outcomes)


def test_file_that_is_already_gone_does_not_stop_a_deletion(full: ClientUser, private_files: Path) -> None:
    for path in files(private_files):
        path.unlink()
    assert delete_user(user=full).files == 4
    assert not ClientUser.objects.exists()


def test_samples_deleted_in_bulk_take_their_files_along(full: ClientUser, private_files: Path) -> None:
    FaceSample.objects.filter(user=full).delete()
    assert files(private_files) == [private_files / str(full.old_profile_photo.name)]


def test_deleted_client_leaves_only_its_audit(full: ClientUser, private_files: Path) -> None:
    client_id = full.client_id
    delete_client(client=full.client)
    assert files(private_files) == []
    for model in (Client, ApiKey, ClientUser, FaceSample, Job):
        assert not model._default_manager.exists()
    actions = AuditEntry.objects.filter(client_id=client_id).values_list("action", flat=True)
    assert "client.deleted" in actions
    assert "client.created" in actions
    with pytest.raises(NotFound):
        delete_client(client=full.client)


def test_stray_files_are_purged_only_when_old_and_named_by_no_row(
    full: ClientUser, private_files: Path
) -> None:
    stray = private_files / "clients" / full.client_id / "samples" / "stray.jpg"
    stray.write_bytes(b"face")
    now = clock.now()
    assert purge_orphan_files(now=now) == 0
    assert purge_orphan_files(now=now + timedelta(hours=2)) == 1
    assert not stray.exists()
    assert len(files(private_files)) == 4


def test_purge_without_any_file_finds_nothing(full: ClientUser, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "nowhere"
    assert purge_orphan_files(now=clock.now()) == 0


def test_sample_images_go_when_their_time_is_over_and_templates_stay(
    full: ClientUser, private_files: Path
) -> None:
    now = clock.now()
    assert purge_expired_images(now=now + timedelta(days=29)) == 0
    assert purge_expired_images(now=now + timedelta(days=31)) == 3
    assert purge_expired_images(now=now + timedelta(days=31)) == 0
    assert files(private_files) == [private_files / str(full.old_profile_photo.name)]
    assert FaceSample.objects.filter(image="").count() == 3
    assert all(sample.get_template() for sample in FaceSample.objects.all())


def test_images_go_at_once_when_the_policy_no_longer_keeps_any(full: ClientUser, keeping: Client) -> None:
    update_client(client=keeping, image_retention="none")
    assert purge_expired_images(now=clock.now() + timedelta(seconds=1)) == 3


def test_command_purges_both_and_says_how_many(
    full: ClientUser, keeping: Client, private_files: Path
) -> None:
    update_client(client=keeping, image_retention="none")
    out = io.StringIO()
    call_command("purge_files", stdout=out)
    assert out.getvalue() == "expired=3 orphans=0 traces=0\n"
    assert files(private_files) == [private_files / str(full.old_profile_photo.name)]
