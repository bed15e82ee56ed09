"""What the tester of Search Console asks, in which order, and what it makes of each answer."""

import json

import pytest
import time_machine

from providers.declare import Account
from providers.platforms.search_console import PROVIDER
from providers.run.ladder import list_accounts, run_test
from tests.providers.families.google_replies import (
    CLIENT,
    TOKEN,
    detail,
    outcomes,
    paths,
    rpc,
    signed_in,
)

SITE = "https://www.acme.example/"
PATH = "/webmasters/v3/sites/https%3A%2F%2Fwww.acme.example%2F"
QUERY = f"{PATH}/searchAnalytics/query"
VALUES = CLIENT | {"account_id": SITE}
ENTRY = {"siteUrl": SITE, "permissionLevel": "siteFullUser"}
ROWS = [
    {"keys": ["2026-11-19"], "clicks": 12.0, "impressions": 340.0, "ctr": 0.03, "position": 7.3},
    {"keys": ["2026-11-18"], "clicks": 99.0, "impressions": 990.0, "ctr": 0.1, "position": 7.3},
]
HEALTHY = signed_in("webmasters.readonly") | {
    PATH: (200, ENTRY),
    QUERY: (200, {"rows": ROWS, "responseAggregationType": "byProperty"}),
    f"{PATH}/sitemaps": (200, {"sitemap": [{"path": f"{SITE}sitemap.xml", "errors": "0"}]}),
}
NO_ACCESS = rpc(
    403,
    "PERMISSION_DENIED",
    f"User does not have sufficient permission for site '{SITE}'.",
    reason="forbidden",
)


def run(platform, replies):
    fake, _ = platform(PROVIDER, HEALTHY | replies)
    return run_test(fake, VALUES, method="refresh_token")


def test_a_healthy_property_passes_every_step_in_order(platform):
    fake, requests_seen = platform(PROVIDER, HEALTHY)

    result = run_test(fake, VALUES, method="refresh_token")

    assert result.outcome == "passed"
    assert outcomes(result) == ["passed"] * 5
    assert result.account == Account(SITE, SITE)
    assert paths(requests_seen) == ["/token", "/tokeninfo", PATH, QUERY, f"{PATH}/sitemaps"]
    assert len(requests_seen) == PROVIDER.cost.calls
    assert "a full user" in detail(result, "Property reachable")
    newest = detail(result, "Search performance can be read")
    assert newest == "2026-11-19: 12 clicks, 340 impressions."


@time_machine.travel("2026-11-22T12:00:00Z", tick=False)
def test_performance_is_asked_for_as_the_documents_say(platform):
    fake, requests_seen = platform(PROVIDER, HEALTHY)

    run_test(fake, VALUES, method="refresh_token")

    assert (requests_seen[3].method, requests_seen[3].query) == ("POST", {})
    assert requests_seen[3].headers["Content-Type"] == "application/json"
    assert json.loads(requests_seen[3].body) == {
        "startDate": "2026-11-12",
        "endDate": "2026-11-21",
        "dimensions": ["DATE"],
        "type": "WEB",
        "dataState": "ALL",
        "rowLimit": 10,
    }
    for request in requests_seen[2:]:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_domain_property_is_percent_encoded_too(platform):
    path = "/webmasters/v3/sites/sc-domain%3Aacme.example"
    replies = signed_in("webmasters.readonly") | {path: (503, {})}
    fake, requests_seen = platform(PROVIDER, replies)

    run_test(fake, CLIENT | {"account_id": "sc-domain:acme.example"}, method="refresh_token")

    assert requests_seen[-1].path == path


@pytest.mark.parametrize(
    ("level", "said"),
    [
        ("siteOwner", "owner"),
        ("SITE_OWNER", "owner"),
        ("siteRestrictedUser", "restricted user"),
        ("SITE_RESTRICTED_USER", "restricted user"),
        ("SITE_FULL_USER", "full user"),
        ("siteGuest", "a user of"),
    ],
)
def test_a_level_is_understood_in_either_spelling(platform, level, said):
    result = run(platform, {PATH: (200, ENTRY | {"permissionLevel": level})})

    assert result.outcome == "passed"
    assert said in detail(result, "Property reachable")


@pytest.mark.parametrize("level", ["siteUnverifiedUser", "SITE_UNVERIFIED_USER"])
def test_an_unverified_user_cannot_read(platform, level):
    result = run(platform, {PATH: (200, ENTRY | {"permissionLevel": level})})

    assert result.error.kind == "permission_missing"
    assert "not verified" in result.error.message
    assert result.account == Account(SITE, SITE)


def test_a_property_that_is_not_shown_is_not_found(platform):
    result = run(platform, {PATH: NO_ACCESS})

    assert result.error.kind == "account_not_found"
    assert "exactly this property" in result.error.message


def test_a_property_that_is_shown_and_not_read_lacks_a_permission(platform):
    result = run(platform, {QUERY: NO_ACCESS})

    assert result.error.kind == "permission_missing"
    assert "search performance" in result.error.message
    assert outcomes(result) == ["passed", "passed", "passed", "failed", "skipped"]


@pytest.mark.parametrize("body", [{}, {"rows": []}])
def test_a_property_without_searches_passes(platform, body):
    result = run(platform, {QUERY: (200, body)})

    assert result.outcome == "passed"
    assert "no searches" in detail(result, "Search performance can be read")


@pytest.mark.parametrize("body", [[], {"rows": [{"clicks": 1.0}]}])
def test_performance_of_another_shape_is_our_fault(platform, body):
    result = run(platform, {QUERY: (200, body)})

    assert (result.outcome, result.error.kind) == ("inconclusive", "unexpected_reply")


@pytest.mark.parametrize(
    ("reply", "outcome", "word"),
    [
        ((200, {}), "passed", "No sitemap"),
        ((200, {"sitemap": [{"path": "a"}, {"path": "b", "errors": "2"}]}), "warned", "1 of 2"),
        (NO_ACCESS, "warned", "not a user"),
        (rpc(503, "UNAVAILABLE"), "warned", "problem"),
    ],
)
def test_sitemaps_fail_nothing(platform, reply, outcome, word):
    result = run(platform, {f"{PATH}/sitemaps": reply})

    assert result.outcome == "passed"
    assert outcomes(result)[4] == outcome
    assert word in detail(result, "Sitemaps")


# --- Discovery


def test_every_verified_property_is_listed_by_its_exact_string(platform):
    entries = [
        ENTRY,
        {"siteUrl": "sc-domain:acme.example", "permissionLevel": "siteOwner"},
        {"siteUrl": "https://old.example/", "permissionLevel": "siteUnverifiedUser"},
    ]
    replies = signed_in("webmasters.readonly") | {
        "/webmasters/v3/sites": (200, {"siteEntry": entries})
    }
    fake, requests_seen = platform(PROVIDER, replies)

    listed = list_accounts(fake, CLIENT, method="refresh_token")

    assert [account.id for account in listed] == [SITE, "sc-domain:acme.example"]
    assert requests_seen[-1].query == {}


def test_a_sign_in_without_any_property_lists_none(platform):
    replies = signed_in("webmasters.readonly") | {"/webmasters/v3/sites": (200, {})}
    fake, _ = platform(PROVIDER, replies)

    assert list_accounts(fake, CLIENT, method="refresh_token") == []
