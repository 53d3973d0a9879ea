"""The page has words for everything the protocol can say, in every language."""

from __future__ import annotations

import ast
import gettext
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from auth_service.flows.types import FACE_THE_CAMERA, HOLD_STILL, PROCESSING, Hint
from auth_service.models import SessionPurpose
from auth_service.page_endings import ending_texts, reason_texts
from auth_service.page_problems import problem_texts
from auth_service.page_texts import hint_texts, instruction_texts
from common.errors import FaceAppError
from core.liveness.reasons import Reason
from core.liveness.script import StepKind

DECISION_REASONS = {
    "face_mismatch",
    "old_photo_mismatch",
    "old_photo_review",
    "face_changed",
    "liveness_incomplete",
    "duplicate_person",
    "session_expired",
    "too_many_attempts",
}
LANGUAGES = [code for code, _ in settings.LANGUAGES]
TRANSLATED = [code for code in LANGUAGES if code != "en"]


def catalogue(language: str) -> dict[str, str]:
    """Messages of a ``.po`` file, read as text: the compiled file is what is compared with it."""
    path = Path(settings.BASE_DIR) / "locale" / language / "LC_MESSAGES" / "django.po"
    text = path.read_text(encoding="utf-8")
    assert "fuzzy" not in text
    found = re.findall(r'^msgid ((?:".*"\n)+)msgstr ((?:".*"\n?)+)', text, flags=re.MULTILINE)
    pairs = [
        tuple("".join(map(ast.literal_eval, part.strip().split("\n"))) for part in pair) for pair in found
    ]
    return {source: target for source, target in pairs if source}


def test_every_instruction_and_hint_has_a_text() -> None:
    wanted = {kind.value for kind in StepKind} | {FACE_THE_CAMERA, HOLD_STILL, PROCESSING}
    assert wanted <= instruction_texts().keys()
    assert {hint.value for hint in Hint} == hint_texts().keys()


def test_every_reason_of_a_refusal_has_a_text() -> None:
    assert {reason.value for reason in Reason} | DECISION_REASONS | {"other"} == reason_texts().keys()


def test_errors_that_end_a_socket_have_a_card_or_the_general_one() -> None:
    def codes(error: type[FaceAppError]) -> set[str]:
        return {error.code}.union(*(codes(child) for child in error.__subclasses__()))

    cards = problem_texts("Acme")
    assert {"session_closed", "session_expired", "not_authenticated", "throttled", "conflict"} <= cards.keys()
    unknown = set(cards) - codes(FaceAppError)
    made_in_the_browser = {
        "insecure_context",
        "unsupported_browser",
        "camera_denied",
        "no_camera",
        "camera_in_use",
        "camera_failed",
        "camera_lost",
        "connection_failed",
        "too_many_attempts",
    }
    assert unknown == made_in_the_browser


def test_the_codes_made_in_the_browser_are_those_of_the_scripts() -> None:
    scripts = Path(settings.BASE_DIR) / "static" / "js"
    source = "".join(path.read_text(encoding="utf-8") for path in scripts.rglob("*.js"))
    for code in ("insecure_context", "camera_denied", "no_camera", "camera_in_use", "connection_failed"):
        assert f'"{code}"' in source


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("purpose", SessionPurpose.values)
def test_an_ending_names_the_organisation_and_the_three_verdicts(purpose: str, language: str) -> None:
    with translation.override(language):
        endings = ending_texts(purpose, "Acme")
    assert endings.keys() == {"passed", "needs_review", "failed"}
    assert all("Acme" in ending.text for ending in endings.values())
    assert endings["failed"].text_retry


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated(language: str) -> None:
    assert [source for source, target in catalogue(language).items() if not target] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_survive_translation(language: str) -> None:
    def placeholders(text: str) -> list[str]:
        return sorted(re.findall(r"%\(\w+\)s|\{\w+\}", text))

    messages = catalogue(language)
    assert [source for source in messages if placeholders(source) != placeholders(messages[source])] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_compiled_translations_are_those_of_the_text_file(language: str) -> None:
    folder = Path(settings.BASE_DIR) / "locale" / language / "LC_MESSAGES"
    with (folder / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    messages = catalogue(language)
    assert {source: compiled.gettext(source) for source in messages} == messages


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_the_page_can_say_is_all_in_the_catalogue(language: str) -> None:
    """A text missing there would appear in English in the middle of a check."""
    messages = catalogue(language)
    spoken = [*instruction_texts().values(), *hint_texts().values()]
    spoken += [reason.what for reason in reason_texts().values()]
    spoken += [problem.title for problem in problem_texts("Acme").values()]
    assert [text for text in spoken if text not in messages] == []
