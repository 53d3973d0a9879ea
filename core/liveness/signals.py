"""Each signal measured on a session's evidence and set against its threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.liveness.aspect import narrowing_margin
from core.liveness.duplicates import looping_share, repeated_share
from core.liveness.evidence import Evidence, Outcome, StepRecord, Window, window_of
from core.liveness.face_count import missing_share, several_faces_share
from core.liveness.flash import FlashAnswer, FlashWindow, LitFrame, measure_flash
from core.liveness.flash_shape import measure_shape
from core.liveness.follow import THRESHOLDS, strayed
from core.liveness.identity import measure_continuity
from core.liveness.observation import FaceView, LightSample
from core.liveness.passive import mean_live_probability
from core.liveness.plane import depth_shown
from core.liveness.policy import LivenessPolicy
from core.liveness.reasons import Reason
from core.liveness.ring import ring_following
from core.liveness.script import TURNS, StepKind
from core.liveness.timing import TimingLimits, measure_timing
from core.liveness.traits import PackTraits

MIN_TURN = 0.8
"""Part of the turn's threshold from which a turn says anything about depth."""
MIN_REPEATABLE_FRAMES = 12
_LEAST_SPAN = 1e-5
"""A site may set a threshold right where a pass is clear."""


@dataclass(frozen=True, slots=True)
class Signal:
    """``margin``: distance to the threshold in units of a clear pass, negative refuses; None where not
    measured.

    ``expected``: the level counts on it; ``gates``: it may refuse.
    """

    name: str
    reason: Reason
    margin: float | None
    values: Mapping[str, float] = field(default_factory=dict)
    gates: bool = True
    expected: bool = True

    @property
    def agrees(self) -> bool:
        """It does not refuse; one that was not measured says nothing."""
        return not self.gates or self.margin is None or self.margin >= 0


def _above(value: float, threshold: float, *, clear: float) -> float:
    return (value - threshold) / max(abs(clear - threshold), _LEAST_SPAN)


def _below(value: float, threshold: float, *, clear: float) -> float:
    return (threshold - value) / max(abs(threshold - clear), _LEAST_SPAN)


def measure_all(evidence: Evidence, *, policy: LivenessPolicy, traits: PackTraits) -> tuple[Signal, ...]:
    """Every signal, measured or not, in no particular order."""
    context = _Context(evidence=evidence, policy=policy, traits=traits)
    answer = context.flash_answer()
    return (
        _follow(context),
        _stillness(context),
        _plane(context),
        _aspect(context),
        _ring(context),
        _flash(context, answer),
        _shape(context, answer),
        _passive(context),
        _identity(context),
        _repeats(context),
        _loop(context),
        _faces(context),
        _presence(context),
        _timing(context),
    )


@dataclass(frozen=True, slots=True)
class _Context:
    evidence: Evidence
    policy: LivenessPolicy
    traits: PackTraits

    @property
    def faces(self) -> list[FaceView]:
        return [frame.face for frame in self.evidence.frames if frame.face is not None]

    def steps(self, *kinds: StepKind) -> list[StepRecord]:
        return [record for record in self.evidence.steps if record.step.kind in kinds]

    def window(self, record: StepRecord) -> Window | None:
        if self.evidence.baseline is None:
            return None
        return window_of(
            self.evidence.frames, baseline=self.evidence.baseline, start=record.start, end=record.end
        )

    def flash_record(self) -> StepRecord | None:
        flashes = self.steps(StepKind.FLASH)
        return flashes[-1] if flashes else None

    def flash_window(self) -> FlashWindow | None:
        record = self.flash_record()
        if record is None or not record.color_starts or record.step.color_seconds is None:
            return None
        return FlashWindow(
            colors=record.step.colors[: len(record.color_starts)],
            starts=record.color_starts,
            end=record.color_starts[-1] + record.step.color_seconds,
        )

    def lit(self) -> list[tuple[float, LightSample]]:
        frames = self.evidence.frames
        return [
            (frame.captured_at, frame.face.light)
            for frame in frames
            if frame.face is not None and frame.face.light is not None
        ]

    def flash_answer(self) -> FlashAnswer | None:
        window = self.flash_window()
        if window is None:
            return None
        frames = [
            LitFrame(
                at=at, skin=light.skin.astype(np.float64), surroundings=light.surroundings.astype(np.float64)
            )
            for at, light in self.lit()
        ]
        return measure_flash(frames, window)


def _follow(context: _Context) -> Signal:
    """Replaced steps do not count against anyone: their spare ones do."""
    judged = [
        record
        for record in context.evidence.steps
        if record.outcome in (Outcome.FOLLOWED, Outcome.NOT_FOLLOWED, Outcome.WRONG) and not record.replaced
    ]
    wrong = any(record.outcome is Outcome.WRONG for record in judged)
    score = min((record.score for record in judged), default=None)
    margin = None if score is None else (-1.0 if wrong else _above(score, 1.0, clear=1.4))
    reason = Reason.WRONG_MOVEMENT if wrong else Reason.CHALLENGE_NOT_FOLLOWED
    values = {} if score is None else {"follow": score, "follow_steps": float(len(judged))}
    return Signal("follow", reason, margin, values)


def _stillness(context: _Context) -> Signal:
    """A head that moves while the flash asks it to rest answers another script."""
    record = context.flash_record()
    window = context.window(record) if record else None
    if window is None:
        return Signal("stillness", Reason.WRONG_MOVEMENT, None, expected=False)
    # The last movement may still be fading when the flash begins.
    late = window.times >= window.times[0] + 0.5 if len(window.times) else window.times.astype(bool)
    movement = type(window.movement)(
        yaw=window.movement.yaw[late], pitch=window.movement.pitch[late], growth=window.movement.growth[late]
    )
    moved = strayed(movement, thresholds=THRESHOLDS[context.traits.layout])
    return Signal(
        "stillness", Reason.WRONG_MOVEMENT, -1.0 if moved else 1.0, {"stray": float(moved)}, expected=False
    )


def _turned(context: _Context, record: StepRecord) -> tuple[list[FaceView], np.ndarray] | None:
    """The frames of a turn from 80 % of its threshold on, with their yaw towards the asked side."""
    window = context.window(record)
    if window is None:
        return None
    side = 1.0 if record.step.kind is StepKind.TURN_LEFT else -1.0
    yaw = window.movement.yaw * side
    far = np.flatnonzero(yaw >= MIN_TURN * THRESHOLDS[context.traits.layout].turn)
    if len(far) < 2:
        return None
    return [window.faces[index] for index in far], yaw[far]


def _plane(context: _Context) -> Signal:
    """The turn that shows least depth decides: a sheet put in place for one turn is a sheet."""
    depths = []
    for record in context.steps(*TURNS):
        turned = _turned(context, record)
        if turned is None or context.evidence.baseline is None:
            continue
        frontal = context.evidence.baseline.landmarks
        shown = [depth_shown(frontal, face.landmarks, layout=context.traits.layout) for face in turned[0]]
        depths.append(float(np.sort(shown)[-2]))
    if not depths:
        return Signal("plane", Reason.FLAT_FACE, None, expected=bool(context.steps(*TURNS)))
    threshold = context.policy.depth(context.traits.layout)
    margin = _above(min(depths), threshold, clear=2 * threshold)
    return Signal("plane", Reason.FLAT_FACE, margin, {"plane": min(depths)})


def _aspect(context: _Context) -> Signal:
    margins = []
    for record in context.steps(*TURNS):
        turned = _turned(context, record)
        if turned is None or context.evidence.baseline is None:
            continue
        faces, yaw = turned
        furthest = np.argsort(-yaw)[:3]
        narrowing = narrowing_margin(
            context.evidence.baseline.landmarks,
            [faces[index].landmarks for index in furthest],
            yaw=yaw[furthest],
            layout=context.traits.layout,
        )
        if narrowing is not None:
            margins.append(narrowing)
    if not margins:
        return Signal("aspect", Reason.FLAT_FACE, None, expected=False)
    value = min(margins)
    margin = _above(value, context.policy.narrowing, clear=0.0)
    return Signal(
        "aspect",
        Reason.FLAT_FACE,
        margin,
        {"aspect": value},
        gates=context.policy.gates_aspect,
        expected=False,
    )


def _ring(context: _Context) -> Signal:
    flows = [face.flow for face in context.faces if face.flow is not None]
    value = ring_following(flows)
    if value is None:
        return Signal("ring", Reason.MOVING_SURROUNDINGS, None, expected=False)
    margin = _below(value, context.policy.ring_following, clear=0.2)
    return Signal(
        "ring",
        Reason.MOVING_SURROUNDINGS,
        margin,
        {"ring": value},
        gates=context.policy.gates_ring,
        expected=False,
    )


def _flash(context: _Context, answer: FlashAnswer | None) -> Signal:
    record = context.flash_record()
    if record is None:
        return Signal("flash", Reason.SCREEN_LIGHT_MISSING, None, expected=context.policy.requires_flash)
    if answer is None:
        # The script had a flash and too few frames saw it: that is a refusal, not a signal the pack lacks.
        return Signal("flash", Reason.SCREEN_LIGHT_MISSING, -1.0, {"flash_colors": 0.0})
    policy = context.policy
    margins = (
        _above(answer.correlation, policy.flash_correlation, clear=0.95),
        _below(answer.chance, policy.flash_chance, clear=answer.least_chance),
        _above(answer.gain, policy.flash_gain, clear=3 * policy.flash_gain),
    )
    # The skin answers as a lit one does, and so does everything else: the colours lie over the frame.
    tinted = answer.skin_correlation >= policy.flash_correlation and answer.skin_gain >= policy.flash_gain
    values = {
        "flash_correlation": answer.correlation,
        "flash_skin_correlation": answer.skin_correlation,
        "flash_skin_gain": answer.skin_gain,
        "flash_chance": answer.chance,
        "flash_gain": answer.gain,
        "flash_lag": answer.lag,
        "flash_colors": float(answer.colors),
    }
    reason = Reason.SCREEN_LIGHT_UNEVEN if tinted else Reason.SCREEN_LIGHT_MISSING
    return Signal("flash", reason, min(margins), values)


def _shape(context: _Context, answer: FlashAnswer | None) -> Signal:
    window = context.flash_window()
    unmeasured = Signal(
        "flash_shape", Reason.SCREEN_LIGHT_UNEVEN, None, expected=context.policy.requires_flash
    )
    if window is None or answer is None:
        return unmeasured
    maps = [(at, light.log_map) for at, light in context.lit()]
    shape = measure_shape(maps, window, lag=answer.lag)
    if shape is None:
        return unmeasured
    policy = context.policy
    # Where the colours are not answered at all, the place of what little is there means nothing.
    unanswered = max(answer.correlation, answer.skin_correlation) < policy.flash_correlation
    dark = shape.center < policy.flash_center or unanswered
    margins = (
        _above(shape.center, policy.flash_center, clear=3 * policy.flash_center),
        _below(shape.side, policy.flash_side, clear=policy.flash_side - 0.2),
        _below(shape.beside, policy.flash_beside, clear=policy.flash_beside - 0.4),
    )
    values = {"shape_center": shape.center, "shape_side": shape.side, "shape_beside": shape.beside}
    reason = Reason.SCREEN_LIGHT_MISSING if dark else Reason.SCREEN_LIGHT_UNEVEN
    return Signal("flash_shape", reason, min(margins), values, gates=policy.gates_shape)


def _passive(context: _Context) -> Signal:
    mean = mean_live_probability([face.live_probability for face in context.faces if face.passive_asked])
    if mean is None:
        # A model may decline a crop that reaches out of the picture, so whoever holds the camera could keep
        # one that is there from ever judging: then it is missed at every level.
        expected = context.policy.requires_passive or context.traits.has_passive_model
        return Signal("passive", Reason.SPOOF_SUSPECTED, None, expected=expected)
    margin = _above(mean, context.policy.live_probability, clear=0.85)
    return Signal("passive", Reason.SPOOF_SUSPECTED, margin, {"passive": mean})


def _identity(context: _Context) -> Signal:
    start = context.evidence.challenge_start
    embedded = [
        (frame.captured_at, frame.face.embedding)
        for frame in context.evidence.frames
        if frame.face is not None and frame.face.embedding is not None
    ]
    before = [embedding for at, embedding in embedded if start is None or at < start]
    after = [embedding for at, embedding in embedded if start is not None and at >= start]
    continuity = measure_continuity(before, after)
    if continuity is None:
        return Signal("identity", Reason.IDENTITY_CHANGED, None)
    threshold = context.traits.same_person_cosine
    value = min(continuity.lowest, continuity.last)
    values = {"identity_lowest": continuity.lowest, "identity_last": continuity.last}
    margin = _above(value, threshold, clear=min(0.95, threshold + 0.4))
    return Signal("identity", Reason.IDENTITY_CHANGED, margin, values)


def _repeats(context: _Context) -> Signal:
    frames = context.evidence.frames
    if len(frames) < MIN_REPEATABLE_FRAMES:
        return Signal("repeats", Reason.REPEATED_FRAMES, None)
    share = repeated_share([frame.digest for frame in frames])
    margin = _below(share, context.policy.repeated_share, clear=0.0)
    return Signal("repeats", Reason.REPEATED_FRAMES, margin, {"repeated": share})


def _loop(context: _Context) -> Signal:
    distances = [frame.nearest_earlier for frame in context.evidence.frames]
    known = [distance for distance in distances if distance is not None]
    if len(known) < MIN_REPEATABLE_FRAMES:
        return Signal("loop", Reason.REPEATED_FRAMES, None)
    share = looping_share(known, closest=context.policy.loop_distance)
    values = {"loop": share, "loop_median": float(np.median(known))}
    return Signal("loop", Reason.REPEATED_FRAMES, _below(share, context.policy.loop_share, clear=0.0), values)


def _faces(context: _Context) -> Signal:
    ratios: Sequence[float] = [
        face.second_face_ratio for face in context.faces if face.second_face_ratio is not None
    ]
    if not ratios:
        return Signal("faces", Reason.SEVERAL_FACES, None)
    share = several_faces_share(ratios)
    margin = _below(share, context.policy.several_faces_share, clear=0.0)
    return Signal("faces", Reason.SEVERAL_FACES, margin, {"several_faces": share})


def _presence(context: _Context) -> Signal:
    frames = context.evidence.frames
    start = context.evidence.challenge_start
    asked = [frame for frame in frames if start is not None and frame.captured_at >= start]
    if not asked:
        return Signal("presence", Reason.NO_FACE, None)
    share = missing_share(frames=len(asked), with_face=sum(frame.face is not None for frame in asked))
    margin = _below(share, context.policy.missing_share, clear=0.0)
    return Signal("presence", Reason.NO_FACE, margin, {"missing": share})


def _timing(context: _Context) -> Signal:
    frames = context.evidence.frames
    timing = measure_timing(
        [frame.captured_at for frame in frames],
        [frame.received_at for frame in frames],
        sequences=[frame.sequence for frame in frames],
    )
    if timing is None:
        return Signal("timing", Reason.FRAME_TIMING, None)
    measured = {
        "interval": timing.median_interval,
        "longest_gap": timing.longest_gap,
        "backwards": timing.backwards,
        "frames_lost": timing.lost,
        "clock_drift": timing.drift,
        "clock_ahead": timing.ahead,
        "clock_rate": timing.rate,
        "hurried": timing.hurried,
    }
    values = {name: float(value) for name, value in measured.items() if value is not None}
    margin = 1.0 if timing.plausible(TimingLimits()) else -1.0
    return Signal("timing", Reason.FRAME_TIMING, margin, values)
