"""X-Forwarded-* counts from a trusted proxy and from nobody else."""

import logging
from ipaddress import ip_network

import pytest
from django.http import HttpResponse
from django.urls import reverse

from integrations_center import proxies, told_once
from integrations_center.proxies import TrustedProxyMiddleware


@pytest.fixture
def seen(rf, settings):
    """What the rest of the program sees of a request from this address with these headers."""

    def see(peer, trusted=(), **headers):
        settings.TRUSTED_PROXIES = tuple(map(ip_network, trusted))
        request = rf.get("/", REMOTE_ADDR=peer, **headers)
        TrustedProxyMiddleware(lambda _: HttpResponse())(request)
        return request

    return see


def test_a_stranger_cannot_choose_an_address_or_scheme(seen):
    request = seen(
        "203.0.113.9",
        ["10.0.0.0/8"],
        HTTP_X_FORWARDED_FOR="1.2.3.4",
        HTTP_X_FORWARDED_PROTO="https",
        HTTP_X_FORWARDED_HOST="evil.example",
    )

    assert request.META["REMOTE_ADDR"] == "203.0.113.9"
    assert not request.is_secure()
    assert not [name for name in request.META if "FORWARDED" in name]


def test_a_trusted_proxy_tells_address_and_scheme(seen):
    request = seen(
        "10.0.0.2",
        ["10.0.0.0/8"],
        HTTP_X_FORWARDED_FOR="203.0.113.9",
        HTTP_X_FORWARDED_PROTO="https",
    )

    assert request.META["REMOTE_ADDR"] == "203.0.113.9"
    assert request.is_secure()


def test_addresses_that_the_client_invented_are_passed_over(seen):
    request = seen(
        "10.0.0.2", ["10.0.0.0/8"], HTTP_X_FORWARDED_FOR="1.2.3.4, 203.0.113.9, 10.0.0.7"
    )

    assert request.META["REMOTE_ADDR"] == "203.0.113.9"


@pytest.mark.parametrize("forwarded_for", ["", "unknown", "1.2.3.4, nonsense"])
def test_a_header_that_tells_nothing_leaves_the_proxy(seen, forwarded_for):
    request = seen("10.0.0.2", ["10.0.0.2/32"], HTTP_X_FORWARDED_FOR=forwarded_for)

    assert request.META["REMOTE_ADDR"] == "10.0.0.2"


def test_a_request_without_an_address_is_not_trusted(seen):
    request = seen("", ["0.0.0.0/0"], HTTP_X_FORWARDED_PROTO="https")

    assert not request.is_secure()


@pytest.mark.parametrize("peer", ["::ffff:10.0.0.2", "::FFFF:a00:2"])
def test_a_proxy_that_an_ipv6_socket_hands_over_is_the_one_that_is_trusted(seen, peer):
    request = seen(peer, ["10.0.0.2"], HTTP_X_FORWARDED_FOR="203.0.113.9")

    assert request.META["REMOTE_ADDR"] == "203.0.113.9"


def test_the_host_that_the_browser_asked_for_is_a_trusted_proxys_to_tell(seen):
    told = {"HTTP_HOST": "backend:8000", "HTTP_X_FORWARDED_HOST": "center.example"}

    assert seen("10.0.0.2", ["10.0.0.2"], **told).META["HTTP_HOST"] == "center.example"
    assert seen("10.0.0.2", [], **told).META["HTTP_HOST"] == "backend:8000"


def test_headers_that_name_two_visitors_count_for_neither(seen):
    request = seen(
        "10.0.0.2", ["10.0.0.2"], HTTP_X_FORWARDED_FOR="1.2.3.4", HTTP_X_REAL_IP="203.0.113.9"
    )

    assert request.META["REMOTE_ADDR"] == "10.0.0.2"
    assert "X-Forwarded-For and X-Real-IP" in proxies.way_of(request).trouble


def test_the_outer_proxy_in_a_header_of_the_inner_one_contradicts_nothing(seen):
    request = seen(
        "127.0.0.1",
        ["127.0.0.1", "10.0.0.2"],
        HTTP_X_FORWARDED_FOR="203.0.113.9, 10.0.0.2",
        HTTP_X_REAL_IP="10.0.0.2",
    )

    assert request.META["REMOTE_ADDR"] == "203.0.113.9"
    assert proxies.way_of(request).trouble == ""


def test_an_outer_proxy_that_is_not_trusted_is_named_with_the_value_to_set(seen):
    request = seen("127.0.0.1", ["127.0.0.1"], HTTP_X_FORWARDED_FOR="203.0.113.9, 10.0.0.2")

    assert request.META["REMOTE_ADDR"] == "10.0.0.2"
    assert "set TRUSTED_PROXIES=127.0.0.1,10.0.0.2 and" in proxies.way_of(request).trouble


@pytest.mark.parametrize(("trusted", "is_trouble"), [("10.0.0.2", True), ("10.0.0.0/24", False)])
def test_an_inner_proxy_that_replaces_what_the_outer_one_told_is_named(seen, trusted, is_trouble):
    request = seen("10.0.0.1", ["10.0.0.1", trusted], HTTP_X_FORWARDED_FOR="10.0.0.2")

    trouble = proxies.way_of(request).trouble
    assert trouble.startswith("The proxy at 10.0.0.1 names 10.0.0.2, a proxy") is is_trouble


def test_nobody_on_the_internet_is_recommended_as_a_proxy(seen, caplog, monkeypatch):
    monkeypatch.setattr(told_once, "_said", {})

    request = seen("10.0.0.2", ["10.0.0.2"], HTTP_X_FORWARDED_FOR="1.2.3.4, 198.41.128.7")

    assert request.META["REMOTE_ADDR"] == "198.41.128.7"
    assert proxies.way_of(request).trouble == ""
    assert "if you do not know it, a visitor wrote that." in caplog.text
    assert "TRUSTED_PROXIES=" not in caplog.text


@pytest.mark.parametrize(
    ("more", "is_trouble"),
    [
        ({}, False),
        ({"HTTP_X_FORWARDED_PROTO": "https"}, True),
        ({"HTTP_HOST": "center.example"}, True),
        ({"HTTP_REFERER": "http://center.example/x"}, True),
    ],
)
def test_a_command_on_this_machine_is_no_proxy_without_an_address(seen, settings, more, is_trouble):
    settings.PUBLIC_URL = "http://center.example"

    request = seen("127.0.0.1", ["127.0.0.1"], **more)

    assert bool(proxies.way_of(request).trouble) is is_trouble


def test_the_log_says_it_once_however_many_ask(seen, caplog, monkeypatch):
    monkeypatch.setattr(told_once, "_said", {})
    with caplog.at_level(logging.WARNING):
        for place in [1, 1, 1, *range(40)]:
            seen(f"203.0.113.{place}", [], HTTP_X_FORWARDED_FOR="1.2.3.4")

    assert len(caplog.messages) == told_once.MOST_OF_A_KIND
    assert caplog.messages[0].startswith("203.0.113.1 passes requests on and is not trusted")


def test_who_signs_in_reads_that_something_is_wrong_and_no_address(db, client, caplog):
    page = client.get(reverse("login"), REMOTE_ADDR="172.18.0.2", HTTP_X_FORWARDED_FOR="1.2.3.4")

    assert "not set up right behind its proxy" in page.text
    assert "172.18.0.2" not in page.text
    assert "set TRUSTED_PROXIES=172.18.0.2 and start again" in caplog.text
    assert "not set up right" not in client.get(reverse("login")).text


def test_of_those_signed_in_an_operator_alone_reads_it(db, client, django_user_model):
    for is_operator in (True, False):
        user = django_user_model.objects.create_user(f"u{is_operator}", is_superuser=is_operator)
        client.force_login(user)
        page = client.get("/nothing/", HTTP_X_FORWARDED_FOR="1.2.3.4")
        assert ("TRUSTED_PROXIES" in page.text) is is_operator
