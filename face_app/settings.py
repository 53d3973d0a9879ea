"""Every setting, read from the environment once. `docs/settings.md` explains each."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlparse

from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from face_app import env

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("FACE_DATA_DIR", str(BASE_DIR / "var"))).absolute()
VERSION = "0.1.0"

# --- Security -----------------------------------------------------------------------------------
DEBUG = env.boolean("DEBUG", default=True)
_DEVELOPMENT_SECRET = "development-only-secret-do-not-use-in-production"  # noqa: S105
SECRET_KEY = env.secret("SECRET_KEY", _DEVELOPMENT_SECRET)
FACE_ENCRYPTION_KEYS = [key.strip() for key in env.secret("FACE_ENCRYPTION_KEYS").split(",") if key.strip()]
if not FACE_ENCRYPTION_KEYS:
    FACE_ENCRYPTION_KEYS = [_DEVELOPMENT_SECRET]
if not DEBUG and (SECRET_KEY == _DEVELOPMENT_SECRET or FACE_ENCRYPTION_KEYS == [_DEVELOPMENT_SECRET]):
    raise ImproperlyConfigured("DEBUG=false needs SECRET_KEY and FACE_ENCRYPTION_KEYS of your own")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
PUBLIC_URL = env.origin("PUBLIC_URL")
TRUST_PROXY_HEADERS = env.boolean("TRUST_PROXY_HEADERS", default=False)
if TRUST_PROXY_HEADERS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.boolean("SECURE_COOKIES", default=not DEBUG)
FACE_DEMO = env.boolean("FACE_DEMO", default=False)
if FACE_DEMO and not DEBUG:
    raise ImproperlyConfigured("FACE_DEMO lets anyone open sessions; it is refused with DEBUG=false")
FACE_PAD_RECORDINGS_DIR = env.text("FACE_PAD_RECORDINGS_DIR")
if FACE_PAD_RECORDINGS_DIR and not DEBUG:
    raise ImproperlyConfigured("FACE_PAD_RECORDINGS_DIR keeps what the camera sees; refused with DEBUG=false")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- Application --------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "common",
    "clients",
    "core",
    "auth_service",
    "console",
    "monitoring",
    "face_app",
]
MIDDLEWARE = [
    "common.http.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "monitoring.probes.ProbeMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "face_app.urls"
ASGI_APPLICATION = "face_app.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = True
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


# --- Database -----------------------------------------------------------------------------------
def _database(url: str) -> dict[str, object]:
    """``postgres://user:password@host:port/name`` or empty for SQLite in the data directory."""
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA_DIR / "facegate.sqlite3",
            # IMMEDIATE: a transaction takes the write lock at its start, so that read-then-write
            # use cases are serialised as select_for_update does on PostgreSQL.
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;"
                "PRAGMA secure_delete=ON;",
            },
            "TEST": {"NAME": DATA_DIR / "test.sqlite3"},
        }
    expected = "DATABASE_URL is not postgres://user:password@host:port/name"
    try:
        parts = urlparse(url)
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured(expected) from None
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured(expected)
    statement_ms = env.integer("DB_STATEMENT_TIMEOUT_MS", 15_000, minimum=0)
    pool_size = env.integer("DB_POOL_SIZE", 0, minimum=0)
    options: dict[str, object] = {
        "connect_timeout": env.integer("DB_CONNECT_TIMEOUT_SECONDS", 5, minimum=1),
        "options": f"-c statement_timeout={statement_ms}",
    }
    if pool_size:
        options["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": 5}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.strip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        # As in libpq's own addresses, ?host= names a socket directory.
        "HOST": parse_qs(parts.query).get("host", [unquote(parts.hostname or "")])[0],
        "PORT": str(port or ""),
        # A pool and persistent connections exclude each other.
        "CONN_MAX_AGE": 0 if pool_size else env.integer("DB_CONN_MAX_AGE", 60, minimum=0),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


DATABASES = {"default": _database(env.secret("DATABASE_URL"))}

# --- Cache, channels, jobs ------------------------------------------------------------------------
REDIS_URL = env.service("REDIS_URL", ["redis", "rediss", "unix"])
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # redis-py 8 reads with a five-second timeout by default, and the layer blocks for five.
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None}]},
    }
    if REDIS_URL
    else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}
CELERY_BROKER_URL = env.service("CELERY_BROKER_URL", ["redis", "rediss", "amqp", "amqps", "sentinel"])
JOB_CONCURRENCY = env.integer("JOB_CONCURRENCY", 2, minimum=1, maximum=64)
JOB_STALE_SECONDS = env.integer("JOB_STALE_SECONDS", 120, minimum=5)
JOB_SWEEP_SECONDS = env.integer("JOB_SWEEP_SECONDS", 20, minimum=1)

# --- Face engine --------------------------------------------------------------------------------
FACE_MODEL_PACK = env.text("FACE_MODEL_PACK")
FACE_MODELS_DIR = Path(env.text("FACE_MODELS_DIR", str(DATA_DIR / "models"))).absolute()
FACE_MODELS_BASE_URL = env.text("FACE_MODELS_BASE_URL")
FACE_ANTISPOOF_DIR = env.text("FACE_ANTISPOOF_DIR")
FACE_ENGINE_PROVIDERS = env.words("FACE_ENGINE_PROVIDERS", ["CPUExecutionProvider"])
FACE_ENGINE_WORKER_THREADS = env.integer(
    "FACE_ENGINE_WORKER_THREADS", max(1, min(4, os.cpu_count() or 1)), minimum=1, maximum=64
)
FACE_ENGINE_QUEUE_LIMIT = env.integer("FACE_ENGINE_QUEUE_LIMIT", 256, minimum=1)
FACE_ENGINE_DEADLINE_SECONDS = env.number("FACE_ENGINE_DEADLINE_SECONDS", 5.0, minimum=0.1)
FACE_SCORECARD_FILE = env.text("FACE_SCORECARD_FILE")
FACE_ALLOW_SYNTHETIC_ENGINE = False
"""Only the test settings fixture turns this on."""

# --- Sessions and images ----------------------------------------------------------------------------
FACE_MAX_FRAMES_PER_SESSION = env.integer("FACE_MAX_FRAMES_PER_SESSION", 600, minimum=30)
FACE_MAX_FRAME_BYTES = env.integer("FACE_MAX_FRAME_BYTES", 512 * 1024, minimum=16 * 1024, maximum=1024 * 1024)
FACE_FRAMES_PER_SECOND = env.integer("FACE_FRAMES_PER_SECOND", 8, minimum=2, maximum=30)
FACE_MAX_OPEN_SOCKETS = env.integer("FACE_MAX_OPEN_SOCKETS", 200, minimum=1)
FACE_LIVENESS_THRESHOLDS = env.text("FACE_LIVENESS_THRESHOLDS")
MAX_IMAGE_PIXELS = env.integer("MAX_IMAGE_PIXELS", 25_000_000, minimum=10_000)
MAX_IMAGE_BYTES = env.integer("MAX_IMAGE_BYTES", 10 * 1024 * 1024, minimum=10_000)
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = ""  # nothing in it is public; admin serves thumbnails to staff
WEBHOOK_TIMEOUT_SECONDS = env.number("WEBHOOK_TIMEOUT_SECONDS", 10.0, minimum=0.1)
WEBHOOK_MAX_ATTEMPTS = env.integer("WEBHOOK_MAX_ATTEMPTS", 8, minimum=1)
WEBHOOK_ALLOW_PRIVATE = env.boolean("WEBHOOK_ALLOW_PRIVATE", default=DEBUG)
LOCKOUT_FAILURES = env.integer("LOCKOUT_FAILURES", 5, minimum=1)
LOCKOUT_SECONDS = env.integer("LOCKOUT_SECONDS", 900, minimum=1)

# --- REST ---------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["clients.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["clients.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "common.http.handle_exception",
    "DEFAULT_THROTTLE_CLASSES": ["clients.throttling.ClientRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"client": env.rate("CLIENT_RATE_LIMIT", "6000/min")},
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Facegate",
    "DESCRIPTION": "Face enrollment and verification with liveness. Every request carries a client's API key "
    "as `Authorization: Bearer fg_...`. Errors are `{error: {code, message, details}, request_id}`. "
    "The codes, webhooks and their signature are explained in docs/api.md.",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "SessionStateEnum": "auth_service.models.SessionState",
        "SessionVerdictEnum": "auth_service.models.Verdict",
        "OldPhotoVerdictEnum": "auth_service.models.OldPhotoVerdict",
        "OldPhotoStateEnum": "clients.choices.OldPhotoState",
    },
}

# --- Languages, static files ------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("id", _("Indonesian")), ("vi", _("Vietnamese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
LOGIN_URL = "admin:login"

# --- Admin ----------------------------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "Facegate",
    "SITE_HEADER": "Facegate",
    "SITE_URL": "/",
    "SITE_SYMBOL": "familiar_face_and_zone",
    "SHOW_HISTORY": False,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _: f"/{STATIC_URL}img/favicon.svg"}
    ],
    # The pages' own teal, in the eleven steps that the theme asks for.
    "COLORS": {
        "primary": {
            "50": "oklch(97% 0.013 195)",
            "100": "oklch(94% 0.026 195)",
            "200": "oklch(88% 0.048 196)",
            "300": "oklch(80% 0.07 198)",
            "400": "oklch(69% 0.085 200)",
            "500": "oklch(57% 0.085 203)",
            "600": "oklch(45% 0.075 207)",
            "700": "oklch(40% 0.066 208)",
            "800": "oklch(35% 0.056 209)",
            "900": "oklch(30% 0.046 210)",
            "950": "oklch(22% 0.034 212)",
        }
    },
    "SIDEBAR": {
        "show_search": True,
        "navigation": [
            {
                "title": _("Identity"),
                "items": [
                    {
                        "title": _("Clients"),
                        "icon": "apartment",
                        "link": reverse_lazy("admin:clients_client_changelist"),
                    },
                    {
                        "title": _("People"),
                        "icon": "groups",
                        "link": reverse_lazy("admin:clients_clientuser_changelist"),
                    },
                    {
                        "title": _("Samples"),
                        "icon": "face",
                        "link": reverse_lazy("admin:clients_facesample_changelist"),
                    },
                    {
                        "title": _("Sessions"),
                        "icon": "videocam",
                        "link": reverse_lazy("admin:auth_service_authsession_changelist"),
                    },
                ],
            },
            {
                "title": _("Operations"),
                "items": [
                    {
                        "title": _("API keys"),
                        "icon": "key",
                        "link": reverse_lazy("admin:clients_apikey_changelist"),
                    },
                    {
                        "title": _("Jobs"),
                        "icon": "work_history",
                        "link": reverse_lazy("admin:clients_job_changelist"),
                    },
                    {
                        "title": _("Webhook deliveries"),
                        "icon": "webhook",
                        "link": reverse_lazy("admin:auth_service_webhookdelivery_changelist"),
                    },
                    {
                        "title": _("Audit"),
                        "icon": "history",
                        "link": reverse_lazy("admin:clients_auditentry_changelist"),
                    },
                    {
                        "title": _("Operators"),
                        "icon": "shield_person",
                        "link": reverse_lazy("admin:auth_user_changelist"),
                    },
                ],
            },
        ],
    },
}

# --- Logging --------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "common.request_id.RequestIdFilter"}},
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s [%(request_id)s] %(name)s %(message)s"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["request_id"]}
    },
    "root": {
        "handlers": ["console"],
        "level": env.choice("LOG_LEVEL", "INFO", ["DEBUG", "INFO", "WARNING", "ERROR"]),
    },
    "loggers": {
        # Without its own handler, which writes every line a second time when DEBUG is on.
        "django": {"handlers": [], "level": "INFO"},
        "daphne": {"level": "WARNING"},
        "django.channels.server": {"level": "WARNING"},
        # It logs every webhook's address at INFO.
        "httpx": {"level": "WARNING"},
    },
}
