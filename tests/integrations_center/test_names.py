"""Names that begin like a setting and are none are told; those of other programs are not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from integrations.checks import names_are_known
from integrations_center import names

SETTINGS = {"ALLOWED_HOSTS", "CREDENTIAL_KEYS", "DATABASE_URL", "DEFAULT_FROM_EMAIL", "PORT"}
OF_PLATFORMS = {"PROVIDER_META__API_URL", "APP_GOOGLE__CLIENT_ID", "APP_GOOGLE__CLIENT_SECRET"}


def told(*given):
    return [
        (one.name, one.meant, one.stops) for one in names.strangers(given, SETTINGS, OF_PLATFORMS)
    ]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PROVIDER_META__API", "PROVIDER_META__API_URL"),
        ("PROVIDER_META__API_URI", "PROVIDER_META__API_URL"),
        ("PROVIDER_META_API", "PROVIDER_META__API_URL"),
        ("provider_meta__api_url", "PROVIDER_META__API_URL"),
        ("PROVIDER_META", "PROVIDER_META__API_URL"),
        ("APP_GOOGLE__CLIENT_SECRETS", "APP_GOOGLE__CLIENT_SECRET"),
        ("APP_GOOGLE__ID", "APP_GOOGLE__CLIENT_ID"),
    ],
)
def test_of_a_known_platform_or_app_it_stops_the_start(name, meant):
    assert told(name) == [(name, meant, True)]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("DATABASE_URI", "DATABASE_URL"),
        ("DATABASE_URL_FILE", "DATABASE_URL"),
        ("database_url", "DATABASE_URL"),
        ("DATABSE_URL", "DATABASE_URL"),
        ("CREDENTIAL_KEY", "CREDENTIAL_KEYS"),
        ("ALLOWED_HOST", "ALLOWED_HOSTS"),
        ("PROVIDER_TIKTOK__API", "PROVIDER_META__API_URL"),
        ("APP_TIKTOK__CLIENT", "APP_GOOGLE__CLIENT_ID"),
    ],
)
def test_another_that_begins_like_ours_is_told(name, meant):
    assert told(name) == [(name, meant, False)]


def test_names_of_other_programs_and_our_own_are_left_alone():
    assert told("APP_ENV", "APP_NAME", "HOME", "PORTS", "SPORT", "LC_ALL", "DEFAULT_REGION") == []
    assert told(*SETTINGS, *OF_PLATFORMS) == []


def test_a_misspelt_name_is_an_error_with_the_right_one(monkeypatch):
    monkeypatch.setenv("PROVIDER_META__API", "http://127.0.0.1:9000/4711")

    (error,) = names_are_known()

    assert error.is_serious()
    assert error.msg == "PROVIDER_META__API is no setting, so nothing reads it."
    assert error.hint == "Did you mean PROVIDER_META__API_URL?"


def test_another_one_is_a_warning_unless_it_is_empty(monkeypatch):
    monkeypatch.setenv("DATABASE_URI", "4711")
    monkeypatch.setenv("TRUSTED_PROXY", "")

    warned = [message.msg for message in names_are_known()]

    assert warned == ["DATABASE_URI is no setting, so nothing reads it."]


@pytest.mark.parametrize(
    "start", [["-c", "import integrations_center.wsgi"], ["manage.py", "worker"]]
)
def test_a_misspelt_name_stops_the_site_and_the_worker(start):
    named = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PROVIDER_META__API": "4711"}

    run = subprocess.run(
        [sys.executable, *start],
        cwd=Path(__file__).parents[2],
        env={"PATH": os.environ["PATH"]} | named,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert run.returncode == 1
    assert "PROVIDER_META__API is no setting, so nothing reads it." in run.stderr
    assert "4711" not in run.stderr
