"""What Reddit's tester asks, in which order, and what it makes of each answer."""

import logging
from base64 import b64encode

import pytest

from providers.declare import Account
from providers.platforms.reddit import PROVIDER
from providers.run.ladder import list_accounts, run_test
from tests.providers.asking import detail, kind, outcomes

MADE, REFRESH, PASTED = "madeTOKEN4321", "refreshTOKEN88", "pastedTOKEN77"
SECRET = "abcdefghijklmnopqrstuvwxyz0"
APP = {"client_id": "p-jcoLKBynTLew", "client_secret": SECRET, "reddit_username": "acme"}
HERE = {"account_id": "marketing"}
VALUES = {
    "client_credentials": APP | HERE,
    "refresh_token": APP | HERE | {"refresh_token": REFRESH},
    "access_token": {"access_token": PASTED} | HERE,
}
ISSUE, ME = "/api/v1/access_token", "/api/v1/me"
ABOUT, NEW, ALL = "/r/marketing/about", "/r/marketing/new", "/r/all/new"
MINE = "/subreddits/mine/subscriber"
GRANT = {"access_token": MADE, "token_type": "bearer", "expires_in": 86400, "scope": "*"}
PERSON = {"name": "acme", "id": "abc12", "is_suspended": False}
MARKETING = {
    "display_name": "marketing",
    "title": "All about marketing",
    "subscribers": 5120,
    "subreddit_type": "public",
}


def community(**changes):
    return {"kind": "t5", "data": MARKETING | changes}


def listing(*children, after=None):
    return {"kind": "Listing", "data": {"after": after, "children": [*children]}}


POST = {"kind": "t3", "data": {"created_utc": 1795341600.0, "score": 3}}
HEALTHY = {
    ISSUE: (200, GRANT),
    ME: (200, PERSON),
    ABOUT: (200, community()),
    NEW: (200, listing(POST)),
}


def error(status, **more):
    return {"message": "Words that change.", "error": status, **more}


def granted(scope):
    return HEALTHY | {ISSUE: (200, GRANT | {"scope": scope})}


def climb(platform, replies, method="client_credentials", **changes):
    reddit, requests_seen = platform(PROVIDER, replies)
    return run_test(reddit, VALUES[method] | changes, method=method), requests_seen


# --- The ladder


@pytest.mark.parametrize(
    ("method", "paths"),
    [
        ("client_credentials", [ISSUE, ABOUT, NEW]),
        ("refresh_token", [ISSUE, ME, ABOUT, NEW]),
        ("access_token", [ME, ABOUT, NEW]),
    ],
)
def test_a_healthy_sign_in_passes_every_step_in_order(platform, method, paths):
    result, requests_seen = climb(platform, HEALTHY, method)

    assert result.outcome == "passed"
    assert set(outcomes(result)) == {"passed"}
    assert result.account == Account("marketing", "All about marketing")
    assert result.expires_at is None
    assert [request.path for request in requests_seen] == paths
    assert len(requests_seen) <= PROVIDER.cost.calls == 4
    assert "with 5120 members" in detail(result, "Community reachable")
    assert "2026-11-22 10:00 UTC" in detail(result, "Posts can be read")


@pytest.mark.parametrize(
    ("method", "form"),
    [
        ("client_credentials", {"grant_type": "client_credentials"}),
        ("refresh_token", {"grant_type": "refresh_token", "refresh_token": REFRESH}),
    ],
)
def test_every_request_is_the_documented_one_and_names_app_and_user(platform, method, form):
    _, (first, *others) = climb(platform, HEALTHY, method)

    pair = b64encode(f"p-jcoLKBynTLew:{SECRET}".encode()).decode()
    assert (first.method, first.form) == ("POST", form)
    assert first.headers["Authorization"] == f"Basic {pair}"
    assert {request.method for request in others} == {"GET"}
    assert {request.headers["Authorization"] for request in others} == {f"bearer {MADE}"}
    assert {request.headers["User-Agent"] for request in (first, *others)} == {
        "web:integrations-control-center:v1.0 (by /u/acme)"
    }
    assert others[-1].query == {"limit": "1", "raw_json": "1"}
    assert {str(request.query) for request in others[:-1]} == {"{'raw_json': '1'}"}


@pytest.mark.parametrize(
    ("named", "agent"),
    [
        ({}, "web:integrations-control-center:v1.0"),
        ({"reddit_username": "ada"}, "web:integrations-control-center:v1.0 (by /u/ada)"),
    ],
)
def test_a_pasted_token_names_the_user_only_when_there_is_one(platform, named, agent):
    _, requests_seen = climb(platform, HEALTHY, "access_token", **named)

    assert {request.headers["User-Agent"] for request in requests_seen} == {agent}
    assert {request.headers["Authorization"] for request in requests_seen} == {f"bearer {PASTED}"}


def test_without_a_community_all_of_them_are_read(platform):
    reddit, requests_seen = platform(PROVIDER, {ISSUE: (200, GRANT), ALL: (200, listing(POST))})

    result = run_test(reddit, APP, method="client_credentials")

    assert (result.outcome, result.account) == ("passed", None)
    assert outcomes(result)[2:] == ["skipped", "passed"]
    assert [request.path for request in requests_seen] == [ISSUE, ALL]


def test_a_community_without_posts_or_a_count_of_members_passes(platform):
    replies = HEALTHY | {
        ABOUT: (200, community(subscribers=None, title=None)),
        NEW: (200, listing()),
    }

    result, _ = climb(platform, replies)

    assert result.account == Account("marketing", "")
    assert detail(result, "Community reachable") == "Community r/marketing: public."
    assert "none yet" in detail(result, "Posts can be read")


# --- Permissions, account


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ("*", "Has read, and everything else."),
        ("read identity", "Has identity and read."),
        ("read history", "Has read. Not needed here: history."),
    ],
)
def test_permissions_are_told_apart(platform, scope, said):
    result, _ = climb(platform, granted(scope), "refresh_token")

    assert result.outcome == "passed"
    assert detail(result, "Permissions") == said


@pytest.mark.parametrize("scope", ["identity history", ""])
def test_a_sign_in_that_may_not_read_is_refused_by_name(platform, scope):
    result, requests_seen = climb(platform, granted(scope), "refresh_token")

    assert kind(result) == "permission_missing"
    assert "the scope read is missing" in result.error.message
    assert outcomes(result) == ["passed", "failed", "skipped", "skipped", "skipped"]
    assert len(requests_seen) == 1


def test_without_the_scope_identity_nobody_asks_whose_it_is(platform):
    result, requests_seen = climb(platform, granted("read"), "refresh_token")

    assert outcomes(result)[2] == "skipped"
    assert ME not in [request.path for request in requests_seen]


@pytest.mark.parametrize(
    ("person", "outcome", "said"),
    [
        (PERSON, "passed", "Signed in as u/acme."),
        (PERSON | {"is_suspended": True}, "warned", "suspended the account u/acme"),
        ({"features": {}}, "skipped", "belongs to an app"),
    ],
)
@pytest.mark.parametrize("method", ["refresh_token", "access_token"])
def test_the_account_behind_a_sign_in_is_told(platform, method, person, outcome, said):
    result, _ = climb(platform, HEALTHY | {ME: (200, person)}, method)

    assert result.outcome == "passed"
    assert outcomes(result)[-3] == outcome
    assert said in detail(result, "Reddit account")


@pytest.mark.parametrize(
    "refused",
    [
        (403, error(403, reason="USER_REQUIRED")),
        (403, error(403), {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}),
    ],
)
def test_a_pasted_token_without_a_user_is_valid_all_the_same(platform, refused):
    result, requests_seen = climb(platform, HEALTHY | {ME: refused}, "access_token")

    assert outcomes(result) == ["passed", "skipped", "passed", "passed"]
    assert len(requests_seen) == 3


# --- Failures

HTML = "<!DOCTYPE html><p>You've been blocked by network security."
INSUFFICIENT = {"WWW-Authenticate": 'Bearer realm="reddit", error="insufficient_scope"'}
FAILURES = [
    (403, error(403), INSUFFICIENT, "permission_missing", "not granted"),
    (403, error(403, reason="private"), {}, "permission_missing", "not open"),
    (403, error(403, reason="gated"), {}, "permission_missing", "not open"),
    (403, error(403, reason="quarantined"), {}, "permission_missing", "not open"),
    (403, error(403), {}, "permission_missing", "does not let"),
    (403, error(403, reason="banned"), {}, "account_not_found", "closed"),
    (404, error(404, reason="banned"), {}, "account_not_found", "closed"),
    (404, error(404), {}, "account_not_found", "no community"),
    (302, "", {"Location": "/subreddits/search?q=x"}, "account_not_found", "no community"),
    (302, "", {"Location": "/login?dest=x"}, "permission_missing", "signed in"),
    (302, "", {}, "unexpected_reply", "did not expect"),
    (200, listing(), {}, "account_not_found", "no community"),
    (400, error(400), {}, "unexpected_reply", "did not understand"),
    (403, HTML, {}, "blocked", "blocks this server"),
    (403, "whoa there, pardner!", {}, "blocked", "blocks this server"),
    (200, HTML, {}, "blocked", "web page"),
    (429, error(429), {}, "rate_limited", "limiting"),
    (429, HTML, {}, "rate_limited", "limiting"),
    (500, error(500), {}, "provider_unavailable", "problem"),
    (502, HTML, {}, "provider_unavailable", "problem"),
    (503, "", {}, "provider_unavailable", "problem"),
    (504, HTML, {}, "provider_unavailable", "problem"),
    (520, HTML, {}, "provider_unavailable", "problem"),
    (522, HTML, {}, "provider_unavailable", "problem"),
    (200, "{", {}, "unexpected_reply", "not JSON"),
    (200, {"of": "another shape"}, {}, "unexpected_reply", "did not expect"),
]


@pytest.mark.parametrize(("status", "body", "headers", "expected", "word"), FAILURES)
def test_a_documented_failure_has_its_kind_and_says_what_to_do(
    platform, status, body, headers, expected, word
):
    result, requests_seen = climb(platform, HEALTHY | {ABOUT: (status, body, headers)})

    assert kind(result) == expected
    assert word in result.error.message
    assert result.error.action.endswith(".")
    assert outcomes(result) == ["passed", "passed", result.outcome, "skipped"]
    assert requests_seen[-1].path == ABOUT


@pytest.mark.parametrize(
    ("method", "expected", "word"),
    [
        ("access_token", "auth_expired", "no longer accepts"),
        ("refresh_token", "auth_invalid", "a moment ago"),
        ("client_credentials", "auth_invalid", "a moment ago"),
    ],
)
def test_a_token_that_reddit_just_gave_cannot_have_expired(platform, method, expected, word):
    refused = (401, error(401), {"WWW-Authenticate": 'Bearer error="invalid_token"'})

    result, _ = climb(platform, HEALTHY | {ABOUT: refused}, method)

    assert kind(result) == expected
    assert word in result.error.message


AT_THE_TOKEN = [
    ("client_credentials", 401, error(401), "auth_invalid", "client ID or secret"),
    ("refresh_token", 401, error(401), "auth_invalid", "client ID or secret"),
    ("refresh_token", 400, error(400), "auth_expired", "ended"),
    ("refresh_token", 400, {"error": 400}, "auth_expired", "ended"),
    ("refresh_token", 200, {"error": "invalid_grant"}, "auth_expired", "ended"),
    ("client_credentials", 400, error(400), "unexpected_reply", "did not understand"),
    ("client_credentials", 200, {"error": "unauthorized_client"}, "invalid_config", "type"),
    ("client_credentials", 200, {"error": "unsupported_grant_type"}, "unexpected_reply", "sign-in"),
    ("client_credentials", 200, {"error": "invalid_scope"}, "unexpected_reply", "sign-in"),
    ("client_credentials", 200, {"error": "new"}, "unexpected_reply", "did not expect"),
    ("client_credentials", 200, {}, "unexpected_reply", "did not expect"),
    ("client_credentials", 404, error(404), "unexpected_reply", "does not know"),
    ("client_credentials", 403, HTML, "blocked", "blocks this server"),
    ("client_credentials", 429, HTML, "rate_limited", "limiting"),
    ("refresh_token", 503, HTML, "provider_unavailable", "problem"),
]


@pytest.mark.parametrize(("method", "status", "body", "expected", "word"), AT_THE_TOKEN)
def test_a_failure_of_the_sign_in_has_its_kind(platform, method, status, body, expected, word):
    result, requests_seen = climb(platform, {ISSUE: (status, body)}, method)

    assert kind(result) == expected
    assert word in result.error.message
    assert result.error.action.endswith(".")
    assert len(requests_seen) == 1


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"X-Ratelimit-Reset": "240"}, 240),
        (429, {"x-ratelimit-reset": "12.5"}, 12.5),
        (429, {"X-Ratelimit-Reset": "240", "Retry-After": "7"}, 7),
        (429, {"X-Ratelimit-Reset": "999999999"}, 3600),
        (429, {"X-Ratelimit-Reset": "soon"}, None),
        (503, {"X-Ratelimit-Reset": "240"}, None),
    ],
)
def test_a_limit_says_when_to_come_back(platform, status, headers, seconds):
    result, _ = climb(platform, HEALTHY | {ABOUT: (status, {}, headers)})

    assert result.error.retry_after_seconds == seconds


def test_an_address_that_reddit_does_not_know_is_no_missing_community(platform):
    result, _ = climb(platform, HEALTHY | {ME: (404, error(404))}, "access_token")

    assert kind(result) == "unexpected_reply"


def test_every_rule_says_two_short_sentences_and_links_only_to_reddit():
    for rule in PROVIDER.errors:
        assert rule.message.endswith(".")
        assert rule.action.endswith(".")
        assert max(len(rule.message), len(rule.action)) < 90
        assert (rule.action_url or "https://www.reddit.com/").startswith("https://www.reddit.com/")


# --- Accounts, secrets


@pytest.mark.parametrize("method", ["refresh_token", "access_token"])
def test_the_communities_of_an_account_are_listed_page_by_page(platform, method):
    def page(asked):
        assert asked.query.pop("raw_json") == "1"
        if asked.query == {"limit": "100"}:
            return (200, listing(community(), after="t5_1"))
        assert asked.query == {"limit": "100", "after": "t5_1"}
        return (200, listing(community(display_name="rust", title=None)))

    reddit, _ = platform(PROVIDER, HEALTHY | {MINE: page})

    found = list_accounts(reddit, VALUES[method], method=method)

    assert found == [Account("marketing", "All about marketing"), Account("rust", "")]


def test_a_list_without_end_is_ended(platform):
    endless = (200, listing(community(), after="t5_1"))
    reddit, requests_seen = platform(PROVIDER, HEALTHY | {MINE: endless})

    found = list_accounts(reddit, VALUES["access_token"], method="access_token")

    assert len(found) == len(requests_seen) == 10


def test_an_app_alone_follows_no_communities(platform):
    reddit, requests_seen = platform(PROVIDER, {})

    assert list_accounts(reddit, VALUES["client_credentials"], method="client_credentials") is None
    assert requests_seen == []


def test_no_secret_is_in_a_result_or_a_log_even_when_reddit_repeats_them(platform, caplog):
    caplog.set_level(logging.DEBUG)
    pair = b64encode(f"p-jcoLKBynTLew:{SECRET}".encode()).decode()
    said = f"{MADE} {REFRESH} {SECRET} {pair}"
    replies = granted(f"read identity {MADE}") | {
        ME: (200, {"name": said}),
        ABOUT: (200, community(title=said)),
        NEW: (403, error(403, reason=said)),
    }

    result, _ = climb(platform, replies, "refresh_token")

    shown = repr(result) + repr(result.error) + caplog.text
    assert "•••" in detail(result, "Reddit account")
    for secret in said.split():
        assert secret not in shown
