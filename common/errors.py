"""The error vocabulary: services raise these, edges translate them, nobody else catches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class FaceAppError(Exception):
    """An expected failure with a stable code that every way in can present.

    ``details`` may reach the caller, so it never holds images, embeddings, keys or names.
    """

    code: ClassVar[str] = "internal_error"
    http_status: ClassVar[int] = 500
    close_code: ClassVar[int] = 4500
    retryable: ClassVar[bool] = False
    default_message: ClassVar[str] = "Something went wrong."

    def __init__(self, message: str = "", *, details: Mapping[str, object] | None = None) -> None:
        self.message = message or self.default_message
        self.details = dict(details or {})
        super().__init__(self.message)


class TransientError(FaceAppError):
    """A failure that may pass by itself: jobs retry it, clients may."""

    code = "temporarily_unavailable"
    http_status = 503
    close_code = 4503
    retryable = True
    default_message = "The service is busy. Try again."


class InvalidParameter(FaceAppError):
    code = "invalid_parameter"
    http_status = 400
    close_code = 4400
    default_message = "A parameter is missing or has a bad value."


class NotAuthenticated(FaceAppError):
    code = "not_authenticated"
    http_status = 401
    close_code = 4401
    default_message = "Valid credentials are required."


class PermissionDenied(FaceAppError):
    code = "permission_denied"
    http_status = 403
    close_code = 4403
    default_message = "These credentials may not do this."


class NotFound(FaceAppError):
    code = "not_found"
    http_status = 404
    close_code = 4404
    default_message = "There is no such thing."


class AlreadyExists(FaceAppError):
    code = "already_exists"
    http_status = 409
    close_code = 4409
    default_message = "It exists already."


class Conflict(FaceAppError):
    code = "conflict"
    http_status = 409
    close_code = 4409
    default_message = "The request conflicts with the current state."


class ContractMismatch(Conflict):
    code = "contract_mismatch"
    default_message = "Templates of different embedding contracts are never compared."


class SessionClosed(Conflict):
    code = "session_closed"
    default_message = "The session has ended."


class SessionExpired(Conflict):
    code = "session_expired"
    default_message = "The session has expired."


class QuotaExceeded(FaceAppError):
    code = "quota_exceeded"
    http_status = 409
    close_code = 4409
    default_message = "A quota is used up."


class ImageTooLarge(FaceAppError):
    code = "image_too_large"
    http_status = 413
    close_code = 4413
    default_message = "The image is larger than the limit."


class InvalidImage(FaceAppError):
    code = "invalid_image"
    http_status = 422
    close_code = 4422
    default_message = "The data is not a readable JPEG, PNG or WebP image."


class FaceNotFound(FaceAppError):
    code = "face_not_found"
    http_status = 422
    close_code = 4422
    default_message = "No face was found in the image."


class MultipleFaces(FaceAppError):
    code = "multiple_faces"
    http_status = 422
    close_code = 4422
    default_message = "More than one face was found in the image."


class LowQuality(FaceAppError):
    code = "low_quality"
    http_status = 422
    close_code = 4422
    default_message = "The face is too small, blurred, dark or turned away."


class LivenessFailed(FaceAppError):
    code = "liveness_failed"
    http_status = 422
    close_code = 4422
    default_message = "The liveness check was not passed."


class Throttled(FaceAppError):
    code = "throttled"
    http_status = 429
    close_code = 4429
    retryable = True
    default_message = "Too many requests. Try again later."


class DeadlineExceeded(TransientError):
    code = "deadline_exceeded"
    default_message = "The work was not done in time."


class StoreUnavailable(TransientError):
    code = "store_unavailable"
    default_message = "A data store cannot be reached."


class EngineUnavailable(TransientError):
    code = "engine_unavailable"
    default_message = "The face engine is not ready."
