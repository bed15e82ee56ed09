"""/metrics: who may read it."""

from ipaddress import ip_network

import pytest

TOKEN = "m3tr1cs-t0ken-of-a-monitor-9f2c"


@pytest.fixture
def allowed(settings, db):
    settings.METRICS_TOKEN = TOKEN


def ask(client, **headers):
    return client.get("/metrics", headers=headers)


def test_without_a_setting_nothing_is_there(client, db):
    reply = ask(client, authorization=f"Bearer {TOKEN}")

    assert reply.status_code == 404
    assert reply.content == client.get("/nothing-here").content


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
def test_who_has_the_token_reads_it(client, allowed, scheme):
    reply = ask(client, authorization=f"{scheme} {TOKEN}")

    assert reply.status_code == 200
    assert reply["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "no-store" in reply["Cache-Control"]
    assert not reply.cookies


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN.upper()}",
        f"Token {TOKEN}",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN} {TOKEN}",
        "Bearer \xe9" * 3,
    ],
)
def test_who_has_another_or_none_is_asked_for_it(client, allowed, sent):
    reply = ask(client, authorization=sent)

    assert reply.status_code == 401
    assert reply["WWW-Authenticate"] == 'Bearer realm="metrics"'
    assert TOKEN not in reply.content.decode()


def test_a_person_with_a_session_is_not_let_in_by_it(client, allowed, admin_user):
    client.force_login(admin_user, backend="integrations.backend.Backend")

    assert ask(client).status_code == 401


@pytest.fixture
def near(settings, db):
    settings.METRICS_ALLOW = (ip_network("10.0.0.0/24"), ip_network("2001:db8::/64"))


def from_address(client, address, **more):
    return client.get("/metrics", REMOTE_ADDR=address, **more).status_code


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("10.0.0.7", 200),
        ("::ffff:10.0.0.7", 200),
        ("2001:db8::7", 200),
        ("10.0.1.7", 403),
        ("127.0.0.1", 403),
        ("", 403),
    ],
)
def test_an_address_may_be_enough(client, near, address, status):
    assert from_address(client, address) == status


def test_an_address_is_told_how_to_be_let_in(client, near):
    reply = client.get("/metrics", REMOTE_ADDR="10.0.1.7")

    assert "can add it to METRICS_ALLOW" in reply.content.decode()


def test_an_address_that_a_stranger_writes_down_is_nobodys(client, near):
    assert from_address(client, "203.0.113.9", HTTP_X_FORWARDED_FOR="10.0.0.7") == 403


def test_who_a_proxy_hides_is_not_let_in_by_the_proxys_address(client, near):
    """Else the whole world would read it that comes through a proxy nobody trusts."""
    passed_on = {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}

    assert from_address(client, "10.0.0.7", **passed_on) == 403


def test_who_a_trusted_proxy_names_is_who_asks(client, near, settings):
    settings.TRUSTED_PROXIES = (ip_network("10.0.0.7"),)

    assert from_address(client, "10.0.0.7", HTTP_X_FORWARDED_FOR="203.0.113.9") == 403
    assert from_address(client, "10.0.0.7", HTTP_X_FORWARDED_FOR="10.0.0.9") == 200


def test_a_monitor_beside_it_asks_by_plain_http_and_by_a_name_that_is_answered(
    client, allowed, settings
):
    settings.SECURE_SSL_REDIRECT = True

    assert ask(client, authorization=f"Bearer {TOKEN}").status_code == 200
    assert ask(client, authorization=f"Bearer {TOKEN}", host="evil.example").status_code == 400
    assert client.get("/metricsandmore").status_code == 308


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_it_is_only_read(client, allowed, method):
    assert getattr(client, method)("/metrics").status_code == 405
