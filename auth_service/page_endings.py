"""How a check that was carried out ends on the page: the last card, and the reasons in plain words."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from auth_service.models import SessionPurpose


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a check was not passed, and what helps next time."""

    what: str
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """The last card of a check that was carried out."""

    title: str
    text: str
    text_retry: str = ""
    """Used in place of ``text`` while there are attempts left."""


def reason_texts() -> dict[str, Reason]:
    """Liveness and matching reasons; `other` stands for a code this page does not know."""
    not_alive = Reason(
        _("We could not tell that a real person was in front of the camera."),
        _("Use your own face, not a picture or a screen, and keep other screens out of view."),
    )
    light = Reason(
        _("The light of the screen could not be seen on your face."),
        _("Make the screen brighter, come closer, and avoid strong light from a window or a lamp."),
    )
    return {
        "no_face": Reason(
            _("Your face could not be seen all the time."),
            _("Keep it inside the oval, with nothing in front of it."),
        ),
        "several_faces": Reason(
            _("Somebody else was in the picture."), _("Find a place where only you are in view.")
        ),
        "challenge_not_followed": Reason(
            _("The movements were not seen in time."),
            _("Follow each instruction as soon as it appears, with a clear movement."),
        ),
        "wrong_movement": Reason(
            _("You moved in another way than was asked."),
            _("Make only the movement that is shown, then look back at the camera."),
        ),
        "flat_face": not_alive,
        "spoof_suspected": not_alive,
        "repeated_frames": Reason(
            _("The camera's picture was frozen or repeated."),
            _("Close other programs that use the camera and use a real camera, not a virtual one."),
        ),
        "moving_surroundings": Reason(
            _("What is behind you moved together with your face."),
            _("Stand or sit still and put the phone down or hold it steady."),
        ),
        "screen_light_missing": light,
        "screen_light_uneven": light,
        "identity_changed": Reason(
            _("The face changed during the check."), _("One person must do the whole check.")
        ),
        "frame_timing": Reason(
            _("The picture did not arrive evenly."),
            _("Close other programs and use a better network connection."),
        ),
        "low_quality": Reason(
            _("The picture was not clear enough."),
            _("Clean the camera, find even light, and hold still."),
        ),
        "face_mismatch": Reason(
            _("The face does not match the person this check is for."),
            _("Take off glasses, a cap or a mask if you wore none when you enrolled."),
        ),
        "old_photo_mismatch": Reason(_("Your face does not match the photo on file.")),
        "old_photo_review": Reason(_("Somebody compares your face with the photo on file.")),
        "face_changed": Reason(_("Your face differs from the one that was enrolled before.")),
        "liveness_incomplete": Reason(
            _("The check could not use every test."),
            _("With flashing colours switched on, the result can be given at once."),
        ),
        "duplicate_person": Reason(_("This face is already enrolled under another name or number.")),
        "session_expired": Reason(
            _("Time ran out."), _("Start when you have about a minute without interruption.")
        ),
        "frame_budget_exceeded": Reason(
            _("The check took too long."), _("Follow the instructions without long pauses.")
        ),
        "too_many_attempts": Reason(_("There were too many attempts. Please wait before you try again.")),
        "other": Reason(_("The check could not be completed.")),
    }


def ending_texts(purpose: str, organisation: str) -> dict[str, Ending]:
    names = {"organisation": organisation}
    if purpose == SessionPurpose.ENROLLMENT:
        passed = Ending(
            _("You are enrolled"),
            _("%(organisation)s can now recognise you. You can close this page.") % names,
        )
        failed_title = _("You are not enrolled yet")
    else:
        passed = Ending(
            _("It is you"),
            _("The check is passed and %(organisation)s has been told. You can close this page.") % names,
        )
        failed_title = _("We could not confirm that it is you")
    return {
        "passed": passed,
        "needs_review": Ending(
            _("Done. Somebody will have a look"),
            _("%(organisation)s looks at this check before it counts. There is nothing more to do here.")
            % names,
        ),
        "failed": Ending(
            failed_title,
            _("Please contact %(organisation)s: they can give you a new link or help in another way.")
            % names,
            _("Read what went wrong, then try again. If it does not work, contact %(organisation)s.") % names,
        ),
    }
