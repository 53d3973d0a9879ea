"""The closed vocabularies of clients: policies, states, scopes."""

from __future__ import annotations

from django.db.models import TextChoices


class LivenessLevel(TextChoices):
    BASIC = "basic", "Basic: fewer movements"
    STANDARD = "standard", "Standard"
    STRICT = "strict", "Strict: more movements, screen light required"


class OldPhotoPolicy(TextChoices):
    """What a face that does not match the old photo does to an enrollment."""

    IGNORE = "ignore", "Ignore a mismatch"
    REVIEW = "review", "A mismatch needs review"
    REQUIRE = "require", "A mismatch is refused"


class DuplicatePolicy(TextChoices):
    """What happens when the same face is enrolled already under another id of the same client."""

    ALLOW = "allow", "Allow"
    FLAG = "flag", "Flag for review"
    REFUSE = "refuse", "Refuse"


class ImageRetention(TextChoices):
    NONE = "none", "Keep no images"
    SAMPLES = "samples", "Keep face samples"


class Scope(TextChoices):
    """What an API key may do."""

    USERS_READ = "users:read", "Read users"
    USERS_WRITE = "users:write", "Create, change and delete users"
    SESSIONS_READ = "sessions:read", "Read sessions and results"
    SESSIONS_WRITE = "sessions:write", "Create and cancel sessions"
    KEYS_WRITE = "keys:write", "List, create and revoke API keys"


class EnrollmentState(TextChoices):
    NOT_ENROLLED = "not_enrolled", "Not enrolled"
    NEEDS_REVIEW = "needs_review", "Needs review"
    ENROLLED = "enrolled", "Enrolled"


class OldPhotoState(TextChoices):
    NONE = "none", "No photo"
    PENDING = "pending", "Waiting for extraction"
    READY = "ready", "Ready"
    UNUSABLE = "unusable", "No usable face"


class SampleSource(TextChoices):
    ENROLLMENT = "enrollment", "Enrollment"
    VERIFICATION = "verification", "Verification"
    OLD_PHOTO = "old_photo", "Old photo"
    IMPORT = "import", "Import"


class JobState(TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class ActorKind(TextChoices):
    """Who caused an audited change."""

    API_KEY = "api_key", "API key"
    STAFF = "staff", "Staff user"
    PERSON = "person", "The person themselves"
    SYSTEM = "system", "System"
