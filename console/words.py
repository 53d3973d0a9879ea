"""Operator's words for what the liveness check records: short names, and what each means."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Word:
    """``name`` for a table, ``meaning`` for whoever asks."""

    name: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Sign:
    """A name and the one character drawn beside it."""

    name: str
    mark: str = ""


def word_for(code: str, words: dict[str, Word]) -> Word:
    """The word of ``code``; one that has none here is shown as it was recorded."""
    return words.get(code) or Word(code.replace("_", " "))


def reason_words() -> dict[str, Word]:
    """Why a session was refused or sent to review."""
    return {
        "repeated_frames": Word(
            _("Repeated frames"),
            _("Pictures came more than once: a frozen camera, or a recording that is fed in."),
        ),
        "frame_timing": Word(
            _("Implausible timing"),
            _("The claimed capture times do not fit the arrival of the frames or what a camera can do."),
        ),
        "several_faces": Word(_("Several faces"), _("A second face of noticeable size was in the picture.")),
        "identity_changed": Word(_("Identity changed"), _("The face at the end is not the one that began.")),
        "flat_face": Word(
            _("Flat face"),
            _("In a turn the face moved as a sheet does, not as a head does: a print or a screen."),
        ),
        "moving_surroundings": Word(
            _("Moving surroundings"),
            _("What is around the head moved along with it: something is held before the camera."),
        ),
        "wrong_movement": Word(
            _("Wrong movement"), _("Another movement was made than the one that was asked.")
        ),
        "screen_light_uneven": Word(
            _("Uneven screen light"),
            _("The colours were answered, but not where a head does: paper, or a tint over the frame."),
        ),
        "screen_light_missing": Word(
            _("No answer to the screen light"),
            _("The skin did not follow the colours shown: a replay, an injected picture, a weak screen."),
        ),
        "spoof_suspected": Word(
            _("Passive model says spoof"), _("The trained models take the picture for a print or a screen.")
        ),
        "challenge_not_followed": Word(
            _("Challenge not followed"), _("The movements asked for were not seen in their time.")
        ),
        "no_face": Word(_("No face"), _("The face was out of view for too long.")),
        "low_quality": Word(_("Low quality"), _("Too few sharp, frontal frames to recognise anybody by.")),
        "frame_budget_exceeded": Word(
            _("Took too long"), _("The frames that one session may use were spent before its end.")
        ),
        "face_mismatch": Word(_("Another face"), _("Alive, but not similar enough to the enrolled person.")),
        "old_photo_mismatch": Word(
            _("Old photo differs"), _("The face is not the one of the photo on file.")
        ),
        "old_photo_review": Word(
            _("Old photo unclear"), _("Whether it is the face of the photo on file, somebody must decide.")
        ),
        "face_changed": Word(
            _("Differs from before"), _("The face is not the one that was enrolled before.")
        ),
        "liveness_incomplete": Word(
            _("Not everything measured"),
            _("What was measured agreed, but a signal that the level expects is missing."),
        ),
        "injection_suspected": Word(
            _("Injection suspected"),
            _("A signal agreed only just, and there are hints that no camera filmed this."),
        ),
        "duplicate_person": Word(
            _("Enrolled already"), _("The same face is enrolled under another id of this client.")
        ),
        "session_expired": Word(_("Expired"), _("The time of the session was over.")),
        "cancelled": Word(_("Cancelled"), _("An operator or the client's application ended it.")),
        "superseded": Word(_("Superseded"), _("A newer session of the same purpose took its place.")),
        "too_many_attempts": Word(_("Too many attempts"), _("No attempts were left.")),
    }


def signal_words() -> dict[str, Word]:
    """The signals of a verdict, in the order a reader meets them: movement, shape, light, feed."""
    return {
        "follow": Word(
            _("Follow"), _("Did yaw, pitch or size move as commanded, in time, and not otherwise?")
        ),
        "stillness": Word(_("Stillness"), _("Did the head rest while the colours were shown?")),
        "plane": Word(_("Depth"), _("Does the nose move against eyes and mouth as on a head?")),
        "aspect": Word(_("Narrowing"), _("Does the face narrow in a turn as a head does?")),
        "ring": Word(_("Surroundings"), _("Do the surroundings stay where they are when the head moves?")),
        "flash": Word(
            _("Screen light"), _("Does the skin answer the commanded colours, more than the wall?")
        ),
        "flash_shape": Word(_("Shape of the light"), _("Is the answer strongest in the middle of the face?")),
        "passive": Word(_("Passive model"), _("What do the trained models make of the picture?")),
        "identity": Word(_("Identity"), _("Is it one person all along?")),
        "repeats": Word(_("Equal frames"), _("Is every frame a new one?")),
        "loop": Word(_("Looped frames"), _("Does the picture come back to what it was before?")),
        "faces": Word(_("One face"), _("Is nobody else in the picture?")),
        "presence": Word(_("Presence"), _("Was the face in view all the time?")),
        "timing": Word(_("Timing"), _("Are the capture times those of a camera that films now?")),
    }


def hint_words() -> dict[str, Word]:
    """Hints of an injected feed: a risk beside the verdict, never the sole reason."""
    return {
        "virtual_camera": Word(
            _("Virtual camera"), _("The camera's name is that of a program that offers pictures as a camera.")
        ),
        "unnamed_camera": Word(
            _("Camera without a name"), _("A browser names a camera; a stream made by a script has no name.")
        ),
        "no_device_report": Word(_("No device report"), _("The page told nothing of its camera.")),
        "no_capabilities": Word(
            _("Camera without abilities"),
            _("The browser lists what cameras can do; this one can do nothing."),
        ),
        "larger_than_camera": Word(
            _("Larger than the camera"), _("The pictures are larger than the camera is said to deliver.")
        ),
        "faster_than_camera": Word(
            _("Faster than the camera"), _("More frames came than the camera is said to deliver.")
        ),
        "clockwork_timing": Word(
            _("Clockwork timing"), _("The frames are as evenly apart as no browser's timer is.")
        ),
        "noise_absent": Word(
            _("No sensor noise"), _("Where the room stands still, nothing flickers at all.")
        ),
        "noise_returning": Word(_("Repeated noise"), _("The sensor's noise came back as it was before.")),
    }


def step_words() -> dict[str, Sign]:
    """Commanded steps; left and right are the person's own."""
    return {
        "turn_left": Sign(_("Turn left"), "←"),
        "turn_right": Sign(_("Turn right"), "→"),
        "look_up": Sign(_("Look up"), "↑"),
        "look_down": Sign(_("Look down"), "↓"),
        "closer": Sign(_("Closer"), "⊕"),
        "blink": Sign(_("Blink"), "◡"),
        "smile": Sign(_("Smile"), "⌣"),
        "flash": Sign(_("Colours"), "☀"),
    }


def outcome_words() -> dict[str, Sign]:
    """How a step was answered."""
    return {
        "followed": Sign(_("followed"), "✓"),
        "not_followed": Sign(_("not followed"), "✗"),
        "wrong": Sign(_("wrong movement"), "✗"),
        "shown": Sign(_("shown"), "•"),
        "not_measured": Sign(_("not measured"), "\N{EN DASH}"),
    }


def level_words() -> dict[str, Word]:
    return {
        "basic": Word(_("Basic")),
        "standard": Word(_("Standard")),
        "strict": Word(_("Strict")),
    }


def value_names() -> dict[str, str]:
    """The measured numbers, as they stand beside their signal's name."""
    return {
        "follow": _("of its threshold"),
        "plane": _("nose against eyes"),
        "aspect": _("against cos(yaw)"),
        "ring": _("follows the head"),
        "flash_correlation": _("correlation"),
        "flash_chance": _("chance"),
        "flash_gain": _("gain"),
        "shape_center": _("centre"),
        "shape_side": _("side over centre"),
        "shape_beside": _("beside over centre"),
        "passive": _("probability"),
        "identity_lowest": _("third lowest"),
        "identity_last": _("at the end"),
        "repeated": _("share"),
        "loop": _("share"),
        "several_faces": _("share"),
        "missing": _("share away"),
        "interval": _("median interval, s"),
        "longest_gap": _("longest gap, s"),
        "backwards": _("out of order"),
        "frames_lost": _("share lost"),
        "clock_drift": _("drift of the clocks, s"),
        "clock_ahead": _("dated ahead, s"),
        "clock_rate": _("rate of the clocks"),
        "hurried": _("hurried in a row"),
    }
