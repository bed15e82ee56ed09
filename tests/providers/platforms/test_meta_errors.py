"""Every failure that Meta documents: its kind, its sentence, what to do, when to come back."""

import json

import pytest

from providers.outbound.reply import Reply
from providers.platforms.meta import PROVIDER
from providers.run.ladder import run_test
from tests.providers.platforms.meta_replies import (
    MISSING_OBJECT,
    NO_ACCESS,
    VALUES,
    error,
    outcomes,
)

FAILURES = [
    (400, error(190), "auth_invalid", "not accept"),
    (401, error(190), "auth_invalid", "not accept"),
    (400, error(102), "auth_invalid", "not accept"),
    (400, error(190, 467), "auth_invalid", "not accept"),
    (400, error(190, 463), "auth_expired", "expired"),
    (401, error(102, 463), "auth_expired", "expired"),
    (400, error(190, 460), "auth_invalid", "password"),
    (400, error(190, 458), "auth_invalid", "app was removed"),
    (400, error(190, 459), "auth_invalid", "confirm the account"),
    (400, error(190, 464), "auth_invalid", "confirm the account"),
    (400, error(190, 492), "permission_missing", "role on the Page"),
    (
        400,
        error(190, message="pages_read must be granted before impersonating a user's page."),
        "permission_missing",
        "permissions for Pages",
    ),
    (
        400,
        error(100, message="API calls from the server require an appsecret_proof argument"),
        "auth_invalid",
        "App Secret",
    ),
    (
        400,
        error(100, message="Invalid appsecret_proof provided in the API argument"),
        "auth_invalid",
        "App Secret",
    ),
    (400, error(101), "auth_invalid", "App ID"),
    (400, error(100, 33, MISSING_OBJECT), "account_not_found", "know this ID"),
    (400, error(100, message="Missing permissions"), "permission_missing", "read the account"),
    (403, error(200), "permission_missing", "permission is missing"),
    (400, error(299), "permission_missing", "permission is missing"),
    (403, error(10), "permission_missing", "permission is missing"),
    (400, error(3), "permission_missing", "permission is missing"),
    (403, error(200, message=NO_ACCESS), "permission_missing", "disabled or removed"),
    (400, error(200, message="API access blocked."), "permission_missing", "restricted the app"),
    (400, error(4), "rate_limited", "limiting requests"),
    (400, error(4, is_transient=True), "rate_limited", "limiting requests"),
    (400, error(17, 2446079), "rate_limited", "limiting requests"),
    (403, error(32), "rate_limited", "limiting requests"),
    (400, error(341), "rate_limited", "limiting requests"),
    (400, error(613), "rate_limited", "limiting requests"),
    (400, error(613, 1487742), "rate_limited", "limiting requests"),
    (400, error(613, 1996), "rate_limited", "limiting requests"),
    (403, error(613, 5044001), "rate_limited", "limiting requests"),
    (400, error(80000), "rate_limited", "limiting requests"),
    (400, error(80014), "rate_limited", "limiting requests"),
    (400, error(368), "rate_limited", "policy"),
    (500, error(1), "provider_unavailable", "temporary"),
    (500, error(1, 99), "provider_unavailable", "temporary"),
    (503, error(2, is_transient=True), "provider_unavailable", "temporary"),
    (400, error(2), "provider_unavailable", "temporary"),
    (400, error(960), "provider_unavailable", "temporary"),
    (400, error(190, is_transient=True), "provider_unavailable", "temporary"),
    (
        500,
        error(1, message="Please reduce the data"),
        "provider_unavailable",
        "temporary",
    ),
    (400, error(1, 2853001, is_transient=False), "permission_missing", "not linked"),
    (400, error(1, 2853001, is_transient=True), "provider_unavailable", "temporary"),
    (400, error(100), "unexpected_reply", "did not understand"),
    (400, error(2635), "unexpected_reply", "did not understand"),
    (400, error(987654), "unexpected_reply", "did not expect"),
    (200, error(190, 463), "auth_expired", "expired"),
    (200, error(17), "rate_limited", "limiting requests"),
    (200, {"error": {"message": "Without a code."}}, "unexpected_reply", "did not expect"),
    (200, "Service Unavailable", "provider_unavailable", "temporary"),
    (503, "Service Unavailable", "provider_unavailable", "problem"),
    (503, "<html>Service Unavailable</html>", "provider_unavailable", "problem"),
    (429, {}, "rate_limited", "limiting requests"),
    (200, "<!DOCTYPE html><p>Robot?", "blocked", "web page"),
    (302, "", "unexpected_reply", "did not expect"),
]


@pytest.mark.parametrize(("status", "body", "kind", "word"), FAILURES)
def test_a_documented_failure_has_its_kind_and_says_what_to_do(platform, status, body, kind, word):
    meta, requests_seen = platform(PROVIDER, {"/v26.0/me": (status, body)})

    result = run_test(meta, VALUES)

    assert result.error.kind == kind
    assert word in result.error.message
    assert result.error.action.endswith(".")
    assert len(requests_seen) == 1
    assert outcomes(result) == [result.outcome, *["skipped"] * 4]


def test_every_rule_is_reached_by_a_failure_above():
    unreached = set(PROVIDER.errors)
    for status, body, _, _ in FAILURES:
        rules = [rule for rule in PROVIDER.errors if rule.matches(facts_of(status, body))]
        unreached -= set(rules[:1])

    [only_for_debug_token] = unreached
    assert only_for_debug_token.text.startswith("did not match the viewing app")


def facts_of(status, body):
    sent = body if isinstance(body, str) else json.dumps(body)
    return PROVIDER.facts_of(Reply(status, {}, sent.encode()))


def test_every_rule_says_two_short_sentences_and_links_only_to_meta():
    for rule in PROVIDER.errors:
        assert rule.message.endswith(".")
        assert rule.action.endswith(".")
        assert max(len(rule.message), len(rule.action)) < 90
        assert (rule.action_url or "https://www.facebook.com/").startswith(
            (
                "https://www.facebook.com/",
                "https://business.facebook.com/",
                "https://developers.facebook.com/",
            )
        )


@pytest.mark.parametrize(
    ("header", "usage", "seconds"),
    [
        (
            "X-Business-Use-Case-Usage",
            {"1001": [{"type": "ads_insights", "estimated_time_to_regain_access": 12}]},
            720,
        ),
        (
            "x-business-use-case-usage",
            {
                "1": [{"estimated_time_to_regain_access": 0}],
                "2": [{"estimated_time_to_regain_access": 3}],
            },
            180,
        ),
        ("x-ad-account-usage", {"acc_id_util_pct": 100, "reset_time_duration": 90}, 90),
        ("X-Ad-Account-Usage", {"acc_id_util_pct": 9.67, "reset_time_duration": 90}, None),
        (
            "X-Business-Use-Case-Usage",
            {"1": [{"estimated_time_to_regain_access": 10**300}]},
            86400,
        ),
        ("X-Business-Use-Case-Usage", ["of", {"another": "shape"}], None),
    ],
)
def test_a_limit_says_when_to_come_back(platform, header, usage, seconds):
    limited = (400, error(17, 2446079), {header: json.dumps(usage)})
    meta, _ = platform(PROVIDER, {"/v26.0/me": limited})

    result = run_test(meta, VALUES)

    assert result.error.kind == "rate_limited"
    assert result.error.retry_after_seconds == seconds
