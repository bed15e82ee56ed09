"""The sandboxes of the four Google platforms: what they promise, and what they refuse."""

import html
import json

import pytest
import requests

from providers import registry
from providers.access.flow import flow
from providers.declare import SIGN_IN
from providers.run.ladder import list_accounts, run_test
from providers.sandbox import ga4, google, google_ads, search_console, youtube
from providers.sandbox.__main__ import page
from providers.sandbox.server import Server
from tests.providers.asking import held
from tests.providers.contract.signing_in import app_of, connect

SANDBOXES = {
    "google_ads": google_ads,
    "youtube": youtube,
    "ga4": ga4,
    "search_console": search_console,
}
ACCOUNTS = {
    "google_ads": {"account_id": "1000000001"},
    "youtube": {"account_id": youtube.CHANNEL},
    "ga4": {"account_id": "1001"},
    "search_console": {"account_id": "https://www.acme.example/"},
}
DRILLS = {
    "healthy": None,
    "noscope": "permission_missing",
    "noaccess": "account_not_found",
    "off": "permission_missing",
    "limited": "rate_limited",
    "spent": "quota_exhausted",
    "down": "provider_unavailable",
    "wall": "blocked",
    "cut": "network",
    "silent": "network",
    "nobody": "auth_invalid",
}
# How it ends depends on the way.
EXPIRED = {
    "service_account": "auth_invalid",
    "refresh_token": "auth_expired",
    "access_token": "auth_invalid",
    "api_key": "auth_expired",
    SIGN_IN: "auth_expired",
}
NOT_FOR_KEYS = {"noscope", "noaccess"}


def values_of(method, name):
    if method == "service_account":
        return {"service_account_json": google.service_account_json(name)}
    if method == "refresh_token":
        client = {"client_id": google.CLIENT_ID, "client_secret": google.CLIENT_SECRET}
        return client | {"refresh_token": google.refresh_token(name)}
    if method == "api_key":
        return {"access_token": youtube.api_key(name)}
    return {"access_token": google.access_token(name)}


def signed_in_as(fake, name):
    """By the page of the sandbox, on which a box can be left out as well."""
    without = fake.oauth.scopes[0].name if name == "noscope" else ""
    with flow(fake, app_of(google.SIGN_IN), {}) as talk:
        tokens = connect(talk, "healthy" if without else name, without=without)
    return {"access_token": tokens.access_token}


def run(platform, slug, method, name, **values):
    fake, requests_seen = platform(registry.get(slug), SANDBOXES[slug].answer)
    by_page = method == SIGN_IN and name != "nobody"
    given = signed_in_as(fake, name) if by_page else values_of(method, name)
    requests_seen.clear()
    result = run_test(
        fake,
        given | ACCOUNTS[slug] | values,
        method=method,
        tokens=held(given),
        deadline_seconds=0.3 if name == "silent" else 30,
    )
    assert len(requests_seen) <= fake.cost.calls
    return result


WAYS = [(slug, method.slug) for slug in SANDBOXES for method in registry.get(slug).methods]
PASTED = [(slug, method) for slug, method in WAYS if method != SIGN_IN]


@pytest.mark.parametrize("name", DRILLS)
@pytest.mark.parametrize(("slug", "method"), WAYS)
def test_a_name_leads_to_the_failure_it_promises(platform, slug, method, name):
    result = run(platform, slug, method, name)

    expected = DRILLS[name]
    if method == "api_key" and name in NOT_FOR_KEYS:
        expected = "auth_invalid"
    if (method, name) == (SIGN_IN, "nobody"):
        expected = "auth_expired"
    if (slug, name) == ("search_console", "spent"):
        expected = "rate_limited"  # a load quota, which a quarter of an hour brings back
    assert (result.error.kind if result.error else None) == expected


@pytest.mark.parametrize(("slug", "method"), WAYS)
def test_what_has_ended_is_told_by_the_way_it_came(platform, slug, method):
    assert run(platform, slug, method, "expired").error.kind == EXPIRED[method]


def test_every_name_of_the_sandbox_is_drilled():
    assert DRILLS.keys() | {"expired"} == google.NAMES.keys() | {"nobody"}


@pytest.mark.parametrize(
    ("slug", "account", "outcomes"),
    [
        ("google_ads", "1000000001", ["passed", "passed"]),
        ("google_ads", "1000000002", ["warned", "passed"]),
        ("google_ads", "1000000003", ["warned", "passed"]),
        ("google_ads", "1000000004", ["passed", "passed"]),
        ("google_ads", "1000000005", ["failed", "skipped"]),
        ("google_ads", google_ads.CLOSED, ["failed", "skipped"]),
        ("google_ads", google_ads.MANAGER, ["failed", "skipped"]),
        ("google_ads", "9999999999", ["failed", "skipped"]),
        ("youtube", youtube.OTHER, ["failed", "skipped"]),
        ("ga4", "1001", ["passed", "passed", "passed", "passed"]),
        ("ga4", "1002", ["passed", "passed", "warned", "warned"]),
        ("ga4", "1003", ["warned", "passed", "passed", "passed"]),
        ("ga4", "9", ["failed", "skipped", "skipped", "skipped"]),
        ("search_console", "sc-domain:acme.example", ["passed", "passed", "passed"]),
        ("search_console", "https://new.acme.example/", ["passed", "passed", "passed"]),
        ("search_console", "https://old.acme.example/", ["failed", "skipped", "skipped"]),
        ("search_console", "https://acme.example/", ["failed", "skipped", "skipped"]),
    ],
)
def test_an_account_is_what_the_guide_says(platform, slug, account, outcomes):
    result = run(platform, slug, "refresh_token", "healthy", account_id=account)

    assert [step.outcome for step in result.steps][-len(outcomes) :] == outcomes


def test_a_private_channel_warns_whoever_has_a_key(platform):
    result = run(platform, "youtube", "api_key", "healthy", account_id=youtube.PRIVATE)

    assert [step.outcome for step in result.steps] == ["passed", "skipped", "warned", "skipped"]


def test_a_customer_below_a_manager_is_reached_through_it(platform):
    values = {"account_id": google_ads.BELOW_MANAGER, "login_customer_id": google_ads.MANAGER}

    result = run(platform, "google_ads", "refresh_token", "healthy", **values)

    assert result.outcome == "passed"


@pytest.mark.parametrize(("slug", "method"), PASTED)
def test_what_is_listed_can_be_reached(platform, slug, method):
    fake, _ = platform(registry.get(slug), SANDBOXES[slug].answer)

    listed = list_accounts(fake, values_of(method, "healthy") | ACCOUNTS[slug], method=method)

    if method == "api_key":
        assert listed is None
    else:
        assert ACCOUNTS[slug]["account_id"] in {account.id for account in listed}


# --- What it refuses


def ask(slug, method, path, token="ya29.healthy", **more):
    with Server(SANDBOXES[slug].answer) as server:
        headers = more.pop("headers", {})
        if token:
            headers = {"Authorization": f"Bearer {token}"} | headers
        return requests.request(method, server.url + path, headers=headers, timeout=5, **more)


@pytest.mark.parametrize("slug", SANDBOXES)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/unknown"), ("DELETE", "/tokeninfo"), ("GET", "/token")]
)
def test_an_unknown_path_gets_googles_page(slug, method, path):
    reply = ask(slug, method, path)

    assert reply.status_code == 404
    assert "text/html" in reply.headers["Content-Type"]


@pytest.mark.parametrize(
    ("slug", "path"),
    [
        ("google_ads", "/v22/customers:listAccessibleCustomers"),
        ("google_ads", "/v27/customers:listAccessibleCustomers"),
        ("ga4", "/v1/accountSummaries"),
        ("youtube", "/youtube/v2/channels"),
        ("search_console", "/v1/sites"),
    ],
)
def test_a_version_that_is_not_alive_gets_googles_page(slug, path):
    assert ask(slug, "GET", path).status_code == 404


PATHS = {
    "google_ads": "/v26/customers:listAccessibleCustomers",
    "youtube": "/youtube/v3/channels",
    "ga4": "/v1beta/accountSummaries",
    "search_console": "/webmasters/v3/sites",
}


@pytest.mark.parametrize("slug", SANDBOXES)
def test_a_request_without_a_token_is_refused(slug):
    reply = ask(slug, "GET", PATHS[slug], token="")

    assert reply.status_code == 401
    assert reply.json()["error"]["details"][0]["reason"] == "CREDENTIALS_MISSING"


@pytest.mark.parametrize("slug", SANDBOXES)
def test_an_unknown_parameter_is_refused(slug):
    reply = ask(slug, "GET", PATHS[slug], params={"page_size": "5"})

    assert reply.status_code == 400
    assert "page_size" in reply.json()["error"]["message"]


BODIES = [
    ("ga4", "/v1beta/properties/1001:runReport", {"metric": []}, "INVALID_ARGUMENT"),
    ("ga4", "/v1beta/properties/1001:runReport", {}, "INVALID_ARGUMENT"),
    (
        "search_console",
        f"{PATHS['search_console']}/sc-domain%3Aacme.example/searchAnalytics/query",
        {"startDate": "2026-11-09", "endDate": "2026-11-01"},
        "INVALID_ARGUMENT",
    ),
    (
        "search_console",
        f"{PATHS['search_console']}/sc-domain%3Aacme.example/searchAnalytics/query",
        {"startDate": "2026-11-01", "endDate": "2026-11-09", "type": "shop"},
        "INVALID_ARGUMENT",
    ),
    (
        "google_ads",
        "/v26/customers/1000000001/googleAds:search",
        {"query": "x", "pageSize": 5},
        "PAGE_SIZE_NOT_SUPPORTED",
    ),
    (
        "google_ads",
        "/v26/customers/1000000001/googleAds:search",
        {"query": "SELECT customer.nam FROM customer"},
        "UNRECOGNIZED_FIELD",
    ),
    (
        "google_ads",
        "/v26/customers/1000000001/googleAds:search",
        {"query": "DROP"},
        "UNEXPECTED_INPUT",
    ),
    (
        "google_ads",
        f"/v26/customers/{google_ads.MANAGER}/googleAds:search",
        {"query": "SELECT metrics.clicks FROM customer"},
        "REQUESTED_METRICS_FOR_MANAGER",
    ),
    (
        "google_ads",
        "/v26/customers/123-456/googleAds:search",
        {"query": "x"},
        "INVALID_CUSTOMER_ID",
    ),
]


@pytest.mark.parametrize(("slug", "path", "body", "word"), BODIES)
def test_a_body_that_google_would_refuse_is_refused(slug, path, body, word):
    reply = ask(slug, "POST", path, json=body)

    assert reply.status_code == 400
    assert word in reply.text


@pytest.mark.parametrize("slug", ["ga4", "google_ads", "search_console"])
def test_a_body_that_is_not_json_is_refused(slug):
    [path, *_] = [path for of, path, _, _ in BODIES if of == slug]

    assert ask(slug, "POST", path, data={"query": "x"}).status_code == 400


@pytest.mark.parametrize(
    ("header", "value", "reason"),
    [
        ("developer-token", "", "DEVELOPER_TOKEN_PARAMETER_MISSING"),
        ("login-customer-id", "123-456-7890", "INVALID_LOGIN_CUSTOMER_ID"),
    ],
)
def test_a_header_of_google_ads_is_checked(header, value, reason):
    reply = ask("google_ads", "GET", PATHS["google_ads"], headers={header: value})

    assert reply.status_code == 400
    assert reason in reply.text


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"part": "id", "mine": "maybe"}, "missingRequiredParameter"),
        ({"mine": "true"}, "missingRequiredParameter"),
        ({"part": "id,likes", "mine": "true"}, "unknownPart"),
    ],
)
def test_a_channel_must_be_asked_for_as_documented(query, reason):
    assert reason in ask("youtube", "GET", PATHS["youtube"], params=query).text


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "client_id": "x"}, "invalid_client"),
        (
            {"grant_type": "refresh_token", "client_id": google.CLIENT_ID, "client_secret": "x"},
            "invalid_client",
        ),
        ({"grant_type": google.ASSERTION, "assertion": "a.b"}, "invalid_request"),
        ({"grant_type": google.ASSERTION, "assertion": "e30.e30.AAAA"}, "invalid_grant"),
    ],
)
def test_the_token_endpoint_refuses_in_its_own_shape(form, code):
    reply = ask("ga4", "POST", "/token", token="", data=form)

    assert reply.json()["error"] == code


def test_the_token_endpoint_takes_forms_only():
    reply = ask("ga4", "POST", "/token", token="", json={"grant_type": "refresh_token"})

    assert reply.json()["error"] == "unsupported_grant_type"


# --- The guide


def test_the_guide_names_every_host_way_and_account():
    shown = html.unescape(page("http://127.0.0.1:9000"))

    for slug in SANDBOXES:
        for host in registry.get(slug).hosts:
            assert f"PROVIDER_{slug.upper()}__{host}_URL=http://127.0.0.1:9000/{slug}" in shown
    for method in ("service_account", "refresh_token", "access_token", "api_key"):
        for value in values_of(method, "healthy").values():
            assert value in shown
    for known in (*google_ads.CUSTOMERS, *ga4.PROPERTIES, *search_console.LEVELS, youtube.OTHER):
        assert known in shown


@pytest.mark.parametrize(("slug", "method"), PASTED)
@pytest.mark.parametrize("name", google.NAMES)
def test_every_value_of_the_guide_can_be_pasted_without_a_warning(slug, method, name):
    values = values_of(method, name)

    assert registry.get(slug).clean(values) == (values, {})


def test_the_key_file_sends_nobody_anywhere_else():
    found = json.loads(google.service_account_json("healthy"))

    assert found["token_uri"].partition("//")[2].partition("/")[0].endswith(".invalid")
