"""Every form in which proxies write an address or a scheme."""

import pytest

from integrations_center import forwarded


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        (" 203.0.113.9:4711 ", "203.0.113.9"),
        ('"203.0.113.9:4711"', "203.0.113.9"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ('"[2001:db8::1]:4711"', "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:80", "fe80::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("[::ffff:cb00:7109]:80", "203.0.113.9"),
        ("unknown", ""),
        ("_hidden", ""),
        ("-", ""),
        ("", ""),
        ("1.2.3", ""),
        ("proxy.example", ""),
    ],
)
def test_an_address_is_read_in_every_form(written, address):
    assert forwarded.address(written) == address


def headers(**given):
    return dict.fromkeys(forwarded.ALL, "") | {f"HTTP_{name}": text for name, text in given.items()}


@pytest.mark.parametrize(
    ("given", "scheme"),
    [
        ({"X_FORWARDED_PROTO": "https"}, "https"),
        ({"X_FORWARDED_PROTO": "HTTPS, http"}, "https"),
        ({"X_FORWARDED_PROTO": " http,https"}, "http"),
        ({"X_FORWARDED_PROTO": "wss"}, "https"),
        ({"X_FORWARDED_PROTO": "gopher"}, ""),
        ({"X_FORWARDED_SSL": "on"}, "https"),
        ({"FRONT_END_HTTPS": "On"}, "https"),
        ({"X_FORWARDED_SCHEME": "https"}, "https"),
        ({"X_SCHEME": "http"}, "http"),
        ({"X_FORWARDED_PROTOCOL": "ssl"}, "https"),
        ({"FORWARDED": 'for=1.2.3.4;Proto="https", for=5.6.7.8;proto=http'}, "https"),
        ({"FORWARDED": "for=1.2.3.4"}, ""),
        ({"X_FORWARDED_PROTO": "http", "X_FORWARDED_SSL": "on"}, "http"),
        ({}, ""),
    ],
)
def test_a_scheme_is_read_in_every_form(given, scheme):
    assert forwarded.scheme(headers(**given)) == scheme


@pytest.mark.parametrize(
    ("given", "client"),
    [
        ({"X_FORWARDED_FOR": "1.2.3.4, 203.0.113.9:80, 10.0.0.7:443"}, "203.0.113.9"),
        (
            {"FORWARDED": 'for=1.2.3.4, for="[2001:db8::9]:80";by=10.0.0.1,for=10.0.0.7'},
            "2001:db8::9",
        ),
        ({"FORWARDED": "By=10.0.0.1; FOR=203.0.113.9 ;proto=https"}, "203.0.113.9"),
        ({"X_REAL_IP": "203.0.113.9"}, "203.0.113.9"),
        ({"X_FORWARDED_FOR": "203.0.113.9, unknown, 10.0.0.7"}, ""),
        ({"FORWARDED": 'for="1.2.3.4, for=203.0.113.9'}, ""),
    ],
)
def test_the_last_address_that_is_no_trusted_proxy_asks(given, client):
    told = forwarded.told_by(headers(**given), lambda address: address.startswith("10."))

    assert [one.client for one in told.values()] == [client]


@pytest.mark.parametrize(
    ("value", "client"),
    [
        ("for=6.6.6.6, proto=https", ""),  # the nearest hop does not say who asks it
        ("for=6.6.6.6;proto=http, for=10.0.0.2;proto=https", "6.6.6.6"),
    ],
)
def test_a_hop_that_tells_no_address_is_no_other_ones(value, client):
    headers = dict.fromkeys(forwarded.ALL, "") | {"HTTP_FORWARDED": value}

    told = forwarded.told_by(headers, lambda text: text == "10.0.0.2")

    assert told["HTTP_FORWARDED"].client == client


def test_a_header_without_any_address_tells_nothing():
    headers = dict.fromkeys(forwarded.ALL, "") | {"HTTP_FORWARDED": "proto=http"}

    assert forwarded.told_by(headers, lambda _: True) == {}
