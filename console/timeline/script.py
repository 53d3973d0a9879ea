"""The commanded script as blocks on the time axis."""

from __future__ import annotations

from itertools import pairwise

from django.utils.translation import gettext as _

from console.formats import decimal
from console.plots import Block, Markup, Swatch, draw_script
from console.traces import Step, Trace
from console.words import Sign, outcome_words, step_words

FLASH = "flash"
_TONES = {"followed": "good", "shown": "shown", "not_followed": "bad", "wrong": "bad"}


def script_of(trace: Trace, *, id: str) -> Markup:
    steps, outcomes = step_words(), outcome_words()
    blocks = _framing(trace)
    for step in trace.steps:
        kind = steps.get(step.kind) or Sign(step.kind)
        outcome = outcomes.get(step.outcome) or Sign(step.outcome)
        told = f"{outcome.name}, {_('asked again')}" if step.replaced else outcome.name
        tone = "wait" if step.replaced else _TONES.get(step.outcome, "none")
        blocks.append(
            Block(
                start=step.start,
                end=step.end,
                sign=kind.mark,
                label=kind.name,
                outcome=told,
                mark=outcome.mark,
                tone=tone,
                swatches=swatches(step),
            )
        )
    sentences = [
        _("%(step)s from %(start)s to %(end)s s: %(outcome)s.")
        % {
            "step": block.label,
            "start": decimal(block.start, digits=1),
            "end": decimal(block.end, digits=1),
            "outcome": block.outcome,
        }
        for block in blocks
        if block.outcome
    ]
    return draw_script(
        id=id,
        title=_("The commanded script"),
        description=" ".join(sentences) or _("The challenge did not begin."),
        blocks=blocks,
        seconds=trace.seconds,
        unit="s",
    )


def _framing(trace: Trace) -> list[Block]:
    """Before the challenge: the person comes into the picture."""
    if not trace.challenge_start or trace.challenge_start <= 0:
        return []
    end = trace.challenge_start
    return [Block(start=0.0, end=end, sign="", label=_("Framing"), outcome="", mark="", tone="framing")]


def swatches(step: Step) -> list[Swatch]:
    """Each colour lasts until the next one; the last until the step's end, at most as long as the first."""
    starts = [shown.start for shown in step.colors]
    longest = max((later - earlier for earlier, later in pairwise(starts)), default=step.end - step.start)
    ends = [*starts[1:], min(step.end, starts[-1] + longest)] if starts else []
    return [
        Swatch(shown.color, shown.start, max(shown.start, end))
        for shown, end in zip(step.colors, ends, strict=True)
    ]
