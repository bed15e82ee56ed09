"""Every failure that Google documents for the four platforms: its kind, its sentence, what to do.

A row is asked of the first call after the sign-in, or of the token endpoint.
"""

import json

import pytest
import time_machine

from providers.outbound.reply import Reply
from providers.platforms import ga4, google_ads, search_console, youtube
from providers.run.ladder import run_test
from tests.providers.families.google_replies import (
    CLIENT,
    PASTED,
    ROBOT,
    ads,
    oauth,
    outcomes,
    rpc,
    signed_in,
)

PROVIDERS = {
    "google_ads": google_ads.PROVIDER,
    "youtube": youtube.PROVIDER,
    "ga4": ga4.PROVIDER,
    "search_console": search_console.PROVIDER,
}
SITE = "https://www.acme.example/"
FIRST_CALL = {
    "google_ads": "/v26/customers:listAccessibleCustomers",
    "youtube": "/youtube/v3/channels",
    "ga4": "/v1beta/properties/1001",
    "search_console": "/webmasters/v3/sites/https%3A%2F%2Fwww.acme.example%2F",
}
ACCOUNTS = {
    "google_ads": {"account_id": "1000000001"},
    "youtube": {},
    "ga4": {"account_id": "1001"},
    "search_console": {"account_id": SITE},
}
SCOPES = {
    "google_ads": ["adwords"],
    "youtube": ["youtube.readonly", "yt-analytics.readonly"],
    "ga4": ["analytics.readonly"],
    "search_console": ["webmasters.readonly"],
}
METHODS = {"service_account": ROBOT, "refresh_token": CLIENT, "access_token": PASTED}


def run(platform, slug, replies, method="refresh_token"):
    fake, _ = platform(PROVIDERS[slug], signed_in(*SCOPES[slug]) | replies)
    return run_test(fake, METHODS[method] | ACCOUNTS[slug], method=method)


# --- The token endpoint

NO_DELEGATION = (
    "Client is unauthorized to retrieve access tokens using this method, or client not "
    "authorized for any of the scopes requested."
)
CLOCK = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
REVOKED = "Token has been expired or revoked."
TOKEN_ENDPOINT = [
    (oauth("invalid_grant", REVOKED), "auth_expired", "ended this sign-in"),
    ((400, {"error": "invalid_grant"}), "auth_expired", "ended this sign-in"),
    (oauth("invalid_grant", "reauth related error (invalid_rapt)"), "auth_expired", "ended"),
    (oauth("invalid_grant", "Bad Request"), "auth_invalid", "refresh token"),
    (oauth("invalid_grant", "Invalid JWT Signature."), "auth_invalid", "service-account key"),
    (oauth("invalid_grant", "Invalid grant: account not found"), "auth_invalid", "key"),
    (oauth("invalid_grant", CLOCK), "unexpected_reply", "clock"),
    (oauth("invalid_client", "The OAuth client was not found.", 401), "auth_invalid", "know"),
    (oauth("invalid_client", "Unauthorized", 401), "auth_invalid", "client secret is wrong"),
    (oauth("unauthorized_client", "Unauthorized", 401), "auth_invalid", "client secret"),
    (oauth("deleted_client", "The OAuth client was deleted.", 401), "auth_invalid", "gone"),
    (oauth("unauthorized_client", NO_DELEGATION, 401), "permission_missing", "this person"),
    (oauth("access_denied", "Account restricted"), "permission_missing", "An admin"),
    (oauth("admin_policy_enforced"), "permission_missing", "An admin"),
    (oauth("invalid_scope", "Invalid OAuth scope."), "unexpected_reply", "did not expect"),
    (oauth("unsupported_grant_type"), "unexpected_reply", "did not expect"),
    ((429, {}), "rate_limited", "limiting requests"),
    ((500, {"error": "internal_failure"}), "provider_unavailable", "problem"),
    ((503, "<html>Sorry</html>"), "provider_unavailable", "problem"),
    ((200, "<html>Robot?</html>"), "blocked", "web page"),
    ((200, {}), "unexpected_reply", "did not expect"),
    ((200, []), "unexpected_reply", "did not expect"),
]


@pytest.mark.parametrize("slug", PROVIDERS)
@pytest.mark.parametrize(("reply", "kind", "word"), TOKEN_ENDPOINT)
def test_a_refusal_of_the_token_endpoint_is_understood(platform, slug, reply, kind, word):
    result = run(platform, slug, {"/token": reply})

    assert result.error.kind == kind
    assert word in result.error.message
    assert result.error.action.endswith(".")
    assert outcomes(result)[1:] == ["skipped"] * (len(result.steps) - 1)


# --- google.rpc, alike on all four

HELP = {"@type": "type.googleapis.com/google.rpc.Help", "links": [{"url": "https://x.example"}]}
NO_SCOPE = "Request had insufficient authentication scopes."
DAY = "Quota exceeded for quota metric 'Queries' and limit 'Queries per day'."
EVERYWHERE = [
    (rpc(401, "UNAUTHENTICATED", info="ACCESS_TOKEN_EXPIRED"), "auth_expired", "expired"),
    (rpc(401, "UNAUTHENTICATED", reason="authError"), "auth_invalid", "does not accept"),
    (rpc(401, "", reason="authError"), "auth_invalid", "does not accept"),
    (rpc(401, "UNAUTHENTICATED"), "auth_invalid", "does not accept"),
    (rpc(401, "UNAUTHENTICATED", info="ACCOUNT_STATE_INVALID"), "auth_invalid", "not accept"),
    (
        rpc(403, "PERMISSION_DENIED", NO_SCOPE, info="ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
        "permission_missing",
        "lacks the permission",
    ),
    (
        rpc(403, "PERMISSION_DENIED", NO_SCOPE, reason="insufficientPermissions"),
        "permission_missing",
        "lacks the permission",
    ),
    (
        rpc(403, "PERMISSION_DENIED", info="SERVICE_DISABLED", details=[HELP]),
        "permission_missing",
        "not switched on",
    ),
    (rpc(403, "", reason="accessNotConfigured"), "permission_missing", "not switched on"),
    (rpc(403, "PERMISSION_DENIED", info="CONSUMER_SUSPENDED"), "permission_missing", "blocked"),
    (rpc(403, "", reason="dailyLimitExceeded"), "quota_exhausted", "Today"),
    (rpc(429, "RESOURCE_EXHAUSTED", DAY, info="RATE_LIMIT_EXCEEDED"), "quota_exhausted", "Today"),
    (rpc(429, "RESOURCE_EXHAUSTED", info="RATE_LIMIT_EXCEEDED"), "rate_limited", "limiting"),
    (rpc(403, "", reason="rateLimitExceeded"), "rate_limited", "limiting requests"),
    (rpc(403, "", reason="userRateLimitExceeded"), "rate_limited", "limiting requests"),
    (rpc(429, "RESOURCE_EXHAUSTED"), "rate_limited", "limiting requests"),
    (rpc(400, "INVALID_ARGUMENT", reason="badRequest"), "unexpected_reply", "did not expect"),
    (rpc(500, "INTERNAL", reason="backendError"), "provider_unavailable", "problem"),
    (rpc(500, "INTERNAL"), "provider_unavailable", "problem"),
    (rpc(503, "UNAVAILABLE"), "provider_unavailable", "problem"),
    (rpc(504, "DEADLINE_EXCEEDED"), "provider_unavailable", "problem"),
    ((503, "<html>Sorry</html>"), "provider_unavailable", "problem"),
    ((502, ""), "provider_unavailable", "problem"),
    ((403, "<html>Your network sends automated queries</html>"), "blocked", "web page"),
    ((200, "<!DOCTYPE html><p>Robot?"), "blocked", "web page"),
    ((200, ""), "unexpected_reply", "not JSON"),
    ((302, ""), "unexpected_reply", "did not expect"),
    ((400, {"error": {"details": "of another shape", "errors": 5}}), "unexpected_reply", "expect"),
]


@pytest.mark.parametrize("slug", PROVIDERS)
@pytest.mark.parametrize(("reply", "kind", "word"), EVERYWHERE)
def test_a_failure_of_any_google_api_is_understood(platform, slug, reply, kind, word):
    result = run(platform, slug, {FIRST_CALL[slug]: reply})

    assert result.error.kind == kind
    assert word in result.error.message
    assert result.error.action.endswith(".")
    assert outcomes(result)[:2] == ["passed", "passed"]


# --- One platform's own

IN_SEARCH = f"User does not have sufficient permission for site '{SITE}'."
AUTHENTICATION = (
    *("OAUTH_TOKEN_INVALID", "OAUTH_TOKEN_REVOKED", "OAUTH_TOKEN_DISABLED"),
    *("OAUTH_TOKEN_HEADER_INVALID", "GOOGLE_ACCOUNT_COOKIE_INVALID"),
    *("GOOGLE_ACCOUNT_DELETED", "AUTHENTICATION_ERROR"),
)
PROJECT = (
    *("PROJECT_DISABLED", "ORGANIZATION_NOT_APPROVED", "ORGANIZATION_NOT_RECOGNIZED"),
    *("CLOUD_PROJECT_NOT_UNDER_ORGANIZATION", "MISSING_TOS", "SERVICE_ACCESS_DENIED"),
    "METRIC_ACCESS_DENIED",
)
WRONG_MANAGER = "INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION"
ADS = [
    (ads(401, "authenticationError", "OAUTH_TOKEN_EXPIRED"), "auth_expired", "expired"),
    *[
        (ads(401, "authenticationError", reason), "auth_invalid", "not accept")
        for reason in AUTHENTICATION
    ],
    (ads(401, "authenticationError", "NOT_ADS_USER"), "account_not_found", "no Google Ads account"),
    *[
        (ads(401, "authenticationError", reason), "permission_missing", "stronger sign-in")
        for reason in ("TWO_STEP_VERIFICATION_NOT_ENROLLED", "ADVANCED_PROTECTION_NOT_ENROLLED")
    ],
    (ads(403, "authorizationError", "USER_PERMISSION_DENIED"), "permission_missing", "no access"),
    *[
        (ads(403, "authorizationError", reason), "permission_missing", "test accounts only")
        for reason in ("CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION", "DEVELOPER_TOKEN_NOT_APPROVED")
    ],
    *[
        (ads(403, "authorizationError", reason), "permission_missing", "Cloud project")
        for reason in PROJECT
    ],
    *[
        (ads(403, "authorizationError", reason), "account_not_found", "closed")
        for reason in (
            *("CUSTOMER_NOT_ENABLED", "INCOMPLETE_SIGNUP"),
            "ACCESS_DENIED_FOR_ACCOUNT_TYPE",
        )
    ],
    (ads(403, "authorizationError", WRONG_MANAGER), "permission_missing", "does not manage"),
    (ads(401, "authenticationError", "CUSTOMER_NOT_FOUND"), "account_not_found", "no such"),
    (ads(400, "authenticationError", "CLIENT_CUSTOMER_ID_INVALID"), "account_not_found", "no such"),
    (ads(400, "requestError", "INVALID_CUSTOMER_ID"), "account_not_found", "no such"),
    (ads(400, "headerError", "INVALID_LOGIN_CUSTOMER_ID"), "account_not_found", "no such"),
    (ads(400, "requestError", "LOGIN_CUSTOMER_ID_PARAMETER_MISSING"), "invalid_config", "manager"),
    (ads(400, "authenticationError", "DEVELOPER_TOKEN_INVALID"), "invalid_config", "developer"),
    (
        ads(400, "authenticationError", "DEVELOPER_TOKEN_PARAMETER_MISSING"),
        "unexpected_reply",
        "did not expect",
    ),
    (ads(400, "authenticationError", "CLOUD_PROJECT_NOT_FOUND"), "unexpected_reply", "expect"),
    (ads(400, "queryError", "REQUESTED_METRICS_FOR_MANAGER"), "invalid_config", "no ads of its"),
    (ads(400, "queryError", "UNRECOGNIZED_FIELD"), "unexpected_reply", "did not expect"),
    (ads(400, "requestError", "UNSUPPORTED_VERSION"), "unexpected_reply", "switched off"),
    ((404, "<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>"), "unexpected_reply", "off"),
    (ads(429, "quotaError", "RESOURCE_EXHAUSTED"), "quota_exhausted", "of the day"),
    (ads(429, "quotaError", "RESOURCE_TEMPORARILY_EXHAUSTED"), "rate_limited", "limiting"),
    *[
        (ads(429, "quotaError", f"EXCESSIVE_{term}_QUERY_RESOURCE_CONSUMPTION"), "rate_limited", "")
        for term in ("SHORT_TERM", "LONG_TERM")
    ],
    (ads(500, "internalError", "INTERNAL_ERROR"), "provider_unavailable", "problem"),
    (ads(503, "internalError", "TRANSIENT_ERROR"), "provider_unavailable", "problem"),
    (ads(504, "internalError", "DEADLINE_EXCEEDED"), "provider_unavailable", "problem"),
]
YOUTUBE = [
    (rpc(401, "", reason="youtubeSignupRequired"), "account_not_found", "no YouTube channel"),
    (rpc(403, "", reason="youtubeSignupRequired"), "account_not_found", "no YouTube channel"),
    (rpc(401, "UNAUTHENTICATED", reason="NoLinkedYouTubeAccount"), "account_not_found", "channel"),
    (rpc(403, "", reason="insufficientPermissions"), "permission_missing", "one of the two"),
    (
        rpc(403, "", "YouTube Analytics API has not been used.", info="SERVICE_DISABLED"),
        "permission_missing",
        "YouTube Analytics API",
    ),
    (rpc(403, "", reason="forbidden"), "permission_missing", "statistics"),
    (rpc(403, "", reason="accountDelegationForbidden"), "permission_missing", "act for"),
    (rpc(403, "", reason="channelForbidden"), "permission_missing", "act for"),
    (rpc(400, "INVALID_ARGUMENT", info="API_KEY_INVALID"), "auth_invalid", "API key"),
    (rpc(400, "", "API key expired. Renew it.", info="API_KEY_INVALID"), "auth_expired", "key"),
    *[
        (rpc(403, "PERMISSION_DENIED", info=f"API_KEY_{what}_BLOCKED"), "permission_missing", "key")
        for what in ("SERVICE", "IP_ADDRESS", "HTTP_REFERRER")
    ],
    (rpc(404, "", reason="channelNotFound"), "account_not_found", "no such channel"),
    (rpc(404, "", reason="notFound"), "account_not_found", "no such channel"),
    (rpc(403, "", reason="quotaExceeded"), "quota_exhausted", "Today"),
]
SPENT = "Exhausted property tokens for a project per hour."
GA4 = [
    (
        rpc(401, "UNAUTHENTICATED", info="ACCESS_TOKEN_TYPE_UNSUPPORTED"),
        "auth_invalid",
        "kind of credential",
    ),
    (rpc(401, "UNAUTHENTICATED", info="CREDENTIALS_MISSING"), "auth_invalid", "kind of"),
    (
        rpc(403, "", "Google Analytics Admin API has not been used.", info="SERVICE_DISABLED"),
        "permission_missing",
        "Admin API",
    ),
    (
        rpc(
            403, "PERMISSION_DENIED", "User does not have sufficient permissions for this property."
        ),
        "permission_missing",
        "reports",
    ),
    (
        rpc(403, "PERMISSION_DENIED", "The caller does not have permission"),
        "account_not_found",
        "no such property",
    ),
    (rpc(404, "NOT_FOUND"), "account_not_found", "no such property"),
    (
        rpc(429, "RESOURCE_EXHAUSTED", "Exhausted concurrent requests quota."),
        "rate_limited",
        "at once",
    ),
    (rpc(429, "RESOURCE_EXHAUSTED", SPENT), "quota_exhausted", "hour"),
    (
        rpc(429, "RESOURCE_EXHAUSTED", "Exhausted potentially thresholded requests quota."),
        "quota_exhausted",
        "hour",
    ),
    (
        rpc(429, "RESOURCE_EXHAUSTED", "Exhausted property tokens per day."),
        "quota_exhausted",
        "Today",
    ),
]
SEARCH_CONSOLE = [
    (rpc(401, "", reason="expired"), "auth_expired", "expired"),
    (rpc(401, "", reason="unauthorized"), "auth_invalid", "not accept"),
    (rpc(403, "", IN_SEARCH, reason="forbidden"), "account_not_found", "exactly this property"),
    (
        rpc(403, "", IN_SEARCH, reason="insufficientPermissions"),
        "account_not_found",
        "exactly this property",
    ),
    (rpc(403, "", reason="forbidden"), "permission_missing", "may not read"),
    (rpc(404, "NOT_FOUND", reason="notFound"), "account_not_found", "no such property"),
    (rpc(403, "", reason="quotaExceeded"), "rate_limited", "too many requests"),
    (rpc(429, "", reason="quotaExceeded"), "rate_limited", "too many requests"),
    (rpc(403, "", "Daily quota exceeded.", reason="quotaExceeded"), "quota_exhausted", "Today"),
    *[
        (rpc(400, "INVALID_ARGUMENT", reason=reason), "unexpected_reply", "did not expect")
        for reason in ("badRequest", "invalidParameter", "invalid", "required", "parseError")
    ],
]
OWN = {"google_ads": ADS, "youtube": YOUTUBE, "ga4": GA4, "search_console": SEARCH_CONSOLE}


@pytest.mark.parametrize(
    ("slug", "reply", "kind", "word"), [(slug, *row) for slug in OWN for row in OWN[slug]]
)
def test_a_failure_of_one_platform_has_its_kind_and_says_what_to_do(
    platform, slug, reply, kind, word
):
    result = run(platform, slug, {FIRST_CALL[slug]: reply})

    assert result.error.kind == kind
    assert word in result.error.message
    assert result.error.action.endswith(".")
    assert result.steps[2].outcome == result.outcome


# --- The tables themselves


def facts_of(provider, reply):
    status, body = reply
    sent = body if isinstance(body, str) else json.dumps(body)
    return provider.facts_of(Reply(status, {}, sent.encode()))


@pytest.mark.parametrize("slug", PROVIDERS)
def test_every_rule_is_reached_by_a_row_above(slug):
    provider = PROVIDERS[slug]
    bad_token = (oauth("invalid_token", "Invalid Value"), "auth_invalid", "")
    reached = set()
    for reply, _, _ in (*TOKEN_ENDPOINT, *EVERYWHERE, *OWN[slug], bad_token):
        facts = facts_of(provider, reply)
        reached |= set([rule for rule in provider.errors if rule.matches(facts)][:1])

    assert set(provider.errors) - reached == set()


@pytest.mark.parametrize("slug", PROVIDERS)
def test_every_rule_says_two_short_sentences_and_links_only_to_google(slug):
    for rule in PROVIDERS[slug].errors:
        assert rule.message.endswith(".")
        assert rule.action.endswith(".")
        assert max(len(rule.message), len(rule.action)) < 90, rule.message
        assert (rule.action_url or "https://ads.google.com").startswith(
            (
                "https://console.cloud.google.com",
                "https://ads.google.com",
                "https://analytics.google.com",
                "https://search.google.com/search-console",
                "https://www.youtube.com/",
                "https://myaccount.google.com/",
            )
        )


# --- When to come back

IN_30_SECONDS = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "30s"}


def ads_limited(delay):
    return ads(
        429,
        "quotaError",
        "RESOURCE_TEMPORARILY_EXHAUSTED",
        details={"quotaErrorDetails": {"rateScope": "DEVELOPER", "retryDelay": delay}},
    )


# At 12:00 UTC it is 4:00 in California.
TO_MIDNIGHT = 20 * 3600
WAITS = [
    ("google_ads", ads_limited("30s"), 30),
    ("google_ads", ads_limited("1.5s"), 1.5),
    ("google_ads", ads_limited("999999999s"), 86400),
    ("google_ads", ads_limited("soon"), None),
    ("google_ads", rpc(429, "RESOURCE_EXHAUSTED", details=[HELP, IN_30_SECONDS]), 30),
    ("youtube", rpc(403, "", reason="quotaExceeded"), TO_MIDNIGHT),
    ("youtube", rpc(403, "", reason="dailyLimitExceeded"), TO_MIDNIGHT),
    ("youtube", rpc(403, "", reason="rateLimitExceeded"), None),
    ("ga4", rpc(429, "RESOURCE_EXHAUSTED", "Exhausted concurrent requests quota."), 30),
    ("ga4", rpc(429, "RESOURCE_EXHAUSTED", SPENT), 1800),
    ("ga4", rpc(429, "RESOURCE_EXHAUSTED", "Exhausted property tokens per day."), TO_MIDNIGHT),
    ("search_console", rpc(403, "", reason="quotaExceeded"), 900),
    ("search_console", rpc(403, "", reason="dailyLimitExceeded"), TO_MIDNIGHT),
    ("search_console", rpc(503, "UNAVAILABLE"), None),
    ("search_console", (503, {}, {"Retry-After": "7"}), 7),
]


@time_machine.travel("2026-11-22T12:00:00Z", tick=False)
@pytest.mark.parametrize(("slug", "reply", "seconds"), WAITS)
def test_a_limit_says_when_to_come_back(platform, slug, reply, seconds):
    result = run(platform, slug, {FIRST_CALL[slug]: reply})

    assert result.outcome == "inconclusive"
    assert result.error.retry_after_seconds == seconds


@time_machine.travel("2026-11-01T07:30:00Z", tick=False)
def test_the_night_in_which_clocks_go_back_has_an_hour_more(platform):
    spent = rpc(403, "", reason="quotaExceeded")

    result = run(platform, "youtube", {FIRST_CALL["youtube"]: spent})

    assert result.error.retry_after_seconds == 24.5 * 3600
