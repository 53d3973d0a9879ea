"""Every sentence the session page can say, by the code that asks for it, in the language of the request."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

from django.utils.translation import gettext as _

from auth_service.models import AuthSession, SessionPurpose

Texts = dict[str, str]


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


@dataclass(frozen=True, slots=True)
class Problem:
    """The card of a check that could not be carried out."""

    title: str
    text: str
    steps: tuple[str, ...] = ()
    retry: bool = True
    tone: str = "bad"
    """``bad``, or ``wait`` for what is nobody's fault and passes."""


def page_texts(session: AuthSession) -> dict[str, object]:
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
        "flash": _("Keep still while the screen changes colour"),
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
            _("Please contact %(organisation)s: they can give you a new link or help in another way.") % names,
            _("Read what went wrong, then try again. If it does not work, contact %(organisation)s.") % names,
        ),
    }


def problem_texts(organisation: str) -> dict[str, Problem]:
    """Camera, connection and link problems, and the server's error codes."""
    names = {"organisation": organisation}
    ask = _("Ask %(organisation)s for a new link.") % names
    used = Problem(
        _("This link has been used"),
        _("A link is good for one check. Yours is over, or it is open in another window or on another device."),
        (_("If the check is open in another window, go on there."), ask),
        retry=False,
    )
    expired = Problem(_("The time for this check is over"), _("Links are valid for a short time only."), (ask,),
                      retry=False)
    busy = Problem(
        _("The service is busy"), _("This is not your fault."), (_("Wait a minute, then try again."),), tone="wait"
    )
    broken = Problem(
        _("Something went wrong"),
        _("The check could not go on."),
        (_("Try again."), _("If it happens again, contact %(organisation)s.") % names),
    )
    return {
        **camera_problem_texts(names),
        "connection_failed": Problem(
            _("No connection to the service"),
            _("The page was loaded, but the check could not be started."),
            (
                _("Check your internet connection."),
                _("On a company network, try another one, such as your phone's."),
            ),
        ),
        "session_expired": expired,
        "session_closed": used,
        "not_authenticated": used,
        "permission_denied_by_server": used,
        "not_found": used,
        "conflict": used,
        "throttled": busy,
        "deadline_exceeded": busy,
        "engine_unavailable": busy,
        "store_unavailable": busy,
        "temporarily_unavailable": busy,
        "too_many_attempts": Problem(
            _("Too many attempts"),
            _("For safety, this check is locked for a while."),
            (_("Wait, then use the link again, or contact %(organisation)s.") % names,),
            retry=False,
        ),
        "internal_error": broken,
    }


def camera_problem_texts(names: Texts) -> dict[str, Problem]:
    reload_page = _("Then come back to this page and try again.")
    return {
        "insecure_context": Problem(
            _("This page is not secure, so the camera is locked"),
            _("Browsers give the camera only to pages with https:// in their address."),
            (
                _("Open the link again with https:// at the start of its address."),
                _("On the computer that runs Facegate itself, use http://localhost."),
                _("If that does not work, tell %(organisation)s.") % names,
            ),
            retry=False,
        ),
        "unsupported_browser": Problem(
            _("This browser cannot use the camera"),
            _("It is too old, or it is built into another app."),
            (
                _("Copy the link and open it in Chrome, Safari, Firefox or Edge."),
                _("Update the browser or use another device."),
            ),
            retry=False,
        ),
        "permission_denied": Problem(
            _("The camera is not allowed"),
            _("The check needs to see you, and the browser has been told not to allow it."),
            (
                _("Tap the camera or lock sign beside the page's address and allow the camera."),
                _("On a phone, also look in Settings, under the browser's name, for the camera permission."),
                reload_page,
            ),
        ),
        "no_camera": Problem(
            _("No camera was found"),
            _("This device has no camera, or it is switched off."),
            (
                _("Connect a camera, or open its cover or switch."),
                _("Or open this link on a phone or another computer with a camera."),
            ),
        ),
        "camera_in_use": Problem(
            _("The camera is in use"),
            _("Another program or browser tab holds the camera."),
            (_("Close video calls and other pages that use the camera."), reload_page),
        ),
        "camera_failed": Problem(
            _("The camera could not be started"),
            _("The browser gave no clear reason."),
            (_("Close other programs that use the camera."), _("Restart the browser or the device."), reload_page),
        ),
        "camera_lost": Problem(
            _("The camera was disconnected"),
            _("The picture stopped in the middle of the check."),
            (_("Connect the camera again and allow it if you are asked."), _("Then try again.")),
        ),
    }


_CLOSED_STATE_TITLES: Final = ("completed", "failed", "expired", "cancelled")


def closed_texts(state: str, organisation: str) -> Problem:
    """The card for a link whose session has ended; ``unknown`` for a link that never was."""
    names = {"organisation": organisation}
    ask = _("Ask %(organisation)s for a new link.") % names
    if state == "completed":
        return Problem(
            _("This check is finished"),
            _("%(organisation)s has the result. You can close this page.") % names,
            tone="good",
        )
    if state == "failed":
        return Problem(
            _("This check is over"),
            _("It was not passed, and this link cannot be used again."),
            (ask,),
        )
    if state == "expired":
        return Problem(
            _("The time for this check is over"), _("Links are valid for a short time only."), (ask,), tone="wait"
        )
    if state == "cancelled":
        return Problem(
            _("This check was cancelled"), _("%(organisation)s has withdrawn it.") % names, tone="wait"
        )
    return Problem(
        _("This link is not valid"),
        _("It may have been cut off when it was copied, or it is too old."),
        (_("Open the link again from the message you were sent."), _("Ask whoever sent it for a new one.")),
    )
