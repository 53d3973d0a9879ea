"""The recording of one socket: begun with the person's consent, and gone when they think better of it."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from auth_service import services
from auth_service.flows import SessionFlow, Update
from auth_service.models import AuthSession
from auth_service.recording.consent import Consent, require_consent
from auth_service.recording.plan import RecordingPlan, find_plan, run_directory
from auth_service.recording.recorder import SessionRecorder
from auth_service.recording.report import ReportReader
from auth_service.recording.sidecar import Circumstances
from auth_service.services import ClaimedSession
from clients.audit import Actor
from clients.choices import ActorKind
from common import clock

DECLINED = "consent_declined"
"""Reason of a session that its person ended by not agreeing."""


@dataclass(frozen=True, slots=True)
class Agreement:
    plan: RecordingPlan
    consent: Consent


def find_agreement(*, version: str) -> Agreement | None:
    """What the person agreed to; None on a server that does not record, whatever ``version`` was sent.

    Raises ConsentRequired for anything but the present text's version.
    """
    plan = find_plan()
    if plan is None:
        return None
    return Agreement(plan=plan, consent=require_consent(plan, version=version, now=clock.now()))


def make_recorder(
    agreement: Agreement, *, claimed: ClaimedSession, pack: str, device: Mapping[str, object] | None
) -> SessionRecorder:
    session = claimed.session
    return SessionRecorder(
        circumstances=Circumstances(
            plan=agreement.plan,
            consent=agreement.consent,
            purpose=session.purpose,
            level=session.liveness_level,
            pack=pack,
            device=device,
        ),
        session_id=session.pk,
        socket_id=claimed.socket_id,
    )


def store_recording(
    recorder: SessionRecorder, *, session_id: uuid.UUID, flow: SessionFlow, update: Update | None
) -> bool:
    """Publish what the socket recorded. False where that failed."""
    stored = recorder.finish(flow, update)
    # After it is published: whoever declines meanwhile finds it, or is found here.
    if AuthSession.objects.filter(pk=session_id, reasons=[DECLINED]).exists():
        discard_recordings(session_id)
    return stored


def decline(session: AuthSession) -> None:
    """End a session whose person does not agree, with all that it recorded before.

    Raises SessionClosed or SessionExpired, changing nothing.
    """
    person = Actor(kind=ActorKind.PERSON, id=str(session.user_id))
    services.cancel_session(session=session, actor=person, reason=DECLINED)
    discard_recordings(session.pk)


def discard_recordings(session_id: uuid.UUID) -> None:
    run = run_directory()
    for outcome in ReportReader(run).news():
        if outcome.session == str(session_id) and outcome.verdict:
            shutil.rmtree(run.parent / outcome.recording, ignore_errors=True)
