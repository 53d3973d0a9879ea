"""The server's messages of a running session."""

from __future__ import annotations

from django.conf import settings

from auth_service.completion import Ending
from auth_service.flows import FaceBox, InProgress, StepView
from auth_service.frame_binding import encode_frame_key
from auth_service.models import AuthSession, Verdict
from auth_service.protocol import FRAME_HEIGHT, FRAME_WIDTH, JPEG_QUALITY
from auth_service.services import ClaimedSession
from common import clock
from core.liveness.script import Script


def present_ready(
    *, claimed: ClaimedSession, script: Script, frames_left: int, frame_key: bytes
) -> dict[str, object]:
    """How many steps there will be, but not which; and what binds the page's frames to this socket."""
    session: AuthSession = claimed.session
    return {
        "type": "session.ready",
        "purpose": session.purpose,
        "challenge": {
            "steps_total": len(script.steps),
            "level": session.liveness_level,
            "flash": script.has_flash,
        },
        "limits": {
            "max_frame_bytes": settings.FACE_MAX_FRAME_BYTES,
            "frames_per_second": settings.FACE_FRAMES_PER_SECOND,
            "frames_left": frames_left,
            "expires_in_seconds": max(0, int((session.expires_at - clock.now()).total_seconds())),
            "width": FRAME_WIDTH,
            "height": FRAME_HEIGHT,
            "jpeg_quality": JPEG_QUALITY,
        },
        "resume_token": claimed.resume_token,
        "frame_key": encode_frame_key(frame_key),
    }


def present_step(update: InProgress, *, sequence: int) -> dict[str, object]:
    return {
        "type": "step",
        "frame": sequence,
        "phase": update.phase,
        "step": _present_view(update.step) if update.step else None,
        "instruction": update.instruction,
        "hint": update.hint,
        "progress": round(update.progress, 3),
        "face": _present_box(update.face) if update.face else None,
    }


_KEPT_FROM_THE_PAGE = frozenset({"injection_suspected"})
"""Whoever injects a feed must not learn from the page that it was noticed; the client's server is told."""


def present_ending(ending: Ending) -> dict[str, object]:
    """Pass or fail with reasons; scores go to the client's server only."""
    if ending.verdict == Verdict.FAILED:
        return {
            "type": "session.failed",
            "verdict": ending.verdict,
            "reasons": list(ending.reasons),
            "retry_allowed": ending.retry_allowed,
        }
    reasons = [reason for reason in ending.reasons if reason not in _KEPT_FROM_THE_PAGE]
    return {"type": "session.completed", "verdict": ending.verdict, "reasons": reasons}


def _present_view(step: StepView) -> dict[str, object]:
    return {
        "id": step.id,
        "kind": step.kind,
        "index": step.index,
        "total": step.total,
        "window_seconds": step.window_seconds,
        "colors": list(step.colors) if step.colors else None,
        "color_seconds": step.color_seconds,
        "attempt": step.attempt,
    }


def _present_box(face: FaceBox) -> dict[str, float]:
    return {
        "left": round(face.left, 4),
        "top": round(face.top, 4),
        "width": round(face.width, 4),
        "height": round(face.height, 4),
    }
