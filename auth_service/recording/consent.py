"""The text a person agrees to before anything is recorded, and the proof that it was this one.

A text's version is the digest of its words, so whoever changes a word, a name or a language asks anew.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from auth_service.recording.errors import ConsentRequired
from auth_service.recording.plan import RecordingPlan

_VERSION_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Point:
    label: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConsentText:
    language: str
    title: str
    lead: str
    points: tuple[Point, ...]
    agreement: str
    """Beside the box to tick."""

    @property
    def version(self) -> str:
        words = [self.language, self.title, self.lead, self.agreement]
        words += [word for point in self.points for word in (point.label, *point.items)]
        return hashlib.sha256("\n".join(words).encode()).hexdigest()[:_VERSION_DIGITS]


@dataclass(frozen=True, slots=True)
class Consent:
    """Given by a person, for one session."""

    text: ConsentText
    given_at: datetime

    def as_json(self) -> dict[str, object]:
        """With the words themselves: a version alone proves nothing once they are gone."""
        words = asdict(self.text)
        language = words.pop("language")
        return {
            "version": self.text.version,
            "language": language,
            "given_at": self.given_at.isoformat(timespec="seconds"),
            "text": words,
        }


def consent_text(plan: RecordingPlan) -> ConsentText:
    """In the current language."""
    subject = {"subject": plan.subject}
    return ConsentText(
        language=translation.get_language() or settings.LANGUAGE_CODE,
        title=_("May this check be recorded?"),
        lead=_("You are asked to take part in a test of this face check. It is your choice."),
        points=(
            Point(_("Who records"), (_recorder(plan),)),
            Point(_("What is recorded"), _what_is_recorded(plan)),
            Point(
                _("What for"),
                (
                    _("To measure how well this check tells people from photos, screens and masks."),
                    _("To choose its limits for this site."),
                ),
            ),
            Point(
                _("Where it stays"),
                (
                    _("In a folder of the computer that this page comes from, until it is removed."),
                    _("Only the operator's account can read it. Facegate sends it nowhere."),
                    _("The numbers that describe the face are deleted when this server is closed."),
                ),
            ),
            Point(
                _("How to withdraw"),
                (
                    _(
                        "Ask at any time: one command (pad_record --remove) deletes every recording of "
                        "“%(subject)s”."
                    )
                    % subject,
                ),
            ),
            Point(_("If you do not agree"), (_("Nothing is recorded, and this link ends."),)),
        ),
        agreement=_agreement(plan),
    )


def require_consent(plan: RecordingPlan, *, version: str, now: datetime) -> Consent:
    """The text of that version, in whichever language it was read. Raises ConsentRequired."""
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            text = consent_text(plan)
        if text.version == version:
            return Consent(text=text, given_at=now)
    raise ConsentRequired


def _recorder(plan: RecordingPlan) -> str:
    return plan.organisation or _("The operator of the computer “%(name)s”") % {"name": plan.computer}


def _what_is_recorded(plan: RecordingPlan) -> tuple[str, ...]:
    names = {"subject": plan.subject, "kind": plan.kind.replace("_", " ")}
    if plan.genuine:
        label = _("The date, and the name “%(subject)s”.") % names
    else:
        label = (
            _("The date, the kind of attack (“%(kind)s”) and whose face is copied: “%(subject)s”.") % names
        )
    return (
        _("The camera's pictures until the check ends, also if you stop it early. No sound."),
        _("When each picture was taken, the instructions and colours shown, and the result."),
        _("What the browser tells about device and camera, and the language of this page."),
        label,
    )


def _agreement(plan: RecordingPlan) -> str:
    mine = _("I have read this and agree that this check is recorded.")
    if plan.genuine:
        return mine
    return " ".join([mine, _("The person whose face is copied has agreed too.")])
