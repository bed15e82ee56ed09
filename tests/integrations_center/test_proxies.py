"""X-Forwarded-* counts from a trusted proxy and from nobody else."""

from ipaddress import ip_network

import pytest
from django.http import HttpResponse

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
