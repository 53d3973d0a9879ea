"""The cards of a check that could not be carried out: camera, connection, link."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Problem:
    """The card of a check that could not be carried out."""

    title: str
    text: str
    steps: tuple[str, ...] = ()
    retry: bool = True
    tone: str = "bad"
    """``bad``, or ``wait`` for what is nobody's fault and passes."""


def problem_texts(organisation: str) -> dict[str, Problem]:
    """Camera, connection and link problems, and the server's error codes."""
    names = {"organisation": organisation}
    ask = _("Ask %(organisation)s for a new link.") % names
    used = Problem(
        _("This link has been used"),
        _("A link is good for one check. This one is over, or it is open in another window or device."),
        (_("If the check is open in another window, go on there."), ask),
        retry=False,
    )
    expired = Problem(
        _("The time for this check is over"), _("Links are valid for a short time only."), (ask,), retry=False
    )
    busy = Problem(
        _("The service is busy"),
        _("This is not your fault."),
        (_("Wait a minute, then try again."),),
        tone="wait",
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
        "permission_denied": used,
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


def camera_problem_texts(names: dict[str, str]) -> dict[str, Problem]:
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
        "camera_denied": Problem(
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
            (
                _("Close other programs that use the camera."),
                _("Restart the browser or the device."),
                reload_page,
            ),
        ),
        "camera_lost": Problem(
            _("The camera was disconnected"),
            _("The picture stopped in the middle of the check."),
            (_("Connect the camera again and allow it if you are asked."), _("Then try again.")),
        ),
    }


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
            _("The time for this check is over"),
            _("Links are valid for a short time only."),
            (ask,),
            tone="wait",
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
