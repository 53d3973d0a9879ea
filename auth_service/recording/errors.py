"""What a recording server answers beyond the common errors. No other server ever does."""

from __future__ import annotations

from common.errors import FaceAppError, PermissionDenied


class ConsentRequired(PermissionDenied):
    code = "consent_required"
    default_message = "This server records, and the person has not agreed to its present text."


class RecordingFailed(FaceAppError):
    code = "recording_failed"
    default_message = "The recording could not be stored."
