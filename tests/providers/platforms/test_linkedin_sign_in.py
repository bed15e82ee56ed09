"""Signing in at LinkedIn: two permissions, no PKCE, and for most apps an end after 60 days."""

from dataclasses import replace
from datetime import timedelta

import pytest

from providers import errors
from providers.access.flow import flow, is_issued_by
from providers.access.refusals import AppRefused, CannotRenew
from providers.declare import SIGN_IN, Account, App, Grant, Tokens
from providers.outbound.transport import Timeouts
from providers.platforms.linkedin import PROVIDER
from providers.platforms.linkedin.sign_in import OAUTH
from providers.run.ladder import list_accounts, run_test
from providers.sandbox import linkedin as sandbox
from providers.sandbox.server import Answer
from tests.providers.asking import ask, detail, held, kind, outcomes
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
from tests.providers.platforms.linkedin_replies import (
    ACCESS_TOKEN,
    ACLS,
    FOLLOWERS,
    INTROSPECT,
    PAGE,
    inspected,
)

REVOKE = "/oauth/v2/revoke"
APP, PARTNER = app_of(sandbox.SIGN_IN), app_of(sandbox.PARTNER)
HELD = Tokens("AQheld", "AQRheld")
HERE = {"account_id": "1001"}
HTML = "<!DOCTYPE html><p>Are you a robot?"
MISMATCH = (
    "Unable to retrieve access token: appid/redirect uri/code verifier does not match "
    "authorization code. Or authorization code expired."
)


@pytest.fixture
def linkedin(platform):
    """The stand-in, and what it was asked."""
    return platform(PROVIDER, sandbox.answer)


@pytest.fixture
def answering(platform):
    """`with answering(Answer(400, {…})) as talk:` talks to endpoints that say only this."""

    def start(answer, **more):
        fake, _ = platform(PROVIDER, dict.fromkeys((ACCESS_TOKEN, REVOKE), answer))
        return flow(fake, APP, {}, **more)

    return start


def signed_in(fake, person="healthy", app=APP, **more):
    with flow(fake, app, {}) as talk:
        return connect(talk, person, **more)


# --- Connecting


def test_a_person_is_sent_to_linkedin_for_two_permissions_and_without_a_code_challenge():
    with flow(PROVIDER, APP, {}) as talk:
        url = authorization_url(talk)

    assert url.partition("?")[0] == "https://www.linkedin.com/oauth/v2/authorization"
    assert query_of(url) == {
        "response_type": "code",
        "client_id": sandbox.CLIENT_ID,
        "redirect_uri": REDIRECT_URI,
        "state": STATE,
        "scope": "rw_organization_admin r_organization_social",
    }


def test_the_code_is_exchanged_with_the_client_in_the_body(linkedin):
    fake, requests_seen = linkedin

    with flow(fake, APP, {}) as talk:
        callback = approve(authorization_url(talk), "healthy")
        tokens = exchange(talk, callback)

    asked = requests_seen[-1]
    assert (asked.method, asked.path, asked.query) == ("POST", ACCESS_TOKEN, {})
    assert asked.form == {
        "grant_type": "authorization_code",
        "code": callback["code"],
        "redirect_uri": REDIRECT_URI,
        "client_id": sandbox.CLIENT_ID,
        "client_secret": sandbox.CLIENT_SECRET,
    }
    assert "Authorization" not in asked.headers
    assert (tokens.expires_in, tokens.refresh_token) == (5184000, None)
    assert tokens.scopes == {"rw_organization_admin", "r_organization_social"}


def test_a_sign_in_is_inspected_with_the_app_and_passes_every_step(linkedin):
    fake, requests_seen = linkedin
    tokens = signed_in(fake)
    requests_seen.clear()

    result = run_signed_in(fake, APP, tokens, HERE)

    assert result.outcome == "passed"
    assert outcomes(result) == ["passed", "passed", "passed", "passed", "skipped"]
    assert result.account == Account("1001", "Acme Shop")
    assert detail(result, "Token is valid") == "LinkedIn accepts this sign-in."
    assert detail(result, "Permissions") == (
        "You have: your Pages and their followers; the posts of your Pages and their statistics."
    )
    assert [request.path for request in requests_seen] == [INTROSPECT, ACLS, PAGE, FOLLOWERS]
    assert requests_seen[0].form == {
        "client_id": sandbox.CLIENT_ID,
        "client_secret": sandbox.CLIENT_SECRET,
        "token": tokens.access_token,
    }
    assert {request.bearer for request in requests_seen[1:]} == {tokens.access_token}


@pytest.mark.parametrize("app", [APP, PARTNER], ids=["usual", "partner"])
def test_no_test_tells_an_end_that_whoever_keeps_the_sign_in_knows_better(linkedin, app):
    fake, _ = linkedin

    result = run_signed_in(fake, app, signed_in(fake, app=app), HERE)

    assert (result.outcome, result.expires_at) == ("passed", None)


def test_the_pages_of_a_sign_in_are_listed(linkedin):
    fake, _ = linkedin
    values = {"access_token": signed_in(fake, "twopages").access_token}

    found = list_accounts(fake, values, method=SIGN_IN)

    assert found == [Account("1001", "Acme Shop"), Account("1002", "Acme Outlet")]


def test_without_the_app_the_permissions_of_the_sign_in_itself_count(linkedin):
    fake, requests_seen = linkedin
    tokens = signed_in(fake)
    grant = Grant(OAUTH.scopes, tokens.scopes)

    values = HERE | {"access_token": tokens.access_token}
    result = run_test(fake, values, method=SIGN_IN, tokens=held(values, grant))

    assert outcomes(result) == ["passed", "passed", "passed", "passed", "skipped"]
    assert INTROSPECT not in {request.path for request in requests_seen}


# --- Permissions


def test_a_sign_in_without_its_first_permission_says_what_stops(linkedin):
    fake, _ = linkedin
    tokens = signed_in(fake, without="rw_organization_admin")

    result = run_signed_in(fake, APP, tokens, HERE)

    assert kind(result) == "permission_missing"
    assert outcomes(result)[:2] == ["passed", "failed"]
    assert result.error.message == (
        "You have: the posts of your Pages and their statistics. "
        "Missing: rw_organization_admin (your Pages and their followers). No Page can be read."
    )
    assert result.error.action == "Sign in to LinkedIn again, and allow everything it asks."


def test_a_sign_in_without_statistics_warns_and_goes_on(linkedin):
    fake, _ = linkedin
    tokens = signed_in(fake, without="r_organization_social")

    result = run_signed_in(fake, APP, tokens, HERE)

    assert result.outcome == "passed"
    assert outcomes(result)[1] == "warned"
    assert "Page statistics stop working." in detail(result, "Permissions")


def test_what_linkedin_says_now_counts_more_than_what_it_granted(platform):
    fake, _ = platform(PROVIDER, inspected(scope="r_organization_social"))
    tokens = Tokens("AQheld", scopes=frozenset({"rw_organization_admin", "r_organization_social"}))

    result = run_signed_in(fake, APP, tokens, HERE)

    assert kind(result) == "permission_missing"
    assert "rw_organization_admin" in result.error.message


def test_the_permission_of_advertising_api_does_as_well(platform):
    fake, _ = platform(PROVIDER, inspected(scope="r_organization_admin,rw_organization_social"))

    result = run_signed_in(fake, APP, Tokens("AQheld"), HERE)

    assert outcomes(result)[1] == "passed"


@pytest.mark.parametrize("scope", ["openid", "profile", "email", "r_ads"])
def test_one_permission_beyond_the_apps_product_would_stop_everybody(linkedin, scope):
    fake, _ = linkedin
    asking = replace(OAUTH, scopes=(*OAUTH.scopes, replace(OAUTH.scopes[0], name=scope)))

    with flow(replace(fake, oauth=asking), APP, {}) as talk:
        callback = approve(authorization_url(talk), "healthy")

    assert callback["error"] == "unauthorized_scope_error"
    assert scope in callback["error_description"]


# --- Renewal, end


def test_a_usual_sign_in_cannot_be_renewed_and_asks_nobody(linkedin):
    fake, requests_seen = linkedin
    tokens = signed_in(fake)
    requests_seen.clear()

    with flow(fake, APP, {}) as talk, pytest.raises(CannotRenew):
        talk.renew(tokens)

    assert requests_seen == []


def test_a_partners_sign_in_is_renewed_with_the_client_in_the_body(linkedin):
    fake, requests_seen = linkedin
    first = signed_in(fake, app=PARTNER)

    with flow(fake, PARTNER, {}) as talk:
        second = talk.renew(first)

    assert requests_seen[-1].form == {
        "grant_type": "refresh_token",
        "refresh_token": first.refresh_token,
        "client_id": sandbox.PARTNER_ID,
        "client_secret": sandbox.CLIENT_SECRET,
    }
    assert "Authorization" not in requests_seen[-1].headers
    assert second.access_token != first.access_token
    assert second.refresh_token_expires_in == 31536000
    assert run_signed_in(fake, PARTNER, second, HERE).outcome == "passed"


@pytest.mark.parametrize(
    ("app", "sent"), [(APP, "access_token"), (PARTNER, "refresh_token")], ids=["usual", "partner"]
)
def test_a_revoked_sign_in_is_over(linkedin, app, sent):
    fake, requests_seen = linkedin
    tokens = signed_in(fake, app=app)

    with flow(fake, app, {}) as talk:
        talk.revoke(tokens)
    revocation = requests_seen[-1]
    result = run_signed_in(fake, app, tokens, HERE)

    assert (revocation.path, revocation.form["token_type_hint"]) == (REVOKE, sent)
    assert revocation.form["token"] == getattr(tokens, sent)
    assert revocation.form["client_secret"] == sandbox.CLIENT_SECRET
    assert kind(result) == "auth_invalid"
    assert "withdrawn" in result.error.message
    assert result.error.action == "Sign in to LinkedIn again."


def test_a_revocation_that_linkedin_does_not_know_is_told_and_has_another_way(answering):
    with answering(Answer(404, HTML)) as talk, pytest.raises(errors.ProviderError):
        talk.revoke(HELD)

    assert "Permitted services" in OAUTH.how_to_remove


def test_a_sign_in_that_has_ended_asks_for_another_and_for_no_token(platform):
    fake, _ = platform(PROVIDER, inspected(active=False, status="expired"))

    result = run_signed_in(fake, APP, Tokens("AQheld"), HERE)

    assert kind(result) == "auth_expired"
    assert "60 days" in result.error.message
    assert result.error.action == "Sign in to LinkedIn again."
    assert result.error.action_url is None


def test_a_cancelled_sign_in_comes_back_with_linkedins_own_word(linkedin):
    with flow(linkedin[0], APP, {}) as talk:
        callback = approve(authorization_url(talk), "")

    assert (callback["error"], callback["state"]) == ("user_cancelled_authorize", STATE)


# --- The app, failures


def test_linkedin_is_seen_to_accept_the_app(linkedin):
    with flow(linkedin[0], APP, {}) as talk:
        assert talk.prove_app() is True


@pytest.mark.parametrize(
    "app", [App(sandbox.CLIENT_ID, "another"), App("another", sandbox.CLIENT_SECRET)]
)
def test_a_wrong_app_is_the_owners_to_correct(linkedin, app):
    with flow(linkedin[0], app, {}) as talk, pytest.raises(AppRefused) as refused:
        talk.prove_app()

    assert refused.value.action == "An owner corrects both in Settings, Sign-in apps."


def test_a_client_secret_that_has_changed_sends_nobody_to_sign_in_again(linkedin):
    fake, _ = linkedin
    tokens = signed_in(fake)

    result = run_signed_in(fake, App(sandbox.CLIENT_ID, "another"), tokens, HERE)

    assert type(result.error) is AppRefused
    assert result.error.action == "An owner corrects both in Settings, Sign-in apps."


@pytest.mark.parametrize("code", ["unauthorized_client", "access_denied"])
def test_an_app_that_may_not_renew_is_not_called_wrong(answering, code):
    with answering(Answer(401, {"error": code})) as talk:
        assert talk.prove_app() is False


def said(code, description=""):
    return {"error": code, "error_description": description}


@pytest.mark.parametrize(
    ("status", "body", "expected", "words"),
    [
        (400, said("invalid_grant"), errors.AuthExpired, "ended this sign-in"),
        (401, said("invalid_grant"), errors.AuthExpired, "ended this sign-in"),
        (
            400,
            said("invalid_request", "The refresh token has expired"),
            errors.AuthExpired,
            "ended",
        ),
        (400, said("invalid_request", "Invalid refresh_token"), errors.AuthExpired, "ended"),
        (400, said("invalid_request", MISMATCH), errors.InvalidConfig, "return address"),
        (400, said("invalid_request"), errors.UnexpectedReply, "did not understand"),
        (401, said("invalid_client"), AppRefused, "ID and secret"),
        (429, {}, errors.QuotaExhausted, "daily allowance"),
        (403, HTML, errors.Blocked, "web page"),
        (999, HTML, errors.Blocked, "against robots"),
        (503, HTML, errors.ProviderUnavailable, "problem"),
        (200, {"expires_in": 5184000}, errors.UnexpectedReply, "did not expect"),
    ],
)
def test_a_failure_of_the_renewal_has_its_kind(answering, status, body, expected, words):
    with answering(Answer(status, body)) as talk, pytest.raises(errors.ProviderError) as failed:
        talk.renew(HELD)

    assert type(failed.value) is expected
    assert words in failed.value.message


def test_silence_is_nobodys_fault(answering):
    with (
        answering(Answer(is_silent=True), timeouts=Timeouts(read=0.05)) as talk,
        pytest.raises(errors.Network) as silence,
    ):
        talk.renew(HELD)

    assert silence.value.message == "LinkedIn did not answer in time."


# --- What is declared


def test_lifetimes_are_the_published_ones():
    assert OAUTH.access_token_lifetime == timedelta(days=60)
    assert OAUTH.refresh_token_lifetime == timedelta(days=365)
    assert OAUTH.refresh_token_ends_anyway
    assert PROVIDER.method("access_token").lives == timedelta(days=60)


def test_nothing_is_entered_for_a_sign_in_but_settings():
    names = [field.name for field in PROVIDER.fields_of(SIGN_IN)]

    assert names == ["account_id", "api_version", "base_url"]
    assert PROVIDER.missing(SIGN_IN, ()) == []
    assert PROVIDER.methods[-1].slug == SIGN_IN


def test_linkedin_names_itself_in_a_callback():
    assert is_issued_by(PROVIDER, "https://www.linkedin.com/oauth", {})
    assert not is_issued_by(PROVIDER, "https://www.linkedin.com", {})


def test_the_sandbox_signs_nobody_in_with_another_client():
    query = {"scope": "r_organization_social", "client_id": "another", "as": "healthy"}

    answer = ask(sandbox.answer, sandbox.SIGN_IN.authorization_path, query)

    assert answer.status == 400
