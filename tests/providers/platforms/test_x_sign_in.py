"""Signing in at X: refresh tokens good once, and other paths to read than those of an app."""

from datetime import timedelta

import pytest

from providers import errors
from providers.access.flow import flow
from providers.access.refusals import AppRefused
from providers.declare import SIGN_IN, Account, App, Tokens
from providers.outbound.basic import basic
from providers.outbound.transport import Timeouts
from providers.platforms.x import PROVIDER
from providers.platforms.x.sign_in import OAUTH
from providers.run.ladder import list_accounts
from providers.sandbox import x as sandbox
from providers.sandbox.server import Answer
from tests.providers.asking import ask, detail, kind, outcomes
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

TOKEN, REVOKE = "/2/oauth2/token", "/2/oauth2/revoke"
ME, SEARCH, USAGE = sandbox.ME, sandbox.SEARCH, sandbox.USAGE
APP = app_of(sandbox.SIGN_IN)
PROOF = basic(APP.client_id, APP.client_secret)
GRANTED = frozenset({"tweet.read", "users.read", "offline.access"})
HELD = Tokens("held-access", "held-refresh", scopes=GRANTED)
GRANT = {"access_token": "new-access", "token_type": "bearer", "expires_in": 7200}
HTML = "<!DOCTYPE html><p>Are you a robot?"
OWN = {"id": "1", "name": "Acme Shop", "username": "Acme", "public_metrics": {"followers_count": 7}}
REPLIES = {
    ME: (200, {"data": OWN}),
    SEARCH: (200, {"meta": {"result_count": 4}}),
}


@pytest.fixture
def x(platform):
    """The stand-in, and what it was asked."""
    return platform(PROVIDER, sandbox.answer)


@pytest.fixture
def answering(platform):
    """`with answering(Answer(400, {…})) as talk:` talks to endpoints that say only this."""

    def start(answer, **more):
        fake, _ = platform(PROVIDER, dict.fromkeys((TOKEN, REVOKE), answer))
        return flow(fake, APP, {}, **more)

    return start


def signed_in(fake, person="healthy", **more):
    with flow(fake, APP, {}) as talk:
        return connect(talk, person, **more)


# --- Connecting


def test_a_person_is_sent_to_x_with_a_code_challenge_and_for_a_sign_in_that_lasts():
    with flow(PROVIDER, APP, {}) as talk:
        url = authorization_url(talk)

    assert url.partition("?")[0] == "https://x.com/i/oauth2/authorize"
    query = query_of(url)
    assert len(query.pop("code_challenge")) == 43
    assert query == {
        "response_type": "code",
        "client_id": sandbox.CLIENT_ID,
        "redirect_uri": REDIRECT_URI,
        "state": STATE,
        "scope": "tweet.read users.read offline.access",
        "code_challenge_method": "S256",
    }


def test_the_code_is_exchanged_with_the_client_in_the_header_and_the_verifier(x):
    fake, requests_seen = x

    with flow(fake, APP, {}) as talk:
        callback = approve(authorization_url(talk), "healthy")
        tokens = exchange(talk, callback)

    asked = requests_seen[-1]
    assert (asked.method, asked.path, asked.query) == ("POST", TOKEN, {})
    assert asked.form == {
        "grant_type": "authorization_code",
        "code": callback["code"],
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
    }
    assert asked.headers["Authorization"] == PROOF
    assert (tokens.expires_in, tokens.scopes) == (7200, GRANTED)
    assert tokens.refresh_token


def test_a_sign_in_passes_every_step_without_a_path_of_apps(x):
    fake, requests_seen = x
    tokens = signed_in(fake)
    requests_seen.clear()

    result = run_signed_in(fake, APP, tokens)

    assert result.outcome == "passed"
    assert outcomes(result) == ["passed"] * 4
    assert result.account == Account("acme", "Acme Shop")
    assert result.expires_at is None
    assert detail(result, "Permissions") == (
        "You have: posts and the search for them; who is connected; a sign-in that lasts."
    )
    assert detail(result, "Sign-in works") == "Signed in to X as @acme."
    assert [(one.path, one.query) for one in requests_seen] == [
        (ME, {"user.fields": "public_metrics"}),
        (SEARCH, {"query": "@acme", "max_results": "10"}),
    ]
    assert {one.bearer for one in requests_seen} == {tokens.access_token}


def test_the_one_account_of_a_sign_in_is_listed(x):
    fake, requests_seen = x
    values = {"access_token": signed_in(fake).access_token}
    requests_seen.clear()

    assert list_accounts(fake, values, method=SIGN_IN) == [Account("acme", "Acme Shop")]
    assert len(requests_seen) == 1


# --- What is read


@pytest.mark.parametrize("saved", ["acme", "ACME", "Acme"])
def test_the_own_account_is_paid_for_once(platform, saved):
    fake, requests_seen = platform(PROVIDER, REPLIES)

    result = run_signed_in(fake, APP, HELD, {"account_id": saved})

    assert result.account == Account("Acme", "Acme Shop")
    assert [one.path for one in requests_seen] == [ME, SEARCH]
    assert "7 followers" in detail(result, "Account found")


@pytest.mark.parametrize("problem", ["not-authorized-for-resource", "resource-not-found"])
@pytest.mark.parametrize(
    ("path", "label"), [(ME, "Sign-in works"), (SEARCH, "Posts can be searched")]
)
def test_what_is_there_beside_errors_passes_and_the_step_warns(platform, problem, path, label):
    errors_beside = {"errors": [{"type": f"https://api.x.com/2/problems/{problem}"}]}
    partly = (200, REPLIES[path][1] | errors_beside)
    fake, _ = platform(PROVIDER, REPLIES | {path: partly})

    result = run_signed_in(fake, APP, HELD)

    assert result.outcome == "passed"
    assert outcomes(result).count("warned") == 1
    assert detail(result, label).endswith("X could not read a part of what we asked for.")


def test_another_account_than_the_saved_one_is_not_taken_for_it(platform):
    fake, requests_seen = platform(PROVIDER, REPLIES)

    result = run_signed_in(fake, APP, HELD, {"account_id": "other"})

    assert kind(result) == "account_not_found"
    assert result.account is None
    assert [one.path for one in requests_seen] == [ME]


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        ({"result_count": 4}, "the saved search: 4."),
        ({"result_count": 0}, "the saved search: 0."),
        ({"result_count": 10, "next_token": "b26v"}, "the saved search: at least 10."),
    ],
)
def test_the_saved_search_is_tried_with_as_few_posts_as_x_gives(platform, meta, said):
    fake, requests_seen = platform(PROVIDER, REPLIES | {SEARCH: (200, {"meta": meta})})

    result = run_signed_in(fake, APP, HELD, {"search_query": "acme OR #acme"})

    assert said in detail(result, "Posts can be searched")
    assert requests_seen[-1].query == {"query": "acme OR #acme", "max_results": "10"}


def test_a_search_that_x_cannot_read_is_the_persons_to_correct(x):
    fake, _ = x

    result = run_signed_in(fake, APP, signed_in(fake), {"search_query": '"acme'})

    assert kind(result) == "invalid_config"
    assert outcomes(result) == ["passed", "passed", "passed", "failed"]


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ("healthy", None),
        ("nocredits", "quota_exhausted"),
        ("spendcap", "quota_exhausted"),
        ("limited", "rate_limited"),
    ],
)
def test_a_person_of_the_sandbox_leads_to_what_it_promises(x, person, expected):
    fake, _ = x

    result = run_signed_in(fake, APP, signed_in(fake, person))

    assert kind(result) == expected


def test_every_person_of_the_sandbox_is_drilled():
    assert sandbox.PEOPLE.keys() == {"healthy", "nocredits", "spendcap", "limited"}


@pytest.mark.parametrize("path", [ME, SEARCH])
def test_an_address_that_x_does_not_know_is_no_missing_account(platform, path):
    fake, _ = platform(PROVIDER, REPLIES | {path: (404, "")})

    assert kind(run_signed_in(fake, APP, HELD)) == "unexpected_reply"


# --- Permissions


@pytest.mark.parametrize(
    ("without", "missing"),
    [
        ("tweet.read", "tweet.read (posts and the search for them). No post can be read."),
        ("users.read", "users.read (who is connected). No account can be read."),
    ],
)
def test_a_sign_in_without_a_permission_says_what_stops_and_costs_nothing(x, without, missing):
    fake, requests_seen = x
    tokens = signed_in(fake, without=without)
    requests_seen.clear()

    result = run_signed_in(fake, APP, tokens)

    assert kind(result) == "permission_missing"
    assert result.error.message.startswith("You have: ")
    assert result.error.message.endswith(f"Missing: {missing}")
    assert result.error.action == "Sign in to X (Twitter) again, and allow everything it asks."
    assert requests_seen == []


def test_a_sign_in_that_does_not_last_warns(x):
    fake, _ = x

    result = run_signed_in(fake, APP, signed_in(fake, without="offline.access"))

    assert result.outcome == "passed"
    assert outcomes(result)[0] == "warned"
    assert "The sign-in ends after two hours." in detail(result, "Permissions")


def test_scopes_that_x_did_not_name_are_proven_by_the_other_steps(platform):
    fake, _ = platform(PROVIDER, REPLIES)

    result = run_signed_in(fake, APP, Tokens("held-access"))

    assert outcomes(result) == ["skipped", "passed", "passed", "passed"]


# --- Renewal, end


def test_a_renewal_brings_a_new_refresh_token_and_the_old_one_ends_the_whole_sign_in(x):
    fake, requests_seen = x
    first = signed_in(fake)

    with flow(fake, APP, {}) as talk:
        second = talk.renew(first)
        renewal = requests_seen[-1]
        assert run_signed_in(fake, APP, second).outcome == "passed"
        with pytest.raises(errors.AuthExpired):
            talk.renew(first)
        with pytest.raises(errors.AuthExpired):
            talk.renew(second)

    assert renewal.form == {"grant_type": "refresh_token", "refresh_token": first.refresh_token}
    assert renewal.headers["Authorization"] == PROOF
    assert second.refresh_token not in {None, first.refresh_token}


def test_a_revoked_sign_in_is_over(x):
    fake, requests_seen = x
    tokens = signed_in(fake)

    with flow(fake, APP, {}) as talk:
        talk.revoke(tokens)
    revocation = requests_seen[-1]
    result = run_signed_in(fake, APP, tokens)

    assert (revocation.path, revocation.form["token"]) == (REVOKE, tokens.refresh_token)
    assert revocation.headers["Authorization"] == PROOF
    assert kind(result) == "auth_invalid"
    assert result.error.action == "Sign in to X (Twitter) again."


def test_a_declined_sign_in_comes_back_with_the_usual_word(x):
    with flow(x[0], APP, {}) as talk:
        callback = approve(authorization_url(talk), "")

    assert callback == {"error": "access_denied", "state": STATE}


def test_a_code_that_was_used_is_told_as_one_that_took_too_long(x):
    with flow(x[0], APP, {}) as talk:
        callback = approve(authorization_url(talk), "healthy")
        exchange(talk, callback)

        with pytest.raises(errors.AuthExpired) as spent:
            exchange(talk, callback)

    assert "30 seconds" in spent.value.message


# --- The app, failures


def test_x_is_seen_to_accept_the_app(x):
    with flow(x[0], APP, {}) as talk:
        assert talk.prove_app() is True


@pytest.mark.parametrize(
    "app", [App(sandbox.CLIENT_ID, "another"), App("another", sandbox.CLIENT_SECRET)]
)
def test_a_wrong_app_is_told_that_there_are_two_pairs(x, app):
    with flow(x[0], app, {}) as talk, pytest.raises(AppRefused) as refused:
        talk.prove_app()

    assert "API key" in refused.value.message
    assert refused.value.action == "An owner corrects both in Settings, Sign-in apps."


def said(code, description=""):
    return {"error": code, "error_description": description}


@pytest.mark.parametrize(
    ("status", "body", "expected", "words"),
    [
        (
            400,
            said("invalid_request", "Value passed for the token was invalid."),
            errors.AuthExpired,
            "ended this sign-in",
        ),
        (400, said("invalid_grant"), errors.AuthExpired, "ended this sign-in"),
        (
            400,
            said("invalid_request", "Value passed for the authorization code was invalid."),
            errors.AuthExpired,
            "30 seconds",
        ),
        (
            400,
            said(
                "invalid_request",
                "Value passed for the redirect uri did not match the uri of the authorization "
                "code.",
            ),
            errors.UnexpectedReply,
            "did not understand",
        ),
        (400, said("invalid_request"), errors.UnexpectedReply, "did not understand"),
        (401, said("unauthorized_client", "Missing valid authorization header"), AppRefused, "app"),
        (400, said("invalid_client"), AppRefused, "app"),
        (401, said("invalid_client"), AppRefused, "app"),
        (429, {"title": "Too Many Requests"}, errors.RateLimited, "limiting"),
        (403, HTML, errors.Blocked, "web page"),
        (503, HTML, errors.ProviderUnavailable, "problem"),
        (200, {"token_type": "bearer"}, errors.UnexpectedReply, "did not expect"),
    ],
)
def test_a_failure_of_the_renewal_has_its_kind(answering, status, body, expected, words):
    with answering(Answer(status, body)) as talk, pytest.raises(errors.ProviderError) as failed:
        talk.renew(HELD)

    assert type(failed.value) is expected
    assert words in failed.value.message


def test_a_limit_says_when_to_come_back(answering):
    with (
        answering(Answer(429, {}, {"Retry-After": "7"})) as talk,
        pytest.raises(errors.RateLimited) as limited,
    ):
        talk.renew(HELD)

    assert limited.value.retry_after_seconds == 7


def test_silence_is_nobodys_fault(answering):
    with (
        answering(Answer(is_silent=True), timeouts=Timeouts(read=0.05)) as talk,
        pytest.raises(errors.Network) as silence,
    ):
        talk.renew(HELD)

    assert silence.value.message == "X (Twitter) did not answer in time."


# --- What is declared, and the stand-in


def test_lifetimes_are_the_published_ones_or_the_reported_one():
    assert OAUTH.access_token_lifetime == timedelta(hours=2)
    assert OAUTH.refresh_token_lifetime == timedelta(days=180)
    assert not OAUTH.refresh_token_ends_anyway


def test_nothing_is_entered_for_a_sign_in_but_settings():
    names = [field.name for field in PROVIDER.fields_of(SIGN_IN)]

    assert names == ["account_id", "search_query", "base_url"]
    assert PROVIDER.missing(SIGN_IN, ()) == []
    assert PROVIDER.methods[-1].slug == SIGN_IN


@pytest.mark.parametrize("path", [USAGE, sandbox.COUNTS])
def test_the_sandbox_refuses_a_person_where_x_lets_apps_alone_in(x, path):
    tokens = signed_in(x[0])

    answer = ask(sandbox.answer, path, {}, {"Authorization": f"Bearer {tokens.access_token}"})

    assert answer.status == 403
    assert answer.body["type"].endswith("/unsupported-authentication")


@pytest.mark.parametrize("without", ["tweet.read", "users.read"])
def test_the_sandbox_shows_nobody_who_may_not_be_read(x, without):
    tokens = signed_in(x[0], without=without)

    answer = ask(sandbox.answer, ME, {}, {"Authorization": f"Bearer {tokens.access_token}"})

    assert (answer.status, answer.body["title"]) == (403, "Forbidden")
