"""Typed readers: good values are read, bad ones stop the start with one sentence."""

import os
import secrets
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import get_resolver

from integrations import crypto
from integrations.pages import urls as pages
from integrations_center import env
from providers.declare import App


@pytest.fixture
def given(monkeypatch):
    def give(**values):
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return give


def test_a_missing_key_says_how_to_get_one(given):
    given(CREDENTIAL_KEYS="")

    with pytest.raises(env.Missing, match=r"CREDENTIAL_KEYS is not set\. Run `\./dev serve` once"):
        env.keys("CREDENTIAL_KEYS")


def test_keys_are_read_newest_first(given):
    newest, oldest = crypto.new_key(), crypto.new_key()
    given(CREDENTIAL_KEYS=f"{newest}, {oldest}")

    assert env.keys("CREDENTIAL_KEYS") == [newest, oldest]


def test_a_bad_key_is_refused_and_not_repeated(given):
    given(CREDENTIAL_KEYS="c2hvcnQ=")

    with pytest.raises(ImproperlyConfigured) as refusal:
        env.keys("CREDENTIAL_KEYS")

    assert "32 random bytes" in str(refusal.value)
    assert "c2hvcnQ" not in str(refusal.value)


@pytest.mark.parametrize(
    "token", ["s3cr3t-but-short", "a" * 40, "with blanks in it 4711", "t" * 19]
)
def test_a_token_that_can_be_guessed_or_not_be_sent_is_refused_and_not_repeated(given, token):
    given(METRICS_TOKEN=token)

    with pytest.raises(ImproperlyConfigured) as refusal:
        env.token("METRICS_TOKEN")

    assert str(refusal.value).startswith("METRICS_TOKEN must be 20 random characters or more")
    assert token not in str(refusal.value)


def test_a_token_is_read_as_it_is_and_may_be_left_out(given):
    token = secrets.token_urlsafe(32)
    given(METRICS_TOKEN=token)
    assert env.token("METRICS_TOKEN") == token

    given(METRICS_TOKEN="")
    assert env.token("METRICS_TOKEN") == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [("on", True), ("True", True), ("1", True), ("", False), ("off", False), ("no", False)],
)
def test_a_switch_takes_the_usual_words(given, value, expected):
    given(DEBUG=value)

    assert env.boolean("DEBUG") is expected


def rate(name):
    return env.positive_number(name, 10)


@pytest.mark.parametrize(
    "key", ["s", "correct-4711-horse", "4" * 64, "abcd" * 16, "django-insecure-" + "4711xyz" * 8]
)
def test_a_secret_key_that_can_be_guessed_is_refused_and_not_repeated(given, key):
    given(SECRET_KEY=key)

    with pytest.raises(ImproperlyConfigured) as refusal:
        env.secret_key("SECRET_KEY")

    assert str(refusal.value).startswith("SECRET_KEY can be guessed. It must be 32 random")
    assert "4711" not in str(refusal.value)


def test_the_secret_key_that_a_first_start_makes_is_taken(given):
    key = secrets.token_urlsafe(50)
    given(SECRET_KEY=key)

    assert env.secret_key("SECRET_KEY") == key


@pytest.mark.parametrize(
    ("read", "value", "sentence"),
    [
        (env.boolean, "Perhaps", "must be on or off, not 'Perhaps'."),
        (rate, "00", "must be a whole number between 1 and 999999, such as 10, not '00'."),
        (rate, "-3", "must be a whole number between 1 and 999999, such as 10, not '-3'."),
        (rate, "ten", "must be a whole number between 1 and 999999, such as 10, not 'ten'."),
        (
            rate,
            "1000000",
            "must be a whole number between 1 and 999999, such as 10, not '1000000'.",
        ),
        (rate, "9" * 5000, "must be a whole number between 1 and 999999, such as 10."),
        (
            lambda name: env.port(name, 8000),
            "70000",
            "must be a whole number between 1 and 65535, such as 8000, not '70000'.",
        ),
        (
            env.networks,
            "10.0.0.7, 10.0.0.1/24",
            "must be IP addresses or networks such as 10.0.0.7 or 10.0.0.0/24, "
            "with commas between, not '10.0.0.1/24'.",
        ),
        (
            env.outbound,
            "10.0.0.7/24",
            "must be entries such as 10.0.0.0/24:5678 or n8n.internal:5678, with commas between, "
            "not '10.0.0.7/24'.",
        ),
        (
            lambda name: env.sender(name, "us"),
            "Integrations",
            "must be a mail address such as integrations@example.com, not 'Integrations'.",
        ),
    ],
)
def test_a_bad_value_is_told_with_an_example_and_what_was_found(given, read, value, sentence):
    given(SETTING=value)

    with pytest.raises(ImproperlyConfigured) as refusal:
        read("SETTING")

    assert str(refusal.value) == f"SETTING {sentence}"


@pytest.mark.parametrize("value", ["https://me:4711@example.com", "4711?", "4711" * 20])
def test_what_may_be_a_secret_is_not_repeated(given, value):
    given(SETTING=value)

    with pytest.raises(ImproperlyConfigured) as refusal:
        env.positive_number("SETTING", 10)

    assert str(refusal.value).startswith("SETTING must be a whole number")
    assert "4711" not in str(refusal.value)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ('"4711"', "SETTING has quotes around its value."),
        ("'4711'", "SETTING has quotes around its value."),
        ("47\u200b11", "SETTING holds a character that does not show."),
        ("4711\nB=1", "SETTING holds a character that does not show."),
    ],
)
def test_a_value_of_the_environment_is_refused_where_it_is_not_as_it_looks(given, value, sentence):
    """A `--env-file` keeps quotes and all."""
    given(SETTING=value)

    with pytest.raises(ImproperlyConfigured) as refusal:
        env.text("SETTING")

    assert str(refusal.value).startswith(sentence)
    assert "47" not in str(refusal.value)


def test_so_is_a_value_of_an_app():
    with pytest.raises(ImproperlyConfigured, match="APP_X__CLIENT_SECRET has quotes around") as no:
        env.apps({"APP_X__CLIENT_ID": "an-id", "APP_X__CLIENT_SECRET": '"4711"'})

    assert "4711" not in str(no.value)


@pytest.mark.parametrize(
    "value",
    ["a.example.com, .b.example.com", "*", "127.0.0.1", "[::1]", "localhost", "A.Example.com"],
)
def test_hosts_that_are_answered_are_read(given, value):
    given(ALLOWED_HOSTS=value)

    assert env.hosts("ALLOWED_HOSTS") == value.split(", ")


@pytest.mark.parametrize(
    "value",
    [
        "https://example.com",
        "example.com:8000",
        "[::1]:8000",
        "::1",
        '["example.com"]',
        "['example.com']",
        "*.example.com",
        "example.com/",
        "example.com.",
        "a.example.com b.example.com",
        "a.example.com;b.example.com",
        "my_host",
    ],
)
def test_a_host_that_would_match_no_request_is_refused(given, value):
    given(ALLOWED_HOSTS=f"localhost,{value}")

    with pytest.raises(ImproperlyConfigured) as refusal:
        env.hosts("ALLOWED_HOSTS")

    assert str(refusal.value) == (
        "ALLOWED_HOSTS must be host names such as integrations.example.com, with commas between, "
        f"without https:// or a port, not {value!r}."
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://me:4711@mail.example.com",
        "smtp://me:4711@mail.example.com:many",
        "smtp+tls://me:4711/x@mail.example.com",
        "smtp+tls://me:4711?x@mail.example.com",
        "smtp+tls://me:4711#x@mail.example.com",
        "mail.example.com",
    ],
)
def test_a_mail_server_that_is_not_read_as_written_is_refused(given, url):
    given(EMAIL_URL=url)

    with pytest.raises(ImproperlyConfigured) as refusal:
        env.mailers("EMAIL_URL")

    assert str(refusal.value).startswith(
        "EMAIL_URL must be like smtp+tls://user:password@mail.example.com:587."
    )
    assert "4711" not in str(refusal.value)


@pytest.mark.parametrize(
    "address",
    [
        "example.com",
        "ftp://example.com",
        "https://",
        "https://user:word@example.com",
        "https://example.com?x=1",
        "https://example.com#x",
        "https://exam ple.com",
        "https://example.com:99999",
        "https://[::1",
        "https://example.com/path",
    ],
)
def test_a_public_url_is_an_origin_and_nothing_more(address):
    with pytest.raises(ImproperlyConfigured, match="PUBLIC_URL must be an address"):
        env.origin("PUBLIC_URL", address, path_allowed=False)


@pytest.mark.parametrize(
    "address",
    [
        "https://my_host.example",
        "https://a..example",
        "https://*.example",
        "https://example.com/a/../b",
        "https://example.com/a b",
        "https://example.com//a",
        "https://example.com/%61",
    ],
)
def test_a_public_url_that_no_browser_would_keep_is_refused(given, address):
    given(PUBLIC_URL=address)

    with pytest.raises(ImproperlyConfigured, match="PUBLIC_URL must be"):
        env.public_url("PUBLIC_URL", "")


def test_a_path_that_begins_like_ours_is_refused(given):
    ours = {str(one.pattern).partition("/")[0] for one in get_resolver().url_patterns}
    of_pages = {str(one.pattern).partition("/")[0] for one in pages.urlpatterns}

    assert (ours | of_pages | {"static"}) - {""} == env.OUR_PATHS
    given(PUBLIC_URL="https://example.com/dashboard/")
    with pytest.raises(ImproperlyConfigured, match="/dashboard/ is ours"):
        env.public_url("PUBLIC_URL", "")


def test_networks_are_read_from_addresses_and_networks(given):
    given(TRUSTED_PROXIES="10.0.0.7, 2001:db8::/32")

    assert env.networks("TRUSTED_PROXIES") == (
        ip_network("10.0.0.7/32"),
        ip_network("2001:db8::/32"),
    )


def test_provider_origins_are_read_by_slug_and_host():
    environment = {
        "PROVIDER_META__API_URL": "http://127.0.0.1:9000/",
        "PROVIDER_GOOGLE_ADS__TOKEN_URL": "https://sandbox.example.com/google",
        "PROVIDER_X__API_URL": "",
        "HOME": "/",
    }

    assert env.provider_origins(environment) == {
        "meta": {"API": "http://127.0.0.1:9000"},
        "google_ads": {"TOKEN": "https://sandbox.example.com/google"},
    }


@pytest.mark.parametrize(
    "name", ["PROVIDER_META_API_URL", "PROVIDER_meta__API_URL", "PROVIDER___API_URL"]
)
def test_a_provider_setting_with_a_typing_error_is_refused(name):
    with pytest.raises(ImproperlyConfigured, match="Write it like PROVIDER_<SLUG>__API_URL"):
        env.provider_origins({name: "http://127.0.0.1:9000"})


def test_a_provider_origin_takes_no_password():
    with pytest.raises(ImproperlyConfigured, match="PROVIDER_META__API_URL must be an address"):
        env.provider_origins({"PROVIDER_META__API_URL": "http://me:word@127.0.0.1:9000"})


def test_apps_are_read_by_slug():
    environment = {
        "APP_GOOGLE__CLIENT_ID": " 123.apps.googleusercontent.com",
        "APP_GOOGLE__CLIENT_SECRET": "GOCSPX-abc ",
        "APP_X__CLIENT_ID": "",
        "APP_X__CLIENT_SECRET": " ",
        "APP_ENV": "production",
        "MY_APP_X_CLIENT_ID": "of something else",
    }

    assert env.apps(environment) == {"google": App("123.apps.googleusercontent.com", "GOCSPX-abc")}


@pytest.mark.parametrize("given", ["ID", "SECRET"])
@pytest.mark.parametrize("other", [{}, {"APP_GOOGLE__CLIENT_ID": ""}])
def test_half_an_app_stops_the_start_and_is_not_repeated(given, other):
    with pytest.raises(ImproperlyConfigured) as refusal:
        env.apps({**other, f"APP_GOOGLE__CLIENT_{given}": "value-4711"})

    assert str(refusal.value) == (
        "APP_GOOGLE__CLIENT_ID and APP_GOOGLE__CLIENT_SECRET go together: set both."
    )


@pytest.mark.parametrize(
    "name",
    [
        "APP_GOOGLE_CLIENT_ID",
        "APP_google__CLIENT_SECRET",
        "APP_GOOGLE___CLIENT_ID",
        "APP___CLIENT_SECRET",
        "APP_A__B__CLIENT_ID",
    ],
)
def test_an_app_setting_with_a_typing_error_is_refused_and_not_repeated(name):
    with pytest.raises(
        ImproperlyConfigured, match="Write it like APP_<NAME>__CLIENT_ID"
    ) as refusal:
        env.apps({name: "value-4711"})

    assert "4711" not in str(refusal.value)


def test_half_an_app_stops_the_start_with_one_sentence():
    given = {
        "PATH": os.environ["PATH"],
        "SECRET_KEY": "only-for-tests-" + "0" * 50,
        "CREDENTIAL_KEYS": crypto.new_key(),
        "APP_GOOGLE__CLIENT_SECRET": "value-4711",
    }

    start = subprocess.run(
        [sys.executable, "-c", "import integrations_center.settings"],
        cwd=Path(__file__).parents[2],
        env=given,
        capture_output=True,
        text=True,
        check=False,
    )

    assert start.returncode == 1
    assert start.stderr.strip().endswith("go together: set both.")
    assert "4711" not in start.stderr


def test_no_repr_shows_an_apps_secret():
    read = env.apps({"APP_X__CLIENT_ID": "an-id", "APP_X__CLIENT_SECRET": "secret-4711"})

    assert "4711" not in repr(read)


def test_without_a_mail_server_there_is_no_mailer(given):
    given(EMAIL_URL="")

    assert env.mailers("EMAIL_URL") == {}


def test_a_mail_server_is_read_with_its_encryption(given):
    given(EMAIL_URL="smtp+tls://me:p%40ss@mail.example.com")

    options = env.mailers("EMAIL_URL")["default"]["OPTIONS"]

    assert (options["host"], options["port"]) == ("mail.example.com", 587)
    assert (options["username"], options["password"]) == ("me", "p@ss")
    assert (options["use_tls"], options["use_ssl"]) == (True, False)
