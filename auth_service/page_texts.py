"""Every sentence the session page can say, by the code that asks for it, in the language of the request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from django.utils.translation import gettext as _

from auth_service.models import AuthSession, SessionPurpose
from auth_service.page_endings import ending_texts, reason_texts
from auth_service.page_problems import problem_texts
from clients.choices import ImageRetention

Texts = dict[str, str]
Tables = dict[str, Mapping[str, object]]


def page_texts(session: AuthSession) -> Tables:
    """The JSON the page is given. Keys of the inner tables are the socket protocol's codes."""
    organisation = session.client.name
    return {
        "instructions": instruction_texts(),
        "hints": hint_texts(),
        "connection": connection_texts(),
        "labels": label_texts(),
        "reasons": {code: asdict(reason) for code, reason in reason_texts().items()},
        "ends": {code: asdict(end) for code, end in ending_texts(session.purpose, organisation).items()},
        "problems": {code: asdict(problem) for code, problem in problem_texts(organisation).items()},
    }


def privacy_text(session: AuthSession) -> str:
    """What happens to the pictures, by the client's own policy: a promise that the server keeps."""
    client = session.client
    names = {"organisation": client.name, "days": client.retention_days}
    sentences = [_("The pictures are used for this check only.")]
    if client.image_retention == ImageRetention.NONE:
        sentences.append(_("They are not kept."))
    else:
        sentences.append(_("%(organisation)s may keep some of them for up to %(days)s days.") % names)
    if session.purpose == SessionPurpose.ENROLLMENT:
        sentences.append(_("What stays is a description of your face in numbers, to recognise you by."))
    sentences.append(_("The camera is off again as soon as the check ends."))
    return " ".join(sentences)


def instruction_texts() -> Texts:
    return {
        "allow_camera": _("Allow the camera if you are asked"),
        "face_the_camera": _("Look straight at the camera"),
        "turn_left": _("Turn your head to your left"),
        "turn_right": _("Turn your head to your right"),
        "look_up": _("Look up: raise your chin"),
        "look_down": _("Look down: lower your chin"),
        "closer": _("Move a little closer"),
        "blink": _("Blink with both eyes"),
        "smile": _("Smile"),
        "flash": _("Keep still. The screen changes colour"),
        "look_back": _("Good. Now look at the camera again"),
        "hold_still": _("Hold still"),
        "processing": _("Checking, one moment"),
    }


def hint_texts() -> Texts:
    return {
        "no_face": _("We cannot see your face. Bring it into the oval."),
        "several_faces": _("There is more than one face. Only you should be in the picture."),
        "move_closer": _("Come a little closer."),
        "move_back": _("Move back a little."),
        "center_face": _("Bring your face to the middle of the oval."),
        "look_straight": _("Look straight ahead, with your head upright."),
        "too_dark": _("It is too dark. Turn towards a window or a lamp."),
        "too_bright": _("There is too much light. Turn away from it a little."),
        "hold_still": _("Hold still for a moment."),
        "wrong_direction": _("The other way, please."),
        "keep_going": _("Good, a little further."),
    }


def connection_texts() -> Texts:
    return {
        "connecting": _("Connecting…"),
        "reconnecting": _("The connection was lost. Trying again…"),
        "paused": _("Paused. It goes on when you come back to this page."),
    }


def label_texts() -> Texts:
    return {
        "try_again": _("Try again"),
        "reasons": _("What went wrong"),
        "what_to_do": _("What you can do"),
        # Translators: {index} and {total} stay as they are.
        "step_of": _("Step {index} of {total}"),
    }
