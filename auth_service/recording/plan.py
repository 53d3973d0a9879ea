"""What one recording run is for, and why no other server can ever record.

`manage.py pad_record` writes the plan into the data directory of the server that it starts, which lies inside
the recordings folder and is deleted with its database. A server records only where both fit together: naming
the folder in the environment of a real server records nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from auth_service.recording.folder import RUN_PREFIX
from core.liveness.sequences import GENUINE, PARTIAL_SUFFIX

PLAN_FILE = "plan.json"
_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")
MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class RecordingPlan:
    folder: str
    kind: str
    """``genuine`` or the species of the attack."""
    subject: str
    """Whose face is before the camera, or copied there."""
    organisation: str
    """Who records; empty: the operator of ``computer``."""
    computer: str
    level: str
    sessions: int
    url: str
    """Where people reach the server."""

    def __post_init__(self) -> None:
        """Raises ValueError, in words for the operator."""
        if not _KIND.fullmatch(self.kind):
            raise ValueError(f"{self.kind!r} is no kind: small letters, digits and _, such as photo_print")
        for what, name in (("subject", self.subject), ("organisation", self.organisation)):
            if len(name) > MAX_NAME or not name.isprintable() or name != name.strip():
                raise ValueError(f"{name!r} is no {what}: up to {MAX_NAME} characters in one line")
        if not self.subject:
            raise ValueError("a recording names its subject; a pseudonym is enough")
        if self.sessions < 1:
            raise ValueError("at least one session is recorded")

    @property
    def genuine(self) -> bool:
        return self.kind == GENUINE

    @property
    def recorder(self) -> str:
        """Who records, for pages."""
        return self.organisation or self.computer


def write_plan(plan: RecordingPlan, run: Path) -> None:
    run.joinpath(PLAN_FILE).write_text(json.dumps(asdict(plan)), encoding="utf-8")


def read_plan(run: Path) -> RecordingPlan:
    """Raises OSError, ValueError or TypeError."""
    return RecordingPlan(**json.loads(run.joinpath(PLAN_FILE).read_text(encoding="utf-8")))


def find_plan() -> RecordingPlan | None:
    """What this server records; None for every ordinary one.

    Raises ImproperlyConfigured for a server that must not.
    """
    if not settings.FACE_PAD_RECORDINGS_DIR:
        return None
    problem = find_plan_problem()
    if problem:
        raise ImproperlyConfigured(problem)
    return read_plan(run_directory())


def run_directory() -> Path:
    return Path(settings.DATA_DIR)


def find_plan_problem() -> str | None:
    """Why a server with these settings must not run, or None."""
    if not settings.FACE_PAD_RECORDINGS_DIR:
        return None
    folder, run = Path(settings.FACE_PAD_RECORDINGS_DIR), run_directory()
    database = settings.DATABASES["default"]
    own_database = Path(str(database["NAME"])).parent == run
    of_the_run = run.parent == folder and run.match(f"{RUN_PREFIX}*{PARTIAL_SUFFIX}")
    shared = settings.REDIS_URL or settings.CELERY_BROKER_URL
    if not settings.DEBUG or not of_the_run or not own_database or shared:
        return (
            "FACE_PAD_RECORDINGS_DIR keeps what the camera sees. Only the private server that `manage.py "
            "pad_record` starts may have it: take it out of this server's environment."
        )
    try:
        read_plan(run)
    except (OSError, ValueError, TypeError) as error:
        return f"{run / PLAN_FILE} is not the plan of a recording: {error}"
    return None
