"""Enrollment and verification as pure state machines: observations in, the next step or the end out."""

from .base import SessionFlow
from .purposes import EnrollmentFlow, VerificationFlow
from .schedule import FixedSchedule
from .types import (
    FACE_THE_CAMERA,
    HOLD_STILL,
    PROCESSING,
    Accepted,
    FaceBox,
    Hint,
    InProgress,
    Phase,
    Refused,
    Sample,
    StepView,
    Update,
)

__all__ = [
    "FACE_THE_CAMERA",
    "HOLD_STILL",
    "PROCESSING",
    "Accepted",
    "EnrollmentFlow",
    "FaceBox",
    "FixedSchedule",
    "Hint",
    "InProgress",
    "Phase",
    "Refused",
    "Sample",
    "SessionFlow",
    "StepView",
    "Update",
    "VerificationFlow",
]
