"""Recorded sessions through the real flow: each analysed once per pack, judged at every level asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from auth_service.flows import SessionFlow, VerificationFlow
from auth_service.flows.replay import SessionReplay
from auth_service.pad.scorecard import Presentation, Run, presentation_of
from common.errors import ImageTooLarge, InvalidImage
from core.engine.types import FaceEngine
from core.liveness.gates import thresholds_in_force
from core.liveness.policy import Level, Policies
from core.liveness.sequences import GENUINE, RecordedSession, UnreadableSequence, find_sidecars, read_session
from core.liveness.thresholds import changed_thresholds
from core.liveness.traits import traits_of


@dataclass(frozen=True, slots=True)
class Plan:
    """``without_passive``: judge everything a second time as if the pack had no passive models."""

    policies: Policies
    levels: tuple[Level, ...] = (Level.STANDARD,)
    flow_class: type[SessionFlow] = VerificationFlow
    without_passive: bool = False


@dataclass(frozen=True, slots=True)
class Recording:
    """What is known of a session before it is judged."""

    path: Path
    name: str
    kind: str
    identity: str
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Recordings:
    sessions: tuple[Recording, ...]
    broken_off: int
    """Left out: they never came to a verdict, which is an error of neither kind."""

    @property
    def synthetic(self) -> int:
        return sum(one.synthetic for one in self.sessions)

    @property
    def all_synthetic(self) -> bool:
        """Nobody stood before a camera, in any of them."""
        return self.synthetic == len(self.sessions)

    def called_synthetic(self) -> Recordings:
        """Where the sidecars do not say it themselves."""
        return replace(self, sessions=tuple(replace(one, synthetic=True) for one in self.sessions))

    @property
    def summary(self) -> str:
        people = {one.identity for one in self.sessions}
        attacks = [one.kind for one in self.sessions if one.kind != GENUINE]
        some = f"; {self.synthetic} of {len(self.sessions)} synthetic, nobody before the camera"
        return (
            f"{_count(len(self.sessions), 'recorded session')} of {_count(len(people), 'person', 'people')}: "
            f"{len(self.sessions) - len(attacks)} genuine, "
            f"{_count(len(attacks), 'attack')} of {len(set(attacks))} species"
            f"{some if self.synthetic and not self.all_synthetic else ''}"
        )


Progress = Callable[[str], None]


def find_recordings(directory: Path) -> Recordings:
    """Raises UnreadableSequence for an empty folder and for any session that cannot be used."""
    known: dict[str, Recording] = {}
    broken_off = 0
    # Each is read before any is analysed: a mistake in the last file must not cost the time of all.
    for path in find_sidecars(directory):
        session = _read(path)
        if session.name in known:
            raise UnreadableSequence(f"{path}: {known[session.name].path} is called {session.name!r} too")
        if not session.finished:
            broken_off += 1
            continue
        known[session.name] = Recording(
            path=path,
            name=session.name,
            kind=session.kind,
            identity=session.identity,
            synthetic=session.synthetic,
        )
    if not known:
        raise UnreadableSequence(f"{directory}: none of {broken_off} sessions came to a verdict")
    return Recordings(sessions=tuple(known.values()), broken_off=broken_off)


def evaluate(
    recordings: Recordings, *, engine: FaceEngine, plan: Plan, progress: Progress
) -> tuple[Run, ...]:
    """A run for each level, with the pack's passive models and, where asked for, without.

    Raises UnreadableSequence for a frame that is no picture, NotCalibrated for a pack without thresholds.
    """
    with_models = bool(engine.summary().passive)
    ways = (False, True) if with_models and plan.without_passive else (True,)
    shown: dict[tuple[bool, Level], list[Presentation]] = {
        (passive, level): [] for passive in ways for level in plan.levels
    }
    for number, recording in enumerate(recordings.sessions, start=1):
        progress(f"{engine.summary().name} {number}/{len(recordings.sessions)} {recording.name}")
        session = _read(recording.path)
        replay = SessionReplay(session, engine=engine, traits=traits_of(engine))
        for (passive, level), presentations in shown.items():
            presentations.append(_judge(replay, session, plan=plan, level=level, passive=passive))
    return tuple(
        _run(engine, presentations, plan=plan, level=level, passive=passive)
        for (passive, level), presentations in shown.items()
    )


def _count(number: int, one: str, more: str = "") -> str:
    return f"{number} {one if number == 1 else more or one + 's'}"


def _read(path: Path) -> RecordedSession:
    session = read_session(path, level=Level.STANDARD)
    if session.genuine != (session.kind == GENUINE):
        label = "genuine" if session.genuine else "an attack"
        raise UnreadableSequence(f"{path}: labelled {label} with kind {session.kind!r}")
    return session


def _judge(
    replay: SessionReplay, session: RecordedSession, *, plan: Plan, level: Level, passive: bool
) -> Presentation:
    try:
        end = replay.judge(level=level, policies=plan.policies, flow_class=plan.flow_class, passive=passive)
    except (InvalidImage, ImageTooLarge) as error:
        raise UnreadableSequence(f"{session.name}: {error}") from error
    return presentation_of(name=session.name, kind=session.kind, end=end)


def _run(
    engine: FaceEngine, presentations: Sequence[Presentation], *, plan: Plan, level: Level, passive: bool
) -> Run:
    summary, policy = engine.summary(), plan.policies[level]
    return Run(
        pack=summary.name,
        detector=summary.detector,
        recognizer=summary.recognizer,
        passive_models=summary.passive if passive else (),
        detector_layout=engine.landmark_layout,
        level=level,
        thresholds=thresholds_in_force(policy=policy, traits=traits_of(engine)),
        site_thresholds=tuple(changed_thresholds(policy)),
        presentations=tuple(presentations),
    )
