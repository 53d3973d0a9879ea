"""What tests of recordings share: a run on disk, the consent to it, frames, and a flow to tell of."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils import translation

from auth_service.flows import SessionFlow, Update, VerificationFlow
from auth_service.protocol import Frame
from auth_service.recording.consent import Consent, consent_text
from auth_service.recording.plan import RecordingPlan, write_plan
from auth_service.recording.recorder import SessionRecorder
from auth_service.recording.sidecar import Circumstances
from auth_service.tests.flow_cast import TRAITS, Someone, script_for
from core.liveness.observation import FrameObservation

GIVEN_AT = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)


def make_plan(folder: Path, **changes: object) -> RecordingPlan:
    members: dict[str, object] = {
        "folder": str(folder),
        "kind": "genuine",
        "subject": "Ana",
        "organisation": "Acme",
        "computer": "desk",
        "level": "standard",
        "sessions": 1,
        "url": "http://127.0.0.1:9",
    }
    return RecordingPlan(**(members | changes))  # type: ignore[arg-type]


def make_run(folder: Path, monkeypatch: pytest.MonkeyPatch, **changes: object) -> Path:
    """Settings of a recording's own server for this test; its data directory."""
    from django.conf import settings

    run = folder / ".run-test.partial"
    run.mkdir(mode=0o700)
    write_plan(make_plan(folder, **changes), run)
    monkeypatch.setattr(settings, "FACE_PAD_RECORDINGS_DIR", str(folder))
    monkeypatch.setattr(settings, "DATA_DIR", run)
    monkeypatch.setattr(settings, "DEBUG", True)
    # The connections of this process stay with the test's database: they have read the setting already.
    database = settings.DATABASES["default"] | {"NAME": run / "facegate.sqlite3"}
    monkeypatch.setattr(settings, "DATABASES", {"default": database})
    return run


def make_consent(plan: RecordingPlan, *, language: str = "en") -> Consent:
    with translation.override(language):
        return Consent(text=consent_text(plan), given_at=GIVEN_AT)


def make_recorder(folder: Path, **changes: object) -> SessionRecorder:
    plan = make_plan(folder, **changes)
    return SessionRecorder(
        circumstances=Circumstances(
            plan=plan,
            consent=make_consent(plan),
            purpose="enrollment",
            level="standard",
            pack="dlib",
            device={"camera_label": "HD Webcam"},
        ),
        session_id=uuid.uuid4(),
        socket_id=uuid.uuid4(),
    )


def frame(number: int, *, at: float | None = None, jpeg: bytes | None = None) -> Frame:
    captured = 50 + number / 8 if at is None else at
    return Frame(
        sequence=number,
        captured_at_seconds=captured,
        jpeg=jpeg or b"jpeg-%d" % number,
        received_at_seconds=captured + 900.1,
    )


def play(person: Someone, *, seed: int = 1) -> tuple[SessionFlow, Update, list[float]]:
    """A flow that has ended, its last word, and the frames' capture times."""
    times: list[float] = []
    before = person.habits

    def note(observation: FrameObservation, flow: SessionFlow) -> FrameObservation:
        times.append(observation.captured_at)
        return before(observation, flow)

    person.habits = note
    flow = VerificationFlow(script=script_for(seed), traits=TRAITS)
    return flow, person.play(flow), times


def new_flow() -> SessionFlow:
    return VerificationFlow(script=script_for(), traits=TRAITS)
