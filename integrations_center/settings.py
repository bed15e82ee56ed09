"""Django's settings. What differs between machines comes from the environment or `.env`."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from django.utils.csp import CSP

from integrations_center import broker, cookies, databases, env, env_file
from providers.outbound.transport import USUAL_TIMEOUTS

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = BASE_DIR / "data"
A_YEAR = 365 * 24 * 3600  # seconds

env_file.read(BASE_DIR / ".env")

# --- What the environment decides ------------------------------------------------------------

PORT = env.port("PORT", 8000)
DEBUG = env.boolean("DEBUG")
SECRET_KEY = env.secret_key("SECRET_KEY")
CREDENTIAL_KEYS = env.keys("CREDENTIAL_KEYS")
PUBLIC_URL = env.public_url("PUBLIC_URL", f"http://127.0.0.1:{PORT}")
_PUBLIC = urlsplit(PUBLIC_URL)
_PUBLIC_HOST = re.sub(r":[0-9]+\Z", "", _PUBLIC.netloc)
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS") or ["localhost", "127.0.0.1"]
ALLOWED_HOSTS = [_PUBLIC_HOST, *(host for host in ALLOWED_HOSTS if host != _PUBLIC_HOST)]
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
TEST_RATE = env.positive_number("TEST_RATE", 10)
OUTAGE_MINUTES = env.positive_number("OUTAGE_MINUTES", 30)
HISTORY_DAYS = env.positive_number("HISTORY_DAYS", 90, least=7, most=730)
PROVIDER_ORIGINS = env.provider_origins(os.environ)
APPS = env.apps(os.environ)
OUTBOUND_ALLOW = env.outbound("OUTBOUND_ALLOW")
OUTBOUND_TIMEOUTS = USUAL_TIMEOUTS  # of a test; a benchmark has less patience
METRICS_TOKEN = env.token("METRICS_TOKEN")
METRICS_ALLOW = env.networks("METRICS_ALLOW")
DATABASE_CONNECTIONS = databases.connections("DATABASE_CONNECTIONS")
DATABASES = {
    "default": databases.configured(
        "DATABASE_URL", str(DATA_DIR / "db.sqlite3"), DATABASE_CONNECTIONS
    )
}
TASKS = broker.tasks("TASKS_URL")
# Set by `manage.py demo`, which makes that file anew: every page says so, and lets everybody in.
DEMO = env.boolean("DEMO") and DATABASES["default"]["NAME"] == str(DATA_DIR / "demo.sqlite3")
if DATABASES["default"]["NAME"] == str(DATA_DIR / "db.sqlite3"):
    DATA_DIR.mkdir(mode=0o700, exist_ok=True)
MAILERS = env.mailers("EMAIL_URL")
EMAIL_IS_CONFIGURED = bool(env.text("EMAIL_URL"))
# No mail server is fine: without one no mail is tried. What HSTS says is the operator's decision.
SILENCED_SYSTEM_CHECKS = ["mail.W001", "security.W004", "security.W005", "security.W021"]
DEFAULT_FROM_EMAIL = env.sender("DEFAULT_FROM_EMAIL", f"integrations@{_PUBLIC_HOST}")

# --- Application -----------------------------------------------------------------------------

INSTALLED_APPS = [
    # Before ours, whose admin takes their pages away.
    "django_ox",
    "allauth",
    "allauth.account",
    "integrations.apps.IntegrationsConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "knox",
    "drf_spectacular",
]

MIDDLEWARE = [
    "integrations_center.uncached.UncachedErrorsMiddleware",  # meets what all others answer
    "integrations_center.proxies.TrustedProxyMiddleware",  # the others ask who calls
    "integrations_center.front_door.FrontDoorMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Below the static files, which are compressed already. Each reply gets some random bytes, and
    # each page its CSRF token in a new mask: its length tells nothing of a secret (BREACH).
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "integrations.admin.zone.ZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "integrations.pages.refused.TooManyGuessesMiddleware",
    "integrations.pages.refused.NoPageMiddleware",
    "integrations_center.unavailable.UnavailableMiddleware",
]

ROOT_URLCONF = "integrations_center.urls"
WSGI_APPLICATION = "integrations_center.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "integrations.pages.context.site",
                "integrations.pages.context.trouble",
            ],
        },
    },
]

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"

# Whole, as the path of PUBLIC_URL is known here and not yet where Django would put it in front.
STATIC_URL = f"{_PUBLIC.path}/static/"
FORCE_SCRIPT_NAME = _PUBLIC.path or None
STATIC_ROOT = BASE_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Signing in ------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["integrations.backend.Backend"]  # it counts tries
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": name}
    for name in (
        "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "django.contrib.auth.password_validation.MinimumLengthValidator",
        "django.contrib.auth.password_validation.CommonPasswordValidator",
        "django.contrib.auth.password_validation.NumericPasswordValidator",
        "integrations.services.people.passwords.TokensEnd",
    )
]
SESSION_ENGINE = "integrations.sessions"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "login"

ACCOUNT_ADAPTER = "integrations.pages.door.adapter.Adapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_SIGNUP_ENABLED = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # no mail to whom nobody here knows
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = False  # its own are kept in a cache, which forgets; ours in the database
# Django's is bound to the mail address too; allauth's would write a row for each that it is asked.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"

# --- What browsers are told ------------------------------------------------------------------

_IS_HTTPS = PUBLIC_URL.startswith("https://")
CSRF_FAILURE_VIEW = "integrations.pages.refused.out_of_date"
CSRF_TRUSTED_ORIGINS = [f"{_PUBLIC.scheme}://{_PUBLIC.netloc}"]
SESSION_COOKIE_NAME = cookies.name("session", PUBLIC_URL)
CSRF_COOKIE_NAME = cookies.name("csrf", PUBLIC_URL)
MESSAGES_COOKIE_NAME = cookies.name("messages", PUBLIC_URL)
DEVICE_COOKIE_NAME = cookies.name("device", PUBLIC_URL)
HTTPS_COOKIE_NAME = cookies.name("https", PUBLIC_URL)
CSRF_COOKIE_PATH = SESSION_COOKIE_PATH = f"{_PUBLIC.path}/"
MESSAGE_STORAGE = "integrations_center.message_storage.MessageStorage"
CSRF_COOKIE_SAMESITE = SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = SECURE_SSL_REDIRECT = _IS_HTTPS
_HSTS_SECONDS = env.positive_number("HSTS_SECONDS", A_YEAR, least=0, most=10 * A_YEAR)
SECURE_HSTS_SECONDS = _HSTS_SECONDS if _IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.boolean("HSTS_SUBDOMAINS")
SECURE_HSTS_PRELOAD = env.boolean("HSTS_PRELOAD")
# Probes and monitors ask by plain http.
SECURE_REDIRECT_EXEMPT = [rf"^{re.escape(_PUBLIC.path.lstrip('/'))}/?(healthz|readyz|metrics)/?$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
}

# --- HTTP API --------------------------------------------------------------------------------

KNOX_TOKEN_MODEL = "integrations.ApiToken"
# Tokens are kept in our table; knox's own would stand empty, unknown to Django's flush.
MIGRATION_MODULES = {"knox": None}
REST_KNOX = {"TOKEN_MODEL": KNOX_TOKEN_MODEL, "AUTH_HEADER_PREFIX": "Token", "TOKEN_TTL": None}
REST_FRAMEWORK = {
    # Tokens first: their WWW-Authenticate makes "nobody is signed in" a 401, not a 403.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "integrations.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "integrations.api.errors.handle",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Integrations Control Center",
    "DESCRIPTION": "Connect platforms, and prove with a real call that each works.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVERS": [{"url": PUBLIC_URL}],
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,  # it says each word twice
    "PREPROCESSING_HOOKS": ["integrations.api.schema.plain_paths"],
    "ENUM_NAME_OVERRIDES": {
        "TestErrorKind": "integrations.api.shapes.KINDS",
        "ErrorKind": "integrations.api.shapes.ALL_KINDS",
    },
}

# --- Logs and error pages: without secrets ---------------------------------------------------

DEFAULT_EXCEPTION_REPORTER_FILTER = "integrations_center.logs.NothingTypedIsShown"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"redact": {"()": "integrations_center.logs.RedactingFilter"}},
    "formatters": {
        "plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
        "json": {"()": "integrations_center.logs.JsonLines"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["redact"],
            "formatter": env.choice("LOG_FORMAT", "plain", "json"),
        },
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.template": {"level": "INFO"},  # below that it writes addresses with their codes
        "django.tasks": {"level": "WARNING"},  # below that a job writes three lines
        "django_ox": {"level": "WARNING"},
        "celery": {"level": "ERROR"},  # below that it says at each loss what others say in words
        "kombu": {"level": "ERROR"},
        "psycopg.pool": {"level": "WARNING"},  # below that it writes lines for every request
    },
}
