"""What Calendly's tester asks, in which order, and what it makes of each answer."""

import logging

import pytest

from providers.declare import Account
from providers.platforms.calendly import PROVIDER
from providers.run.ladder import list_accounts, run_test
from tests.providers.asking import detail, kind, outcomes

TOKEN = "eyJ0eXAi.eyJpc3Mi.s1gnatur3"
VALUES = {"access_token": TOKEN}
ADA, BEN = "https://api.calendly.com/users/ada", "https://api.calendly.com/users/ben"
ACME = "https://api.calendly.com/organizations/acme"
OUTLET = "https://api.calendly.com/organizations/outlet"
ME, MEMBERSHIPS = "/users/me", "/organization_memberships"
TYPES, CALLS = "/event_types", "/scheduled_events"
PERSON = {"uri": ADA, "name": "Ada Page", "timezone": "Europe/Rome", "current_organization": ACME}
CALL = {"name": "First call", "status": "active", "start_time": "2026-11-24T09:30:00.000000Z"}


def page(*rows, following=None):
    return {"collection": [*rows], "pagination": {"next_page_token": following}}


def member(organization=ACME, role="owner"):
    return {"organization": organization, "role": role, "user": {"uri": ADA}}


def error(title, message="Words that change.", **more):
    return {"title": title, "message": message, **more}


HEALTHY = {
    ME: (200, {"resource": PERSON}),
    MEMBERSHIPS: (200, page(member())),
    TYPES: (200, page({"name": "First call"})),
    CALLS: (200, page(CALL)),
}
DENIED = (403, error("Permission Denied"))

# --- The ladder


def test_a_healthy_token_passes_every_step_in_order_at_the_cost_it_says(platform):
    calendly, requests_seen = platform(PROVIDER, HEALTHY)

    result = run_test(calendly, VALUES)

    assert result.outcome == "passed"
    assert outcomes(result) == ["passed"] * 4
    assert result.account == Account(ACME, "Ada Page")
    assert result.expires_at is None
    assert len(requests_seen) == PROVIDER.cost.calls
    assert "Days follow Europe/Rome" in detail(result, "Token is valid")
    assert "whole organization as owner" in detail(result, "Organization reachable")
    assert "2026-11-24 09:30 UTC" in detail(result, "Booked calls can be read")


def test_every_request_is_the_documented_one(platform):
    calendly, requests_seen = platform(PROVIDER, HEALTHY)

    run_test(calendly, VALUES)

    assert [(request.method, request.path, request.query) for request in requests_seen] == [
        ("GET", ME, {}),
        ("GET", MEMBERSHIPS, {"user": ADA, "count": "100"}),
        ("GET", TYPES, {"organization": ACME, "active": "true", "count": "1"}),
        ("GET", CALLS, {"organization": ACME, "count": "1", "sort": "start_time:desc"}),
    ]
    sent = {request.headers["Authorization"] for request in requests_seen}
    assert sent == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("role", "values", "of_types", "of_calls"),
    [
        ("owner", {}, {"organization": ACME}, {"organization": ACME}),
        ("admin", {}, {"organization": ACME}, {"organization": ACME}),
        ("user", {}, {"user": ADA}, {"user": ADA}),
        ("admin", {"user_uri": ADA}, {"user": ADA}, {"user": ADA}),
        ("admin", {"user_uri": BEN}, {"user": BEN}, {"organization": ACME, "user": BEN}),
        ("user", {"user_uri": BEN}, {"user": BEN}, {"user": BEN}),
    ],
)
def test_role_and_user_decide_whose_calls_are_read(platform, role, values, of_types, of_calls):
    replies = HEALTHY | {MEMBERSHIPS: (200, page(member(role=role)))}
    calendly, requests_seen = platform(PROVIDER, replies)

    result = run_test(calendly, VALUES | values)

    whose = [
        {name: value for name, value in request.query.items() if name in {"organization", "user"}}
        for request in requests_seen[2:]
    ]
    assert whose == [of_types, of_calls]
    assert outcomes(result)[1] == ("warned" if role == "user" else "passed")


def test_a_member_is_connected_and_told_what_is_missing(platform):
    replies = HEALTHY | {MEMBERSHIPS: (200, page(member(role="user")))}
    calendly, _ = platform(PROVIDER, replies)

    result = run_test(calendly, VALUES)

    assert result.outcome == "passed"
    assert "own calls only" in detail(result, "Organization reachable")


def test_an_organization_of_ones_own_is_found_on_a_later_page(platform):
    def membership(asked):
        if "page_token" in asked.query:
            assert asked.query["page_token"] == "next"
            return (200, page(member(OUTLET, "admin")))
        return (200, page(member(), following="next"))

    calendly, requests_seen = platform(PROVIDER, HEALTHY | {MEMBERSHIPS: membership})

    result = run_test(calendly, VALUES | {"account_id": OUTLET})

    assert result.account.id == OUTLET
    assert requests_seen[-1].query["organization"] == OUTLET


def test_an_organization_of_others_is_not_found(platform):
    calendly, requests_seen = platform(PROVIDER, HEALTHY)

    result = run_test(calendly, VALUES | {"account_id": OUTLET})

    assert kind(result) == "account_not_found"
    assert "not a member" in result.error.message
    assert outcomes(result) == ["passed", "failed", "skipped", "skipped"]
    assert len(requests_seen) == 2


def test_a_team_without_event_types_and_calls_passes(platform):
    calendly, _ = platform(PROVIDER, HEALTHY | {TYPES: (200, page()), CALLS: (200, page())})

    result = run_test(calendly, VALUES)

    assert result.outcome == "passed"
    assert "no active one" in detail(result, "Event types can be read")
    assert "None has been booked" in detail(result, "Booked calls can be read")


# --- Permissions


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        (ME, "users:read"),
        (MEMBERSHIPS, "organizations:read"),
        (TYPES, "event_types:read"),
        (CALLS, "scheduled_events:read"),
    ],
)
def test_a_missing_scope_is_named(platform, path, scope):
    calendly, requests_seen = platform(PROVIDER, HEALTHY | {path: DENIED})

    result = run_test(calendly, VALUES)

    assert kind(result) == "permission_missing"
    assert f"lacks the scope {scope}." in result.error.message
    assert "Make a new token" in result.error.action
    assert result.error.action_url == "https://calendly.com/integrations/api_webhooks"
    assert requests_seen[-1].path == path


def test_the_calls_of_somebody_else_need_an_admin(platform):
    replies = HEALTHY | {MEMBERSHIPS: (200, page(member(role="user"))), TYPES: DENIED}
    calendly, _ = platform(PROVIDER, replies)

    result = run_test(calendly, VALUES | {"user_uri": BEN})

    assert kind(result) == "permission_missing"
    assert "saved user URI" in result.error.message


@pytest.mark.parametrize(
    ("values", "expected", "word"),
    [
        ({"user_uri": BEN}, "invalid_config", "saved user URI"),
        ({}, "unexpected_reply", "did not understand"),
    ],
)
def test_a_refused_value_is_the_persons_only_if_they_typed_it(platform, values, expected, word):
    refused = error("Invalid Argument", details=[{"parameter": "user", "message": "?"}])
    calendly, _ = platform(PROVIDER, HEALTHY | {CALLS: (400, refused)})

    result = run_test(calendly, VALUES | values)

    assert kind(result) == expected
    assert word in result.error.message


# --- Failures

HTML = "<!DOCTYPE html><p>Are you a robot?"
FAILURES = [
    (
        401,
        error("Unauthenticated", "The access token is invalid"),
        "auth_invalid",
        "not accept this token",
    ),
    (401, error("Unauthenticated", "The access token expired"), "auth_expired", "expired"),
    (401, error("Internal Server Error"), "auth_invalid", "password"),
    (401, {}, "auth_invalid", "not accept"),
    (403, error("Permission Denied"), "permission_missing", "users:read"),
    (403, error("Internal Server Error"), "permission_missing", "users:read"),
    (404, error("Resource Not Found"), "account_not_found", "no longer shows"),
    (400, error("Invalid Argument", details=[]), "unexpected_reply", "did not understand"),
    (400, {"error": "invalid_grant"}, "auth_expired", "ended this connection"),
    (401, {"error": "invalid_client"}, "auth_invalid", "client ID"),
    (400, {"error": "invalid_client"}, "auth_invalid", "client ID"),
    (429, error("Too Many Requests"), "rate_limited", "limiting"),
    (429, HTML, "rate_limited", "limiting"),
    (500, error("Internal Server Error"), "provider_unavailable", "problem"),
    (502, HTML, "provider_unavailable", "problem"),
    (503, "", "provider_unavailable", "problem"),
    (504, {}, "provider_unavailable", "problem"),
    (401, HTML, "blocked", "web page"),
    (200, HTML, "blocked", "web page"),
    (200, "", "unexpected_reply", "not JSON"),
    (200, {"resource": {}}, "unexpected_reply", "did not expect"),
    (302, "", "unexpected_reply", "did not expect"),
]


@pytest.mark.parametrize(("status", "body", "expected", "word"), FAILURES)
def test_a_documented_failure_has_its_kind_and_says_what_to_do(
    platform, status, body, expected, word
):
    calendly, requests_seen = platform(PROVIDER, {ME: (status, body)})

    result = run_test(calendly, VALUES)

    assert kind(result) == expected
    assert word in result.error.message
    assert result.error.action.endswith(".")
    assert len(requests_seen) == 1
    assert outcomes(result) == [result.outcome, "skipped", "skipped", "skipped"]


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"X-RateLimit-Reset": "40"}, 40),
        (429, {"x-ratelimit-reset": "999999999"}, 3600),
        (429, {"X-RateLimit-Reset": "soon"}, None),
        (429, {"Retry-After": "7"}, 7),
        (429, {}, None),
        (503, {"X-RateLimit-Reset": "40"}, None),
    ],
)
def test_a_limit_says_when_to_come_back(platform, status, headers, seconds):
    calendly, _ = platform(PROVIDER, {ME: (status, {}, headers)})

    assert run_test(calendly, VALUES).error.retry_after_seconds == seconds


def test_every_rule_says_two_short_sentences_and_links_only_to_calendly():
    for rule in PROVIDER.errors:
        assert rule.message.endswith(".")
        assert rule.action.endswith(".")
        assert max(len(rule.message), len(rule.action)) < 90
        assert (rule.action_url or "https://calendly.com/").startswith(
            ("https://calendly.com/", "https://developer.calendly.com")
        )


# --- Accounts, secrets


def test_every_organization_of_the_tokens_owner_is_listed(platform):
    both = (200, page(member(), member(OUTLET, "user")))
    calendly, requests_seen = platform(PROVIDER, HEALTHY | {MEMBERSHIPS: both})

    found = list_accounts(calendly, VALUES)

    assert found == [Account(ACME, "Ada Page, owner"), Account(OUTLET, "Ada Page, user")]
    assert [request.path for request in requests_seen] == [ME, MEMBERSHIPS]


def test_a_list_without_end_is_ended(platform):
    endless = (200, page(member(), following="again"))
    calendly, requests_seen = platform(PROVIDER, HEALTHY | {MEMBERSHIPS: endless})

    assert len(list_accounts(calendly, VALUES)) == 1
    assert len(requests_seen) == 6


def test_the_token_is_in_no_result_or_log_even_when_calendly_repeats_it(platform, caplog):
    caplog.set_level(logging.DEBUG)
    replies = HEALTHY | {
        ME: (200, {"resource": PERSON | {"name": TOKEN}}),
        CALLS: (400, error("Invalid Argument", TOKEN)),
    }
    calendly, _ = platform(PROVIDER, replies)

    result = run_test(calendly, VALUES)

    assert "•••" in detail(result, "Token is valid")
    assert TOKEN not in repr(result) + repr(result.error) + caplog.text
