"""What a scorecard cannot show: one list, for its page in English and for the console in any language."""

from __future__ import annotations

from django.utils.translation import gettext as _

from auth_service.pad.scorecard import Scorecard


def limits_of(card: Scorecard) -> list[str]:
    """Sentences in the active language."""
    of_the_sessions = _synthetic() if card.synthetic else [_real()]
    return [
        *of_the_sessions,
        _(
            "An error rate of 0 in a few presentations is not 0. The interval says what the count supports: "
            "0 of 1 leaves 0 to 79 %, 0 of 6 leaves 0 to 39 %, 0 of 60 leaves 0 to 6 %."
        ),
        _("A species that nobody recorded is not in the table: its rate is unknown, not zero."),
        _("Thresholds that were chosen on these recordings look better here than they are."),
    ]


def _synthetic() -> list[str]:
    return [
        _(
            "Nobody stood before a camera: each recording is a single photo moved in 3D. They test geometry, "
            "order, timing, colour arithmetic and plumbing."
        ),
        _(
            "They say nothing of skin under real light, of the white balance of real webcams (which fights "
            "the flash), of dark skin in bright rooms, of masks, or of deepfakes driven live."
        ),
        _(
            "Record genuine and attack sessions of your own, in your rooms and with your cameras, before you "
            "trust a rate."
        ),
    ]


def _real() -> str:
    return _("It speaks of the people, cameras, rooms and attacks that were recorded here, and of no others.")
