"""The console has words for everything that is recorded, in every language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from auth_service.tests.test_page_texts import DECISION_REASONS, TRANSLATED, catalogue
from console.words import (
    Word,
    hint_words,
    level_words,
    outcome_words,
    reason_words,
    signal_words,
    step_words,
    word_for,
)
from core.liveness.evidence import Outcome
from core.liveness.injection import Hint
from core.liveness.policy import Level
from core.liveness.reasons import Reason
from core.liveness.script import StepKind

ROOT = Path(settings.BASE_DIR)
TAGS = re.compile(
    r"""\{%\s*translate\s+(?:"([^"]+)"|'([^']+)')|"""
    r"\{%\s*blocktranslate[^%]*%\}(.*?)\{%\s*endblocktranslate",
    flags=re.DOTALL,
)


def in_code() -> Iterator[str]:
    for path in (ROOT / "console").rglob("*.py"):
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if called and node.func.id in {"_", "gettext_lazy"}:  # type: ignore[attr-defined]
                (text,) = node.args  # type: ignore[attr-defined]
                yield ast.literal_eval(text)


def in_templates() -> Iterator[str]:
    for path in (ROOT / "templates" / "console").rglob("*.html"):
        for double, single, block in TAGS.findall(path.read_text(encoding="utf-8")):
            # Django doubles the percent signs of a template's text before it looks for the translation.
            found = (double or single or block).replace("%", "%%")
            yield re.sub(r"\{\{ (\w+) \}\}", r"%(\1)s", found)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_of_the_console_is_in_the_catalogue(language: str) -> None:
    spoken = {*in_code(), *in_templates()}
    assert len(spoken) > 150
    assert sorted(spoken - catalogue(language).keys()) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_percent_signs_survive_translation(language: str) -> None:
    messages = catalogue(language)
    for text in {*in_code(), *in_templates()}:
        if "%(" in text:
            assert text.count("%%") == messages[text].count("%%")


def test_everything_that_can_be_recorded_has_a_word() -> None:
    assert {reason.value for reason in Reason} | DECISION_REASONS <= reason_words().keys()
    assert {hint.value for hint in Hint} == hint_words().keys()
    assert {kind.value for kind in StepKind} == step_words().keys()
    assert {outcome.value for outcome in Outcome} == outcome_words().keys()
    assert {level.value for level in Level} == level_words().keys()


@pytest.mark.parametrize("language", ["en", *TRANSLATED])
def test_no_two_reasons_or_signals_share_a_name(language: str) -> None:
    with translation.override(language):
        for words in (reason_words(), signal_words(), hint_words()):
            names = [word.name for word in words.values()]
            assert len(names) == len(set(names))
            assert all(word.meaning for word in words.values())


def test_outcomes_and_steps_are_told_apart_without_colour() -> None:
    assert all(sign.mark for sign in (*step_words().values(), *outcome_words().values()))
    assert outcome_words()["followed"].mark != outcome_words()["not_followed"].mark


def test_an_unknown_code_is_shown_as_it_is() -> None:
    assert word_for("solar_flare", {}) == Word("solar flare")
