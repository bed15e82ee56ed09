from ipaddress import ip_address

import pytest

from providers.outbound import addresses
from providers.outbound.addresses import clean, is_denied, may_reach, parse_allowed
from tests.providers.outbound import hostile

NETWORK = parse_allowed("10.0.0.0/24:5678")
SENTENCES = {addresses.MALFORMED, addresses.NOT_HTTPS, addresses.REFUSED}


@pytest.mark.parametrize("address", hostile.ADDRESSES)
def test_a_hostile_address_is_refused_in_a_sentence_that_does_not_repeat_it(address):
    with pytest.raises(ValueError, match="address") as caught:
        clean(address)

    assert str(caught.value) in SENTENCES
    assert caught.value.__context__ is None


@pytest.mark.parametrize("address", hostile.ADDRESSES)
def test_an_exception_for_another_network_opens_no_hostile_address(address):
    with pytest.raises(ValueError, match="address"):
        clean(address, allow=NETWORK)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://public.test/", "https://public.test"),
        ("HTTPS://Public.TEST:443/Path/?q=1", "https://public.test/Path/?q=1"),
        ("https://public.test:80/a%20b", "https://public.test:80/a%20b"),
        ("https://1.1.1.1/", "https://1.1.1.1"),
        ("https://[2606:4700:4700:0::1111]/x", "https://[2606:4700:4700::1111]/x"),
        ("https://xn--mnchen-3ya.test/", "https://xn--mnchen-3ya.test"),
        ("https://München.test/", "https://xn--mnchen-3ya.test"),
        ("https://аpple.test", "https://xn--pple-43d.test"),
        ("https://my--shop_1.public.test", "https://my--shop_1.public.test"),
        ("https://intranet", "https://intranet"),
        ("https://public.test?token=a:b@c//", "https://public.test?token=a:b@c//"),
    ],
)
def test_a_good_address_is_kept_rebuilt(typed, kept):
    assert clean(typed) == kept
    assert clean(kept) == kept


@pytest.mark.parametrize(
    ("allowed", "address"),
    [
        ("1.1.1.1/32:80", "http://1.1.1.1"),
        ("public.test:8443", "https://public.test:8443"),
        ("10.0.0.0/24:5678", "http://10.0.0.5:5678"),
        ("10.0.0.0/24:5678", "https://10.0.0.5:5678/webhook"),
        ("10.0.0.0/24:5678", "http://n8n.internal:5678"),  # judged when it is called
        ("n8n.internal:5678", "http://n8n.internal:5678"),
        ("localhost:5678", "http://localhost:5678"),
        ("[fd12::]/16:5678", "http://[fd12::7]:5678"),
    ],
)
def test_an_exception_of_the_operator_opens_an_address(allowed, address):
    with pytest.raises(ValueError, match="address"):
        clean(address)

    assert clean(address, allow=parse_allowed(allowed)) == address


@pytest.mark.parametrize(
    "address",
    [
        *("http://10.0.1.5:5678", "http://127.0.0.1:5678", "http://[::ffff:10.0.0.5]:5678"),
        *("http://10.0.0.5:5679", "http://10.0.0.5", "https://10.0.0.5", "http://localhost:5678"),
        *("http://n8n.internal", "http://1.1.1.1:5678", "https://public.test:5679"),
    ],
)
def test_an_exception_of_the_operator_opens_nothing_else(address):
    with pytest.raises(ValueError, match="address"):
        clean(address, allow=NETWORK)


@pytest.mark.parametrize(
    ("wide", "address"),
    [
        ("0.0.0.0/0", "127.0.0.1"),
        ("0.0.0.0/0", "169.254.169.254"),
        ("0.0.0.0/0", "0.0.0.0"),
        ("100.64.0.0/10", "100.100.100.200"),
        ("fc00::/7", "fd00:ec2::254"),
    ],
)
def test_a_wide_exception_does_not_open_what_must_be_named_itself(wide, address):
    ip = ip_address(address)

    assert not may_reach("http", address, ip, 80, parse_allowed(f"{wide}:80"))
    assert may_reach("http", address, ip, 80, parse_allowed(f"{address}:80"))


@pytest.mark.parametrize("answer", [*hostile.DENIED_ANSWERS, "100.100.100.200"])
def test_a_public_name_may_not_lead_to_what_is_not_public(answer):
    assert is_denied(answer)
    assert not may_reach("https", "public.test", ip_address(answer), 443, ())


@pytest.mark.parametrize("answer", ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "2a00:1450::1"])
def test_a_public_address_may_be_reached_with_tls_on_its_usual_port(answer):
    ip = ip_address(answer)

    assert not is_denied(answer)
    assert may_reach("https", "public.test", ip, 443, ())
    assert not may_reach("http", "public.test", ip, 80, ())
    assert not may_reach("https", "public.test", ip, 6379, ())


@pytest.mark.parametrize(
    ("answer", "opened"),
    [
        *(("10.0.0.5", True), ("192.168.1.2", True), ("fd12::1", True), ("1.1.1.1", True)),
        *(("127.0.0.1", False), ("169.254.169.254", False), ("::ffff:10.0.0.5", False)),
        *(("0.0.0.0", False), ("fd00:ec2::254", False), ("64:ff9b::a00:5", False)),
    ],
)
def test_an_allowed_name_may_be_private_but_not_this_machine(answer, opened):
    allow = parse_allowed("n8n.internal:5678")

    assert may_reach("http", "n8n.internal", ip_address(answer), 5678, allow) is opened
    assert not may_reach("http", "other.internal", ip_address(answer), 5678, allow)


def test_exceptions_are_read_from_one_setting():
    entries = parse_allowed(" 10.0.0.0/24:5678, N8N.internal:5678 ,[fd12::1]:443,::1:80, ")

    assert [(str(entry.host), entry.port) for entry in entries] == [
        ("10.0.0.0/24", 5678),
        ("n8n.internal", 5678),
        ("fd12::1/128", 443),
        ("::1/128", 80),
    ]
    assert parse_allowed("") == ()


@pytest.mark.parametrize(
    "text",
    [
        *("n8n.internal", "10.0.0.0/24", "10.0.0.5/24:80", "10.0.0.0/24:0", "a.test:65536"),
        *("https://a.test:443", "a.test:http", ":80", "a b.test:80", "*.test:80", "127.1:80"),
    ],
)
def test_a_bad_exception_is_named(text):
    with pytest.raises(ValueError, match="is not host:port or network:port") as caught:
        parse_allowed(f"good.test:443,{text}")

    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    "network",
    [
        *("::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96", "2002::/16"),
        *("::/0", "::ffff:10.0.0.5", "2001::/32", "::/96", "64:ff9b::a00:5"),
    ],
)
def test_an_exception_may_not_cover_translated_addresses(network):
    with pytest.raises(ValueError, match="stand for IPv4"):
        parse_allowed(f"{network}:443")
