"""What the settings promise, asked of Django itself."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.urls import reverse

from integrations import crypto
from integrations.checks import origins_are_known

ROOT = Path(__file__).parents[2]
ASK = """
import json
from integrations_center import settings as s
print(json.dumps({name: getattr(s, name) for name in %s}))
"""


@pytest.fixture
def ask():
    """The product's own settings in a process with just this environment."""

    def values(*names, **environment):
        given = {
            "ALLOWED_HOSTS": "",
            "CREDENTIAL_KEYS": crypto.new_key(),
            "DATABASE_URL": "sqlite:////never-opened",
            "SECRET_KEY": "only-for-tests-" + "0" * 50,
        }
        run = subprocess.run(
            [sys.executable, "-c", ASK % repr(names)],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"]} | given | environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return list(json.loads(run.stdout).values())

    return values


HTTPS = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT")
HSTS = ("SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD")


def test_https_makes_cookies_secure_and_redirects(ask):
    assert ask(*HTTPS, PUBLIC_URL="https://icc.example.com") == [True, True, True]
    assert ask(*HSTS, PUBLIC_URL="https://icc.example.com") == [31536000, False, False]


def test_how_long_https_is_kept_to_is_a_setting(ask):
    given = {"HSTS_SECONDS": "0", "HSTS_SUBDOMAINS": "on", "HSTS_PRELOAD": "on"}

    assert ask(*HSTS, PUBLIC_URL="https://icc.example.com", **given) == [0, True, True]


def test_plain_http_works_without_https(ask):
    assert ask(*HTTPS, "SECURE_HSTS_SECONDS", PUBLIC_URL="") == [False, False, False, 0]


def test_the_port_decides_the_public_url_and_its_host_is_allowed(ask):
    assert ask("PUBLIC_URL", PORT="8123", PUBLIC_URL="") == ["http://127.0.0.1:8123"]
    assert ask("ALLOWED_HOSTS", PUBLIC_URL="https://icc.example.com") == [
        ["icc.example.com", "localhost", "127.0.0.1"]
    ]


@pytest.mark.parametrize(
    ("written", "public_url", "host"),
    [
        ("HTTPS://ICC.Example.COM:443/", "https://icc.example.com", "icc.example.com"),
        ("http://icc.example.com.:80", "http://icc.example.com", "icc.example.com"),
        ("https://icc.example.com:8443//", "https://icc.example.com:8443", "icc.example.com"),
        ("http://[2001:DB8:0::1]:8000", "http://[2001:db8::1]:8000", "[2001:db8::1]"),
        ("https://Bücher.example", "https://xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("https://ex.com/Tools/icc/", "https://ex.com/Tools/icc", "ex.com"),
    ],
)
def test_what_means_the_same_public_url_is_the_same(ask, written, public_url, host):
    names = ("PUBLIC_URL", "ALLOWED_HOSTS")

    assert ask(*names, PUBLIC_URL=written) == [public_url, [host, "localhost", "127.0.0.1"]]


def test_the_host_of_the_public_url_is_answered_whatever_else_is(ask):
    given = {"PUBLIC_URL": "https://a.example", "ALLOWED_HOSTS": "b.example,Bücher.example"}

    assert ask("ALLOWED_HOSTS", **given) == [["a.example", "b.example", "xn--bcher-kva.example"]]


def test_the_path_of_the_public_url_is_in_links_static_files_and_cookies(ask):
    names = ("FORCE_SCRIPT_NAME", "STATIC_URL", "SESSION_COOKIE_PATH", "CSRF_COOKIE_PATH")

    found = ask(*names, "CSRF_TRUSTED_ORIGINS", PUBLIC_URL="https://ex.com/a/b")

    assert found == ["/a/b", "/a/b/static/", "/a/b/", "/a/b/", ["https://ex.com"]]


def test_installations_on_one_host_have_cookies_of_their_own(ask):
    urls = ("http://ex.com:8000", "http://ex.com:8001", "https://ex.com", "https://ex.com/a")
    names = ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "MESSAGES_COOKIE_NAME")

    found = [ask(*names, PUBLIC_URL=url) for url in urls]

    assert [one[0] for one in found] == [
        "icc_session_8000",
        "icc_session_8001",
        "__Host-icc_session_443",
        "__Secure-icc_session_443+a",
    ]
    assert len({name for one in found for name in one}) == 12


def test_five_wrong_passwords_lock_this_address_and_no_other(db, client, django_user_model):
    django_user_model.objects.create_user("ann", password="right horse battery")

    def sign_in(password, address="203.0.113.1"):
        typed = {"username": "ann", "password": password}
        return client.post(reverse("login"), typed, REMOTE_ADDR=address)

    answers = [sign_in("wrong").status_code for _ in range(5)]

    assert answers == [200, 200, 200, 200, 429]
    assert sign_in("right horse battery").status_code == 429
    assert sign_in("right horse battery", address="203.0.113.2").status_code == 302


def test_an_origin_of_an_unknown_platform_or_host_stops_the_start(settings):
    local = "http://127.0.0.1:9000"
    settings.PROVIDER_ORIGINS = {"meta": {"API": local, "APY": local}, "metta": {"API": local}}

    errors = origins_are_known()

    assert [error.msg for error in errors] == [
        "PROVIDER_META__APY_URL names no host of a platform here.",
        "PROVIDER_METTA__API_URL names no host of a platform here.",
    ]


def test_a_history_shorter_than_a_week_or_longer_than_its_sums_stops_the_start(ask):
    assert ask("HISTORY_DAYS") == [90]
    for found in ("6", "731", "ninety"):
        with pytest.raises(subprocess.CalledProcessError) as stopped:
            ask("HISTORY_DAYS", HISTORY_DAYS=found)
        sentence = "HISTORY_DAYS must be a whole number between 7 and 730, such as 90"
        assert f"{sentence}, not '{found}'." in stopped.value.stderr


def test_the_log_is_written_in_sentences_or_in_json_and_in_nothing_else(ask):
    def formatter(**given):
        return ask("LOGGING", **given)[0]["handlers"]["console"]["formatter"]

    assert (formatter(), formatter(LOG_FORMAT="JSON")) == ("plain", "json")
    with pytest.raises(subprocess.CalledProcessError) as stopped:
        formatter(LOG_FORMAT="xml")
    assert "LOG_FORMAT must be plain or json, not 'xml'." in stopped.value.stderr
