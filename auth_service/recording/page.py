"""What the session page says on a recording server in place of what would not be true there."""

from __future__ import annotations

from dataclasses import asdict

from django.utils.translation import gettext as _

from auth_service.page_endings import Ending
from auth_service.page_problems import Problem
from auth_service.page_texts import Tables
from auth_service.recording.consent import consent_text
from auth_service.recording.plan import RecordingPlan


def recording_context(plan: RecordingPlan, texts: Tables) -> dict[str, object]:
    """What of the page's context is another on a recording server; ``texts`` are its ordinary ones."""
    consent = consent_text(plan)
    own: Tables = {
        "ends": {code: asdict(ending) for code, ending in recording_endings().items()},
        "problems": {code: asdict(problem) for code, problem in recording_problems(plan.recorder).items()},
    }
    return {
        "consent": consent,
        "privacy": privacy_text(),
        "texts": {name: {**table, **own.get(name, {})} for name, table in texts.items()},
    }


def privacy_text() -> str:
    return " ".join(
        [
            _("This check is recorded and kept, as you agreed."),
            _("The camera is off again as soon as the check ends."),
        ]
    )


def recording_endings() -> dict[str, Ending]:
    title = _("The recording is finished")
    close = _("You can close this page.")
    return {
        "passed": Ending(title, " ".join([_("The check was passed."), close])),
        "needs_review": Ending(title, " ".join([_("The check was passed, but not with every test."), close])),
        "failed": Ending(
            title, " ".join([_("The check was not passed. For a test that is a result too."), close])
        ),
    }


def recording_problems(recorder: str) -> dict[str, Problem]:
    names = {"recorder": recorder}
    return {
        "consent_required": Problem(
            _("The check was not started"),
            _("This server records, and you have not agreed to the text as it is now."),
            (_("Load the page again and read it once more."),),
            retry=False,
        ),
        "recording_failed": Problem(
            _("The recording could not be stored"),
            _("Nothing of this check was kept."),
            (_("Tell %(recorder)s: they see the cause.") % names,),
            retry=False,
        ),
    }


def declined_card() -> Problem:
    return Problem(
        _("Nothing was recorded"),
        _("You did not agree, and this link has ended. You can close this page."),
        tone="good",
    )
