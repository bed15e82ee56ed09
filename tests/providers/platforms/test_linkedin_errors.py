"""Every failure that LinkedIn documents: its kind, its sentence, when to come back."""

import pytest
import time_machine

from providers.platforms.linkedin import PROVIDER
from providers.run.ladder import run_test
from tests.providers.platforms.linkedin_replies import (
    ACCESS_TOKEN,
    ACLS,
    APP,
    FOLLOWERS,
    HEALTHY,
    INTROSPECT,
    PAGE,
    REFRESHING,
    USERINFO,
    VALUES,
    error,
)

HTML = "<!DOCTYPE html><p>Are you a robot?"
OUTDATED = error("NONEXISTENT_VERSION", status=426)
FAILURES = [
    (USERINFO, 401, error("INVALID_ACCESS_TOKEN", 65600), "auth_invalid", "recognise"),
    (USERINFO, 401, error(None, 65600), "auth_invalid", "recognise"),
    (USERINFO, 401, error("EMPTY_ACCESS_TOKEN"), "auth_invalid", "recognise"),
    (USERINFO, 401, {}, "auth_invalid", "recognise"),
    (USERINFO, 401, error("REVOKED_ACCESS_TOKEN", 65601), "auth_invalid", "withdrawn"),
    (USERINFO, 401, error(None, 65601), "auth_invalid", "withdrawn"),
    (USERINFO, 401, error("EXPIRED_ACCESS_TOKEN", 65602), "auth_expired", "60 days"),
    (USERINFO, 401, error(None, 65602), "auth_expired", "60 days"),
    (ACLS, 403, error("ACCESS_DENIED", 100), "permission_missing", "not approved"),
    (ACLS, 403, error(None, 100), "permission_missing", "not approved"),
    (FOLLOWERS, 403, error("NO_PERMISSION_ON_ENTITY"), "permission_missing", "no role"),
    (PAGE, 404, error("NOT_FOUND"), "account_not_found", "know this Page"),
    (ACLS, 426, OUTDATED, "unexpected_reply", "retired the API version"),
    (ACLS, 400, OUTDATED, "unexpected_reply", "retired the API version"),
    (ACLS, 400, error("VERSION_MISSING"), "unexpected_reply", "did not understand"),
    (USERINFO, 429, error(None, 101), "quota_exhausted", "daily allowance"),
    (USERINFO, 500, error("INTERNAL_SERVER_ERROR"), "provider_unavailable", "problem"),
    (USERINFO, 502, HTML, "provider_unavailable", "problem"),
    (USERINFO, 503, HTML, "provider_unavailable", "problem"),
    (USERINFO, 504, {}, "provider_unavailable", "problem"),
    (USERINFO, 999, HTML, "blocked", "against robots"),
    (USERINFO, 401, HTML, "blocked", "web page"),
    (USERINFO, 200, HTML, "blocked", "web page"),
    (USERINFO, 200, "", "unexpected_reply", "not JSON"),
    (USERINFO, 302, "", "unexpected_reply", "did not expect"),
    (USERINFO, 200, error("EXPIRED_ACCESS_TOKEN"), "auth_expired", "60 days"),
]
AT_THE_TOKEN = [
    (401, {"error": "invalid_client"}, "auth_invalid", "client ID"),
    (400, {"error": "invalid_grant"}, "auth_expired", "refresh token"),
    (
        400,
        {"error": "invalid_request", "error_description": "The refresh token has expired"},
        "auth_expired",
        "refresh token",
    ),
    (400, {"error": "invalid_request"}, "unexpected_reply", "did not understand"),
    (429, {}, "quota_exhausted", "daily allowance"),
    (503, HTML, "provider_unavailable", "problem"),
    (999, HTML, "blocked", "against robots"),
]


@pytest.mark.parametrize(("path", "status", "body", "kind", "word"), FAILURES)
def test_a_documented_failure_has_its_kind_and_says_what_to_do(
    platform, path, status, body, kind, word
):
    linkedin, _ = platform(PROVIDER, HEALTHY | {path: (status, body)})

    result = run_test(linkedin, VALUES)

    assert result.error.kind == kind
    assert word in result.error.message
    assert result.error.action.endswith(".")
    assert result.steps[-1].outcome == "skipped"


@pytest.mark.parametrize(("status", "body", "kind", "word"), AT_THE_TOKEN)
def test_a_failure_of_the_sign_in_has_its_kind(platform, status, body, kind, word):
    linkedin, requests_seen = platform(PROVIDER, {ACCESS_TOKEN: (status, body)})

    result = run_test(linkedin, REFRESHING, method="refresh_token")

    assert result.error.kind == kind
    assert word in result.error.message
    assert len(requests_seen) == 1


def test_a_wrong_app_is_told_at_the_inspection(platform):
    linkedin, _ = platform(PROVIDER, {INTROSPECT: (401, {"error": "invalid_client"})})

    result = run_test(linkedin, VALUES | APP)

    assert result.error.kind == "auth_invalid"
    assert "client secret" in result.error.message


def test_a_retired_version_that_was_entered_is_for_the_person_to_clear(platform):
    linkedin, _ = platform(PROVIDER, HEALTHY | {ACLS: (426, OUTDATED)})

    result = run_test(linkedin, VALUES | {"api_version": "202401"})

    assert result.error.kind == "invalid_config"
    assert "Clear the field" in result.error.action


@time_machine.travel("2026-11-22T22:30:00Z", tick=False)
@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [(429, {}, 5400), (429, {"Retry-After": "60"}, 60), (503, {}, None)],
)
def test_a_limit_says_when_to_come_back(platform, status, headers, seconds):
    linkedin, _ = platform(PROVIDER, {USERINFO: (status, {}, headers)})

    result = run_test(linkedin, VALUES)

    assert result.error.retry_after_seconds == seconds


def test_every_rule_says_two_short_sentences_and_links_only_to_linkedin():
    for rule in PROVIDER.errors:
        assert rule.message.endswith(".")
        assert rule.action.endswith(".")
        assert max(len(rule.message), len(rule.action)) < 90
        assert (rule.action_url or "https://www.linkedin.com/").startswith(
            "https://www.linkedin.com/"
        )
