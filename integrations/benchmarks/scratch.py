"""A database for one run, and settings under which nothing leaves this process."""

import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from django.db import connection
from django.test import override_settings

from integrations import crypto, platforms
from integrations.work import worker


@contextmanager
def scratch_database() -> Iterator[None]:
    """Everything inside happens in a new, migrated database; the real one is not opened."""
    with tempfile.TemporaryDirectory() as folder:
        names = {
            "sqlite": str(Path(folder) / "benchmark.sqlite3"),  # a file: threads share it
            "postgresql": f"benchmark_{os.getpid()}",
        }
        options, real = connection.settings_dict["TEST"], connection.settings_dict["NAME"]
        before = options["NAME"]
        options["NAME"] = names[connection.vendor]
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        try:
            yield
        finally:
            connection.creation.destroy_test_db(real, verbosity=0)
            options["NAME"] = before


def url() -> str:
    """The database of this run, in the form of the setting: for a process beside this one."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{quote(name)}").geturl()


@contextmanager
def scratch_settings() -> Iterator[None]:
    """A key of its own, plain static files, and requests over http from anywhere."""
    changed: dict[str, Any] = {
        "ALLOWED_HOSTS": ["*"],
        "CREDENTIAL_KEYS": [crypto.new_key()],
        "ROOT_URLCONF": "integrations.benchmarks.urls",
        "SECURE_SSL_REDIRECT": False,
        "SESSION_COOKIE_SECURE": False,
        "STORAGES": {
            "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
        "TASKS": {"default": {"BACKEND": worker.ENGINE}},
    }
    with warnings.catch_warnings(), override_settings(**changed):
        warnings.filterwarnings("ignore", message="No directory at")
        yield


@contextmanager
def platforms_at(urls: Mapping[str, str]) -> Iterator[None]:
    """`{slug: url}`: all hosts of platforms on servers of ours."""
    origins = {slug: dict.fromkeys(platforms.get(slug).hosts, url) for slug, url in urls.items()}
    with override_settings(PROVIDER_ORIGINS=origins):
        platforms.catalogue.cache_clear()
        try:
            yield
        finally:
            platforms.catalogue.cache_clear()
