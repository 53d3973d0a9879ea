"""A passive model is asked often enough to count, however short the session and slow the camera."""

from __future__ import annotations

import pytest

from auth_service.flows import Accepted, EnrollmentFlow, SessionFlow, VerificationFlow
from auth_service.tests.flow_cast import TRAITS, Someone, script_for
from core.liveness.passive import MIN_FRAMES
from core.liveness.policy import Level


@pytest.mark.parametrize("fps", [4.0, 5.0, 8.0, 15.0])
@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("flow_class", [VerificationFlow, EnrollmentFlow])
def test_every_session_has_an_opinion(flow_class: type[SessionFlow], level: Level, fps: float) -> None:
    for seed in range(6):
        person = Someone(fps=fps)
        end = person.play(flow_class(script=script_for(seed, level=level), traits=TRAITS))

        assert isinstance(end, Accepted), end
        assert sum(request.passive for request in person.asked) >= MIN_FRAMES
        assert end.liveness.signals["passive"] == pytest.approx(0.9)


def test_a_model_is_not_asked_under_the_colours_of_a_flash() -> None:
    person = Someone()
    person.play(VerificationFlow(script=script_for(), traits=TRAITS))

    assert any(request.light for request in person.asked)
    assert not any(request.light and request.passive for request in person.asked)
