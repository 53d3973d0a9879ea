"""The error vocabulary is the table of the design: code, HTTP status, close code, whether to retry."""

from __future__ import annotations

import inspect

import pytest

from common import errors, jobs

TABLE: dict[str, tuple[int, int, bool]] = {
    "internal_error": (500, 4500, False),
    "invalid_parameter": (400, 4400, False),
    "not_authenticated": (401, 4401, False),
    "permission_denied": (403, 4403, False),
    "not_found": (404, 4404, False),
    "already_exists": (409, 4409, False),
    "conflict": (409, 4409, False),
    "contract_mismatch": (409, 4409, False),
    "session_closed": (409, 4409, False),
    "session_expired": (409, 4409, False),
    "quota_exceeded": (409, 4409, False),
    "image_too_large": (413, 4413, False),
    "invalid_image": (422, 4422, False),
    "face_not_found": (422, 4422, False),
    "multiple_faces": (422, 4422, False),
    "low_quality": (422, 4422, False),
    "liveness_failed": (422, 4422, False),
    "throttled": (429, 4429, True),
    "temporarily_unavailable": (503, 4503, True),
    "deadline_exceeded": (503, 4503, True),
    "store_unavailable": (503, 4503, True),
    "engine_unavailable": (503, 4503, True),
}
CLASSES = [
    found
    for _, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, errors.FaceAppError)
]


@pytest.mark.parametrize("error", CLASSES)
def test_error_presents_itself_as_the_table_says(error: type[errors.FaceAppError]) -> None:
    assert (error.http_status, error.close_code, error.retryable) == TABLE[error.code]
    assert error().message == error.default_message
    assert error("other", details={"a": 1}).details == {"a": 1}
    assert str(error("other")) == "other"


def test_no_code_is_used_twice_and_none_is_missing() -> None:
    codes = [error.code for error in CLASSES]
    assert sorted(codes) == sorted(TABLE)


def test_details_are_a_copy() -> None:
    details: dict[str, object] = {"a": 1}
    error = errors.NotFound(details=details)
    details["b"] = 2
    assert error.details == {"a": 1}


def test_job_names_are_listed_once() -> None:
    constants = {value for name, value in vars(jobs).items() if name.isupper() and isinstance(value, str)}
    assert constants == set(jobs.ALL)
    assert len(jobs.ALL) == len(set(jobs.ALL))
