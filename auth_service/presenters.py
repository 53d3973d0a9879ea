"""What the outside is shown of a session: the client everything, the page only pass or fail."""

from __future__ import annotations

from auth_service.models import AuthSession


def present_session(session: AuthSession) -> dict[str, object]:
    """For the client's server, over REST and webhook."""
    return {
        "session_id": str(session.pk),
        "purpose": session.purpose,
        "external_user_id": session.user.external_user_id,
        "state": session.state,
        "verdict": session.verdict or None,
        "reasons": session.reasons,
        "similarity": session.similarity,
        "threshold": session.threshold,
        "liveness_score": session.liveness_score,
        "liveness_level": session.liveness_level,
        "liveness_level_reached": session.liveness_level_reached or None,
        "liveness_risk": session.liveness_risk,
        "old_photo": {
            "verdict": session.old_photo_verdict or None,
            "similarity": session.old_photo_similarity,
        },
        "duplicate_of": session.duplicate_of.external_user_id if session.duplicate_of else None,
        "attempts": session.attempt_count,
        "attempts_left": session.attempts_left,
        "contract": session.contract or None,
        "created_at": session.created_at.isoformat(),
        "expires_at": session.expires_at.isoformat(),
        "ended_at": session.ended_at.isoformat() if session.ended_at else None,
    }
