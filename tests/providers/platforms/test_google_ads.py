"""What the tester of Google Ads asks, in which order, and what it makes of each answer."""

import json

import pytest

from providers.declare import Account
from providers.errors import RateLimited
from providers.platforms.google_ads import PROVIDER
from providers.run.ladder import list_accounts, run_test
from tests.providers.families.google_replies import (
    CLIENT,
    TOKEN,
    ads,
    detail,
    outcomes,
    paths,
    signed_in,
)

ID = "1000000001"
MANAGER = "1000000009"
VALUES = CLIENT | {"account_id": ID}
LIST = "/v26/customers:listAccessibleCustomers"
SEARCH = f"/v26/customers/{ID}/googleAds:search"
CUSTOMER = {
    "resourceName": f"customers/{ID}",
    "id": ID,
    "descriptiveName": "Acme Shop",
    "currencyCode": "EUR",
    "timeZone": "Europe/Berlin",
    "manager": False,
    "testAccount": False,
    "status": "ENABLED",
}
ROWS = [
    {"metrics": {"costMicros": "12340000", "clicks": "7"}, "segments": {"date": "2026-11-20"}},
    {"metrics": {"costMicros": "660000", "clicks": "1"}, "segments": {"date": "2026-11-21"}},
    {"metrics": {}, "segments": {"date": "2026-11-22"}},
]
OURS = (200, {"resourceNames": [f"customers/{ID}"]})


def searching(*rows, customer=CUSTOMER):
    """Answers to googleAds:search, by what is asked for."""

    def answer(asked):
        query = json.loads(asked.body)["query"]
        if "metrics." in query:
            return (200, {"results": list(rows)} if rows else {})
        return (200, {"results": [{"customer": customer}]})

    return answer


HEALTHY = signed_in("adwords") | {LIST: OURS, SEARCH: searching(*ROWS)}


def test_a_healthy_account_passes_every_step_in_order(platform):
    fake, requests_seen = platform(PROVIDER, HEALTHY)

    result = run_test(fake, VALUES, method="refresh_token")

    assert result.outcome == "passed"
    assert outcomes(result) == ["passed"] * 5
    assert result.account == Account(ID, "Acme Shop")
    assert paths(requests_seen) == ["/token", "/tokeninfo", LIST, SEARCH, SEARCH]
    assert len(requests_seen) == PROVIDER.cost.calls
    assert "Europe/Berlin" in detail(result, "Account reachable")
    assert "13.00 EUR spent, 8 clicks" in detail(result, "Spend can be read")


def test_the_queries_are_those_of_the_documents(platform):
    fake, requests_seen = platform(PROVIDER, HEALTHY)

    run_test(fake, VALUES, method="refresh_token")

    assert (requests_seen[2].method, requests_seen[2].body) == ("GET", b"")
    for request in requests_seen[3:]:
        assert (request.method, request.query) == ("POST", {})
        assert request.headers["Content-Type"] == "application/json"
    assert [json.loads(request.body) for request in requests_seen[3:]] == [
        {
            "query": "SELECT customer.id, customer.descriptive_name, customer.currency_code, "
            "customer.time_zone, customer.manager, customer.test_account, customer.status "
            "FROM customer LIMIT 1"
        },
        {
            "query": "SELECT segments.date, metrics.cost_micros, metrics.impressions, "
            "metrics.clicks, metrics.conversions FROM customer "
            "WHERE segments.date DURING LAST_7_DAYS"
        },
    ]


def test_no_header_is_sent_that_has_no_value(platform):
    fake, requests_seen = platform(PROVIDER, HEALTHY)

    run_test(fake, VALUES, method="refresh_token")

    for request in requests_seen[2:]:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        for name in ("developer-token", "login-customer-id", "linked-customer-id"):
            assert name not in request.headers


def test_a_manager_and_an_old_developer_token_travel_in_headers(platform):
    fake, requests_seen = platform(PROVIDER, HEALTHY)
    more = {
        "login_customer_id": MANAGER,
        "linked_customer_id": "1000000008",
        "developer_token": "abcdefghij0123456789AB",
    }

    result = run_test(fake, VALUES | more, method="refresh_token")

    assert result.outcome == "passed"
    assert "login-customer-id" not in requests_seen[2].headers
    for request in requests_seen[3:]:
        assert request.headers["login-customer-id"] == MANAGER
        assert request.headers["linked-customer-id"] == "1000000008"
        assert request.headers["developer-token"] == more["developer_token"]
    assert more["developer_token"] not in repr(result)


def test_a_sign_in_without_any_account_stops_there(platform):
    fake, requests_seen = platform(PROVIDER, signed_in("adwords") | {LIST: (200, {})})

    result = run_test(fake, VALUES, method="refresh_token")

    assert result.error.kind == "account_not_found"
    assert "Access and security" in result.error.action
    assert len(requests_seen) == 3


def test_a_manager_account_has_no_ads_of_its_own(platform):
    manager = searching(customer=CUSTOMER | {"manager": True})
    fake, requests_seen = platform(PROVIDER, HEALTHY | {SEARCH: manager})

    result = run_test(fake, VALUES, method="refresh_token")

    assert result.error.kind == "invalid_config"
    assert "manager account" in result.error.message
    assert len(requests_seen) == 4


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"status": "SUSPENDED"}, "suspended"),
        ({"status": "CANCELED"}, "cancelled"),
        ({"status": "CLOSED"}, "closed"),
        ({"status": "CLOSED", "testAccount": True}, "test account"),
    ],
)
def test_an_account_without_running_ads_warns_and_fails_nothing(platform, changes, word):
    fake, _ = platform(PROVIDER, HEALTHY | {SEARCH: searching(customer=CUSTOMER | changes)})

    result = run_test(fake, VALUES, method="refresh_token")

    assert result.outcome == "passed"
    assert outcomes(result)[3] == "warned"
    assert word in detail(result, "Account reachable")


def test_a_week_without_traffic_passes(platform):
    fake, _ = platform(PROVIDER, HEALTHY | {SEARCH: searching()})

    result = run_test(fake, VALUES, method="refresh_token")

    assert result.outcome == "passed"
    assert "Nothing was shown" in detail(result, "Spend can be read")


@pytest.mark.parametrize("body", [{}, [], {"results": [{}]}, {"results": [{}, {}]}])
def test_an_account_of_another_shape_is_our_fault(platform, body):
    fake, _ = platform(PROVIDER, HEALTHY | {SEARCH: (200, body)})

    result = run_test(fake, VALUES, method="refresh_token")

    assert (result.outcome, result.error.kind) == ("inconclusive", "unexpected_reply")


# --- Discovery


def test_accounts_below_a_manager_are_listed_with_what_reaches_them(platform):
    def below(asked):
        if "customer_client" not in json.loads(asked.body)["query"]:
            return searching(customer=CUSTOMER | {"id": MANAGER, "manager": True})(asked)
        assert asked.headers["login-customer-id"] == MANAGER
        clients = [
            {"id": MANAGER, "manager": True, "level": "0"},
            {"id": "1000000005", "descriptiveName": "Acme North", "level": "1"},
            {"id": "1000000006", "descriptiveName": "Hidden", "hidden": True, "level": "1"},
        ]
        return (200, {"results": [{"customerClient": client} for client in clients]})

    names = [f"customers/{number}" for number in (ID, MANAGER, "1000000004")]
    replies = HEALTHY | {
        LIST: (200, {"resourceNames": names}),
        f"/v26/customers/{MANAGER}/googleAds:search": below,
        "/v26/customers/1000000004/googleAds:search": ads(
            403, "authorizationError", "CUSTOMER_NOT_ENABLED"
        ),
    }
    fake, _ = platform(PROVIDER, replies)

    listed = list_accounts(fake, CLIENT, method="refresh_token")

    assert listed == [
        Account(ID, "Acme Shop"),
        Account(
            "1000000005",
            f"Acme North (through manager {MANAGER})",
            {"login_customer_id": MANAGER},
        ),
        Account("1000000004"),
    ]


def test_a_long_list_is_looked_at_only_in_part(platform):
    ids = [f"10000001{number:02}" for number in range(30)]
    search = {f"/v26/customers/{number}/googleAds:search": searching() for number in ids}
    names = [f"customers/{number}" for number in ids]
    replies = signed_in("adwords") | search | {LIST: (200, {"resourceNames": names})}
    fake, requests_seen = platform(PROVIDER, replies)

    listed = list_accounts(fake, CLIENT, method="refresh_token")

    assert [account.id for account in listed] == ids
    assert [bool(account.name) for account in listed] == [True] * 10 + [False] * 20
    assert len(requests_seen) == 3 + 10


def test_a_limit_while_listing_is_not_taken_for_an_account(platform):
    limited = ads(429, "quotaError", "RESOURCE_TEMPORARILY_EXHAUSTED")
    fake, _ = platform(PROVIDER, HEALTHY | {SEARCH: limited})

    with pytest.raises(RateLimited, match="limiting requests"):
        list_accounts(fake, CLIENT, method="refresh_token")
