"""The one settings file. Everything that differs between installs is an environment variable;
`docs/operating.md` lists them, deploy/checks.py reports bad ones."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import dj_database_url

from deploy import env, oidc

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.text("PLUMBLINE_VAR", str(BASE_DIR / "var")))

# numpy's products are small here: its threads would wait for each other longer than they compute.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# --- web ---------------------------------------------------------------------------------
DEBUG = env.flag("DEBUG")
INSECURE_KEY = "insecure-development-key-set-SECRET_KEY"
SECRET_KEY = env.text("SECRET_KEY", INSECURE_KEY)
SECRET_KEY_FALLBACKS = env.items("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
PUBLIC_URL = env.url("PUBLIC_URL", "http://127.0.0.1:8000", schemes=("http", "https"))
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS", PUBLIC_URL)
BEHIND_HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_HTTPS
SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if env.flag("TRUST_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, low=1, high=65535)
WEB_PROCESSES = env.integer("WEB_PROCESSES", 1, low=1, high=64)
WEB_THREADS = env.integer("WEB_THREADS", 8, low=1, high=256)
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "rest_framework",
    "drf_spectacular",
    "channels",
    "labeling.core",
    "labeling",
    "rlhf",
    "deploy",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
ROOT_URLCONF = "deploy.urls"
APPEND_SLASH = False
CSRF_FAILURE_VIEW = "deploy.views.csrf_failure"
WSGI_APPLICATION = "deploy.wsgi.application"
ASGI_APPLICATION = "deploy.asgi.application"

# --- data --------------------------------------------------------------------------------
DATABASE_URL = env.url(
    "DATABASE_URL",
    f"sqlite:///{VAR_DIR / 'plumbline.sqlite3'}",
    schemes=("sqlite", "postgres", "postgresql"),
)
DATABASES = {"default": dj_database_url.parse(DATABASE_URL, conn_max_age=600, conn_health_checks=True)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    with suppress(OSError):  # SQLite makes its file, not the folder; one that cannot be made is named later
        VAR_DIR.mkdir(parents=True, exist_ok=True)
    # IMMEDIATE: a transaction takes the write lock before it reads, so none has to fail later.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 30,
        "transaction_mode": "IMMEDIATE",
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
            "PRAGMA cache_size=-65536;"
        ),
    }
else:
    DATABASES["default"]["ENGINE"] = "deploy.postgresql"
    # What labeling.core.prepared keeps, PostgreSQL plans once for each connection.
    if env.flag("PREPARED_STATEMENTS", True):
        DATABASES["default"].setdefault("OPTIONS", {})["prepare_threshold"] = 3
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ARTIFACT_URL = env.url("ARTIFACT_URL", f"file://{VAR_DIR / 'artifacts'}", schemes=("file", "s3", "memory"))

# --- live updates ------------------------------------------------------------------------
REDIS_URL = env.url("REDIS_URL", "", schemes=("redis", "rediss", "unix"))
CHANNEL_LAYERS = {
    "default": (
        {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}
        if REDIS_URL
        # A page may stay open for weeks; by default the layer forgets it after a day.
        else {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"group_expiry": 90 * 86400}}
    )
}
# Counts of tries (sign-in, password reset, writes) must be shared by all web processes.
CACHES = {
    "default": (
        {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            # Nobody waits longer for a count than this (labeling.core.services.limits).
            "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
        }
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    ),
    "local": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "local"},
}
# Tries within five minutes, resets within an hour; see docs/operating.md.
LIMIT_SIGN_IN = env.integer("LIMIT_SIGN_IN", 10, low=1, high=1_000_000)
LIMIT_SIGN_IN_FROM_ADDRESS = env.integer("LIMIT_SIGN_IN_FROM_ADDRESS", 100, low=1, high=1_000_000)
LIMIT_PASSWORD_RESET = env.integer("LIMIT_PASSWORD_RESET", 5, low=1, high=1_000_000)
LIMIT_PASSWORD_RESET_FROM_ADDRESS = env.integer(
    "LIMIT_PASSWORD_RESET_FROM_ADDRESS", 50, low=1, high=1_000_000
)
LIMIT_INVITATION_FROM_ADDRESS = env.integer("LIMIT_INVITATION_FROM_ADDRESS", 100, low=1, high=1_000_000)
LIMIT_WRITES_PER_MINUTE = env.integer("LIMIT_WRITES_PER_MINUTE", 12_000, low=0, high=10_000_000)  # 0: none

# --- people ------------------------------------------------------------------------------
AUTH_USER_MODEL = "core.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# django-allauth keeps second factors and speaks OpenID Connect; sessions, addresses and refusals
# are ours (labeling/core/api/{session,second_factor,oidc}.py).
SECOND_FACTOR = env.choice("SECOND_FACTOR", "optional", choices=("optional", "operators", "everyone"))
MFA_ADAPTER = "labeling.core.services.secrets.EncryptingAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_ADAPTER = "labeling.core.api.oidc.ProviderAdapter"
SOCIALACCOUNT_OPENID_CONNECT_URL_PREFIX = "oidc"
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": oidc.providers()}}
# Whether someone the provider knows and we do not gets an account.
OIDC_SIGN_UP = env.flag("OIDC_SIGN_UP", True)
EMAIL_BACKEND = "django.core.mail.backends.{}.EmailBackend".format(
    "smtp" if env.text("EMAIL_HOST") else "console"
)
EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.integer("EMAIL_PORT", 587, low=1, high=65535)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", True)
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "plumbline@localhost")

# --- API ---------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "labeling.core.api.authentication.TokenAuthentication",
        "labeling.core.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "labeling.core.api.pagination.PageCursor",
    "PAGE_SIZE": 50,
    "EXCEPTION_HANDLER": "labeling.core.api.exceptions.handle",
    "UNAUTHENTICATED_USER": None,
    # Whose word about the caller's address to take: nobody's, or the one proxy's in front of us.
    "NUM_PROXIES": 1 if env.flag("TRUST_PROXY") else 0,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Plumbline",
    "DESCRIPTION": "Human-feedback labeling and RLHF in one loop.",
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "Role": "labeling.models.projects.Role",
        "Permission": "labeling.core.permissions.Permission",
        "RunKind": "rlhf.models.Run.Kind",
        "RunState": "rlhf.models.Run.State",
        "RoundState": "rlhf.models.Round.State",
        "RoundStepName": "rlhf.models.RoundStep.Name",
        "RoundStepState": "rlhf.models.RoundStep.State",
        "ModelKind": "rlhf.models.ModelVersion.Kind",
        "ModelStage": "rlhf.models.ModelVersion.Stage",
        "SnapshotKind": "rlhf.models.Snapshot.Kind",
        "Judge": "rlhf.models.Evaluation.Judge",
        "TaskKind": "labeling.models.queue.Task.Kind",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "labeling.core.api.schema.add_errors",
    ],
}

# --- webhooks ----------------------------------------------------------------------------
# Addresses inside the house are out of bounds for webhooks unless the operator says otherwise.
WEBHOOK_ALLOW_PRIVATE = env.flag("WEBHOOK_ALLOW_PRIVATE")
WEBHOOK_TIMEOUT_SECONDS = env.integer("WEBHOOK_TIMEOUT_SECONDS", 10, low=1, high=60)

# --- runs --------------------------------------------------------------------------------
# Workers reach the API here; it differs from PUBLIC_URL behind a proxy.
WORKER_API_URL = env.url("WORKER_API_URL", PUBLIC_URL, schemes=("http", "https"))
EXECUTOR = env.text("EXECUTOR", "local")
LOCAL_SLOTS = env.integer("LOCAL_SLOTS", 0, low=0, high=64)  # 0: one per GPU, or one on CPU
LOCAL_THREADS = env.integer("LOCAL_THREADS", 0, low=0, high=1024)  # of one run; 0: its share of the cores
LOCAL_WARM = env.flag("LOCAL_WARM", True)  # libraries stay loaded, so that runs begin at once
HEARTBEAT_TIMEOUT_SECONDS = env.integer("HEARTBEAT_TIMEOUT_SECONDS", 60, low=5, high=3600)
MAX_ATTEMPTS = env.integer("MAX_ATTEMPTS", 3, low=1, high=20)
WORKDIR = Path(env.text("WORKDIR", str(VAR_DIR / "work")))

# --- files and words ---------------------------------------------------------------------
FRONTEND_DIST = BASE_DIR / "frontend" / "dist"
STATIC_URL = "/static/"
STATIC_ROOT = None  # Django has no files of its own to serve: the page comes from FRONTEND_DIST
WHITENOISE_ROOT = FRONTEND_DIST if FRONTEND_DIST.is_dir() else None
# Vite names its files by their content: assets/<name>-<hash>.<ext>.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/assets/.+-[\w-]{8}\.\w+$"
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("LOG_LEVEL", "INFO")},
    # Or every webhook's address, which may hold a secret, is written at each try.
    "loggers": {"httpx": {"level": "WARNING"}},
}
