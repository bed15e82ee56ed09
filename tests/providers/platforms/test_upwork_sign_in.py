"""Signing in at Upwork: with the key in the body, without scopes, PKCE or a way to revoke."""

from datetime import timedelta

import pytest

from providers import errors
from providers.access.flow import flow
from providers.access.refusals import AppRefused, NotRevocable
from providers.declare import SIGN_IN, Account, App, Tokens
from providers.outbound.transport import Timeouts
from providers.platforms.upwork import PROVIDER
from providers.platforms.upwork.sign_in import OAUTH
from providers.run.ladder import list_accounts
from providers.sandbox import upwork as sandbox
from providers.sandbox.server import Answer
from tests.providers.asking import ask, detail, kind, outcomes
from tests.providers.contract.signing_in import (
    REDIRECT_URI,
    STATE,
    app_of,
    approve,
    authorization_url,
    connect,
    exchange,
    query_of,
    run_signed_in,
)

APP = app_of(sandbox.SIGN_IN)
HELD = Tokens("upw-held", "upr-held")
HTML = "<!DOCTYPE html><p>Just a moment"
GRANT = {"access_token": "upw-new", "token_type": "Bearer", "expires_in": 86400}


@pytest.fixture
def upwork(platform):
    """The stand-in, and what it was asked."""
    return platform(PROVIDER, sandbox.answer)


@pytest.fixture
def answering(platform):
    """`with answering(status, body) as talk:` talks to a token endpoint that says only this."""

    def start(*reply, app=APP, **more):
        fake, _ = platform(PROVIDER, {sandbox.TOKEN_PATH: Answer(*reply)})
        return flow(fake, app, {}, **more)

    return start


def test_a_person_is_sent_to_upwork_without_scope_and_without_a_code_challenge():
    with flow(PROVIDER, APP, {}) as talk:
        url = authorization_url(talk)

    assert url.partition("?")[0] == ("https://www.upwork.com/ab/account-security/oauth2/authorize")
    assert query_of(url) == {
        "response_type": "code",
        "client_id": sandbox.CLIENT_ID,
        "redirect_uri": REDIRECT_URI,
        "state": STATE,
    }


def test_the_code_is_exchanged_with_the_key_in_the_body(upwork):
    fake, requests_seen = upwork

    with flow(fake, APP, {}) as talk:
        callback = approve(authorization_url(talk), "upw-healthy")
        tokens = exchange(talk, callback)

    asked = requests_seen[-1]
    assert (asked.method, asked.path) == ("POST", "/api/v3/oauth2/token")
    assert asked.form == {
        "grant_type": "authorization_code",
        "code": callback["code"],
        "redirect_uri": REDIRECT_URI,
        "client_id": sandbox.CLIENT_ID,
        "client_secret": sandbox.CLIENT_SECRET,
    }
    assert "Authorization" not in asked.headers
    assert asked.headers["User-Agent"].startswith("IntegrationsControlCenter/")
    assert tokens.expires_in == 86400
    assert tokens.scopes is None


def test_a_sign_in_passes_every_step(upwork):
    fake, requests_seen = upwork
    with flow(fake, APP, {}) as talk:
        tokens = connect(talk, "upw-healthy")

    result = run_signed_in(fake, APP, tokens)

    assert result.outcome == "passed"
    assert outcomes(result) == ["passed", "skipped", "passed", "passed"]
    assert result.account == Account("5001", "Ada Page")
    assert result.expires_at is None
    assert "does not list what was granted" in detail(result, "Permissions")
    bearers = {asked.bearer for asked in requests_seen if asked.path == "/graphql"}
    assert bearers == {tokens.access_token}


def test_the_organizations_of_a_sign_in_are_listed(upwork):
    fake, _ = upwork
    with flow(fake, APP, {}) as talk:
        tokens = connect(talk, "upw-healthy")

    found = list_accounts(fake, {"access_token": tokens.access_token}, method=SIGN_IN)

    assert found == [Account("5001", "Ada Page"), Account("5002", "Acme Agency")]


def test_a_renewal_brings_a_new_refresh_token_and_the_old_one_is_spent(upwork):
    fake, requests_seen = upwork
    with flow(fake, APP, {}) as talk:
        first = connect(talk, "upw-healthy")
        second = talk.renew(first)

        assert requests_seen[-1].form == {
            "grant_type": "refresh_token",
            "refresh_token": first.refresh_token,
            "client_id": sandbox.CLIENT_ID,
            "client_secret": sandbox.CLIENT_SECRET,
        }
        assert "Authorization" not in requests_seen[-1].headers
        assert second.refresh_token not in {None, first.refresh_token}
        assert run_signed_in(fake, APP, second).outcome == "passed"
        with pytest.raises(errors.AuthExpired):
            talk.renew(first)


def test_a_renewal_without_a_new_refresh_token_keeps_the_old_one(answering):
    with answering(200, GRANT) as talk:
        tokens = talk.renew(HELD)

    assert (tokens.access_token, tokens.refresh_token) == ("upw-new", "upr-held")


def test_a_declined_sign_in_comes_back_with_the_usual_word(upwork):
    fake, _ = upwork

    with flow(fake, APP, {}) as talk:
        callback = approve(authorization_url(talk), "")

    assert callback == {"error": "access_denied", "state": STATE}


def test_there_is_no_way_to_revoke_and_a_person_is_told_where_to_do_it():
    with flow(PROVIDER, APP, {}) as talk, pytest.raises(NotRevocable):
        talk.revoke(HELD)

    assert "Connected services" in OAUTH.how_to_remove


def test_a_sign_in_that_was_ended_at_upwork_asks_for_a_new_one(upwork):
    fake, _ = upwork
    with flow(fake, APP, {}) as talk:
        tokens = connect(talk, "upw-healthy")
        sandbox.SIGN_IN.given_of(tokens.access_token).is_revoked = True

        with pytest.raises(errors.AuthExpired) as ended:
            talk.renew(tokens)
    result = run_signed_in(fake, APP, tokens)

    assert ended.value.action == "Sign in again."
    assert "two weeks" in ended.value.message
    assert kind(result) == "auth_expired"
    assert result.error.action == "Sign in to Upwork again."


@pytest.mark.parametrize(
    ("person", "step", "tick"),
    [
        ("upw-nojobs", 3, "Read marketplace Job Postings"),
        ("upw-nothing", 0, "Common Entities"),
    ],
)
def test_a_permission_that_is_not_ticked_on_the_key_is_named(upwork, person, step, tick):
    fake, _ = upwork
    with flow(fake, APP, {}) as talk:
        result = run_signed_in(fake, APP, connect(talk, person))

    assert kind(result) == "permission_missing"
    assert outcomes(result)[step] == "failed"
    assert tick in result.error.action


# --- The app


def test_upwork_is_seen_to_accept_the_key(upwork):
    with flow(upwork[0], APP, {}) as talk:
        assert talk.prove_app() is True


@pytest.mark.parametrize(
    ("app", "words"),
    [
        (App(sandbox.CLIENT_ID, "another"), "does not know this key"),
        (App("another", sandbox.CLIENT_SECRET), "does not know this key"),
        (App(sandbox.DISABLED_ID, sandbox.CLIENT_SECRET), "switched this API key off"),
    ],
)
def test_a_key_that_is_wrong_or_switched_off_is_the_owners_to_correct(upwork, app, words):
    with flow(upwork[0], app, {}) as talk, pytest.raises(AppRefused) as refused:
        talk.prove_app()

    assert words in refused.value.message


@pytest.mark.parametrize("body", [{}, {"message": "Authentication failed"}])
def test_a_401_without_a_reason_is_about_the_key_and_not_about_the_sign_in(answering, body):
    with answering(401, body) as talk, pytest.raises(AppRefused) as refused:
        talk.renew(HELD)

    assert refused.value.action == "An owner corrects both in Settings, Sign-in apps."


# --- Failures


def said(error, description=""):
    return {"error": error, "error_description": description}


@pytest.mark.parametrize(
    ("status", "body", "expected", "words"),
    [
        (400, said("invalid_grant"), errors.AuthExpired, "ended this sign-in"),
        (401, said("invalid_grant"), errors.AuthExpired, "ended this sign-in"),
        (200, said("invalid_grant"), errors.AuthExpired, "ended this sign-in"),
        (400, said("invalid_request", "Invalid redirect_uri"), errors.InvalidConfig, "callback"),
        (400, said("redirect_uri_mismatch", "redirect_uri"), errors.InvalidConfig, "callback"),
        (400, said("invalid_scope"), errors.PermissionMissing, "permissions"),
        (401, HTML, errors.Blocked, "against robots"),
        (403, HTML, errors.Blocked, "against robots"),
        (429, {"message": "Too Many Requests"}, errors.RateLimited, "limiting"),
        (502, HTML, errors.ProviderUnavailable, "problem"),
        (503, {}, errors.ProviderUnavailable, "problem"),
        (200, {"token_type": "Bearer"}, errors.UnexpectedReply, "did not expect"),
        (200, HTML, errors.Blocked, "web page"),
    ],
)
def test_a_failure_of_the_exchange_has_its_kind(answering, status, body, expected, words):
    with answering(status, body) as talk, pytest.raises(errors.ProviderError) as failed:
        exchange(talk, {"code": "c0de"})

    assert type(failed.value) is expected
    assert words in failed.value.message


@pytest.mark.parametrize(("headers", "seconds"), [({}, 60), ({"Retry-After": "7"}, 7)])
def test_a_limit_says_when_to_come_back(answering, headers, seconds):
    with answering(429, {}, headers) as talk, pytest.raises(errors.RateLimited) as limited:
        talk.renew(HELD)

    assert limited.value.retry_after_seconds == seconds


def test_silence_is_nobodys_fault(platform):
    fake, _ = platform(PROVIDER, {sandbox.TOKEN_PATH: Answer(is_silent=True)})

    with (
        flow(fake, APP, {}, timeouts=Timeouts(read=0.05)) as talk,
        pytest.raises(errors.Network) as silence,
    ):
        talk.renew(HELD)

    assert silence.value.message == "Upwork did not answer in time."


# --- What is declared


def test_lifetimes_are_the_published_ones():
    assert OAUTH.access_token_lifetime == timedelta(hours=24)
    assert OAUTH.refresh_token_lifetime == timedelta(days=14)
    assert not OAUTH.refresh_token_ends_anyway
    assert PROVIDER.method("access_token").lives == timedelta(hours=24)


def test_nothing_is_entered_for_a_sign_in_but_the_organization():
    names = [field.name for field in PROVIDER.fields_of(SIGN_IN)]

    assert names == ["account_id", "base_url"]


def test_the_sandbox_refuses_whoever_asks_for_scopes():
    query = {"scope": "jobs", "client_id": sandbox.CLIENT_ID, "as": "upw-healthy"}

    answer = ask(sandbox.answer, sandbox.SIGN_IN.authorization_path, query)

    assert (answer.status, answer.body["error"]) == (400, "invalid_scope")
