"""Where a sign-in to a CRM sends a person, the app's secret and the tokens, and where never."""

from dataclasses import replace

import pytest

from providers import errors
from providers.access.flow import flow, is_issued_by
from providers.declare import SIGN_IN, Grant, Tokens
from providers.outbound.api import Api
from providers.platforms.crm import PROVIDER
from providers.platforms.crm.vendors import ZOHO
from providers.sandbox.crm import answer, zoho
from tests.providers.asking import kind
from tests.providers.contract.signing_in import (
    app_of,
    approve,
    authorization_url,
    connect,
    exchange,
    run_signed_in,
)
from tests.providers.platforms.crm_cases import MY_DOMAIN, SIGN_INS, asking_with

SANDBOX = "https://acme--dev.sandbox.my.salesforce.com"
FACTS = {"accounts-server": "https://accounts.zoho.in", "api_domain": "https://www.zohoapis.in"}
STRANGERS = [
    "https://accounts.zoho.eu.example.net",
    "https://accounts.zoho.eu@example.net",
    "https://example.net/accounts.zoho.eu",
    "http://accounts.zoho.eu",
    "https://accounts.zoho.eu:8443",
    "https://www.zohoapis.eu",
    "https://[accounts",
    "accounts.zoho.eu",
    "",
]


@pytest.fixture
def by_host(platform):
    """The stand-in with a path of its own for each host: `/ZOHO_EU_ACCOUNTS/oauth/v2/token`."""

    def reply(asked):
        return answer(replace(asked, path=f"/{asked.path.split('/', 2)[2]}"))

    fake, requests_seen = platform(PROVIDER, reply)
    url = fake.overrides["API"]
    return fake.pointed_at({host: f"{url}/{host}" for host in fake.hosts}), requests_seen


def hosts_of(requests_seen):
    return [one.path.split("/")[1] for one in requests_seen]


def url_for(values):
    with flow(PROVIDER, app_of(SIGN_INS[values["vendor"]]), values) as talk:
        return authorization_url(talk)


# --- Every vendor


@pytest.mark.parametrize(
    ("vendor", "hosts"),
    [
        ("hubspot", ["HUBSPOT_AUTHORIZATION", "HUBSPOT", "HUBSPOT"]),
        ("salesforce", ["SALESFORCE_LOGIN", "SALESFORCE_LOGIN", "SALESFORCE_LOGIN"]),
        ("pipedrive", ["PIPEDRIVE_OAUTH", "PIPEDRIVE_OAUTH", "PIPEDRIVE_OAUTH"]),
        ("zoho", ["ZOHO_US_ACCOUNTS", "ZOHO_EU_ACCOUNTS", "ZOHO_EU_ACCOUNTS"]),
    ],
)
def test_consent_exchange_and_revocation_are_at_the_vendors_own_hosts(by_host, vendor, hosts):
    fake, requests_seen = by_host
    with flow(fake, app_of(SIGN_INS[vendor]), {"vendor": vendor}) as talk:
        talk.revoke(connect(talk, "healthy"))

    assert hosts_of(requests_seen) == hosts


@pytest.mark.parametrize(
    ("values", "issuer", "is_known"),
    [
        ({"vendor": "hubspot"}, "https://app.hubspot.com", True),
        ({"vendor": "salesforce"}, "https://login.salesforce.com", True),
        ({"vendor": "salesforce", "base_url": SANDBOX}, SANDBOX, True),
        ({"vendor": "salesforce"}, MY_DOMAIN, True),
        ({"vendor": "salesforce"}, "https://acme.my.sfcrmproducts.cn", True),
        ({"vendor": "salesforce"}, "https://my.salesforce.com.example.net", False),
        ({"vendor": "hubspot"}, "https://app-eu1.hubspot.com", True),
        ({"vendor": "hubspot"}, "https://evilhubspot.com", False),
        ({"vendor": "zoho"}, "https://accounts.zoho.eu", True),
        ({"vendor": "zoho"}, "https://accounts.zoho.example", False),
        ({"vendor": "salesforce"}, "https://example.net", False),
        ({"vendor": "zoho", "data_centre": "eu"}, "https://accounts.zoho.eu", True),
        ({"vendor": "pipedrive"}, "https://oauth.pipedrive.com.example.net", False),
    ],
)
def test_an_issuer_is_one_of_the_vendors_own_hosts(values, issuer, is_known):
    assert is_issued_by(PROVIDER, issuer, values) is is_known


# --- Salesforce: everybody's login, or a My Domain


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ({}, "https://login.salesforce.com"),
        ({"base_url": MY_DOMAIN}, MY_DOMAIN),
        ({"base_url": "https://acme.my.sfcrmproducts.cn"}, "https://acme.my.sfcrmproducts.cn"),
        ({"base_url": "https://my.sfcrmproducts.cn.example.net"}, "https://login.salesforce.com"),
        ({"base_url": SANDBOX}, SANDBOX),
        ({"base_url": f"{SANDBOX}/lightning/page/home"}, SANDBOX),
        ({"base_url": "https://ACME.my.salesforce.com."}, MY_DOMAIN),
        ({"base_url": "https://acme.lightning.force.com"}, "https://login.salesforce.com"),
        ({"base_url": "https://my.salesforce.com.example.net"}, "https://login.salesforce.com"),
        ({"base_url": "https://evilmy.salesforce.com"}, "https://login.salesforce.com"),
    ],
)
def test_one_signs_in_to_salesforce_at_a_my_domain_or_at_everybodys(address, origin):
    url = url_for({"vendor": "salesforce"} | address)

    assert url.partition("?")[0] == f"{origin}/services/oauth2/authorize"


@pytest.mark.parametrize("address", [MY_DOMAIN, f"{MY_DOMAIN}/lightning/page/home"])
def test_with_a_my_domain_all_of_a_sign_in_to_salesforce_is_there(address):
    values = {"vendor": "salesforce", "base_url": address}
    with flow(PROVIDER, app_of(SIGN_INS["salesforce"]), values) as talk:
        token = talk.address(talk.oauth.token_url, "TOKEN")
        revocation = talk.address(talk.oauth.revocation_url, "REVOKE")

    assert token == f"{MY_DOMAIN}/services/oauth2/token"
    assert revocation == f"{MY_DOMAIN}/services/oauth2/revoke"


def test_a_sign_in_to_a_typed_my_domain_passes(by_host):
    fake, requests_seen = by_host
    app, values = app_of(SIGN_INS["salesforce"]), {"vendor": "salesforce", "base_url": MY_DOMAIN}
    with flow(fake, app, values) as talk:
        tokens = connect(talk, "sandbox")

    assert run_signed_in(fake, app, tokens, values).outcome == "passed"
    assert set(hosts_of(requests_seen)) == {"API"}


# --- Data are read where the sign-in's reply says, if that is the vendor's


def nowhere(vendor):
    """An Api for the vendor's own hosts, of which no name resolves."""
    provider = PROVIDER.for_values({"vendor": vendor})
    return Api(
        provider.hosts,
        judge=provider.judge,
        platform=provider.name,
        resolve=lambda _host, _port: [],
    )


def signed_in(api, vendor, facts):
    values = {"vendor": vendor, "access_token": "t0ken"}
    return asking_with(values, SIGN_IN, api, Grant(facts=facts))


READ_AT = [
    ("salesforce", "instance_url", f"{SANDBOX}/path", "API", SANDBOX),
    (
        "pipedrive",
        "api_domain",
        "https://acme.pipedrive.com",
        "PIPEDRIVE",
        "https://acme.pipedrive.com",
    ),
    (
        "zoho",
        "api_domain",
        "https://sandbox.zohoapis.in",
        "ZOHO_IN",
        "https://sandbox.zohoapis.in",
    ),
]


@pytest.mark.parametrize(("vendor", "fact", "address", "host", "origin"), READ_AT)
def test_data_are_read_at_the_address_of_the_sign_in(vendor, fact, address, host, origin):
    facts = FACTS | {fact: address}

    with nowhere(vendor) as api, pytest.raises(errors.Network):
        signed_in(api, vendor, facts).accounts()

    assert api.origins[host] == origin


@pytest.mark.parametrize(("vendor", "fact"), [(vendor, fact) for vendor, fact, *_ in READ_AT])
@pytest.mark.parametrize(
    "address",
    [
        "https://example.net",
        "https://evilsalesforce.com",
        "https://evilpipedrive.com",
        "https://acme.pipedrive.com.example.net",
        "https://www.zohoapis.in.example.net",
        "https://acme.pipedrive.com@example.net",
        "nowhere",
    ],
)
def test_the_token_is_never_sent_to_an_address_that_is_not_the_vendors(vendor, fact, address):
    before = dict(PROVIDER.hosts)

    with nowhere(vendor) as api, pytest.raises(errors.UnexpectedReply) as refused:
        signed_in(api, vendor, FACTS | {fact: address}).accounts()

    assert "not one of its own" in refused.value.message
    assert api.origins == before
    assert api.headers == {}


def test_pipedrive_is_asked_where_everybody_is_when_the_reply_names_no_company(by_host):
    fake, requests_seen = by_host
    app = app_of(SIGN_INS["pipedrive"])
    with flow(fake, app, {"vendor": "pipedrive"}) as talk:
        tokens = connect(talk, "healthy")
    requests_seen.clear()

    without = Tokens(tokens.access_token, scopes=tokens.scopes)
    result = run_signed_in(fake, app, without, {"vendor": "pipedrive"})

    assert result.outcome == "passed"
    assert requests_seen[0].path == "/PIPEDRIVE/v1/users/me"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://acme.pipedrive.com/deals", None),
        ("https://other.pipedrive.com", "account_not_found"),
    ],
)
def test_the_company_in_an_address_is_held_against_the_one_signed_in_to(by_host, address, expected):
    fake, _ = by_host
    app, values = app_of(SIGN_INS["pipedrive"]), {"vendor": "pipedrive", "base_url": address}
    with flow(fake, app, values) as talk:
        result = run_signed_in(fake, app, connect(talk, "healthy"), values)

    assert kind(result) == expected
    assert result.error is None or "when you sign in" in result.error.action


# --- Zoho: the data centre of the person


@pytest.mark.parametrize(
    ("values", "origin"),
    [
        ({}, "https://accounts.zoho.com"),
        ({"data_centre": "cn"}, "https://accounts.zoho.com.cn"),
        ({"data_centre": "ca"}, "https://accounts.zohocloud.ca"),
        ({"base_url": "https://crm.zoho.eu"}, "https://accounts.zoho.eu"),
    ],
)
def test_one_signs_in_to_zoho_at_the_chosen_data_centre_or_at_the_first(values, origin):
    url = url_for({"vendor": "zoho"} | values)

    assert url.partition("?")[0] == f"{origin}/oauth/v2/auth"


@pytest.mark.parametrize("centre", ZOHO)
def test_the_code_is_exchanged_where_the_callback_says(by_host, centre):
    fake, requests_seen = by_host
    with flow(fake, app_of(zoho.SIGN_IN), {"vendor": "zoho"}) as talk:
        callback = approve(authorization_url(talk), "healthy")
        callback["accounts-server"] = f"https://{ZOHO[centre][0]}"
        tokens = exchange(talk, callback)

    assert hosts_of(requests_seen)[-1] == f"ZOHO_{centre.upper()}_ACCOUNTS"
    assert tokens.facts["accounts-server"] == f"https://{ZOHO[centre][0]}"


def test_the_code_is_exchanged_where_signing_in_began_when_the_callback_names_no_place(by_host):
    fake, requests_seen = by_host
    with flow(fake, app_of(zoho.SIGN_IN), {"vendor": "zoho", "data_centre": "au"}) as talk:
        callback = approve(authorization_url(talk), "healthy")
        tokens = exchange(talk, {"code": callback["code"]})

    assert hosts_of(requests_seen) == ["ZOHO_AU_ACCOUNTS"] * 2
    assert tokens.facts["accounts-server"] == "https://accounts.zoho.com.au"


@pytest.mark.parametrize("server", STRANGERS)
def test_a_callback_that_names_a_stranger_gets_neither_code_nor_secret(by_host, server):
    fake, requests_seen = by_host
    with (
        flow(fake, app_of(zoho.SIGN_IN), {"vendor": "zoho"}) as talk,
        pytest.raises(errors.UnexpectedReply) as refused,
    ):
        exchange(talk, {"code": "c0de", "location": "eu", "accounts-server": server})

    assert requests_seen == []
    assert "not one of Zoho's" in refused.value.message


@pytest.mark.parametrize("what", ["renew", "revoke"])
def test_renewal_and_revocation_are_where_the_sign_in_is_kept(by_host, what):
    fake, requests_seen = by_host
    held = Tokens("1000.access.x", "1000.refresh.x", facts=FACTS)
    app = app_of(zoho.SIGN_IN)

    with flow(fake, app, {"vendor": "zoho", "data_centre": "us"}) as talk:
        if what == "revoke":
            talk.revoke(held)
        else:
            with pytest.raises(errors.AuthExpired):
                talk.renew(held)

    assert hosts_of(requests_seen) == ["ZOHO_IN_ACCOUNTS"]


def test_data_are_read_in_the_data_centre_of_the_person(by_host):
    fake, requests_seen = by_host
    app = app_of(zoho.SIGN_IN)
    with flow(fake, app, {"vendor": "zoho"}) as talk:
        tokens = connect(talk, "healthy")
    requests_seen.clear()

    result = run_signed_in(fake, app, tokens, {"vendor": "zoho"})

    assert result.outcome == "passed"
    assert set(hosts_of(requests_seen)) == {"ZOHO_EU"}


def test_a_data_centre_that_was_chosen_wrongly_does_not_matter_after_the_sign_in(by_host):
    fake, _ = by_host
    app, values = app_of(zoho.SIGN_IN), {"vendor": "zoho", "data_centre": "jp"}
    with flow(fake, app, values) as talk:
        tokens = connect(talk, "healthy")

    assert run_signed_in(fake, app, tokens, values).outcome == "passed"


def test_the_sandbox_of_zoho_says_where_a_person_lives(by_host):
    with flow(by_host[0], app_of(zoho.SIGN_IN), {"vendor": "zoho"}) as talk:
        callback = approve(authorization_url(talk), "healthy")
        declined = approve(authorization_url(talk), "")

    assert callback["accounts-server"] == "https://accounts.zoho.eu"
    assert callback["location"] == "eu"
    assert set(declined) == {"error", "state"}
