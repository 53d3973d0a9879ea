"""A camera and a flow meet on the camera's clock: what the flow commands reaches the camera, and back."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest

from auth_service.demo.attendance import STARTS_AT_SECONDS, Shot, attend
from auth_service.demo.virtual_camera import parse_color
from auth_service.flows import Accepted, EnrollmentFlow, Refused, Update
from auth_service.tests.flow_cast import TRAITS, Someone, script_for
from core.liveness.evidence import StepRecord
from core.liveness.observation import FaceView, FrameRequest
from core.liveness.reasons import Reason
from core.liveness.script import StepKind
from core.tests.liveness_cast import observe


class FilmedPerson(Someone):
    """A camera before somebody who does what they see, or not."""

    obeys = True
    sees_colors = True

    def __init__(self) -> None:
        super().__init__()
        self.commanded: list[tuple[str, float]] = []
        self.shone: list[tuple[str | None, float]] = []
        self.taken: list[float] = []

    def show_step(self, kind: str, *, at: float) -> None:
        self.commanded.append((kind, at))
        if self.obeys:
            self._moves.append((kind, at + self.reaction))

    def show_color(self, color: str | None, *, at: float) -> None:
        self.shone.append((color, at))
        if self.sees_colors:
            self._colors.append((at, None if color is None else parse_color(color)))

    def view(self, at: float, request: FrameRequest) -> FaceView:
        return self._face(at, request)

    def frame(self, *, at: float) -> bytes:
        self.taken.append(at)
        return f"frame at {at}".encode()


def meet(
    person: FilmedPerson, *, seed: int = 3, frames_per_second: float = 8.0, script_seed: int = 1
) -> tuple[Accepted | Refused, list[Shot], EnrollmentFlow]:
    flow = EnrollmentFlow(script=script_for(script_seed), traits=TRAITS)
    shots: list[Shot] = []

    def answer(shot: Shot) -> Update:
        shots.append(shot)
        return flow.advance(observe(shot.at, person.view(shot.at, flow.wants())))

    end = attend(
        person, flow=flow, answer=answer, frames_per_second=frames_per_second, rng=random.Random(seed)
    )
    return end, shots, flow


def test_somebody_who_does_what_is_shown_is_accepted() -> None:
    person = FilmedPerson()
    end, shots, _ = meet(person)

    assert isinstance(end, Accepted), end
    assert [kind for kind, _ in person.commanded] == [step.kind for step in script_for().steps]
    assert [shot.number for shot in shots] == list(range(1, len(shots) + 1))
    assert [shot.at for shot in shots] == person.taken
    assert shots[0].at == STARTS_AT_SECONDS


def test_frames_come_at_the_asked_rate_with_jitter() -> None:
    _, shots, _ = meet(FilmedPerson(), frames_per_second=5.0)
    gaps = [later.at - earlier.at for earlier, later in pairwise(shots)]

    assert min(gaps) >= 0.85 / 5
    assert max(gaps) <= 1.2 / 5
    assert len(set(gaps)) > len(gaps) / 2


def test_colours_come_up_on_time_and_go_out() -> None:
    person = FilmedPerson()
    meet(person)
    flash = next(step for step in script_for().steps if step.kind is StepKind.FLASH)
    shown_at = next(at for kind, at in person.commanded if kind == StepKind.FLASH)

    assert [color for color, _ in person.shone] == [*(color.hex for color in flash.colors), None]
    changes = range(len(flash.colors) + 1)
    assert [at - shown_at for _, at in person.shone] == pytest.approx([0.5 * index for index in changes])


def test_the_flow_hears_when_steps_and_colours_were_shown() -> None:
    person = FilmedPerson()
    _, _, flow = meet(person)
    records: list[StepRecord] = flow._records
    flash = next(record for record in records if record.step.kind is StepKind.FLASH)

    assert [record.start for record in records] == pytest.approx([at for _, at in person.commanded])
    assert list(flash.color_starts) == pytest.approx([at for _, at in person.shone[:-1]])


@pytest.mark.parametrize(
    ("habit", "reason"),
    [("obeys", Reason.CHALLENGE_NOT_FOLLOWED), ("sees_colors", Reason.SCREEN_LIGHT_MISSING)],
)
def test_somebody_who_does_not_answer_is_refused(habit: str, reason: Reason) -> None:
    person = FilmedPerson()
    setattr(person, habit, False)
    end, _, _ = meet(person)

    assert isinstance(end, Refused)
    assert reason in end.reasons


def test_the_same_dice_give_the_same_session() -> None:
    def times(seed: int) -> list[float]:
        return [shot.at for shot in meet(FilmedPerson(), seed=seed)[1]]

    assert times(3) == times(3)
    assert times(3) != times(4)


def test_what_the_server_raises_ends_the_session() -> None:
    def broken(shot: Shot) -> Update:
        raise ValueError("no frame")

    flow = EnrollmentFlow(script=script_for(), traits=TRAITS)
    answer: Callable[[Shot], Update] = broken
    with pytest.raises(ValueError, match="no frame"):
        attend(FilmedPerson(), flow=flow, answer=answer, frames_per_second=8.0, rng=random.Random(1))
