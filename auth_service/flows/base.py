"""One session's decisions over time: framing, challenge steps, finishing, verdict."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import ClassVar

from common.errors import SessionClosed
from core.liveness.evidence import Baseline, Evidence, Outcome, StepRecord, baseline_of
from core.liveness.injection import DeviceReport
from core.liveness.observation import FaceView, FrameObservation, FrameRequest
from core.liveness.policy import SHIPPED_POLICIES, LivenessPolicy, Policies
from core.liveness.reasons import Reason
from core.liveness.script import Script, ScriptStep
from core.liveness.timeline import Timeline, timeline_of
from core.liveness.traits import PackTraits
from core.liveness.verdict import LivenessVerdict, judge

from .framing import GOOD_FRAMES, face_box, framing_hint, looks_at_camera, near_frontal, passive_declined
from .interruptions import Interruptions
from .presentation import challenge_hint, instruction, part_done, step_view
from .retries import Retries
from .samples import choose_samples
from .schedule import FixedSchedule
from .spot_checks import SpotChecks
from .steps import RunningStep, StepState, look_at_step
from .types import Accepted, Hint, InProgress, Phase, Refused, Update

FRAMING_EMBEDDINGS = 3
FINISHING_EMBEDDINGS = 3
FINISHING_SECONDS = 4.0
_MOVING = 0.8
"""Of the movement's threshold."""
_EVERY = 3
"""Every third frame is searched whole and, outside the flash, shown to a passive model. At 5 frames a second
the shortest session asks six times, more than `core.liveness.passive` needs."""


class SessionFlow:
    """A pure state machine; its only clock is the frames' capture times. Not thread-safe.

    Call `wants` before analysing a frame and `advance` with its observation, in capture order. After Accepted
    or Refused the flow is over and `advance` raises SessionClosed.
    """

    LEAST_SAMPLES: ClassVar[int]
    MOST_SAMPLES: ClassVar[int]

    def __init__(
        self,
        *,
        script: Script,
        traits: PackTraits,
        frame_budget: int = 240,
        device: DeviceReport | None = None,
        fixed_schedule: FixedSchedule | None = None,
        policies: Policies = SHIPPED_POLICIES,
        rng: random.Random | None = None,
    ) -> None:
        """``policies``: the site's, of which the script's level chooses one; ``rng``: draws the spot checks,
        where a test must foresee them.

        Raises ValueError when a schedule does not fit the script.
        """
        if fixed_schedule is not None and len(fixed_schedule.windows) != len(script.steps):
            raise ValueError("a fixed schedule has one window for each step")
        self._script = script
        self._traits = traits
        self._policies = policies
        self._policy: LivenessPolicy = policies[script.level]
        self._frame_budget = frame_budget
        self._device = device
        # A recording keeps no secret and must be judged the same again; a live session's checks are unknown.
        unset = random.SystemRandom() if fixed_schedule is None else random.Random(0)
        self._rng = unset if rng is None else rng
        self._schedule = fixed_schedule
        self._phase = Phase.FRAMING
        self._frames: list[FrameObservation] = []
        self._framing: list[FaceView] = []
        self._framed_from: int | None = None
        """Number of the first frame that counts: by place, for a date is what the page claims."""
        self._baseline: Baseline | None = None
        self._challenge_start: float | None = None
        self._running: RunningStep | None = None
        self._retries = Retries(script.spares, allowed=self._policy.retries)
        self._records: list[StepRecord] = []
        self._finishing_since = 0.0
        self._embedded = 0
        self._interruptions = Interruptions()
        self._progress = 0.0
        self._over = False

    # What the runner asks ------------------------------------------------------------------

    @property
    def frames_left(self) -> int:
        """Analysed frames that the budget still allows."""
        return max(0, self._frame_budget - len(self._frames))

    @property
    def framing(self) -> tuple[float, float] | None:
        """Capture times of the first frame that counts and of the one the challenge began on; None before."""
        if self._framed_from is None or self._challenge_start is None:
            return None
        return self._frames[self._framed_from].captured_at, self._challenge_start

    @property
    def steps_run(self) -> tuple[StepRecord, ...]:
        """As they ran; one that still runs, or was broken off, with the end planned for it."""
        # Read once, and first: a recording may end while a frame is still advanced in another thread.
        running = self._running
        records = tuple(self._records)
        if running is None or (records and records[-1].step is running.step):
            return records
        return (*records, running.record(outcome=Outcome.NOT_MEASURED, end=running.end))

    def current(self) -> InProgress:
        """What to show before the first frame and after a resume."""
        return self._progress_update(hint=None, observation=self._frames[-1] if self._frames else None)

    def wants(self) -> FrameRequest:
        """What the next frame should be analysed for. Ask once for each: some of it is drawn."""
        count = len(self._frames)
        last = self._frames[-1].face if self._frames else None
        flash = self._near_flash()
        ends = bool(self._frames) and self._schedule_ends()
        check = self._running is not None and self._running.takes_check(self._frames[-1].captured_at)
        return FrameRequest(
            embed=check or ((ends or not flash) and last is not None and self._wants_embedding(last)),
            passive=not flash and count % _EVERY == 0,
            light=flash,
            search=last.box if last is not None and count % _EVERY else None,
        )

    def record_step_shown(self, step_id: int, at_seconds: float) -> None:
        """The page put a step on screen. Reports for other steps than the current one are ignored."""
        if self._running is not None and self._running.step.id == step_id:
            self._running.show(at_seconds)

    def record_color_shown(self, step_id: int, index: int, at_seconds: float) -> None:
        """The page lit the screen with a colour of the current flash; anything else is ignored."""
        if self._running is not None and self._running.step.id == step_id:
            self._running.show_color(index, at_seconds)

    def advance(self, observation: FrameObservation) -> Update:
        """Take one frame. Raises SessionClosed after the end."""
        if self._over:
            raise SessionClosed
        last = self._frames[-1] if self._frames else None
        self._frames.append(observation)
        if last is not None and observation.captured_at <= last.captured_at:
            # A frame that is dated back would steer the flow and be overlooked where frames count by time.
            return self._refuse(Reason.FRAME_TIMING)
        self._interruptions.note(observation)
        update = self._advance_phase(observation, previous=last.face if last is not None else None)
        if isinstance(update, InProgress) and self.frames_left == 0:
            return self._refuse(Reason.FRAME_BUDGET_EXCEEDED)
        return update

    def conclude(self) -> Accepted | Refused:
        """End now and judge what there is: the end of a replayed recording. Raises SessionClosed after the
        end."""
        if self._over:
            raise SessionClosed
        if self._running is not None:
            self._records.append(self._running.record(outcome=Outcome.NOT_FOLLOWED, end=self._running.end))
            self._running = None
            return self._refuse(Reason.CHALLENGE_NOT_FOLLOWED)
        return self._finish()

    # Phases ----------------------------------------------------------------------------------

    def _advance_phase(self, observation: FrameObservation, *, previous: FaceView | None) -> Update:
        if self._phase is Phase.FRAMING:
            return self._advance_framing(observation, previous=previous)
        broken_off = self._interruptions.find(observation)
        if broken_off is not None:
            return self._refuse(broken_off)
        if self._phase is Phase.CHALLENGE:
            return self._advance_challenge(observation)
        return self._advance_finishing(observation)

    def _advance_framing(self, observation: FrameObservation, *, previous: FaceView | None) -> Update:
        earlier = self._frames[-2] if len(self._frames) > 1 else observation
        silence = observation.captured_at - earlier.captured_at
        # Whoever is in a recording can no longer be told.
        told = self._schedule is None and self._traits.has_passive_model
        declined = told and passive_declined(self._frames)
        hint = framing_hint(observation, previous=previous, silence=silence, declined=declined)
        if self._schedule is not None:
            return self._advance_scheduled_framing(observation, schedule=self._schedule, hint=hint)
        if hint is not None or observation.face is None:
            # Whoever steps in after an interruption starts anew: the reference must be of one person.
            self._framing, self._framed_from = [], None
            return self._progress_update(hint=hint, observation=observation)
        self._note_framing(observation.face)
        embedded = sum(face.embedding is not None for face in self._framing)
        if len(self._framing) < GOOD_FRAMES or embedded < 2:
            return self._progress_update(hint=Hint.HOLD_STILL, observation=observation)
        self._begin_challenge(observation)
        return self._progress_update(hint=None, observation=observation)

    def _advance_scheduled_framing(
        self, observation: FrameObservation, *, schedule: FixedSchedule, hint: Hint | None
    ) -> Update:
        if (
            hint is None
            and observation.face is not None
            and schedule.counts_for_framing(observation.captured_at)
        ):
            self._note_framing(observation.face)
        if observation.captured_at < schedule.challenge_start:
            return self._progress_update(hint=hint, observation=observation)
        if not self._framing:
            return self._refuse(Reason.NO_FACE if observation.face is None else Reason.LOW_QUALITY)
        self._begin_challenge(observation)
        return self._advance_challenge(observation)

    def _note_framing(self, face: FaceView) -> None:
        if self._framed_from is None:
            self._framed_from = len(self._frames) - 1
        self._framing.append(face)

    def _begin_challenge(self, observation: FrameObservation) -> None:
        self._baseline = baseline_of(self._framing)
        self._challenge_start = observation.captured_at
        self._phase = Phase.CHALLENGE
        self._show(self._script.steps[0], index=0, attempt=1, at=observation.captured_at)

    def _advance_challenge(self, observation: FrameObservation) -> Update:
        state = self._look(observation)
        while state is not None and state.record is not None:
            refused = self._close_step(state.record, at=observation.captured_at)
            if refused is not None:
                return refused
            # Only a schedule can put more than one step's end before a single frame.
            state = self._look(observation)
        if self._phase is Phase.FINISHING:
            return self._progress_update(hint=None, observation=observation)
        hint = challenge_hint(observation, state)
        return self._progress_update(hint=hint, observation=observation)

    def _look(self, observation: FrameObservation) -> StepState | None:
        running, baseline = self._running, self._baseline
        if running is None or baseline is None:
            return None
        state = look_at_step(
            running, self._frames, baseline=baseline, layout=self._traits.layout, now=observation.captured_at
        )
        running.moved = state.followed is not None and state.followed.score >= _MOVING
        return state

    def _close_step(self, record: StepRecord, *, at: float) -> Refused | None:
        running = self._running
        if running is None:
            raise RuntimeError("no step is running")
        missed = record.outcome in (Outcome.NOT_FOLLOWED, Outcome.WRONG)
        if missed and self._schedule is None:
            spare = self._retries.take(running.step.kind)
            if spare is None:
                self._records.append(record)
                self._running = None
                wrong = record.outcome is Outcome.WRONG
                return self._refuse(Reason.WRONG_MOVEMENT if wrong else Reason.CHALLENGE_NOT_FOLLOWED)
            self._records.append(running.record(outcome=record.outcome, end=record.end, replaced=True))
            self._show(spare, index=running.index, attempt=running.attempt + 1, at=at)
            return None
        if missed and self._schedule and running.index in self._schedule.replaced:
            record = replace(record, replaced=self._retries.grant())
        self._records.append(record)
        self._show_next(running.index + 1, at=at)
        return None

    def _show_next(self, index: int, *, at: float) -> None:
        if index < len(self._script.steps):
            self._show(self._script.steps[index], index=index, attempt=1, at=at)
            return
        self._running = None
        self._phase = Phase.FINISHING
        self._finishing_since = at
        self._embedded = 0

    def _show(self, step: ScriptStep, *, index: int, attempt: int, at: float) -> None:
        if self._schedule is not None:
            self._running = self._schedule.run(step, index=index)
        else:
            self._running = RunningStep(step, index=index, attempt=attempt, issued_at=at)
        self._running.checks = SpotChecks(step, rng=self._rng)

    def _advance_finishing(self, observation: FrameObservation) -> Update:
        face = observation.face
        if face is not None and face.embedding is not None:
            self._embedded += 1
        waited = observation.captured_at - self._finishing_since >= FINISHING_SECONDS
        if self._schedule is None and (self._embedded >= FINISHING_EMBEDDINGS or waited):
            return self._finish()
        frontal = face is not None and near_frontal(face, baseline=self._baseline)
        return self._progress_update(hint=None if frontal else Hint.LOOK_STRAIGHT, observation=observation)

    # Ends --------------------------------------------------------------------------------------

    def _finish(self) -> Accepted | Refused:
        if self._baseline is None:
            return self._refuse(Reason.LOW_QUALITY)
        samples = choose_samples(
            self._since_framing(),
            baseline=self._baseline,
            most=self.MOST_SAMPLES,
            same_person_cosine=self._traits.same_person_cosine,
        )
        if len(samples) < self.LEAST_SAMPLES:
            return self._refuse(Reason.LOW_QUALITY)
        verdict, timeline = self._judge()
        self._over = True
        if verdict.passed:
            return Accepted(samples=samples, liveness=verdict, timeline=timeline)
        return Refused(reasons=verdict.reasons, liveness=verdict, timeline=timeline)

    def _refuse(self, *reasons: Reason) -> Refused:
        self._over = True
        verdict, timeline = self._judge(*reasons)
        return Refused(reasons=verdict.reasons, liveness=verdict, timeline=timeline)

    def _judge(self, *also: Reason) -> tuple[LivenessVerdict, Timeline]:
        evidence = Evidence(
            frames=tuple(self._since_framing()),
            baseline=self._baseline,
            challenge_start=self._challenge_start,
            steps=tuple(self._records),
            device=self._device,
        )
        verdict = judge(
            evidence, policy=self._policy, traits=self._traits, also=also, policies=self._policies
        )
        if self._running is not None and self._frames:
            # Broken off in the middle of a step: nothing to weigh, something to look at.
            now = self._frames[-1].captured_at
            broken = self._running.record(outcome=Outcome.NOT_MEASURED, end=max(now, self._running.start))
            evidence = replace(evidence, steps=(*evidence.steps, broken))
        return verdict, timeline_of(evidence, policy=self._policy, traits=self._traits)

    def _since_framing(self) -> list[FrameObservation]:
        return self._frames[self._framed_from or 0 :]

    # Requests and presentation -----------------------------------------------------------------

    def _near_flash(self) -> bool:
        """Light is measured a little before and after, for the camera's delay."""
        if self._schedule is None:
            return self._running is not None and self._running.is_flash
        if not self._frames:
            return False
        return self._schedule.near_flash(self._script.steps, self._frames[-1].captured_at)

    def _wants_embedding(self, last: FaceView) -> bool:
        if self._phase is Phase.FRAMING:
            embedded = sum(face.embedding is not None for face in self._framing)
            return bool(self._framing) and embedded < FRAMING_EMBEDDINGS
        if self._phase is Phase.FINISHING or self._schedule_ends():
            # Facing the camera is enough: held to the first person's own view, another one would not be
            # looked at.
            facing = looks_at_camera(last) or near_frontal(last, baseline=self._baseline)
            return facing and self._embedded < FINISHING_EMBEDDINGS
        return False

    def _schedule_ends(self) -> bool:
        return self._schedule is not None and self._schedule.ends(self._frames[-1].captured_at)

    def _progress_update(self, *, hint: Hint | None, observation: FrameObservation | None) -> InProgress:
        done = part_done(
            self._phase,
            framed=len(self._framing),
            running=self._running,
            steps=len(self._script.steps),
            finished=self._embedded / FINISHING_EMBEDDINGS,
        )
        self._progress = max(self._progress, done)
        finished = self._embedded >= FINISHING_EMBEDDINGS
        return InProgress(
            phase=self._phase,
            step=step_view(self._running, total=len(self._script.steps)),
            instruction=instruction(self._phase, running=self._running, finished=finished),
            hint=hint,
            progress=self._progress,
            face=face_box(observation) if observation is not None else None,
        )
