"""Old photos: taken by content, written anew, read in the background, gone when cleared."""

from __future__ import annotations

import io
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from PIL import Image
from rest_framework.test import APIClient

from clients.choices import OldPhotoState
from clients.models import AuditEntry, ClientUser, Job
from clients.services import clear_old_photo, delete_user, request_old_photo_extraction, set_old_photo
from common.errors import Conflict, FaceAppError, InvalidImage, NotFound
from common.jobs import EXTRACT_OLD_PHOTO

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "/api/clients/users/alice/old-photo/"


def stored(private_files: Path) -> list[Path]:
    return [path for path in private_files.rglob("*") if path.is_file()]


def picture(path: Path) -> Image.Image:
    return Image.open(io.BytesIO(path.read_bytes()))


def upload(api: APIClient, data: bytes, *, name: str = "photo.jpg", **more: Any) -> Any:
    return api.post(ADDRESS, {"file": SimpleUploadedFile(name, data), **more}, format="multipart")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_uploaded_photo_waits_for_extraction(
    api: APIClient, user: ClientUser, make_photo: Any, private_files: Path, kind: str
) -> None:
    answer = upload(api, make_photo(kind), name="Alice Adams.exe")
    assert answer.status_code == 202, answer.content
    assert answer.json()["old_photo"] == {"state": "pending", "reason": ""}
    (path,) = stored(private_files)
    assert picture(path).format == "JPEG"
    assert path.parent == private_files / "clients" / user.client_id / "photos"
    assert "alice" not in path.name.lower()
    job = Job.objects.get()
    assert (job.name, job.arguments, job.client_id) == (
        EXTRACT_OLD_PHOTO,
        {"user_id": user.pk},
        user.client_id,
    )


def test_only_the_servers_account_can_read_the_file(
    user: ClientUser, make_photo: Any, private_files: Path
) -> None:
    set_old_photo(user=user, data=make_photo())
    (path,) = stored(private_files)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert all(stat.S_IMODE(folder.stat().st_mode) == 0o700 for folder in list(path.parents)[:3])


def test_where_and_when_it_was_taken_is_not_kept(
    user: ClientUser, make_photo: Any, private_files: Path
) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRETCAMERA"
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (10.0, 46.0, 37.0)
    data = make_photo(size=(64, 48), exif=exif.tobytes(), comment=b"SECRETCOMMENT")
    assert b"SECRETCAMERA" in data
    set_old_photo(user=user, data=data)
    (path,) = stored(private_files)
    kept = path.read_bytes()
    assert b"SECRET" not in kept
    assert b"Exif" not in kept
    assert not dict(Image.open(io.BytesIO(kept)).getexif())
    assert picture(path).size == (48, 64)


def test_large_photo_is_kept_at_no_more_than_2048_px(
    user: ClientUser, make_photo: Any, private_files: Path
) -> None:
    set_old_photo(user=user, data=make_photo(size=(3000, 1500)))
    (path,) = stored(private_files)
    assert picture(path).size == (2048, 1024)


def test_replacing_removes_the_former_file_and_what_was_read_from_it(
    user: ClientUser, make_photo: Any, make_template: Any, private_files: Path
) -> None:
    user = set_old_photo(user=user, data=make_photo())
    user.cache_old_photo_embedding(make_template())
    user.save()
    (former,) = stored(private_files)
    user = set_old_photo(user=user, data=make_photo("PNG"))
    (current,) = stored(private_files)
    assert current != former
    user.refresh_from_db()
    assert (user.old_photo_state, user.old_photo_contract) == (OldPhotoState.PENDING, "")
    assert user.get_cached_old_photo_embedding() is None


BAD: dict[str, tuple[Callable[[Any], bytes], int, str]] = {
    "empty": (lambda _: b"", 400, "invalid_parameter"),
    "text": (lambda _: b"not an image at all", 422, "invalid_image"),
    "svg": (lambda _: b"<svg xmlns='http://www.w3.org/2000/svg'/>", 422, "invalid_image"),
    "gif": (lambda make: make("GIF"), 422, "invalid_image"),
    "tiff": (lambda make: make("TIFF"), 422, "invalid_image"),
    "jpeg cut short": (lambda make: make(size=(400, 300))[:2000], 422, "invalid_image"),
    "jpeg header only": (lambda make: make()[:30], 422, "invalid_image"),
    "png cut short": (lambda make: make("PNG", size=(400, 300))[:2000], 422, "invalid_image"),
    "webp cut short": (lambda make: make("WEBP", size=(400, 300))[:500], 422, "invalid_image"),
    "magic only": (lambda _: b"\xff\xd8\xff", 422, "invalid_image"),
    "noise": (lambda _: b"\xff\xd8\xff" + bytes(range(256)) * 20, 422, "invalid_image"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_photo_is_refused_and_the_former_one_stays(
    api: APIClient, user: ClientUser, make_photo: Any, private_files: Path, what: str
) -> None:
    make, status, code = BAD[what]
    set_old_photo(user=user, data=make_photo())
    kept, entries = stored(private_files), AuditEntry.objects.count()
    answer = upload(api, make(make_photo))
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert stored(private_files) == kept
    assert AuditEntry.objects.count() == entries
    assert Job.objects.count() == 1


def bomb(kind: str) -> bytes:
    """A few hundred bytes that claim fifty megapixels."""
    target = io.BytesIO()
    Image.new("1", (16, 16)).convert("L").save(target, kind)
    data = bytearray(target.getvalue())
    if kind == "PNG":
        data[16:24] = (10_000).to_bytes(4, "big") + (5_000).to_bytes(4, "big")
    elif kind == "JPEG":
        at = data.index(b"\xff\xc0")
        data[at + 5 : at + 9] = (5_000).to_bytes(2, "big") + (10_000).to_bytes(2, "big")
    else:
        data[12:30] = (
            b"VP8X\x0a\x00\x00\x00\x00\x00\x00\x00"
            + (9_999).to_bytes(3, "little")
            + (4_999).to_bytes(3, "little")
        )
    return bytes(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_fifty_megapixels_are_refused_before_decoding(
    api: APIClient, user: ClientUser, private_files: Path, kind: str
) -> None:
    answer = upload(api, bomb(kind))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "image_too_large")
    assert answer.json()["error"]["details"] == {"max_pixels": 25_000_000}
    assert stored(private_files) == []


def test_real_bomb_of_zeros_is_refused(api: APIClient, user: ClientUser) -> None:
    target = io.BytesIO()
    Image.new("1", (8_000, 8_000)).save(target, "PNG")
    assert upload(api, target.getvalue()).status_code == 413


def test_file_over_the_byte_limit_is_refused(
    api: APIClient, user: ClientUser, settings: Any, make_photo: Any, private_files: Path
) -> None:
    settings.MAX_IMAGE_BYTES = 20_000
    for size in (30_000, 200_000):
        answer = upload(api, make_photo() + b"\0" * size)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "image_too_large")
    assert stored(private_files) == []


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data"),
        (b"--x\r\n\r\n", "multipart/form-data; boundary=x"),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_multipart_without_a_file_is_a_400(
    api: APIClient, user: ClientUser, body: bytes, content_type: str
) -> None:
    answer = api.generic("POST", ADDRESS, body, content_type=content_type)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_parameter")


def test_unknown_form_field_is_refused(api: APIClient, user: ClientUser, make_photo: Any) -> None:
    answer = upload(api, make_photo(), crop="true")
    assert answer.json()["error"]["details"]["fields"] == {"crop": ["Unknown field."]}


def test_json_body_is_a_415(api: APIClient, user: ClientUser) -> None:
    assert api.post(ADDRESS, {"file": "aGk="}, format="json").status_code == 415


def test_clearing_removes_file_and_template_and_may_be_repeated(
    api: APIClient, user: ClientUser, make_photo: Any, make_template: Any, private_files: Path
) -> None:
    user = set_old_photo(user=user, data=make_photo())
    user.cache_old_photo_embedding(make_template())
    user.save()
    assert [api.delete(ADDRESS).status_code for _ in range(2)] == [204, 204]
    assert stored(private_files) == []
    user.refresh_from_db()
    assert user.old_photo_state == OldPhotoState.NONE
    assert user.cached_old_photo_embedding is None
    assert AuditEntry.objects.filter(action="user.old_photo_cleared").count() == 1


def test_rollback_keeps_the_former_photo_and_leaves_no_stray_file(
    user: ClientUser, make_photo: Any, private_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = set_old_photo(user=user, data=make_photo())
    before = stored(private_files)

    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionError("the database went away")

    monkeypatch.setattr("clients.services.photos.record_audit", refuse)
    with pytest.raises(ConnectionError):
        set_old_photo(user=user, data=make_photo("PNG"))
    assert stored(private_files) == before
    user.refresh_from_db()
    assert private_files / str(user.old_profile_photo.name) == before[0]


def test_photo_of_a_deleted_person_is_refused_and_leaves_no_file(
    user: ClientUser, make_photo: Any, private_files: Path
) -> None:
    delete_user(user=ClientUser.objects.get())
    for service in (
        lambda: set_old_photo(user=user, data=make_photo()),
        lambda: clear_old_photo(user=user),
        lambda: request_old_photo_extraction(user=user),
    ):
        with pytest.raises(NotFound):
            service()
    assert stored(private_files) == []


class TestExtractionIsAskedFor:
    def test_once_on_commit(self, user: ClientUser, make_photo: Any, sent_jobs: Any) -> None:
        with transaction.atomic():
            set_old_photo(user=user, data=make_photo())
            assert sent_jobs == []
        assert len(sent_jobs) == 1
        assert Job.objects.count() == 1

    def test_never_on_rollback(self, user: ClientUser, make_photo: Any, sent_jobs: Any) -> None:
        with pytest.raises(ValueError, match="undo"), transaction.atomic():
            set_old_photo(user=user, data=make_photo())
            raise ValueError("undo")
        assert sent_jobs == []
        assert not Job.objects.exists()
        user.refresh_from_db()
        assert not user.old_profile_photo

    def test_for_a_photo_saved_by_the_model_itself(self, tenant: Any, make_photo: Any) -> None:
        photo = ContentFile(make_photo(), name="x.jpg")
        made = ClientUser.objects.create(client=tenant, external_user_id="bob", old_profile_photo=photo)
        assert made.old_photo_state == OldPhotoState.PENDING
        assert Job.objects.get().arguments == {"user_id": made.pk}

    def test_not_when_something_else_is_saved(self, user: ClientUser, make_photo: Any) -> None:
        user = set_old_photo(user=user, data=make_photo())
        Job.objects.all().delete()
        user.name = "Alice Brown"
        user.save()
        user.save(update_fields=["name"])
        ClientUser.objects.defer("old_profile_photo").get().save()
        assert not Job.objects.exists()
        user.refresh_from_db()
        assert user.old_photo_state == OldPhotoState.PENDING

    def test_columns_fall_with_the_photo_although_the_caller_names_only_the_photo(
        self, user: ClientUser, make_photo: Any, make_template: Any
    ) -> None:
        user.cache_old_photo_embedding(make_template())
        user.save()
        user.old_profile_photo.save("x.jpg", ContentFile(make_photo()), save=False)
        user.save(update_fields=["old_profile_photo"])
        row = ClientUser.objects.get()
        assert (row.old_photo_state, row.cached_old_photo_embedding) == (OldPhotoState.PENDING, None)

    def test_not_for_a_person_without_photo(self, user: ClientUser) -> None:
        assert not Job.objects.exists()
        with pytest.raises(Conflict):
            request_old_photo_extraction(user=user)

    def test_again_on_request_forgetting_the_former_result(
        self, user: ClientUser, make_photo: Any, make_template: Any
    ) -> None:
        user = set_old_photo(user=user, data=make_photo())
        Job.objects.all().delete()
        user.cache_old_photo_embedding(make_template())
        user.save()
        job = request_old_photo_extraction(user=user)
        assert request_old_photo_extraction(user=user).pk == job.pk
        user.refresh_from_db()
        assert (user.old_photo_state, user.old_photo_contract) == (OldPhotoState.PENDING, "")


def test_errors_carry_no_trace_of_the_image(user: ClientUser) -> None:
    with pytest.raises(FaceAppError) as refusal:
        set_old_photo(user=user, data=b"\xff\xd8\xffSECRETBYTES")
    assert isinstance(refusal.value, InvalidImage)
    assert "SECRET" not in f"{refusal.value.message}{refusal.value.details}"
