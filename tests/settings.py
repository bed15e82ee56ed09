"""The product's settings for tests: nothing of the developer's own environment comes in,
except DATABASE_URL, so that the same tests run on PostgreSQL too.
"""

import os
import tempfile
from pathlib import Path

# There is no such folder, so no process that a test starts can open or make it by mistake.
NOWHERE = "sqlite:////nowhere/never-opened"

os.environ |= {
    "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
    "DATABASE_CONNECTIONS": "",
    "CREDENTIAL_KEYS": "dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdC0=",
    "DATABASE_URL": os.environ.get("DATABASE_URL") or NOWHERE,
    "DEBUG": "",
    "DEFAULT_FROM_EMAIL": "",
    "EMAIL_URL": "",
    "HISTORY_DAYS": "",
    "LOG_FORMAT": "",
    "METRICS_ALLOW": "",
    "METRICS_TOKEN": "",
    "OUTBOUND_ALLOW": "",
    "PORT": "",
    "PUBLIC_URL": "",
    "TASKS_URL": "",
    "SECRET_KEY": "only-for-tests-" + "0" * 50,
    "TEST_RATE": "",
    "TRUSTED_PROXIES": "",
}

from integrations_center.settings import *  # noqa: F403
from integrations_center.settings import DATABASES, STORAGES
from providers.declare import App

APPS = dict[str, App]()
PROVIDER_ORIGINS = dict[str, dict[str, str]]()
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick, not safe
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
TASKS = {"default": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"}}
STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
if DATABASES["default"]["ENGINE"] == "integrations_center.sqlite":
    # A file, not memory: the browser tests' server and threads need connections of their own.
    DATABASES["default"]["TEST"] = {
        "NAME": str(Path(tempfile.gettempdir()) / f"integrations-test-{os.getpid()}.sqlite3")
    }
else:
    DATABASES["default"]["ENGINE"] = "tests.postgresql"
    # Threads of one test wait for each other while each has a connection.
    DATABASES["default"]["OPTIONS"]["pool"]["max_size"] = 20
