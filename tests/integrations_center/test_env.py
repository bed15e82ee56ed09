"""Typed readers: good values are read, bad ones stop the start with one sentence."""

import os
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from integrations import crypto
from integrations_center import env
from providers.declare import App


@pytest.fixture
def given(monkeypatch):
    def give(**values):
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return give


def test_the_real_environment_wins_over_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "environ", {"TEST_RATE": "3"})
    monkeypatch.setattr(env.environ.Env, "ENVIRON", os.environ)
    (tmp_path / ".env").write_text("TEST_RATE=99\nPORT=8123\n")

    env.read_file(tmp_path / ".env")

    assert os.environ == {"TEST_RATE": "3", "PORT": "8123"}


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
    ("value", "expected"),
    [("on", True), ("True", True), ("1", True), ("", False), ("off", False), ("no", False)],
)
def test_a_switch_takes_the_usual_words(given, value, expected):
    given(DEBUG=value)

    assert env.boolean("DEBUG") is expected


@pytest.mark.parametrize(
    ("read", "value", "sentence"),
    [
        (env.boolean, "perhaps", "must be on or off"),
        (lambda name: env.positive_number(name, 10), "00", "whole number above 0"),
        (lambda name: env.positive_number(name, 10), "-3", "whole number above 0"),
        (lambda name: env.positive_number(name, 10), "ten", "whole number above 0"),
        (lambda name: env.port(name, 8000), "70000", "between 1 and 65535"),
        (env.networks, "10.0.0.1/24", "must be IP addresses or networks"),
        (env.networks, "proxy.local", "must be IP addresses or networks"),
        (env.outbound, "10.0.0.7/24", "must be entries such as 10.0.0.0/24:5678"),
        (env.mailers, "http://mail.example.com", "must be like smtp+tls://"),
        (env.mailers, "smtp://mail.example.com:many", "must be like smtp+tls://"),
    ],
)
def test_a_bad_value_is_named_but_not_repeated(given, read, value, sentence):
    given(SETTING=value)

    with pytest.raises(ImproperlyConfigured) as refusal:
        read("SETTING")

    assert str(refusal.value).startswith("SETTING ")
    assert sentence in str(refusal.value)
    assert value not in str(refusal.value)


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
        "SECRET_KEY": "s",
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
