"""Signing in at Reddit: who asks stands in every User-Agent, and a refusal can be a 200."""

from datetime import timedelta

import pytest

from providers import errors
from providers.access.flow import flow
from providers.access.refusals import AppRefused
from providers.declare import SIGN_IN, Account, App, Grant, Tokens
from providers.outbound.basic import basic
from providers.outbound.transport import Timeouts
from providers.platforms.reddit import PROVIDER
from providers.platforms.reddit.sign_in import OAUTH
from providers.run.ladder import list_accounts, run_test
from providers.sandbox import reddit as sandbox
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

TOKEN, REVOKE = "/api/v1/access_token", "/api/v1/revoke_token"
ME, ABOUT, NEW = "/api/v1/me", "/r/marketing/about", "/r/marketing/new"
APP = app_of(sandbox.SIGN_IN)
PROOF = basic(APP.client_id, APP.client_secret)
WHO = {"reddit_username": "acme"}
PLAIN = WHO | {"account_id": "marketing"}
AGENT = "web:integrations-control-center:v1.0 (by /u/acme)"
HELD = Tokens("held-access", "held-refresh")
GRANT = {"access_token": "new-access", "token_type": "bearer", "expires_in": 86400}
HTML = "<!DOCTYPE html><p>You've been blocked by network security."


@pytest.fixture
def reddit(platform):
    """The stand-in, and what it was asked."""
    return platform(PROVIDER, sandbox.answer)


@pytest.fixture
def answering(platform):
    """`with answering(Answer(400, {…})) as talk:` talks to endpoints that say only this."""

    def start(answer, **more):
        fake, _ = platform(PROVIDER, dict.fromkeys((TOKEN, REVOKE), answer))
        return flow(fake, APP, WHO, **more)

    return start


def signed_in(fake, person="healthy", **more):
    with flow(fake, APP, WHO) as talk:
        return connect(talk, person, **more)


# --- Connecting


def test_a_person_is_sent_to_reddit_for_good_and_without_a_code_challenge():
    with flow(PROVIDER, APP, WHO) as talk:
        url = authorization_url(talk)

    assert url.partition("?")[0] == "https://www.reddit.com/api/v1/authorize"
    assert query_of(url) == {
        "response_type": "code",
        "client_id": sandbox.CLIENT_ID,
        "redirect_uri": REDIRECT_URI,
        "state": STATE,
        "duration": "permanent",
        "scope": "read identity mysubreddits",
    }


def test_the_code_is_exchanged_with_the_client_in_the_header_and_the_user_named(reddit):
    fake, requests_seen = reddit

    with flow(fake, APP, WHO) as talk:
        callback = approve(authorization_url(talk), "healthy")
        tokens = exchange(talk, callback)

    asked = requests_seen[-1]
    assert (asked.method, asked.path, asked.query) == ("POST", TOKEN, {})
    assert asked.form == {
        "grant_type": "authorization_code",
        "code": callback["code"],
        "redirect_uri": REDIRECT_URI,
    }
    assert asked.headers["Authorization"] == PROOF
    assert asked.headers["User-Agent"] == AGENT
    assert tokens.refresh_token
    assert tokens.expires_in == 86400
    assert tokens.scopes == {"read", "identity", "mysubreddits"}


def test_a_sign_in_passes_every_step_and_its_account_is_the_community(reddit):
    fake, requests_seen = reddit
    tokens = signed_in(fake)
    requests_seen.clear()

    result = run_signed_in(fake, APP, tokens, PLAIN)

    assert result.outcome == "passed"
    assert outcomes(result) == ["passed"] * 5
    assert result.account == Account("marketing", "All about marketing")
    assert result.expires_at is None
    assert detail(result, "Permissions") == (
        "You have: communities and their posts; who is connected; the communities you follow."
    )
    assert detail(result, "Reddit account") == "Signed in as u/acme."
    assert [one.path for one in requests_seen] == [ME, ABOUT, NEW]
    assert {one.bearer for one in requests_seen} == {tokens.access_token}
    assert {one.headers["User-Agent"] for one in requests_seen} == {AGENT}


def test_the_communities_of_a_sign_in_are_listed(reddit):
    fake, _ = reddit
    values = WHO | {"access_token": signed_in(fake).access_token}

    found = list_accounts(fake, values, method=SIGN_IN)

    assert found == [Account("marketing", "All about marketing")]


def test_a_suspended_account_warns(reddit):
    fake, _ = reddit

    result = run_signed_in(fake, APP, signed_in(fake, "suspended"), PLAIN)

    assert result.outcome == "passed"
    assert "suspended the account u/acme" in detail(result, "Reddit account")


# --- Permissions


def test_a_sign_in_that_may_not_read_says_what_stops(reddit):
    fake, _ = reddit

    result = run_signed_in(fake, APP, signed_in(fake, without="read"), PLAIN)

    assert kind(result) == "permission_missing"
    assert result.error.message == (
        "You have: who is connected; the communities you follow. "
        "Missing: read (communities and their posts). No community can be read."
    )
    assert result.error.action == "Sign in to Reddit again, and allow everything it asks."


@pytest.mark.parametrize(
    ("without", "said", "account"),
    [
        ("identity", "It is not told who is connected.", "skipped"),
        ("mysubreddits", "Communities cannot be picked from a list.", "passed"),
    ],
)
def test_a_permission_that_need_not_be_there_warns_and_fails_nothing(
    reddit, without, said, account
):
    fake, _ = reddit

    result = run_signed_in(fake, APP, signed_in(fake, without=without), PLAIN)

    assert result.outcome == "passed"
    assert outcomes(result) == ["passed", "warned", account, "passed", "passed"]
    assert said in detail(result, "Permissions")


def test_without_its_permission_communities_are_not_listed_and_it_is_said_why(reddit):
    fake, _ = reddit
    values = WHO | {"access_token": signed_in(fake, without="mysubreddits").access_token}

    with pytest.raises(errors.PermissionMissing) as refused:
        list_accounts(fake, values, method=SIGN_IN)

    assert "mysubreddits" in refused.value.action


def test_a_star_grants_everything(platform):
    fake, _ = platform(PROVIDER, lambda _: Answer(403, {"message": "Forbidden", "error": 403}))
    grant = Grant(OAUTH.scopes, frozenset("*"))

    result = run_test(
        fake,
        PLAIN | {"access_token": "held-access"},
        method=SIGN_IN,
        tokens=held({"access_token": "held-access"}, grant),
    )

    assert outcomes(result)[:2] == ["passed", "passed"]


# --- Renewal, end


def test_a_renewal_keeps_the_refresh_token_and_names_the_user(reddit):
    fake, requests_seen = reddit
    first = signed_in(fake)

    with flow(fake, APP, WHO) as talk:
        second = talk.renew(first)
        renewal = requests_seen[-1]
        third = talk.renew(second)

    assert renewal.form == {"grant_type": "refresh_token", "refresh_token": first.refresh_token}
    assert renewal.headers["Authorization"] == PROOF
    assert renewal.headers["User-Agent"] == AGENT
    assert first.refresh_token == second.refresh_token == third.refresh_token
    assert second.access_token != first.access_token
    assert run_signed_in(fake, APP, third, PLAIN).outcome == "passed"


def test_a_refresh_token_that_reddit_repeats_or_replaces_is_stored(answering):
    with answering(Answer(200, GRANT | {"refresh_token": "new-refresh"})) as talk:
        tokens = talk.renew(HELD)

    assert tokens.refresh_token == "new-refresh"


def test_a_revocation_is_confirmed_by_an_empty_answer_and_ends_the_sign_in(reddit):
    fake, requests_seen = reddit
    tokens = signed_in(fake)

    with flow(fake, APP, WHO) as talk:
        talk.revoke(tokens)
        revocation = requests_seen[-1]
        with pytest.raises(errors.AuthExpired):
            talk.renew(tokens)
    result = run_signed_in(fake, APP, tokens, PLAIN)

    assert revocation.path == REVOKE
    assert revocation.form == {
        "token": tokens.refresh_token,
        "token_type_hint": "refresh_token",
    }
    assert revocation.headers["Authorization"] == PROOF
    assert revocation.headers["User-Agent"] == AGENT
    assert kind(result) == "auth_expired"
    assert result.error.action == "Sign in to Reddit again."


def test_a_declined_sign_in_comes_back_with_the_usual_word(reddit):
    with flow(reddit[0], APP, WHO) as talk:
        callback = approve(authorization_url(talk), "")

    assert callback == {"error": "access_denied", "state": STATE}


def test_a_code_that_was_used_is_refused_with_status_200(reddit):
    with flow(reddit[0], APP, WHO) as talk:
        callback = approve(authorization_url(talk), "healthy")
        exchange(talk, callback)

        with pytest.raises(errors.AuthExpired) as spent:
            exchange(talk, callback)

    assert "ended this sign-in" in spent.value.message


# --- The app, failures


@pytest.mark.parametrize("values", [{}, WHO])
def test_reddit_is_seen_to_accept_the_app_also_before_a_username_is_saved(reddit, values):
    with flow(reddit[0], APP, values) as talk:
        assert talk.prove_app() is True


@pytest.mark.parametrize(
    ("app", "words"),
    [
        (App(sandbox.CLIENT_ID, "another"), "client ID and secret"),
        (App("another", sandbox.CLIENT_SECRET), "client ID and secret"),
        (App("sandbox-installed-0", sandbox.CLIENT_SECRET), "of a type"),
    ],
)
def test_a_wrong_app_is_the_owners_to_correct(reddit, app, words):
    with flow(reddit[0], app, WHO) as talk, pytest.raises(AppRefused) as refused:
        talk.prove_app()

    assert words in refused.value.message
    assert "owner" in refused.value.action


def test_an_app_that_was_not_approved_is_blocked_and_proves_nothing(reddit):
    app = App("sandbox-unapproved-0", sandbox.CLIENT_SECRET)

    with flow(reddit[0], app, WHO) as talk, pytest.raises(errors.Blocked) as blocked:
        talk.renew(HELD)

    assert "approved the app" in blocked.value.action


@pytest.mark.parametrize(
    ("status", "body", "expected", "words"),
    [
        (200, {"error": "invalid_grant"}, errors.AuthExpired, "ended this sign-in"),
        (400, {"error": 400}, errors.AuthExpired, "ended this sign-in"),
        (400, {"message": "Bad Request", "error": 400}, errors.AuthExpired, "ended this sign-in"),
        (401, {"message": "Unauthorized", "error": 401}, AppRefused, "client ID and secret"),
        (200, {"error": "unauthorized_client"}, AppRefused, "of a type"),
        (200, {"error": "invalid_scope"}, errors.PermissionMissing, "permissions"),
        (200, {"error": "unsupported_grant_type"}, errors.UnexpectedReply, "did not understand"),
        (403, HTML, errors.Blocked, "blocks this server"),
        (401, HTML, errors.Blocked, "blocks this server"),
        (429, HTML, errors.RateLimited, "limiting"),
        (503, HTML, errors.ProviderUnavailable, "problem"),
        (200, {}, errors.UnexpectedReply, "did not expect"),
    ],
)
def test_a_failure_of_the_renewal_has_its_kind(answering, status, body, expected, words):
    with answering(Answer(status, body)) as talk, pytest.raises(errors.ProviderError) as failed:
        talk.renew(HELD)

    assert type(failed.value) is expected
    assert words in failed.value.message


def test_a_limit_says_when_to_come_back(answering):
    with (
        answering(Answer(429, HTML, {"X-Ratelimit-Reset": "240"})) as talk,
        pytest.raises(errors.RateLimited) as limited,
    ):
        talk.renew(HELD)

    assert limited.value.retry_after_seconds == 240


def test_silence_is_nobodys_fault(answering):
    with (
        answering(Answer(is_silent=True), timeouts=Timeouts(read=0.05)) as talk,
        pytest.raises(errors.Network) as silence,
    ):
        talk.renew(HELD)

    assert silence.value.message == "Reddit did not answer in time."


def test_a_username_that_cannot_be_sent_is_the_persons_to_correct():
    with (
        flow(PROVIDER, APP, {"reddit_username": "ąćmę"}) as talk,
        pytest.raises(errors.InvalidConfig),
    ):
        authorization_url(talk)


# --- What is declared, and the stand-in


def test_lifetimes_are_the_recorded_ones():
    assert OAUTH.access_token_lifetime == timedelta(hours=24)
    assert OAUTH.refresh_token_lifetime is None
    assert PROVIDER.method("access_token").lives == timedelta(hours=24)


def test_only_the_username_is_needed_for_a_sign_in():
    names = [field.name for field in PROVIDER.fields_of(SIGN_IN)]

    assert names == ["reddit_username", "account_id", "base_url"]
    assert [field.name for field in PROVIDER.missing(SIGN_IN, ())] == ["reddit_username"]
    assert PROVIDER.methods[-1].slug == SIGN_IN


def test_the_sandbox_gives_no_refresh_token_for_a_sign_in_that_is_not_permanent(reddit):
    fake, _ = reddit

    with flow(fake, APP, WHO) as talk:
        url = authorization_url(talk).replace("duration=permanent", "duration=temporary")
        tokens = exchange(talk, approve(url, "healthy"))

    assert tokens.refresh_token is None


def test_the_sandbox_wants_to_know_who_asks_for_a_token():
    headers = {"User-Agent": "python-requests/2.34", "Authorization": PROOF}

    answer = ask(sandbox.answer, TOKEN, {}, headers, method="POST", form={"grant_type": "x"})

    assert answer.status == 429
