"""What Stripe's tester asks, in which order, and what it makes of each answer."""

import logging

import pytest

from providers.declare import Account
from providers.errors import PermissionMissing
from providers.platforms.stripe import PROVIDER
from providers.run.ladder import list_accounts, run_test
from tests.providers.asking import detail, kind, outcomes

KEY = "rk_test_abcDEF4321abcDEF"
VALUES = {"access_token": KEY}
BALANCE, ACCOUNT, ACCOUNTS = "/v1/balance", "/v1/account", "/v1/accounts"
LEDGER, CHARGES = "/v1/balance_transactions", "/v1/charges"
CHECKOUTS, SUBSCRIPTIONS = "/v1/checkout/sessions", "/v1/subscriptions"
ORDER = [BALANCE, ACCOUNT, LEDGER, CHARGES, CHECKOUTS, SUBSCRIPTIONS]
ACME = {
    "id": "acct_1Acme",
    "object": "account",
    "charges_enabled": True,
    "business_profile": {"name": "Acme GmbH"},
    "settings": {"dashboard": {"display_name": "Acme Shop", "timezone": "Europe/Berlin"}},
}
ENTRY = {"id": "txn_1", "currency": "eur", "created": 1795219200, "amount": 1234}


def rows(*found, more=False):
    return {"object": "list", "url": "/v1/things", "has_more": more, "data": list(found)}


HEALTHY = {
    BALANCE: (200, {"object": "balance", "livemode": False, "available": [], "pending": []}),
    ACCOUNT: (200, ACME),
    LEDGER: (200, rows(ENTRY)),
    CHARGES: (200, rows({"id": "ch_1"})),
    CHECKOUTS: (200, rows({"id": "cs_test_1"})),
    SUBSCRIPTIONS: (200, rows()),
}


def error(message="Words that change.", error_type="invalid_request_error", **more):
    return {"error": {"type": error_type, "message": message, **more}}


def lacks(right):
    return error(
        "The provided key 'rk_test_***4321' does not have the required permissions for this "
        f"endpoint on account 'acct_1Acme'. Having the '{right}' permission would allow this "
        "request to continue."
    )


# --- The ladder


def test_a_healthy_key_passes_every_step_in_order_at_the_cost_it_says(platform):
    stripe, requests_seen = platform(PROVIDER, HEALTHY)

    result = run_test(stripe, VALUES)

    assert result.outcome == "passed"
    assert outcomes(result) == ["passed"] * 6
    assert result.account == Account("acct_1Acme", "Acme Shop")
    assert result.expires_at is None
    assert [request.path for request in requests_seen] == ORDER
    assert len(requests_seen) == PROVIDER.cost.calls
    assert detail(result, "Key is valid") == "Stripe accepts this key, in test mode."
    assert "2026-11-21, EUR" in detail(result, "Balance transactions can be read")
    assert "none yet" in detail(result, "Subscriptions can be read")


def test_every_request_has_the_key_and_the_version_and_nothing_else(platform):
    stripe, requests_seen = platform(PROVIDER, HEALTHY)

    run_test(stripe, VALUES)

    for request in requests_seen:
        assert request.method == "GET"
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        assert request.headers["Stripe-Version"] == "2026-10-28.endive"
        assert request.headers["Stripe-Account"] is None
    assert [request.query for request in requests_seen] == [{}] * 2 + [{"limit": "1"}] * 4


def test_a_connected_account_is_named_with_every_request(platform):
    stripe, requests_seen = platform(PROVIDER, HEALTHY)

    run_test(stripe, VALUES | {"account_id": "acct_1Acme"})

    assert {request.headers["Stripe-Account"] for request in requests_seen} == {"acct_1Acme"}


def test_the_mode_of_the_key_is_shown_and_must_be_the_replys(platform):
    live = HEALTHY | {BALANCE: (200, {"object": "balance", "livemode": True})}
    stripe, _ = platform(PROVIDER, live)

    of_live_key = run_test(stripe, {"access_token": "sk_live_abcDEF4321"})
    of_test_key = run_test(stripe, VALUES)

    assert "in live mode" in detail(of_live_key, "Key is valid")
    assert kind(of_test_key) == "unexpected_reply"
    assert "another mode" in of_test_key.error.message


@pytest.mark.parametrize(
    ("changes", "outcome", "said"),
    [
        ({"charges_enabled": False}, "warned", "does not let Acme Shop take payments"),
        ({"settings": {}}, "passed", "belongs to Acme GmbH"),
        ({"settings": {}, "business_profile": {"name": None}}, "passed", "acct_1Acme"),
        ({"settings": 7, "business_profile": {"name": 8}}, "passed", "a time zone of its own"),
    ],
)
def test_an_account_is_told_as_far_as_stripe_tells_it(platform, changes, outcome, said):
    stripe, _ = platform(PROVIDER, HEALTHY | {ACCOUNT: (200, ACME | changes)})

    result = run_test(stripe, VALUES)

    assert result.outcome == "passed"
    assert outcomes(result)[1] == outcome
    assert said in detail(result, "Account")


# --- Permissions


def test_a_key_that_may_not_read_the_account_still_says_whose_it_is(platform):
    refused = (403, lacks("rak_accounts_kyc_basic_read"))
    stripe, _ = platform(PROVIDER, HEALTHY | {ACCOUNT: refused})

    result = run_test(stripe, VALUES)

    assert outcomes(result) == ["passed"] * 6
    assert result.account == Account("acct_1Acme")
    assert "need not" in detail(result, "Account")


def test_an_account_that_nothing_names_is_skipped(platform):
    stripe, _ = platform(PROVIDER, HEALTHY | {ACCOUNT: (403, error())})

    result = run_test(stripe, VALUES)

    assert (result.outcome, result.account) == ("passed", None)
    assert outcomes(result)[1] == "skipped"


@pytest.mark.parametrize(
    ("path", "right", "label", "what"),
    [
        (
            LEDGER,
            "rak_balance_transaction_source_read",
            "Balance transactions",
            "balance transactions",
        ),
        (CHARGES, "rak_charge_read", "Charges", "charges"),
        (CHECKOUTS, "rak_checkout_session_read", "Checkouts", "checkout sessions"),
        (SUBSCRIPTIONS, "rak_subscription_read", "Subscriptions", "subscriptions"),
    ],
)
def test_a_stream_that_may_not_be_read_warns_with_the_permissions_name(
    platform, path, right, label, what
):
    stripe, _ = platform(PROVIDER, HEALTHY | {path: (403, lacks(right))})

    result = run_test(stripe, VALUES)

    said = detail(result, f"{label} can be read")
    assert result.outcome == "passed"
    assert sorted(outcomes(result)) == ["passed"] * 5 + ["warned"]
    assert f"may not read {what}." in said
    assert f"to Read, {right}." in said


def test_a_key_without_the_balance_passes_by_the_ledger(platform):
    stripe, _ = platform(PROVIDER, HEALTHY | {BALANCE: (403, lacks("rak_balance_read"))})

    result = run_test(stripe, VALUES)

    assert result.outcome == "passed"
    assert outcomes(result) == ["warned", *["passed"] * 5]


def test_a_key_without_balance_and_ledger_is_refused(platform):
    refused = (401, lacks("rak_balance_transaction_source_read"))
    stripe, _ = platform(PROVIDER, HEALTHY | {BALANCE: (401, lacks("x")), LEDGER: refused})

    result = run_test(stripe, VALUES)

    assert kind(result) == "permission_missing"
    assert "balance transactions" in result.error.message
    assert result.error.action_url == "https://dashboard.stripe.com/apikeys"
    assert outcomes(result) == ["warned", "passed", "failed", "skipped", "skipped", "skipped"]


# --- Failures

FORBIDDEN_IP = error("The API key provided does not allow requests from your IP address.")
HTML = "<!DOCTYPE html><p>Are you a robot?"
FAILURES = [
    (401, error("Invalid API Key provided: rk_test_***4321"), "auth_invalid", "not know"),
    (401, error("You did not provide an API key."), "auth_invalid", "no key"),
    (401, error(code="api_key_expired"), "auth_expired", "expired"),
    (401, error(code="platform_api_key_expired"), "auth_expired", "expired"),
    (403, error(code="secret_key_required"), "auth_invalid", "publishable"),
    (403, error(code="account_invalid"), "account_not_found", "connected account"),
    (403, error("… does not have access to account 'acct_1'."), "account_not_found", "connected"),
    (
        400,
        error("Only Stripe Connect platforms can work with other accounts."),
        "account_not_found",
        "no Connect platform",
    ),
    (401, FORBIDDEN_IP, "permission_missing", "IP addresses"),
    (403, FORBIDDEN_IP, "permission_missing", "IP addresses"),
    (404, error(code="resource_missing"), "account_not_found", "mode"),
    (
        404,
        error("No such thing; a similar object exists in live mode.", code="resource_missing"),
        "account_not_found",
        "mode",
    ),
    (404, error("Unrecognized request URL"), "unexpected_reply", "did not understand"),
    (400, error(code="parameter_unknown"), "unexpected_reply", "did not understand"),
    (400, error("Invalid Stripe API version: x"), "unexpected_reply", "did not understand"),
    (402, error(error_type="card_error"), "unexpected_reply", "did not understand"),
    (409, error(error_type="idempotency_error"), "provider_unavailable", "busy"),
    (429, {}, "rate_limited", "limiting"),
    (429, HTML, "rate_limited", "limiting"),
    (429, error(code="lock_timeout"), "rate_limited", "limiting"),
    (400, error(code="rate_limit"), "rate_limited", "limiting"),
    (500, error(error_type="api_error"), "provider_unavailable", "problem"),
    (400, error(error_type="api_error"), "provider_unavailable", "problem"),
    (502, HTML, "provider_unavailable", "problem"),
    (503, "", "provider_unavailable", "problem"),
    (504, {}, "provider_unavailable", "problem"),
    (403, HTML, "blocked", "web page"),
    (200, HTML, "blocked", "web page"),
    (200, "", "unexpected_reply", "not JSON"),
    (200, {"of": "another shape"}, "unexpected_reply", "did not expect"),
    (302, "", "unexpected_reply", "did not expect"),
]


@pytest.mark.parametrize(("status", "body", "expected", "word"), FAILURES)
def test_a_documented_failure_has_its_kind_and_says_what_to_do(
    platform, status, body, expected, word
):
    stripe, requests_seen = platform(PROVIDER, {BALANCE: (status, body)})

    result = run_test(stripe, VALUES)

    assert kind(result) == expected
    assert word in result.error.message
    assert result.error.action.endswith(".")
    assert len(requests_seen) == 1
    assert outcomes(result) == [result.outcome, *["skipped"] * 5]


@pytest.mark.parametrize(
    ("status", "body"),
    [(401, lacks("x")), (403, lacks("x")), (403, error(code="more_permissions_required"))],
)
def test_a_missing_permission_is_no_bad_key(platform, status, body):
    refused = dict.fromkeys(ORDER, (status, body))
    stripe, requests_seen = platform(PROVIDER, refused)

    result = run_test(stripe, VALUES)

    assert kind(result) == "permission_missing"
    assert len(requests_seen) == 3


def test_a_limit_that_names_a_time_is_believed(platform):
    stripe, _ = platform(PROVIDER, {BALANCE: (429, {}, {"Retry-After": "20"})})

    assert run_test(stripe, VALUES).error.retry_after_seconds == 20


def test_every_rule_says_two_short_sentences_and_links_only_to_stripe():
    for rule in PROVIDER.errors:
        assert rule.message.endswith(".")
        assert rule.action.endswith(".")
        assert max(len(rule.message), len(rule.action)) < 90
        assert (rule.action_url or "https://dashboard.stripe.com/").startswith(
            "https://dashboard.stripe.com/"
        )


# --- Accounts, secrets


def test_the_accounts_of_a_connect_platform_are_listed_page_by_page(platform):
    def page(asked):
        if asked.query == {"limit": "100"}:
            return (200, rows(ACME, ACME | {"id": "acct_2"}, more=True))
        assert asked.query == {"limit": "100", "starting_after": "acct_2"}
        return (200, rows(ACME | {"id": "acct_3", "settings": None}))

    stripe, requests_seen = platform(PROVIDER, {ACCOUNTS: page})

    found = list_accounts(stripe, VALUES | {"account_id": "acct_2"})

    assert [account.id for account in found] == ["acct_1Acme", "acct_2", "acct_3"]
    assert [account.name for account in found] == ["Acme Shop", "Acme Shop", "Acme GmbH"]
    assert {request.headers["Stripe-Account"] for request in requests_seen} == {None}


def test_a_list_without_end_is_ended(platform):
    stripe, requests_seen = platform(PROVIDER, {ACCOUNTS: (200, rows(ACME, more=True))})

    assert len(list_accounts(stripe, VALUES)) == len(requests_seen) == 10


@pytest.mark.parametrize(
    "reply",
    [
        (200, rows()),
        (200, rows(more=True)),
        (400, error("Only Stripe Connect platforms can work with other accounts.")),
        (403, error("You can do this once you've signed up for Connect.")),
    ],
)
def test_an_ordinary_account_has_no_accounts_to_choose_from(platform, reply):
    stripe, _ = platform(PROVIDER, {ACCOUNTS: reply})

    assert list_accounts(stripe, VALUES) == []


def test_a_key_that_may_not_list_accounts_says_so(platform):
    stripe, _ = platform(PROVIDER, {ACCOUNTS: (403, lacks("rak_accounts_kyc_basic_read"))})

    with pytest.raises(PermissionMissing):
        list_accounts(stripe, VALUES)


def test_the_key_is_in_no_result_or_log_even_when_stripe_repeats_it(platform, caplog):
    caplog.set_level(logging.DEBUG)
    named = ACME | {"settings": {"dashboard": {"display_name": KEY}}}
    replies = HEALTHY | {ACCOUNT: (200, named), LEDGER: (401, error(KEY))}
    stripe, _ = platform(PROVIDER, replies)

    result = run_test(stripe, VALUES)

    assert "•••" in detail(result, "Account")
    assert KEY not in repr(result.steps) + repr(result.error) + caplog.text
