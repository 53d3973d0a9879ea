"""One challenge step on the capture clock: its window, its colours, and whether it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.engine.types import LandmarkLayout
from core.liveness.evidence import Baseline, Outcome, StepRecord, window_of
from core.liveness.follow import THRESHOLDS, Followed, judge_motion
from core.liveness.observation import FrameObservation
from core.liveness.script import ScriptStep, StepKind, visible_motions

from .spot_checks import SpotChecks

RETURN_SECONDS = 2.0
"""How long a head that did what was asked may take to face the camera again."""
SHOWN_WITHIN_SECONDS = 2.0
"""A report that claims the page showed the step later than this is cut to it."""
COLOR_SLIP_SECONDS = 0.2
"""How far a colour's reported time may be from the plan. Added to the camera's lag it must not exceed one
colour's time, or a client could slide a recording of other colours into place."""
FLASH_SETTLE_SECONDS = 0.4
_JUST_AFTER = 1e-3


@dataclass(slots=True)
class RunningStep:
    """Mutable, owned by one flow. Times are seconds on the capture clock."""

    step: ScriptStep
    index: int
    attempt: int
    issued_at: float
    fixed_end: float | None = None
    fixed_colors: tuple[float, ...] | None = None
    shown_at: float | None = None
    colors_shown: dict[int, float] = field(default_factory=dict)
    checks: SpotChecks | None = None
    moved: bool = False
    """Its movement is being made."""

    @property
    def start(self) -> float:
        return self.issued_at if self.shown_at is None else self.shown_at

    @property
    def end(self) -> float:
        return self.fixed_end if self.fixed_end is not None else self.start + self.step.window_seconds

    def takes_check(self, now: float) -> bool:
        """Whether the next frame is a spot check. Ask once a frame."""
        return self.checks is not None and self.checks.take_due(now - self.start, moved=self.moved)

    @property
    def is_flash(self) -> bool:
        return self.step.kind is StepKind.FLASH

    def show(self, at: float) -> None:
        """The first report counts."""
        if self.shown_at is None and self.fixed_end is None:
            self.shown_at = min(max(at, self.issued_at), self.issued_at + SHOWN_WITHIN_SECONDS)

    def show_color(self, index: int, at: float) -> None:
        if self.is_flash and 0 <= index < len(self.step.colors) and self.fixed_end is None:
            self.colors_shown.setdefault(index, at)

    def color_starts(self) -> tuple[float, ...]:
        """When each colour was on the screen: as reported, near the plan; as planned where nothing was
        reported; as recorded in a replay."""
        if self.fixed_colors is not None:
            return self.fixed_colors
        length = self.step.color_seconds or 0.0
        starts: list[float] = []
        for index in range(len(self.step.colors)):
            planned = self.start + index * length
            at = self.colors_shown.get(index, planned)
            at = min(max(at, planned - COLOR_SLIP_SECONDS), planned + COLOR_SLIP_SECONDS)
            starts.append(max(at, starts[-1] + _JUST_AFTER) if starts else at)
        return tuple(starts)

    def flash_over(self) -> float:
        starts = self.color_starts()
        last = starts[-1] if starts else self.start
        return max(self.end, last + (self.step.color_seconds or 0.0) + FLASH_SETTLE_SECONDS)

    def record(
        self, *, outcome: Outcome, end: float, score: float = 0.0, replaced: bool = False
    ) -> StepRecord:
        return StepRecord(
            step=self.step,
            start=self.start,
            end=end,
            outcome=outcome,
            replaced=replaced,
            color_starts=self.color_starts() if self.is_flash else (),
            score=score,
        )


@dataclass(frozen=True, slots=True)
class StepState:
    """``record``: set when the step is over."""

    followed: Followed | None
    record: StepRecord | None


def look_at_step(
    running: RunningStep,
    frames: Sequence[FrameObservation],
    *,
    baseline: Baseline,
    layout: LandmarkLayout,
    now: float,
) -> StepState:
    """Judge the running step by the frames so far; ``now`` is the newest one's capture time."""
    if running.is_flash:
        over = running.fixed_end if running.fixed_end is not None else running.flash_over()
        record = running.record(outcome=Outcome.SHOWN, end=over) if now >= over else None
        return StepState(followed=None, record=record)
    if running.step.kind not in visible_motions(layout):
        record = running.record(outcome=Outcome.NOT_MEASURED, end=running.end) if now >= running.end else None
        return StepState(followed=None, record=record)
    window = window_of(frames, baseline=baseline, start=running.start, end=running.end)
    followed = judge_motion(running.step.kind, window.movement, thresholds=THRESHOLDS[layout])
    if running.fixed_end is not None:
        return StepState(followed=followed, record=_closed(running, followed) if now >= running.end else None)
    return StepState(
        followed=followed,
        record=_closed_live(running, frames, followed, baseline=baseline, layout=layout, now=now),
    )


def _closed(running: RunningStep, followed: Followed | None) -> StepRecord:
    if followed is None:
        return running.record(outcome=Outcome.NOT_FOLLOWED, end=running.end)
    outcome = Outcome.FOLLOWED if followed.done else Outcome.NOT_FOLLOWED
    outcome = Outcome.WRONG if followed.wrong else outcome
    return running.record(outcome=outcome, end=running.end, score=followed.score)


def _closed_live(
    running: RunningStep,
    frames: Sequence[FrameObservation],
    followed: Followed | None,
    *,
    baseline: Baseline,
    layout: LandmarkLayout,
    now: float,
) -> StepRecord | None:
    """Over as soon as the motion was made and the head is back; a motion made in time may come back late."""
    if followed is None or not followed.done:
        return _closed(running, followed) if now >= running.end else None
    if now < running.end:
        back = followed.returned
    else:
        late = window_of(frames, baseline=baseline, start=running.start, end=now + _JUST_AFTER)
        latest = judge_motion(running.step.kind, late.movement, thresholds=THRESHOLDS[layout])
        back = (latest is not None and latest.returned) or now >= running.end + RETURN_SECONDS
    if not back:
        return None
    end = min(running.end, now + _JUST_AFTER)
    return running.record(outcome=Outcome.FOLLOWED, end=end, score=followed.score)
