"""The sandbox answers like Stripe and refuses what Stripe refuses."""

import pytest

from providers.platforms.stripe import PROVIDER
from providers.run.ladder import list_accounts, run_test
from providers.sandbox import stripe as sandbox
from tests.providers.asking import ask, kind, outcomes

DRILLS = {
    "rk_test_healthy": None,
    "rk_live_healthy": None,
    "sk_test_healthy": None,
    "rk_test_platform": None,
    "rk_test_empty": None,
    "rk_test_closed": None,
    "rk_test_noname": None,
    "rk_test_nocharges": None,
    "rk_test_nobalance": None,
    "rk_test_nothing": "permission_missing",
    "rk_test_expired": "auth_expired",
    "rk_test_elsewhere": "permission_missing",
    "rk_test_limited": "rate_limited",
    "rk_test_failing": "provider_unavailable",
    "rk_test_down": "provider_unavailable",
    "rk_test_wall": "blocked",
    "rk_test_cut": "network",
    "rk_test_silent": "network",
    "rk_test_unknown": "auth_invalid",
    "pk_test_unknown": "auth_invalid",
}
WARNED = {"rk_test_closed": 1, "rk_test_nobalance": 1, "rk_test_nocharges": 1}


@pytest.mark.parametrize("key", DRILLS)
def test_a_key_of_the_sandbox_leads_to_what_it_promises(platform, key):
    fake, _ = platform(PROVIDER, sandbox.answer)
    patience = 0.3 if key == "rk_test_silent" else 30

    result = run_test(fake, {"access_token": key}, deadline_seconds=patience)

    assert kind(result) == DRILLS[key]
    if result.outcome == "passed":
        assert outcomes(result).count("warned") == WARNED.get(key, 0)


def test_every_key_of_the_sandbox_is_drilled_and_can_be_pasted():
    unknown = {"rk_test_unknown", "pk_test_unknown"}
    assert DRILLS.keys() - unknown == {*sandbox.KEYS, *sandbox.TROUBLE}
    for key in DRILLS.keys() - unknown:
        assert PROVIDER.clean({"access_token": key})[0] == {"access_token": key}


@pytest.mark.parametrize(
    ("key", "account", "name", "expected"),
    [
        ("rk_test_platform", "acct_1Outlet", "Acme Outlet", None),
        ("rk_test_platform", "acct_1Nobody", None, "account_not_found"),
        ("rk_test_healthy", "acct_1Shop", None, "account_not_found"),
    ],
)
def test_only_the_platforms_key_reaches_other_accounts(platform, key, account, name, expected):
    fake, _ = platform(PROVIDER, sandbox.answer)

    result = run_test(fake, {"access_token": key, "account_id": account})

    assert kind(result) == expected
    assert (result.account and result.account.name) == name


@pytest.mark.parametrize(
    ("key", "count"), [("rk_test_platform", 2), ("rk_test_healthy", 0), ("rk_test_empty", 0)]
)
def test_accounts_of_the_sandbox_are_listed(platform, key, count):
    fake, _ = platform(PROVIDER, sandbox.answer)

    assert len(list_accounts(fake, {"access_token": key})) == count


def test_a_list_of_the_sandbox_is_turned_page_by_page():
    headers = {"Authorization": "Bearer rk_test_platform"}
    first = ask(sandbox.answer, "/v1/accounts", {"limit": "1"}, headers).body
    after = {"limit": "1", "starting_after": first["data"][0]["id"]}
    second = ask(sandbox.answer, "/v1/accounts", after, headers).body

    assert (first["has_more"], second["has_more"]) == (True, False)
    assert [one["data"][0]["id"] for one in (first, second)] == [*sandbox.CONNECTED]


@pytest.mark.parametrize(
    ("path", "query", "headers", "status", "code", "words"),
    [
        ("/v1/balance", {}, {"Authorization": None}, 401, None, "did not provide"),
        ("/v1/balance", {}, {"Authorization": "Bearer rk_test_x"}, 401, None, "Invalid API Key"),
        ("/v1/balance", {}, {"Stripe-Version": "v1"}, 400, None, "Invalid Stripe API version"),
        ("/v1/balance", {"limit": "1"}, {}, 400, "parameter_unknown", "limit"),
        ("/v1/charges", {"page": "1"}, {}, 400, "parameter_unknown", "page"),
        ("/v1/charges", {"limit": "x"}, {}, 400, "parameter_invalid_integer", "integer"),
        ("/v1/charges", {"limit": "101"}, {}, 400, None, "from 1 to 100"),
        ("/v1/charges", {"starting_after": "ch_9"}, {}, 400, "resource_missing", "No such"),
        ("/v1/balances", {}, {}, 404, None, "Unrecognized request URL"),
        ("/balance", {}, {}, 404, None, "Unrecognized request URL"),
        ("/v1/charges", {}, {"Stripe-Account": "acct_1"}, 403, "account_invalid", "access"),
        ("/v1/accounts", {}, {}, 400, None, "Only Stripe Connect platforms"),
    ],
)
def test_the_sandbox_refuses_what_stripe_refuses(path, query, headers, status, code, words):
    sent = {"Authorization": "Bearer rk_test_healthy", "Stripe-Version": "2026-10-28.endive"}

    answer = ask(sandbox.answer, path, query, sent | headers)

    assert answer.status == status
    assert answer.body["error"].get("code") == code
    assert words in answer.body["error"]["message"]


def test_the_sandbox_only_reads():
    headers = {"Authorization": "Bearer rk_test_healthy"}

    assert ask(sandbox.answer, "/v1/charges", headers=headers, method="POST").status == 404
