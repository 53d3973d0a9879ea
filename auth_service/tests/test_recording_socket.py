"""A recording server records the sockets whose person agreed, starts no other, keeps none they take back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auth_service.models import AuthSession
from auth_service.recording.archive import read_archive
from auth_service.recording.consent import consent_text
from auth_service.recording.plan import read_plan
from auth_service.recording.report import ReportReader
from auth_service.recording.sessions import decline
from auth_service.services import OpenedSession
from auth_service.tests.recording_cast import make_run
from auth_service.tests.socket_page import error_of, in_thread, jpeg_of, page_of, state_of
from clients.models import ClientUser
from core.liveness.injection import DeviceReport
from core.liveness.policy import Level
from core.liveness.sequences import find_sidecars, read_session

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def pictures() -> list[bytes]:
    """Nobody before the camera."""
    return [jpeg_of(np.full((480, 640, 3), level, np.uint8)) for level in range(60, 110, 10)]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return make_run(tmp_path, monkeypatch)


@pytest.fixture
def opened(alice: ClientUser, opens: Callable[..., OpenedSession]) -> OpenedSession:
    return opens(alice)


def films(folder: Path) -> list[Path]:
    return list(folder.rglob("*.mjpeg"))


def take_away(run: Path) -> None:
    """As somebody does who deletes the folder under a running session."""
    (run / "plan.json").unlink()
    run.rmdir()


def agreed(run: Path) -> str:
    return consent_text(read_plan(run)).version


async def test_who_agreed_is_recorded_frame_by_frame(
    opened: OpenedSession, run: Path, pictures: list[bytes]
) -> None:
    async with page_of(opened) as page:
        ready = await page.start(opened, consent=agreed(run), device={"camera_label": "HD Webcam"})
        assert ready["type"] == "session.ready"
        for picture in pictures:
            await page.show(picture)
            assert (await page.hear())["type"] == "step"

    (sidecar,) = find_sidecars(run.parent)
    session = read_session(sidecar, level=Level.STANDARD)
    assert [frame.jpeg for frame in session.frames] == pictures
    assert [frame.captured_at for frame in session.frames] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    assert session.device == DeviceReport(camera_label="HD Webcam")
    assert not session.finished
    (outcome,) = ReportReader(run).news()
    assert (outcome.session, outcome.verdict) == (str(opened.session.pk), "broken_off")


@pytest.mark.parametrize("consent", [None, "", "yes", True, 5, ["x"], {"version": "x"}])
async def test_who_did_not_agree_to_this_text_is_not_started_and_keeps_the_link(
    consent: object, opened: OpenedSession, run: Path, pictures: list[bytes]
) -> None:
    members: dict[str, Any] = {} if consent is None else {"consent": consent}
    async with page_of(opened) as page:
        assert error_of(await page.start(opened, **members)) == "consent_required"
        assert await page.closed() == 4403
    assert [path.name for path in run.parent.iterdir()] == [run.name]

    async with page_of(opened) as page:
        assert (await page.start(opened, consent=agreed(run)))["type"] == "session.ready"


async def test_frames_without_a_start_are_kept_by_nobody(
    opened: OpenedSession, run: Path, pictures: list[bytes]
) -> None:
    async with page_of(opened) as page:
        await page.show(pictures[0])
        assert error_of(await page.hear()) == "not_authenticated"
    assert [path.name for path in run.parent.iterdir()] == [run.name]


@pytest.mark.usefixtures("run")
async def test_the_pages_own_error_is_told_for_a_wrong_token_with_consent(
    opened: OpenedSession, run: Path
) -> None:
    async with page_of(opened) as page:
        assert error_of(await page.start(opened, token="wrong", consent=agreed(run))) == "not_authenticated"


@pytest.mark.parametrize("consent", ["yes", 5, None])
async def test_a_server_that_does_not_record_ignores_consent(
    consent: object, opened: OpenedSession, tmp_path: Path, pictures: list[bytes]
) -> None:
    async with page_of(opened) as page:
        assert (await page.start(opened, consent=consent))["type"] == "session.ready"
        await page.show(pictures[0])
        assert (await page.hear())["type"] == "step"
    assert films(tmp_path) == []


async def test_each_socket_of_a_session_is_a_recording_of_its_own(
    opened: OpenedSession, run: Path, pictures: list[bytes]
) -> None:
    async with page_of(opened) as page:
        token = (await page.start(opened, consent=agreed(run)))["resume_token"]
        await page.show(pictures[0])
        await page.hear()
    async with page_of(opened) as page:
        await page.start(opened, token=token, consent=agreed(run))
        await page.show(pictures[1])
        await page.hear()

    assert len(read_archive(run.parent).recordings) == 2


async def test_bad_pictures_are_not_recorded(opened: OpenedSession, run: Path, pictures: list[bytes]) -> None:
    async with page_of(opened) as page:
        await page.start(opened, consent=agreed(run))
        await page.show(b"not a picture")
        assert error_of(await page.hear()) == "invalid_image"
        await page.show(pictures[0])
        await page.hear()

    (sidecar,) = find_sidecars(run.parent)
    assert [one.jpeg for one in read_session(sidecar, level=Level.STANDARD).frames] == [pictures[0]]


async def test_who_declines_while_it_runs_leaves_nothing(
    opened: OpenedSession, run: Path, pictures: list[bytes]
) -> None:
    async with page_of(opened) as page:
        await page.start(opened, consent=agreed(run))
        await page.show(pictures[0])
        await page.hear()
        await in_thread(lambda: decline(AuthSession.objects.get(pk=opened.session.pk)))

    assert (await state_of(opened)).state == "cancelled"
    assert films(run.parent) == []


async def test_a_disk_that_takes_no_more_ends_the_session_with_its_own_code(
    opened: OpenedSession, run: Path, pictures: list[bytes]
) -> None:
    consent = agreed(run)
    async with page_of(opened) as page:
        await page.start(opened, consent=consent)
        take_away(run)
        await page.show(pictures[0])
        assert error_of(await page.hear()) == "recording_failed"
        assert await page.closed() == 4500
    assert list(run.parent.iterdir()) == []


async def test_a_socket_that_goes_without_a_picture_leaves_nothing(opened: OpenedSession, run: Path) -> None:
    async with page_of(opened) as page:
        await page.start(opened, consent=agreed(run))

    assert [path.name for path in run.parent.iterdir()] == [run.name]
