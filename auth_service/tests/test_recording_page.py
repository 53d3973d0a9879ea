"""The page of a recording asks first, says what is true, and takes a no; every other page is as it was."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client as Browser
from django.utils import translation

from auth_service.models import AuthSession, SessionState
from auth_service.page_texts import page_texts
from auth_service.recording.consent import ConsentText, consent_text, require_consent
from auth_service.recording.errors import ConsentRequired
from auth_service.recording.page import recording_endings, recording_problems
from auth_service.recording.report import Outcome, write_outcome
from auth_service.recording.sessions import DECLINED
from auth_service.tests.recording_cast import GIVEN_AT, make_plan, make_run
from auth_service.tests.session_links import make_link
from auth_service.tests.test_page_texts import TRANSLATED, catalogue
from clients.models import AuditEntry, ClientUser

pytestmark = pytest.mark.django_db

LANGUAGES = [code for code, _ in settings.LANGUAGES]


@pytest.fixture
def open_link(user: ClientUser) -> Callable[..., str]:
    return partial(make_link, user)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return make_run(tmp_path, monkeypatch)


def html_of(link: str, **query: str) -> str:
    return str(Browser().get(link, query).content.decode())


def section(html: str, view: str) -> str:
    """Opening tag of a view."""
    (tag,) = re.findall(rf'<section [^>]*data-view="{view}"[^>]*>', html)
    return str(tag)


# What the page asks ------------------------------------------------------------------------------


@pytest.mark.usefixtures("run")
def test_a_recording_asks_before_anything_else_and_the_box_is_not_ticked(
    open_link: Callable[..., str],
) -> None:
    html = html_of(open_link())

    assert "hidden" not in section(html, "consent")
    assert "hidden" in section(html, "start")
    (box,) = re.findall(r'<input id="agree"[^>]*>', html)
    assert "checked" not in box
    assert html.index('data-part="accept"') < html.index("/decline/")


def test_a_page_that_does_not_record_asks_nothing(open_link: Callable[..., str]) -> None:
    html = html_of(open_link())

    assert 'data-view="consent"' not in html
    assert "hidden" not in section(html, "start")
    assert "/decline/" not in html
    assert "ecord" not in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_says_who_what_whose_where_and_how_to_withdraw_in_every_language(
    language: str, open_link: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run(tmp_path, monkeypatch, subject="Nguyễn Ánh", organisation="Bank Sejahtera")

    html = html_of(open_link(), lang=language)

    assert f'<html lang="{language}"' in html
    for words in ("Bank Sejahtera", "Nguyễn Ánh", "pad_record --remove"):
        assert words in html


@pytest.mark.usefixtures("run")
def test_what_the_page_promises_elsewhere_would_be_wrong_here(open_link: Callable[..., str]) -> None:
    html = html_of(open_link())

    assert "They are not kept." not in html
    assert "The pictures are used for this check only." not in html
    assert "can now recognise you" not in html
    assert "This check is recorded and kept, as you agreed." in html


@pytest.mark.usefixtures("run")
def test_names_on_the_page_are_text_and_nothing_else(
    open_link: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    make_run(tmp_path / "other", monkeypatch, subject="<script>alert(1)</script>")

    assert "<script>alert" not in html_of(open_link())


def text_of(**changes: object) -> ConsentText:
    return consent_text(make_plan(Path("/recordings"), **changes))


def test_the_operator_of_the_computer_records_where_nobody_else_is_named() -> None:
    assert text_of(organisation="", computer="desk-7").points[0].items == (
        "The operator of the computer “desk-7”",
    )


def test_of_an_attack_the_person_who_is_copied_must_have_agreed_too() -> None:
    attack = text_of(kind="photo_print")

    assert "whose face is copied" in attack.agreement
    assert any("photo print" in item for item in attack.points[1].items)
    assert "whose face is copied" not in text_of().agreement


# The version of the text ---------------------------------------------------------------------------


def test_whoever_changes_a_word_a_name_or_the_language_asks_anew() -> None:
    versions = {text_of().version, text_of(subject="Ben").version, text_of(organisation="Other").version}
    versions |= {text_of(kind="photo_print").version, text_of(kind="screen_replay").version}
    for language in TRANSLATED:
        with translation.override(language):
            versions.add(text_of().version)

    assert len(versions) == 5 + len(TRANSLATED)
    assert text_of().version == text_of().version


@pytest.mark.parametrize("language", LANGUAGES)
def test_consent_tells_in_which_language_the_text_was_read(language: str) -> None:
    plan = make_plan(Path("/recordings"))
    with translation.override(language):
        version = consent_text(plan).version

    consent = require_consent(plan, version=version, now=GIVEN_AT)

    assert consent.text.language == language
    assert consent.as_json()["version"] == version
    assert consent.as_json()["given_at"] == "2026-05-04T10:30:00+00:00"


@pytest.mark.parametrize("version", ["", "1", "true", "x" * 5000, text_of(subject="Ben").version])
def test_another_version_is_no_consent(version: str) -> None:
    with pytest.raises(ConsentRequired):
        require_consent(make_plan(Path("/recordings")), version=version, now=GIVEN_AT)


# Saying no -------------------------------------------------------------------------------------------


def decline(link: str) -> Any:
    return Browser(enforce_csrf_checks=True).post(f"{link}decline/", headers={"origin": "null"})


@pytest.mark.usefixtures("run")
def test_a_no_ends_the_session_and_says_that_nothing_was_recorded(open_link: Callable[..., str]) -> None:
    link = open_link()

    answer = decline(link)

    assert (answer.status_code, answer["Location"]) == (302, link)
    session = AuthSession.objects.get()
    assert (session.state, session.reasons) == (SessionState.CANCELLED, [DECLINED])
    card = Browser().get(link)
    assert card.status_code == 410
    assert "Nothing was recorded" in card.content.decode()
    assert AuditEntry.objects.filter(action="session.cancelled", actor_kind="person").exists()


def test_a_no_after_a_yes_deletes_what_was_recorded_and_nobody_elses(
    open_link: Callable[..., str], run: Path
) -> None:
    link = open_link()
    mine, other = run.parent / "genuine-1", run.parent / "genuine-2"
    for recording, session in ((mine, str(AuthSession.objects.get().pk)), (other, "another")):
        recording.mkdir()
        (recording / "face.mjpeg").touch()
        write_outcome(Outcome(session, recording.name, verdict="broken_off"), run)

    decline(link)

    assert not mine.exists()
    assert (other / "face.mjpeg").exists()


@pytest.mark.usefixtures("run")
def test_saying_no_twice_or_too_late_changes_nothing(open_link: Callable[..., str]) -> None:
    link = open_link()
    decline(link)
    assert decline(link).status_code == 302
    late = open_link(state=SessionState.COMPLETED)
    assert decline(late).status_code == 302
    assert AuthSession.objects.filter(state=SessionState.COMPLETED, reasons=[]).count() == 1
    assert "Nothing was recorded" not in html_of(late)


@pytest.mark.usefixtures("run")
def test_only_a_link_declines_and_only_by_a_form(open_link: Callable[..., str]) -> None:
    assert decline("/session/nobody/").status_code == 404
    assert Browser().get(f"{open_link()}decline/").status_code == 405
    assert AuthSession.objects.get().is_open


def test_where_nothing_is_recorded_nothing_can_be_declined(open_link: Callable[..., str]) -> None:
    assert decline(open_link()).status_code == 404
    assert AuthSession.objects.get().is_open


# Words -------------------------------------------------------------------------------------------------


def test_every_verdict_ends_as_a_recording(open_link: Callable[..., str]) -> None:
    open_link()
    assert recording_endings().keys() == page_texts(AuthSession.objects.get())["ends"].keys()


@pytest.mark.parametrize("language", TRANSLATED)
def test_all_of_it_is_in_the_catalogue(language: str) -> None:
    """A text missing there would be agreed to in English in the middle of another language."""
    source = Path(settings.BASE_DIR, "templates/session/consent.html").read_text()
    words = re.findall(r"""translate (?:"([^"]+)"|'([^']+)')""", source)
    spoken = [first or second for first, second in words]
    for plan in (make_plan(Path("/r")), make_plan(Path("/r"), kind="mask", organisation="")):
        english, other = consent_text(plan), None
        with translation.override(language):
            other = consent_text(plan)
        for before, after in zip(english.points, other.points, strict=True):
            assert before.label != after.label
            assert not set(before.items) & set(after.items) - {"Acme"}
        assert english.agreement != other.agreement
    for ending in recording_endings().values():
        spoken.append(ending.title)
    spoken += [problem.title for problem in recording_problems("Acme").values()]
    messages = catalogue(language)
    assert [text for text in spoken if text not in messages] == []
