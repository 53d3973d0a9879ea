"""A passing transcript replayed into other sessions: nobody gets in, each is refused for its cause."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import pytest
from channels.testing import WebsocketCommunicator

from auth_service import consumers, runner
from auth_service.demo.cast import ASTRONAUT
from auth_service.demo.socket_client import Outcome, hold_session
from auth_service.demo.virtual_camera import PersonCamera
from auth_service.demo.virtual_person import VirtualPerson
from auth_service.models import AuthSession, SessionPurpose, Verdict
from auth_service.services import OpenedSession, open_session
from auth_service.tests.remembering_engine import RememberingEngine
from auth_service.tests.socket_page import HEADERS, Message, in_thread, page_of
from auth_service.tests.transcripts import (
    Film,
    RecordedSocket,
    Refusal,
    Replayer,
    Sent,
    Transcript,
    cut,
    delayed,
    retimed,
    send_again,
    shuffled,
)
from clients.audit import SYSTEM
from clients.models import Client, FaceSample
from clients.services import create_user
from core.engine.registry import get_engine
from core.liveness.policy import Level
from core.liveness.reasons import Reason
from core.liveness.script import PALETTE, Script, StepKind, draw_script, flash_step, motion_step
from face_app.asgi import application

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

UseScripts = Callable[[Callable[[], Script]], None]
T = TypeVar("T")
SESSIONS = 100
AT_ONCE = 34
RECORDED = Script(
    level=Level.STANDARD,
    steps=(
        motion_step(StepKind.TURN_LEFT, step_id=1),
        motion_step(StepKind.CLOSER, step_id=2),
        flash_step([PALETTE[index] for index in (0, 2, 1, 4, 3)], step_id=3),
    ),
    spares=(motion_step(StepKind.TURN_RIGHT, step_id=4),),
)
"""Half of what standard may ask of a face without a mouth, and five different colours."""
CHALLENGE = {
    Reason.CHALLENGE_NOT_FOLLOWED,
    Reason.WRONG_MOVEMENT,
    Reason.SCREEN_LIGHT_MISSING,
    Reason.SCREEN_LIGHT_UNEVEN,
}


@pytest.fixture(autouse=True)
def _engine(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    remembering = RememberingEngine(get_engine())
    monkeypatch.setattr(consumers, "get_engine", lambda: remembering)
    settings.FACE_FRAMES_PER_SECOND = 5


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> UseScripts:
    """Have each new session run the script that this function gives."""

    def use(draw: Callable[[], Script]) -> None:
        monkeypatch.setattr(runner, "draw_session_script", lambda **_: draw())

    return use


def same_scripts() -> Callable[[], Script]:
    """The same random scripts in every run, so that a failure is one tomorrow too."""
    seeds = itertools.count(1)

    def draw() -> Script:
        return draw_script(
            random.Random(next(seeds)), layout=get_engine().landmark_layout, level=Level.STANDARD
        )

    return draw


def open_for(client: Client, name: str) -> OpenedSession:
    user = create_user(client=client, external_user_id=name, name=name)
    return open_session(user=user, purpose=SessionPurpose.ENROLLMENT, actor=SYSTEM)


async def record(opened: OpenedSession) -> tuple[Transcript, Outcome]:
    """What goes over the socket while a virtual person is enrolled, in real time."""
    communicator = WebsocketCommunicator(application, f"/ws/sessions/{opened.session.pk}/", headers=HEADERS)
    await communicator.connect(timeout=20)
    socket = RecordedSocket(communicator)
    camera = PersonCamera(VirtualPerson(ASTRONAUT), seed=5)
    outcome = await hold_session(socket, token=opened.token, camera=camera)
    await communicator.disconnect(timeout=20)
    return socket.transcript, outcome


@pytest.fixture(scope="module")
def recordings() -> list[Transcript]:
    """What was recorded before in this module: it takes as long as the person takes."""
    return []


@pytest.fixture
def recorded_pass(
    company: Client, scripts: UseScripts, recordings: list[Transcript]
) -> Callable[[], Awaitable[Transcript]]:
    """A transcript that got somebody in. A try that this machine was too busy for is made again."""

    async def find() -> Transcript:
        if recordings:
            return recordings[0]
        scripts(lambda: RECORDED)
        for number in range(3):
            opened = await in_thread(partial(open_for, company, f"genuine-{number}"))
            transcript, outcome = await record(opened)
            if outcome.verdict == Verdict.PASSED:
                recordings.append(transcript)
                return transcript
        raise AssertionError(f"the genuine session did not pass: {outcome}")

    return find


async def in_each(
    opened: Sequence[OpenedSession], play: Callable[[int, OpenedSession], Awaitable[T]]
) -> list[T]:
    """Play into every session, some at once."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, session: OpenedSession) -> T:
        async with turns:
            return await play(number, session)

    return await asyncio.gather(*(one(number, session) for number, session in enumerate(opened)))


def open_all(client: Client, name: str) -> list[OpenedSession]:
    return [open_for(client, f"{name}-{number}") for number in range(SESSIONS)]


def count_untouched(opened: Sequence[OpenedSession]) -> int:
    ours = AuthSession.objects.filter(pk__in=[one.session.pk for one in opened])
    return ours.filter(verdict="", attempt_count=0, frames_analyzed=0).count()


BYTES_AGAIN: dict[str, Callable[[Sequence[Sent], int], Sequence[Sent]]] = {
    "as they were": lambda messages, _: messages,
    "shuffled": lambda messages, number: shuffled(messages, seed=number),
    "delayed": lambda messages, number: delayed(messages, seconds=0.005 * number),
    "re-timed": lambda messages, number: retimed(messages, speed=0.5 + 0.02 * number),
}


@pytest.mark.parametrize("manner", BYTES_AGAIN)
async def test_recorded_bytes_are_worth_nothing_on_another_socket(
    company: Client,
    scripts: UseScripts,
    recorded_pass: Callable[[], Awaitable[Transcript]],
    manner: str,
) -> None:
    transcript = await recorded_pass()
    scripts(same_scripts())
    opened = await in_thread(partial(open_all, company, "bytes"))
    enrolled = await in_thread(FaceSample.objects.count)

    async def play(number: int, session: OpenedSession) -> Refusal:
        async with page_of(session) as page:
            await page.start(session)
            return await send_again(page, BYTES_AGAIN[manner](transcript.sent[1:], number))

    refusals = await in_each(opened, play)

    assert Counter(refusals) == {Refusal("invalid_parameter", "frame_tag", 4400): SESSIONS}
    assert await in_thread(partial(count_untouched, opened)) == SESSIONS
    assert await in_thread(FaceSample.objects.count) == enrolled


async def test_a_recorded_first_message_starts_no_other_session(
    company: Client, recorded_pass: Callable[[], Awaitable[Transcript]]
) -> None:
    transcript = await recorded_pass()
    opened = await in_thread(partial(open_for, company, "first"))
    async with page_of(opened) as page:
        refusal = await send_again(page, transcript.sent)
    assert (refusal.code, refusal.close_code) == ("not_authenticated", 4401)


REPLAYERS: dict[str, Callable[[Film], Replayer]] = {
    "as it was": lambda film: Replayer(film, to_order=False),
    "shuffled": lambda film: Replayer(film, to_order=True),
    "delayed": lambda film: Replayer(film, to_order=True, waits=0.6),
    "re-timed": lambda film: Replayer(film, to_order=True, speed=1.25),
}
"""Shuffled to the best use: the clip that answers what is asked, where there is one."""


async def test_a_film_replayed_in_step_under_the_new_key_is_refused_by_the_challenge(
    company: Client,
    scripts: UseScripts,
    recorded_pass: Callable[[], Awaitable[Transcript]],
) -> None:
    film = cut(await recorded_pass())
    assert film.kinds == tuple(step.kind.value for step in RECORDED.steps)
    scripts(same_scripts())
    opened = await in_thread(partial(open_all, company, "film"))
    enrolled = await in_thread(FaceSample.objects.count)
    manners = list(REPLAYERS)

    async def play(number: int, session: OpenedSession) -> Message:
        async with page_of(session) as page:
            await page.start(session)
            return await REPLAYERS[manners[number % len(manners)]](film).run(page)

    endings = await in_each(opened, play)

    assert Counter(ending["verdict"] for ending in endings) == {Verdict.FAILED: SESSIONS}
    for ending in endings:
        assert set(ending["reasons"]) & CHALLENGE, ending
    assert await in_thread(FaceSample.objects.count) == enrolled


async def test_the_same_film_passes_the_script_it_was_made_for(
    company: Client,
    scripts: UseScripts,
    recorded_pass: Callable[[], Awaitable[Transcript]],
) -> None:
    """Or the refusals above would tell of a bad replayer, not of a good challenge."""
    film = cut(await recorded_pass())
    scripts(lambda: RECORDED)
    endings = []
    for number in range(3):
        opened = await in_thread(partial(open_for, company, f"again-{number}"))
        async with page_of(opened) as page:
            await page.start(opened)
            endings.append(await Replayer(film, to_order=True).run(page))
        if endings[-1]["verdict"] != Verdict.FAILED:
            return
    raise AssertionError(endings)
