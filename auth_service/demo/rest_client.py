"""What a client application does over REST, for the demo."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

REQUEST_TIMEOUT_SECONDS = 20.0
PHOTO_POLL_SECONDS = 0.25


class UnexpectedAnswer(Exception):
    """The server answered with an error."""


@dataclass(frozen=True, slots=True)
class OpenedSession:
    session_id: str
    token: str
    page_url: str
    socket_url: str


@dataclass(frozen=True, slots=True)
class SessionResult:
    """What the client's server learns: more than the page does."""

    state: str
    verdict: str | None
    reasons: tuple[str, ...]
    similarity: float | None
    old_photo_similarity: float | None
    liveness_score: float | None


class RestClient:
    """One client's API key on one server. A context manager."""

    def __init__(self, *, url: str, api_key: str) -> None:
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=REQUEST_TIMEOUT_SECONDS,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def create_user(self, *, external_user_id: str, name: str) -> None:
        self._ask("POST", "/api/clients/users/", json={"external_user_id": external_user_id, "name": name})

    def delete_user(self, external_user_id: str) -> None:
        self._ask("DELETE", f"/api/clients/users/{external_user_id}/")

    def upload_old_photo(self, *, external_user_id: str, jpeg: bytes) -> None:
        self._ask(
            "POST",
            f"/api/clients/users/{external_user_id}/old-photo/",
            files={"file": ("photo.jpg", jpeg, "image/jpeg")},
        )

    def await_old_photo(self, *, external_user_id: str, limit_seconds: float) -> str:
        """The state once the background job has looked at the photo; the last one seen when time is up."""
        give_up = time.monotonic() + limit_seconds
        while True:
            user = self._ask("GET", f"/api/clients/users/{external_user_id}/")
            state = str(user["old_photo"]["state"])
            if state != "pending" or time.monotonic() >= give_up:
                return state
            time.sleep(PHOTO_POLL_SECONDS)

    def open_session(self, *, purpose: str, external_user_id: str) -> OpenedSession:
        """``purpose``: enrollment or verification."""
        body = self._ask(
            "POST", f"/api/auth/{purpose}-sessions/", json={"external_user_id": external_user_id}
        )
        return OpenedSession(
            session_id=body["session_id"],
            token=body["token"],
            page_url=body["url"],
            socket_url=body["socket_url"],
        )

    def get_result(self, session_id: str) -> SessionResult:
        body = self._ask("GET", f"/api/auth/sessions/{session_id}/")
        return SessionResult(
            state=body["state"],
            verdict=body["verdict"],
            reasons=tuple(body["reasons"]),
            similarity=body["similarity"],
            old_photo_similarity=body["old_photo"]["similarity"],
            liveness_score=body["liveness_score"],
        )

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        response = self._http.request(method, path, **options)
        if response.is_error:
            raise UnexpectedAnswer(f"{method} {path}: {response.status_code} {response.text[:300]}")
        return response.json() if response.content else None
