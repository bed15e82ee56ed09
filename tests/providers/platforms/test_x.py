"""What X's tester asks, in which order, and what it makes of each answer."""

import logging
from base64 import b64encode

import pytest
import time_machine

from providers.declare import Account
from providers.platforms.x import PROVIDER
from providers.run.ladder import list_accounts, run_test
from tests.providers.asking import detail, kind, outcomes

TOKEN = "AAAAtest%2FTOKEN%3D4321"
MADE = "AAAAmadeTOKEN99"
VALUES = {"access_token": TOKEN, "account_id": "acme"}
PAIR = {"api_key": "key+1", "api_key_secret": "secret/2=", "account_id": "acme"}
ISSUE, USAGE = "/oauth2/token", "/2/usage/tweets"
USER, COUNTS = "/2/users/by/username/acme", "/2/tweets/counts/recent"
ORDER = [USAGE, USER, COUNTS]
ACME = {
    "id": "2244994945",
    "name": "Acme Shop",
    "username": "Acme",
    "public_metrics": {"followers_count": 5120},
}
HEALTHY = {
    ISSUE: (200, {"token_type": "bearer", "access_token": MADE}),
    USAGE: (200, {"data": {"project_usage": "120", "project_cap": 10000, "cap_reset_day": 7}}),
    USER: (200, {"data": ACME}),
    COUNTS: (200, {"data": [], "meta": {"total_tweet_count": 42}}),
}
OLD_HOST = "https://api.twitter.com/2/problems/"
NEW_HOST = "https://api.x.com/2/problems/"


def error(problem="about:blank", title="Unauthorized", host=NEW_HOST, **more):
    kind_of = problem if problem == "about:blank" else host + problem
    return {"title": title, "detail": "Words that change.", "type": kind_of, **more}


def legacy(code):
    return {"errors": [{"code": code, "message": "Words that change."}]}


# --- The ladder


def test_a_healthy_token_passes_every_step_in_order(platform):
    x, requests_seen = platform(PROVIDER, HEALTHY)

    result = run_test(x, VALUES)

    assert result.outcome == "passed"
    assert outcomes(result) == ["passed"] * 3
    assert result.account == Account("Acme", "Acme Shop")
    assert result.expires_at is None
    assert [request.path for request in requests_seen] == ORDER
    assert "120 of 10000" in detail(result, "Token is valid")
    assert "5120 followers" in detail(result, "Account found")
    assert "for @acme: 42." in detail(result, "Posts can be searched")


def test_every_request_is_the_documented_one(platform):
    x, requests_seen = platform(PROVIDER, HEALTHY)

    run_test(x, VALUES)

    assert {request.headers["Authorization"] for request in requests_seen} == {f"Bearer {TOKEN}"}
    assert {request.method for request in requests_seen} == {"GET"}
    assert [request.query for request in requests_seen] == [
        {"days": "1", "usage.fields": "cap_reset_day,project_cap,project_id,project_usage"},
        {"user.fields": "public_metrics"},
        {"query": "@acme", "granularity": "day"},
    ]


def test_a_key_and_its_secret_are_traded_for_a_token_at_the_cost_it_says(platform):
    x, requests_seen = platform(PROVIDER, HEALTHY)

    result = run_test(x, PAIR, method="client_credentials")

    first, *others = requests_seen
    assert result.outcome == "passed"
    assert len(requests_seen) == PROVIDER.cost.calls
    assert (first.method, first.path) == ("POST", ISSUE)
    assert first.form == {"grant_type": "client_credentials"}
    pair = b64encode(b"key%2B1:secret%2F2%3D").decode()
    assert first.headers["Authorization"] == f"Basic {pair}"
    assert {request.headers["Authorization"] for request in others} == {f"Bearer {MADE}"}


@pytest.mark.parametrize(
    ("values", "query", "said"),
    [
        ({"search_query": "acme OR #acme"}, "acme OR #acme", "the saved search: 42."),
        ({"account_id": "acme"}, "@acme", "@acme: 42."),
        ({}, "marketing", "marketing: 42."),
    ],
)
def test_the_saved_search_is_tried_or_else_the_account(platform, values, query, said):
    x, requests_seen = platform(PROVIDER, HEALTHY)

    result = run_test(x, {"access_token": TOKEN} | values)

    assert requests_seen[-1].query["query"] == query
    assert said in detail(result, "Posts can be searched")


def test_without_a_username_no_account_is_paid_for(platform):
    x, requests_seen = platform(PROVIDER, HEALTHY)

    result = run_test(x, {"access_token": TOKEN})

    assert (result.outcome, result.account) == ("passed", None)
    assert outcomes(result)[1] == "skipped"
    assert [request.path for request in requests_seen] == [USAGE, COUNTS]


@pytest.mark.parametrize(
    ("usage", "outcome", "said"),
    [
        ({"project_usage": 120, "project_cap": "10000"}, "passed", "120 of 10000."),
        ({"project_usage": 120}, "passed", "this month: 120."),
        ({}, "passed", "this month: 0."),
        (
            {"project_usage": 9, "project_cap": 9, "cap_reset_day": 7},
            "warned",
            "Wait for day 7.",
        ),
    ],
)
def test_what_is_left_of_the_month_is_told(platform, usage, outcome, said):
    x, _ = platform(PROVIDER, HEALTHY | {USAGE: (200, {"data": usage})})

    result = run_test(x, VALUES)

    assert result.outcome == "passed"
    assert outcomes(result)[0] == outcome
    assert said in detail(result, "Token is valid")


def test_usage_that_x_does_not_tell_proves_nothing_against_the_token(platform):
    x, _ = platform(PROVIDER, HEALTHY | {USAGE: (404, "")})

    result = run_test(x, VALUES)

    assert outcomes(result) == ["warned", "passed", "passed"]


@pytest.mark.parametrize(
    "meta", [{"total_tweet_count": 42}, {"total_post_count": 42}, {"total_post_count": "42"}]
)
def test_a_count_is_read_under_both_of_its_names(platform, meta):
    x, _ = platform(PROVIDER, HEALTHY | {COUNTS: (200, {"meta": meta})})

    assert ": 42." in detail(run_test(x, VALUES), "Posts can be searched")


# --- Errors inside a good reply


def only_errors(problem, host=OLD_HOST):
    return (200, {"errors": [{"title": "T", "detail": "D", "type": host + problem}]})


@pytest.mark.parametrize("host", [OLD_HOST, NEW_HOST])
@pytest.mark.parametrize(
    ("problem", "expected", "word"),
    [
        ("resource-not-found", "account_not_found", "no X account"),
        ("not-authorized-for-resource", "permission_missing", "private"),
        ("something-new", "unexpected_reply", "did not expect"),
    ],
)
def test_an_account_that_is_not_given_fails_its_step(platform, host, problem, expected, word):
    x, _ = platform(PROVIDER, HEALTHY | {USER: only_errors(problem, host)})

    result = run_test(x, VALUES)

    assert kind(result) == expected
    assert word in result.error.message
    assert outcomes(result)[2] == "skipped"


NAME = {"id": "1", "username": "acme", "name": "Acme"}
PROBLEMS = [
    {"type": f"{NEW_HOST}{problem}", "title": "T"}
    for problem in (
        "not-authorized-for-field",
        "not-authorized-for-resource",
        "resource-not-found",
        "usage-capped",
    )
] + [{"code": 131, "message": "Internal error"}]


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize(
    ("path", "body", "label", "said"),
    [
        (USAGE, {"data": {"project_usage": 7}}, "Token is valid", "this month: 7."),
        (USER, {"data": NAME}, "Account found", "X knows @acme."),
        (COUNTS, {"meta": {"total_tweet_count": 0}}, "Posts can be searched", "@acme: 0."),
    ],
)
def test_what_is_there_beside_errors_passes_and_the_step_warns(
    platform, problem, path, body, label, said
):
    x, _ = platform(PROVIDER, HEALTHY | {path: (200, body | {"errors": [problem]})})

    result = run_test(x, VALUES)

    assert result.outcome == "passed"
    assert sorted(outcomes(result)) == ["passed", "passed", "warned"]
    assert said in detail(result, label)
    assert detail(result, label).endswith("X could not read a part of what we asked for.")


@pytest.mark.parametrize(
    ("path", "values", "expected", "word"),
    [
        (USER, {}, "invalid_config", "cannot be a username"),
        (COUNTS, {"search_query": "(acme"}, "invalid_config", "the saved search"),
        (COUNTS, {}, "unexpected_reply", "did not understand"),
        (USAGE, {}, "unexpected_reply", "did not understand"),
    ],
)
def test_a_refused_value_is_the_persons_only_if_they_typed_it(
    platform, path, values, expected, word
):
    refused = error("invalid-request", "Invalid Request", errors=[{"parameters": {"x": ["y"]}}])
    x, _ = platform(PROVIDER, HEALTHY | {path: (400, refused)})

    result = run_test(x, VALUES | values)

    assert kind(result) == expected
    assert word in result.error.message


@pytest.mark.parametrize("path", [ISSUE, COUNTS])
def test_an_address_that_x_does_not_know_is_no_missing_account(platform, path):
    x, _ = platform(PROVIDER, HEALTHY | {path: (404, "")})

    assert kind(run_test(x, PAIR, method="client_credentials")) == "unexpected_reply"


# --- Failures

HTML = "<!DOCTYPE html><p>Are you a robot?"
FAILURES = [
    (COUNTS, 401, error(), "auth_invalid", "not accept"),
    (COUNTS, 401, legacy(89), "auth_invalid", "no longer"),
    (COUNTS, 403, legacy(89), "auth_invalid", "no longer"),
    (COUNTS, 403, error("unsupported-authentication"), "permission_missing", "kind of token"),
    (
        COUNTS,
        403,
        error("client-forbidden", reason="client-not-enrolled", host=OLD_HOST),
        "permission_missing",
        "project",
    ),
    (COUNTS, 403, error("not-authorized-for-resource"), "permission_missing", "private"),
    (COUNTS, 403, error("not-authorized-for-field"), "permission_missing", "may not read"),
    (COUNTS, 403, legacy(220), "permission_missing", "may not read"),
    (COUNTS, 403, error(title="Forbidden"), "permission_missing", "may not read"),
    (COUNTS, 402, error("credits", "CreditsDepleted"), "quota_exhausted", "no credits"),
    (COUNTS, 402, error("credits-depleted", "Payment Required"), "quota_exhausted", "no credits"),
    (COUNTS, 402, "", "quota_exhausted", "no credits"),
    (COUNTS, 403, error(title="SpendCapReached"), "quota_exhausted", "spending limit"),
    (COUNTS, 403, error("spend-cap-reached", "Forbidden"), "quota_exhausted", "this month"),
    (COUNTS, 429, error("usage-capped", "UsageCapExceeded"), "quota_exhausted", "this month"),
    (USER, 404, error("resource-not-found", "Not Found"), "account_not_found", "no X account"),
    (USER, 404, error(title="Not Found"), "account_not_found", "no X account"),
    (COUNTS, 429, error(title="Too Many Requests"), "rate_limited", "limiting"),
    (COUNTS, 429, HTML, "rate_limited", "limiting"),
    (COUNTS, 429, {"errors": [{"code": 88}]}, "rate_limited", "limiting"),
    (COUNTS, 500, error(title="Internal Server Error"), "provider_unavailable", "problem"),
    (COUNTS, 502, HTML, "provider_unavailable", "problem"),
    (COUNTS, 503, {"errors": [error("x")]}, "provider_unavailable", "problem"),
    (COUNTS, 504, "", "provider_unavailable", "problem"),
    (COUNTS, 403, HTML, "blocked", "web page"),
    (COUNTS, 200, HTML, "blocked", "web page"),
    (COUNTS, 200, "", "unexpected_reply", "not JSON"),
    (COUNTS, 200, {"meta": {}}, "unexpected_reply", "did not expect"),
    (COUNTS, 302, "", "unexpected_reply", "did not expect"),
]
AT_THE_TOKEN = [
    (403, legacy(99), "auth_invalid", "API key"),
    (400, {"error": "invalid_request"}, "unexpected_reply", "did not understand"),
    (429, {}, "rate_limited", "limiting"),
    (503, HTML, "provider_unavailable", "problem"),
]


@pytest.mark.parametrize(("path", "status", "body", "expected", "word"), FAILURES)
def test_a_documented_failure_has_its_kind_and_says_what_to_do(
    platform, path, status, body, expected, word
):
    x, requests_seen = platform(PROVIDER, HEALTHY | {path: (status, body)})

    result = run_test(x, VALUES)

    assert kind(result) == expected
    assert word in result.error.message
    assert result.error.action.endswith(".")
    assert requests_seen[-1].path == path


@pytest.mark.parametrize(("status", "body", "expected", "word"), AT_THE_TOKEN)
def test_a_failure_of_the_sign_in_has_its_kind(platform, status, body, expected, word):
    x, requests_seen = platform(PROVIDER, {ISSUE: (status, body)})

    result = run_test(x, PAIR, method="client_credentials")

    assert kind(result) == expected
    assert word in result.error.message
    assert len(requests_seen) == 1
    assert outcomes(result) == [result.outcome, "skipped", "skipped"]


@time_machine.travel("2026-11-22T12:00:00Z", tick=False)
@pytest.mark.parametrize(
    ("status", "body", "headers", "seconds"),
    [
        (429, {}, {"x-rate-limit-reset": "1795349160"}, 360),
        (429, {}, {"X-Rate-Limit-Reset": "99999999999999"}, 86400),
        (429, {}, {"x-rate-limit-reset": "1"}, None),
        (429, {}, {"x-rate-limit-reset": "soon"}, None),
        (429, {}, {"Retry-After": "7"}, 7),
        (429, error("usage-capped"), {"x-rate-limit-reset": "1795349160"}, None),
        (402, {}, {"x-rate-limit-reset": "1795349160"}, None),
    ],
)
def test_a_limit_says_when_to_come_back(platform, status, body, headers, seconds):
    x, _ = platform(PROVIDER, {USAGE: (status, body, headers)})

    assert run_test(x, VALUES).error.retry_after_seconds == seconds


def test_every_rule_says_two_short_sentences_and_links_only_to_x():
    for rule in PROVIDER.errors:
        assert rule.message.endswith(".")
        assert rule.action.endswith(".")
        assert max(len(rule.message), len(rule.action)) < 90
        assert rule.action_url in {None, "https://console.x.com"}


# --- Accounts, secrets


def test_a_token_of_an_app_has_no_account_to_choose_from(platform):
    x, requests_seen = platform(PROVIDER, {})

    assert list_accounts(x, VALUES) is None
    assert requests_seen == []


def test_no_secret_is_in_a_result_or_a_log_even_when_x_repeats_them(platform, caplog):
    caplog.set_level(logging.DEBUG)
    pair = b64encode(b"key%2B1:secret%2F2%3D").decode()
    said = f"{MADE} {PAIR['api_key']} {PAIR['api_key_secret']} {pair}"
    replies = HEALTHY | {
        USER: (200, {"data": {"username": "acme", "name": said}}),
        USAGE: (200, {"data": {"project_usage": 1, "project_cap": 1, "cap_reset_day": said}}),
        COUNTS: (401, error(title=said)),
    }
    x, _ = platform(PROVIDER, replies)

    result = run_test(x, PAIR, method="client_credentials")

    shown = repr(result) + repr(result.error) + caplog.text
    assert "•••" in detail(result, "Token is valid")
    for secret in said.split():
        assert secret not in shown
