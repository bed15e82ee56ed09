"""Signing in at Calendly: Basic for tokens, the body for revoking, refresh tokens good once."""

from base64 import b64encode
from datetime import timedelta

import pytest

from providers import errors
from providers.access.flow import flow, is_issued_by
from providers.access.refusals import AppRefused
from providers.declare import SIGN_IN, Account, App, Tokens
from providers.outbound.transport import Timeouts
from providers.platforms.calendly import PROVIDER
from providers.platforms.calendly.sign_in import OAUTH
from providers.run.ladder import list_accounts
from providers.sandbox import calendly as sandbox
from providers.sandbox.server import Answer
from tests.providers.asking import detail, kind, outcomes
from tests.providers.contract.signing_in import (
    REDIRECT_URI,
    STATE,
    VERIFIER,
    app_of,
    approve,
    authorization_url,
    connect,
    exchange,
    query_of,
    run_signed_in,
)

APP = app_of(sandbox.SIGN_IN)
BASIC = f"Basic {b64encode(f'{APP.client_id}:{APP.client_secret}'.encode()).decode()}"
HELD = Tokens("held-access", "held-refresh")
HTML = "<!DOCTYPE html><p>Are you a robot?"


@pytest.fixture
def calendly(platform):
    """The stand-in, and what it was asked."""
    return platform(PROVIDER, sandbox.answer)


@pytest.fixture
def answering(platform):
    """`with answering(status, body) as talk:` talks to an authorization server that says this."""

    def start(*reply, **more):
        answer = reply[0] if isinstance(reply[0], Answer) else Answer(*reply)
        fake, _ = platform(PROVIDER, lambda _asked: answer)
        return flow(fake, APP, {}, **more)

    return start


def test_a_person_is_sent_to_calendly_with_the_scopes_and_a_code_challenge():
    with flow(PROVIDER, APP, {}) as talk:
        url = authorization_url(talk)

    query = query_of(url)
    assert url.partition("?")[0] == "https://auth.calendly.com/oauth/authorize"
    assert len(query.pop("code_challenge")) == 43
    assert query == {
        "response_type": "code",
        "client_id": APP.client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": "users:read organizations:read event_types:read scheduled_events:read",
        "state": STATE,
        "code_challenge_method": "S256",
    }


def test_the_code_is_exchanged_with_the_app_in_the_header(calendly):
    fake, requests_seen = calendly

    with flow(fake, APP, {}) as talk:
        callback = approve(authorization_url(talk), "healthy")
        tokens = exchange(talk, callback)

    asked = requests_seen[-1]
    assert (asked.method, asked.path) == ("POST", "/oauth/token")
    assert asked.headers["Authorization"] == BASIC
    assert asked.form == {
        "grant_type": "authorization_code",
        "code": callback["code"],
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
    }
    assert tokens.expires_in == 7200
    assert tokens.scopes == {scope.name for scope in OAUTH.scopes}
    assert tokens.facts == {"owner": sandbox.ADA, "organization": sandbox.ACME}


def test_a_sign_in_passes_every_step(calendly):
    fake, requests_seen = calendly
    with flow(fake, APP, {}) as talk:
        tokens = connect(talk, "healthy")
    before = len(requests_seen)

    result = run_signed_in(fake, APP, tokens)

    assert result.outcome == "passed"
    assert outcomes(result) == ["passed"] * 5
    assert result.account == Account(sandbox.ACME, "Ada Page")
    assert result.expires_at is None
    assert detail(result, "Permissions") == (
        "You have: who is connected; the organization and its members; the kinds of calls; "
        "booked calls."
    )
    bearers = {asked.bearer for asked in requests_seen[before:]}
    assert bearers == {tokens.access_token}


def test_the_organizations_of_a_sign_in_are_listed(calendly):
    fake, _ = calendly
    with flow(fake, APP, {}) as talk:
        tokens = connect(talk, "two")

    found = list_accounts(fake, {"access_token": tokens.access_token}, method=SIGN_IN)

    assert [account.id for account in found] == [sandbox.ACME, sandbox.OUTLET]


def test_a_renewal_spends_the_refresh_token(calendly):
    fake, requests_seen = calendly
    with flow(fake, APP, {}) as talk:
        first = connect(talk, "healthy")
        second = talk.renew(first)

        assert requests_seen[-1].headers["Authorization"] == BASIC
        assert requests_seen[-1].form == {
            "grant_type": "refresh_token",
            "refresh_token": first.refresh_token,
        }
        assert second.refresh_token not in {None, first.refresh_token}
        assert run_signed_in(fake, APP, second).outcome == "passed"
        with pytest.raises(errors.AuthExpired):
            talk.renew(first)


def test_a_revocation_has_the_app_in_the_body_and_ends_everything(calendly):
    fake, requests_seen = calendly
    with flow(fake, APP, {}) as talk:
        tokens = connect(talk, "healthy")
        talk.revoke(tokens)

        asked = requests_seen[-1]
        assert (asked.method, asked.path) == ("POST", "/oauth/revoke")
        assert "Authorization" not in asked.headers
        assert asked.form == {
            "token": tokens.refresh_token,
            "token_type_hint": "refresh_token",
            "client_id": APP.client_id,
            "client_secret": APP.client_secret,
        }
        with pytest.raises(errors.AuthExpired) as ended:
            talk.renew(tokens)
    result = run_signed_in(fake, APP, tokens)

    assert ended.value.action == "Sign in again."
    assert kind(result) == "auth_invalid"
    assert result.error.action == "Sign in to Calendly again."
    assert result.error.action_url is None


def test_a_cancelled_sign_in_comes_back_with_the_usual_word(calendly):
    with flow(calendly[0], APP, {}) as talk:
        callback = approve(authorization_url(talk), "")

    assert callback == {"error": "access_denied", "state": STATE}


@pytest.mark.parametrize(
    ("scope", "stops"),
    [
        ("users:read", "Nothing can be read."),
        ("organizations:read", "Nothing can be read."),
        ("event_types:read", "Calls cannot be told apart by kind."),
        ("scheduled_events:read", "Calls booked stops working."),
    ],
)
def test_a_scope_that_was_not_granted_is_named_with_what_stops(calendly, scope, stops):
    fake, _ = calendly
    with flow(fake, APP, {}) as talk:
        result = run_signed_in(fake, APP, connect(talk, "healthy", without=scope))

    assert kind(result) == "permission_missing"
    assert f"Missing: {scope}" in result.error.message
    assert result.error.message.endswith(stops)
    assert result.error.action == "Sign in to Calendly again, and allow everything it asks."


def test_nobody_who_signed_in_is_told_to_make_a_token(calendly):
    fake, _ = calendly
    with flow(fake, APP, {}) as talk:
        results = [
            run_signed_in(fake, APP, connect(talk, "healthy"), {"account_id": sandbox.OUTLET}),
            run_signed_in(fake, APP, connect(talk, "member"), {"user_uri": sandbox.BEN}),
        ]

    assert [kind(result) for result in results] == ["account_not_found", "permission_missing"]
    assert [result.error.action for result in results if "token" in result.error.action] == []


# --- The app


def test_calendly_is_seen_to_accept_the_app(calendly):
    with flow(calendly[0], APP, {}) as talk:
        assert talk.prove_app() is True


@pytest.mark.parametrize("app", [App(APP.client_id, "another"), App("another", APP.client_secret)])
def test_an_app_that_calendly_does_not_know_is_the_owners_to_correct(calendly, app):
    with flow(calendly[0], app, {}) as talk:
        for ask in (talk.prove_app, lambda: talk.revoke(HELD)):
            with pytest.raises(AppRefused):
                ask()


def test_a_401_without_a_reason_is_about_the_app_and_not_about_a_token(answering):
    with answering(401, {}) as talk, pytest.raises(AppRefused):
        talk.renew(HELD)


def test_a_403_at_the_revocation_is_about_the_app(answering):
    with answering(403, {"title": "Permission Denied"}) as talk, pytest.raises(AppRefused):
        talk.revoke(HELD)


@pytest.mark.parametrize(
    ("issuer", "is_it"),
    [("https://calendly.com", True), ("https://auth.calendly.com", False), ("nonsense", False)],
)
def test_the_issuer_is_the_one_that_calendly_publishes(issuer, is_it):
    assert is_issued_by(PROVIDER, issuer, {}) is is_it


# --- Failures


@pytest.mark.parametrize(
    ("status", "body", "expected", "words"),
    [
        (400, {"error": "invalid_grant"}, errors.AuthExpired, "ended this sign-in"),
        (401, {"error": "invalid_grant"}, errors.AuthExpired, "ended this sign-in"),
        (401, {"error": "invalid_client"}, AppRefused, "this app's ID"),
        (400, {"error": "invalid_client"}, AppRefused, "this app's ID"),
        (400, {"error": "invalid_scope"}, errors.PermissionMissing, "permissions"),
        (400, {"error": "invalid_request"}, errors.UnexpectedReply, "did not understand"),
        (404, {"title": "Resource Not Found"}, errors.UnexpectedReply, "did not expect"),
        (401, HTML, errors.Blocked, "web page"),
        (429, {"title": "Too Many Requests"}, errors.RateLimited, "limiting"),
        (500, {}, errors.ProviderUnavailable, "problem"),
        (502, HTML, errors.ProviderUnavailable, "problem"),
        (200, {"token_type": "Bearer"}, errors.UnexpectedReply, "did not expect"),
        (200, HTML, errors.Blocked, "web page"),
    ],
)
def test_a_failure_of_the_exchange_has_its_kind(answering, status, body, expected, words):
    with answering(status, body) as talk, pytest.raises(errors.ProviderError) as failed:
        exchange(talk, {"code": "c0de"})

    assert type(failed.value) is expected
    assert words in failed.value.message


def test_a_limit_says_when_to_come_back(answering):
    with (
        answering(429, {}, {"X-RateLimit-Reset": "40"}) as talk,
        pytest.raises(errors.RateLimited) as limited,
    ):
        talk.renew(HELD)

    assert limited.value.retry_after_seconds == 40


def test_silence_is_nobodys_fault(answering):
    with (
        answering(Answer(is_silent=True), timeouts=Timeouts(read=0.05)) as talk,
        pytest.raises(errors.Network) as silence,
    ):
        talk.renew(HELD)

    assert silence.value.message == "Calendly did not answer in time."


# --- What is declared


def test_the_access_token_lives_two_hours_and_the_refresh_token_until_it_is_used():
    assert OAUTH.access_token_lifetime == timedelta(hours=2)
    assert OAUTH.refresh_token_lifetime is None


def test_nothing_secret_is_entered_for_a_sign_in():
    names = [field.name for field in PROVIDER.fields_of(SIGN_IN)]

    assert names == ["account_id", "user_uri", "base_url"]
    assert PROVIDER.missing(SIGN_IN, ()) == []
