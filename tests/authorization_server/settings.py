"""As strict as django-oauth-toolkit can be: PKCE, rotation, reuse protection, `iss`."""

import os
from pathlib import Path

SECRET_KEY = "only-for-tests-" + "1" * 50
ALLOWED_HOSTS = ["127.0.0.1"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["AUTHORIZATION_SERVER_DATABASE"],
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
    }
}
APPS = ("contenttypes", "auth", "sessions")
INSTALLED_APPS = [*(f"django.contrib.{name}" for name in APPS), "oauth2_provider"]
# Tables without their history are made at once.
MIGRATION_MODULES = dict.fromkeys([*APPS, "oauth2_provider"])
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "tests.authorization_server.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ],
        },
    },
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick, not safe
USE_TZ = True

OAUTH2_PROVIDER = {
    "SCOPES": {
        "users:read": "Read users",
        "organizations:read": "Read organizations",
        "event_types:read": "Read event types",
        "scheduled_events:read": "Read scheduled events",
    },
    "SCOPES_BACKEND_CLASS": "tests.authorization_server.scopes.ScopesOfTheApp",
    "PKCE_REQUIRED": True,
    "ROTATE_REFRESH_TOKEN": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "ACCESS_TOKEN_EXPIRE_SECONDS": 7200,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
}
