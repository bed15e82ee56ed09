"""Signing in at Stripe Connect: by the platform's own key, to one account, without an end."""

import re

import pytest

from providers import errors
from providers.access.flow import flow
from providers.access.refusals import AppRefused, NotRevocable
from providers.declare import SIGN_IN, Account, App, Grant, Tokens
from providers.errors import AuthExpired, UnexpectedReply
from providers.outbound.transport import Timeouts
from providers.platforms.stripe import PROVIDER
from providers.platforms.stripe.sign_in import OAUTH
from providers.run.ladder import list_accounts, run_test
from providers.sandbox import stripe as sandbox
from providers.sandbox.server import Answer
from tests.providers.asking import detail, held, kind, outcomes
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
from tests.providers.platforms.test_stripe import ACCOUNT, ACME, HEALTHY, LEDGER, error, lacks

APP = app_of(sandbox.SIGN_IN)
TOKEN_PATH, DEAUTHORIZE = "/oauth/token", "/oauth/deauthorize"
OWN = {"stripe_user_id": sandbox.ACCOUNT}
HELD = Tokens("sk_test_held", facts=OWN)
HTML = "<!DOCTYPE html><p>Are you a robot?"
NOT_CONNECTED = "This application is not connected to stripe account acct_1, or that account …"


@pytest.fixture
def stripe(platform):
    """The stand-in, and what it was asked."""
    return platform(PROVIDER, sandbox.answer)


@pytest.fixture
def answering(platform):
    """`with answering(status, body) as talk:` talks to a Connect that says only this."""

    def start(*reply, **more):
        fake, _ = platform(PROVIDER, {TOKEN_PATH: Answer(*reply), DEAUTHORIZE: Answer(*reply)})
        return flow(fake, APP, {}, **more)

    return start


def signed_in(fake, person="healthy"):
    with flow(fake, APP, {}) as talk:
        return connect(talk, person)


def refused(code, words=""):
    """As RFC 6749 writes it, where Stripe's API writes an object."""
    return {"error": code, "error_description": words}


# --- Connecting


def test_a_person_is_sent_to_stripe_for_reading_only_and_without_a_code_challenge():
    with flow(PROVIDER, APP, {}) as talk:
        url = authorization_url(talk)

    assert url.partition("?")[0] == "https://connect.stripe.com/oauth/authorize"
    assert query_of(url) == {
        "response_type": "code",
        "client_id": "ca_SandboxPlatform",
        "redirect_uri": REDIRECT_URI,
        "scope": "read_only",
        "state": STATE,
    }


def test_the_code_is_exchanged_with_the_platforms_key_as_client_secret(stripe):
    fake, requests_seen = stripe

    with flow(fake, APP, {}) as talk:
        callback = approve(authorization_url(talk), "healthy")
        tokens = exchange(talk, callback)

    asked = requests_seen[-1]
    assert (asked.method, asked.path, asked.query) == ("POST", TOKEN_PATH, {})
    assert asked.form == {
        "grant_type": "authorization_code",
        "code": callback["code"],
        "redirect_uri": REDIRECT_URI,
        "client_id": "ca_SandboxPlatform",
        "client_secret": "sk_test_SandboxPlatform",
    }
    assert "Authorization" not in asked.headers
    assert tokens.access_token.startswith("sk_test_signedin")
    assert tokens.facts == OWN
    assert tokens.scopes == {"read_only"}


def test_a_token_without_an_end_is_kept_without_a_refresh_token(stripe):
    fake, _ = stripe

    tokens = signed_in(fake)

    assert (tokens.expires_in, tokens.refresh_token) == (None, None)
    assert OAUTH.access_token_lifetime is None
    assert not OAUTH.renews_without_refresh_token


def test_a_sign_in_passes_every_step(stripe):
    fake, requests_seen = stripe
    tokens = signed_in(fake)
    before = len(requests_seen)

    result = run_signed_in(fake, APP, tokens, {"account_id": sandbox.ACCOUNT})

    assert outcomes(result) == ["passed"] * 7
    assert result.account == Account(sandbox.ACCOUNT, "Acme")
    assert result.expires_at is None
    assert detail(result, "Sign-in is valid") == "Stripe accepts this sign-in, in test mode."
    assert "You have: revenue, charges" in detail(result, "Permissions")
    assert detail(result, "Account").startswith("The sign-in belongs to Acme.")
    for asked in requests_seen[before:]:
        assert asked.bearer == tokens.access_token
        assert asked.headers["Stripe-Account"] is None


def test_the_account_of_a_sign_in_is_the_one_to_choose(stripe):
    fake, _ = stripe
    values = {"access_token": signed_in(fake).access_token}

    found = list_accounts(fake, values, method=SIGN_IN)

    assert found == [Account(sandbox.ACCOUNT, "Acme")]


def test_an_account_that_may_not_be_read_is_known_by_the_sign_in(platform):
    fake, _ = platform(PROVIDER, {ACCOUNT: (403, lacks("rak_accounts_kyc_basic_read"))})
    grant = Grant(facts={"stripe_user_id": "acct_1Acme"})

    found = list_accounts(
        fake,
        {"access_token": "sk_test_held"},
        method=SIGN_IN,
        tokens=held({"access_token": "sk_test_held"}, grant),
    )

    assert found == [Account("acct_1Acme")]


def test_another_account_than_the_chosen_one_is_not_found(stripe):
    fake, requests_seen = stripe
    tokens = signed_in(fake)
    before = len(requests_seen)

    result = run_signed_in(fake, APP, tokens, {"account_id": "acct_1Other"})

    assert kind(result) == "account_not_found"
    assert "another Stripe account" in result.error.message
    assert result.account == Account(sandbox.ACCOUNT)
    assert len(requests_seen) == before


def test_pressing_cancel_is_told_as_the_standard_says(stripe):
    fake, _ = stripe

    with flow(fake, APP, {}) as talk:
        callback = approve(authorization_url(talk), "")

    assert callback == {"error": "access_denied", "state": STATE}


def test_a_code_is_good_once(stripe):
    fake, _ = stripe

    with flow(fake, APP, {}) as talk:
        callback = approve(authorization_url(talk), "healthy")
        exchange(talk, callback)
        with pytest.raises(AuthExpired):
            exchange(talk, callback)


# --- What was granted


def test_without_its_one_permission_it_is_said_what_stops(platform):
    fake, _ = platform(PROVIDER, HEALTHY)
    grant = Grant(OAUTH.scopes, frozenset({"another"}))

    result = run_test(
        fake,
        {"access_token": "sk_test_held"},
        method=SIGN_IN,
        tokens=held({"access_token": "sk_test_held"}, grant),
    )

    assert kind(result) == "permission_missing"
    assert "Missing: read_only" in result.error.message
    assert "Payments and results tracking stop working." in result.error.message


def test_permission_to_write_does_as_well(platform):
    fake, _ = platform(PROVIDER, HEALTHY)
    grant = Grant(OAUTH.scopes, frozenset({"read_write"}))

    result = run_test(
        fake,
        {"access_token": "sk_test_held"},
        method=SIGN_IN,
        tokens=held({"access_token": "sk_test_held"}, grant),
    )

    assert outcomes(result) == ["passed"] * 7


@pytest.mark.parametrize("livemode", [True, False])
def test_the_mode_is_what_stripe_says_and_not_what_a_token_looks_like(platform, livemode):
    balance = {"object": "balance", "livemode": livemode}
    fake, _ = platform(PROVIDER, HEALTHY | {"/v1/balance": (200, balance)})

    result = run_test(fake, {"access_token": "anything"}, method=SIGN_IN)

    mode = "live" if livemode else "test"
    assert f"in {mode} mode" in detail(result, "Sign-in is valid")


def test_what_a_sign_in_may_not_read_speaks_of_no_key(platform):
    missing = (403, lacks("rak_balance_read"))
    replies = HEALTHY | {"/v1/balance": missing, ACCOUNT: missing, LEDGER: missing}
    fake, _ = platform(PROVIDER, replies)

    result = run_test(fake, {"access_token": "sk_test_held"}, method=SIGN_IN)

    assert kind(result) == "permission_missing"
    assert outcomes(result)[0] == "warned"
    said = [result.error.message, result.error.action, *(step.detail for step in result.steps)]
    assert "may not read balance transactions" in said[0]
    assert "administrator" in said[1]
    assert "key" not in " ".join(said)


def test_an_account_that_nothing_names_is_no_failure(platform):
    fake, _ = platform(PROVIDER, HEALTHY | {ACCOUNT: (403, error())})

    result = run_test(fake, {"access_token": "sk_test_held"}, method=SIGN_IN)

    assert (result.outcome, result.account) == ("passed", None)
    assert detail(result, "Account").startswith("This sign-in may not read")


@pytest.mark.parametrize(
    "reply",
    [
        (401, error("Invalid API Key provided: sk_test_***held")),
        (401, error(code="platform_api_key_expired")),
        (403, error(code="account_invalid")),
        (403, error("… does not have access to account. Access may have been revoked.")),
    ],
)
def test_every_way_to_say_disconnected_asks_for_a_new_sign_in(platform, reply):
    fake, _ = platform(PROVIDER, {"/v1/balance": reply})

    result = run_test(fake, {"access_token": "sk_test_held"}, method=SIGN_IN)

    assert kind(result) == "auth_expired"
    assert result.error.message == "Stripe no longer lets this app read the account."
    assert result.error.action == "Sign in to Stripe again."


# --- The address for tokens

EXPIRED = [(400, refused("invalid_grant", "Authorization code does not exist: ac_1"))]
NOT_THE_APP = [
    (401, refused("invalid_client", "No such application.")),
    (400, refused("invalid_client")),
    (401, error("Invalid API Key provided: sk_test_***form")),
    (401, error(code="api_key_expired")),
    (403, error("The provided key does not have the required permissions.")),
]
UNANSWERED = [
    (429, error(code="rate_limit"), "rate_limited"),
    (429, "", "rate_limited"),
    (500, error(error_type="api_error"), "provider_unavailable"),
    (503, HTML, "provider_unavailable"),
    (403, HTML, "blocked"),
    (200, HTML, "blocked"),
    (400, refused("invalid_request"), "unexpected_reply"),
    (200, {"stripe_user_id": "acct_1"}, "unexpected_reply"),
    (302, "", "unexpected_reply"),
]


@pytest.mark.parametrize(("status", "body"), EXPIRED)
def test_a_code_that_stripe_does_not_know_asks_for_a_new_sign_in(answering, status, body):
    with answering(status, body) as talk, pytest.raises(AuthExpired):
        exchange(talk, {"code": "ac_1"})


@pytest.mark.parametrize(("status", "body"), NOT_THE_APP)
def test_a_platform_that_is_not_accepted_is_an_owners_to_correct(answering, status, body):
    with answering(status, body) as talk, pytest.raises(AppRefused) as no:
        exchange(talk, {"code": "ac_1"})

    assert "An owner" in no.value.action


@pytest.mark.parametrize(("status", "body", "expected"), UNANSWERED)
def test_a_problem_of_stripes_is_nobodys_fault(answering, status, body, expected):
    with answering(status, body) as talk, pytest.raises(errors.Unanswered) as problem:
        exchange(talk, {"code": "ac_1"})

    assert problem.value.kind == expected


def test_silence_is_no_refusal(answering):
    talking = answering(200, None, {}, False, True, timeouts=Timeouts(total=0.2))

    with talking as talk, pytest.raises(errors.Network):
        exchange(talk, {"code": "ac_1"})


# --- The app


def test_a_good_platform_is_proven_by_an_account_that_nobody_has(stripe):
    fake, requests_seen = stripe

    with flow(fake, APP, {}) as talk:
        assert talk.prove_app() is True

    asked = requests_seen[-1]
    assert (asked.method, asked.path) == ("POST", DEAUTHORIZE)
    assert asked.form["stripe_user_id"].startswith("acct_")
    assert asked.form["stripe_user_id"] != sandbox.ACCOUNT


@pytest.mark.parametrize(
    "app", [App(APP.client_id, "sk_test_other"), App("ca_Other", APP.client_secret)]
)
def test_a_wrong_platform_is_found_out(stripe, app):
    fake, _ = stripe

    with flow(fake, app, {}) as talk, pytest.raises(AppRefused, match="client ID"):
        talk.prove_app()


@pytest.mark.parametrize(
    ("status", "body"), [(400, refused("invalid_request")), (200, {}), (404, {})]
)
def test_another_answer_leaves_the_platform_unproven(answering, status, body):
    with answering(status, body) as talk:
        assert talk.prove_app() is False


@pytest.mark.parametrize(("status", "body"), [(503, ""), (429, {}), (403, HTML)])
def test_an_outage_proves_nothing_about_the_platform(answering, status, body):
    with answering(status, body) as talk, pytest.raises(errors.Unanswered):
        talk.prove_app()


# --- Ending it


def test_revoking_disconnects_the_account_by_the_platforms_key(stripe):
    fake, requests_seen = stripe
    tokens = signed_in(fake)

    with flow(fake, APP, {}) as talk:
        talk.revoke(tokens)

    asked = requests_seen[-1]
    assert (asked.method, asked.path) == ("POST", DEAUTHORIZE)
    assert asked.bearer == "sk_test_SandboxPlatform"
    assert asked.form == {"client_id": "ca_SandboxPlatform"} | OWN
    result = run_signed_in(fake, APP, tokens)
    assert kind(result) == "auth_expired"


def test_revoking_ends_every_sign_in_to_the_account(stripe):
    fake, _ = stripe
    first, second = signed_in(fake), signed_in(fake)

    with flow(fake, APP, {}) as talk:
        talk.revoke(first)

    assert kind(run_signed_in(fake, APP, second)) == "auth_expired"
    assert OAUTH.revoking_ends_siblings


@pytest.mark.parametrize("status", [400, 401])
def test_revoking_what_is_disconnected_already_is_no_error(answering, status):
    with answering(status, refused("invalid_client", NOT_CONNECTED)) as talk:
        assert talk.revoke(HELD) is None


def test_a_sign_in_that_names_no_account_cannot_be_revoked():
    with flow(PROVIDER, APP, {}) as talk, pytest.raises(NotRevocable):
        talk.revoke(Tokens("sk_test_held"))


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"stripe_user_id": "acct_1Other"}, UnexpectedReply),
        (200, HTML, errors.Blocked),
        (401, refused("invalid_client", "No such application."), AppRefused),
        (400, refused("no_deauth_on_controlled_account"), UnexpectedReply),
        (503, "", errors.ProviderUnavailable),
    ],
)
def test_what_stripe_does_not_confirm_is_not_revoked(answering, status, body, expected):
    with answering(status, body) as talk, pytest.raises(expected):
        talk.revoke(HELD)


# --- Around it


def test_the_key_is_not_asked_for_and_the_account_is():
    fields = {field.name for field in PROVIDER.fields_of(SIGN_IN)}

    assert fields == {"account_id", "base_url"}


def test_a_pasted_key_is_never_asked_whether_it_signed_in(platform):
    fake, _ = platform(PROVIDER, HEALTHY | {ACCOUNT: (200, ACME)})

    result = run_test(fake, {"access_token": "rk_test_abcDEF"})

    assert [step.label for step in result.steps][:2] == ["Key is valid", "Account"]


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        ("client_id_pattern", ["ca_Abc123"], ["acct_1", "sk_live_1", "ca_"]),
        (
            "client_secret_pattern",
            ["sk_live_Abc1", "rk_test_Abc1"],
            ["pk_live_Abc1", "whsec_1", "ca_1"],
        ),
    ],
)
def test_a_mix_up_of_the_apps_values_is_refused(pattern, good, bad):
    fits = re.compile(getattr(OAUTH.app, pattern)).fullmatch

    assert all(map(fits, good))
    assert not any(map(fits, bad))


def test_the_guide_tells_the_app_of_the_sandbox_in_the_shape_of_a_real_one():
    (client_id, _), (client_secret, _) = sandbox.PLATFORM.guide["App for sign-in"]

    assert App(client_id, client_secret) == APP
    assert re.fullmatch(OAUTH.app.client_id_pattern, client_id)
    assert re.fullmatch(OAUTH.app.client_secret_pattern, client_secret)
