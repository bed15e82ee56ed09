"""Signing in at Meta: tokens by GET, traded for long-lived ones, and never a refresh token."""

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from providers import errors
from providers.access.flow import flow
from providers.access.refusals import AppRefused
from providers.declare import SIGN_IN, Account, App, Tokens
from providers.errors import AuthExpired, UnexpectedReply
from providers.outbound.reply import Reply
from providers.outbound.transport import Timeouts
from providers.platforms.meta import PROVIDER
from providers.platforms.meta.sign_in import OAUTH
from providers.run.ladder import list_accounts, run_test
from providers.sandbox import meta as sandbox
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
    values_of,
)
from tests.providers.platforms.meta_replies import MISSING_OBJECT, NO_ACCESS, error

APP = app_of(sandbox.SIGN_IN)
SECRETS = {"client_id": sandbox.APP_ID, "client_secret": sandbox.APP_SECRET}
ACCOUNT = {"account_id": "act_1001"}
TOKEN_PATH, PERMISSIONS = "/v26.0/oauth/access_token", "/v26.0/me/permissions"
HELD = Tokens("EAAheld")
SHORT = {"access_token": "EAAshort", "token_type": "bearer"}
LONG = {"access_token": "EAAlong", "token_type": "bearer", "expires_in": 5183944}
HTML = "<!DOCTYPE html><p>Are you a robot?"


@pytest.fixture
def meta(platform):
    """The stand-in, and what it was asked."""
    return platform(PROVIDER, sandbox.answer)


@pytest.fixture
def answering(platform):
    """`with answering(status, body) as talk:` talks to a token's address that says only this."""

    def start(*reply, **more):
        fake, _ = platform(PROVIDER, {TOKEN_PATH: Answer(*reply), PERMISSIONS: Answer(*reply)})
        return flow(fake, APP, {}, **more)

    return start


def signed_in(fake, person="ada", **more):
    with flow(fake, APP, {}) as talk:
        return connect(talk, person, **more)


# --- Connecting


def test_a_person_is_sent_to_facebook_with_a_list_of_permissions_and_no_code_challenge():
    with flow(PROVIDER, APP, {}) as talk:
        url = authorization_url(talk)

    assert url.partition("?")[0] == "https://www.facebook.com/v26.0/dialog/oauth"
    assert query_of(url) == {
        "response_type": "code",
        "client_id": sandbox.APP_ID,
        "redirect_uri": REDIRECT_URI,
        "scope": "ads_read,business_management",
        "return_scopes": "true",
        "auth_type": "rerequest",  # or what was declined before is not asked for again
        "state": STATE,
    }


def test_the_code_is_exchanged_by_get_and_its_token_traded_at_once(meta):
    fake, requests_seen = meta

    with flow(fake, APP, {}) as talk:
        callback = approve(authorization_url(talk), "ada")
        tokens = exchange(talk, callback)

    exchanged, traded = requests_seen[-2:]
    assert {(asked.method, asked.path) for asked in (exchanged, traded)} == {("GET", TOKEN_PATH)}
    assert exchanged.query == SECRETS | {"code": callback["code"], "redirect_uri": REDIRECT_URI}
    assert traded.query == SECRETS | {
        "grant_type": "fb_exchange_token",
        "fb_exchange_token": "EAAsignedinada" + str(int(tokens.access_token[14:]) - 1),
    }
    for asked in (exchanged, traded):
        assert asked.body == b""
        assert "Authorization" not in asked.headers
    assert tokens.expires_in == 5183944
    assert tokens.refresh_token is None
    assert tokens.scopes == {"ads_read", "business_management"}


def test_a_sign_in_passes_every_step_and_proves_every_call(meta):
    fake, requests_seen = meta
    tokens = signed_in(fake)
    before = len(requests_seen)

    result = run_signed_in(fake, APP, tokens, ACCOUNT | {"pixel_id": "2001"})

    assert outcomes(result) == ["passed"] * 5
    assert result.account == Account("act_1001", "Acme Shop")
    assert "this sign-in as Ada Page" in detail(result, "Token is valid")
    assert detail(result, "Permissions") == (
        "You have: ad accounts, their reports and datasets; the businesses that own them."
    )
    inspected, *others = requests_seen[before:]
    assert inspected.path == "/v26.0/debug_token"
    assert {asked.bearer for asked in others} == {tokens.access_token}
    assert all("appsecret_proof" in asked.query for asked in others)


def test_a_sign_in_ends_with_the_consent_and_not_with_its_token(meta):
    fake, _ = meta

    result = run_signed_in(fake, APP, signed_in(fake), ACCOUNT)

    left = result.expires_at - datetime.now(UTC)
    assert timedelta(days=89) < left <= timedelta(days=90)
    assert not result.expires_is_estimate
    said = f"It renews itself until {result.expires_at:%Y-%m-%d}, then sign in again."
    assert said in detail(result, "Token is valid")


def test_a_consent_without_an_end_has_none(platform):
    data = {"app_id": "1", "type": "USER", "is_valid": True, "expires_at": 1900000000}
    replies = {
        "/v26.0/debug_token": (200, {"data": data | {"data_access_expires_at": 0}}),
        "/v26.0/me": (200, {"id": "1"}),
        PERMISSIONS: (500, {}),
    }
    fake, _ = platform(PROVIDER, replies)

    result = run_signed_in(fake, App("1", "5ecret"), HELD, ACCOUNT)

    assert result.expires_at is None
    assert detail(result, "Token is valid") == "Meta knows this sign-in as 1. It renews itself."


def test_the_ad_accounts_of_a_sign_in_are_listed(meta):
    fake, _ = meta
    values = values_of(OAUTH, APP, signed_in(fake))

    found = list_accounts(fake, values, method=SIGN_IN)

    assert [account.id for account in found] == ["act_1001", "act_1002", "act_1003"]


def test_an_outage_between_exchange_and_trade_keeps_the_short_lived_token(platform):
    def answer(asked):
        return (200, SHORT) if "code" in asked.query else (503, "Service Unavailable")

    fake, _ = platform(PROVIDER, {TOKEN_PATH: answer})

    with flow(fake, APP, {}) as talk:
        tokens = exchange(talk, {"code": "abc", "granted_scopes": "ads_read"})

    assert tokens == Tokens("EAAshort", expires_in=3600, scopes=frozenset({"ads_read"}))


def test_a_callback_that_lists_no_permissions_has_them_asked_for(platform):
    rows = [
        {"permission": "ads_read", "status": "granted"},
        {"permission": "business_management", "status": "declined"},
    ]
    fake, requests_seen = platform(
        PROVIDER, {TOKEN_PATH: (200, LONG), PERMISSIONS: (200, {"data": rows})}
    )

    with flow(fake, APP, {}) as talk:
        assert exchange(talk, {"code": "abc"}).scopes == {"ads_read"}

    [asked] = [one for one in requests_seen if one.path == PERMISSIONS]
    assert asked.method == "GET"
    assert asked.headers["Authorization"] == f"Bearer {LONG['access_token']}"
    assert set(asked.query) == {"appsecret_proof"}


@pytest.mark.parametrize(
    "reply", [(503, "Down"), (200, {}), (200, {"data": [{}]}), (400, error(190))], ids=str
)
def test_permissions_that_nobody_tells_are_left_open(platform, reply):
    fake, _ = platform(PROVIDER, {TOKEN_PATH: (200, LONG), PERMISSIONS: reply})

    with flow(fake, APP, {}) as talk:
        assert exchange(talk, {"code": "abc"}).scopes is None


def test_a_callback_that_lists_nothing_granted_nothing(platform):
    fake, _ = platform(PROVIDER, {TOKEN_PATH: (200, LONG)})

    with flow(fake, APP, {}) as talk:
        assert exchange(talk, {"code": "abc", "granted_scopes": ""}).scopes == frozenset()


def test_pressing_cancel_comes_back_in_metas_own_words(meta):
    fake, _ = meta

    with flow(fake, APP, {}) as talk:
        callback = approve(authorization_url(talk), "")

    assert callback == {
        "error": "access_denied",
        "error_code": "200",
        "error_description": "Permissions error",
        "error_reason": "user_denied",
        "state": STATE,
    }


def test_a_code_is_good_once(meta):
    fake, _ = meta

    with flow(fake, APP, {}) as talk:
        callback = approve(authorization_url(talk), "ada")
        exchange(talk, callback)
        with pytest.raises(AuthExpired, match="was used already"):
            exchange(talk, callback)


# --- What was granted


def test_without_the_optional_permission_the_rest_still_works(meta):
    fake, _ = meta
    tokens = signed_in(fake, without="business_management")

    result = run_signed_in(fake, APP, tokens, ACCOUNT)

    assert tokens.scopes == {"ads_read"}
    assert result.outcome == "passed"
    assert outcomes(result)[1] == "warned"
    assert detail(result, "Permissions") == (
        "You have: ad accounts, their reports and datasets. Missing: business_management (the "
        "businesses that own them). Ad accounts of a business may be missing from the list. "
        "Sign in again and allow everything to have it."
    )


def test_without_ads_read_it_is_said_what_stops(meta):
    fake, _ = meta

    result = run_signed_in(fake, APP, signed_in(fake, without="ads_read"), ACCOUNT)

    assert kind(result) == "permission_missing"
    assert "Missing: ads_read" in result.error.message
    assert "Ads monitor and lead tracking stop working." in result.error.message
    assert result.error.action == "Sign in to Meta again, and allow everything it asks."


def test_the_permission_to_manage_ads_does_as_well(platform):
    rows = [{"permission": "ads_management", "status": "granted"}]
    replies = {"/v26.0/me": (200, {"id": "1"}), PERMISSIONS: (200, {"data": rows})}
    fake, _ = platform(PROVIDER, replies | {"/v26.0/act_1001": (500, {})})
    values = ACCOUNT | {"access_token": "EAAheld"}

    result = run_test(fake, values, method=SIGN_IN, tokens=held(values))

    assert outcomes(result)[1] == "warned"
    assert detail(result, "Permissions").startswith("You have: ad accounts")


@pytest.mark.parametrize(
    "reply",
    [
        (400, error(100, 33, MISSING_OBJECT)),
        (400, error(100, message="Missing permissions")),
        (403, error(200, message=NO_ACCESS)),
        (403, error(10)),
    ],
)
def test_a_person_is_not_told_of_system_users(platform, reply):
    replies = {
        "/v26.0/me": (200, {"id": "1"}),
        PERMISSIONS: (200, {"data": []}),
        "/v26.0/act_1001": reply,
    }
    fake, _ = platform(PROVIDER, replies)

    result = run_test(fake, ACCOUNT | {"access_token": "EAAheld"}, method=SIGN_IN)

    assert result.outcome == "failed"
    assert "ask an admin of the Business portfolio" in result.error.action
    assert result.error.action_url == "https://business.facebook.com/settings/ad-accounts"


# --- Renewal


def test_a_renewal_trades_the_held_token_for_a_new_one(meta):
    fake, requests_seen = meta
    first = signed_in(fake)

    with flow(fake, APP, {}) as talk:
        second = talk.renew(first)

    assert requests_seen[-1].query == SECRETS | {
        "grant_type": "fb_exchange_token",
        "fb_exchange_token": first.access_token,
    }
    assert second.access_token != first.access_token
    assert second.expires_in == 5183944
    assert run_signed_in(fake, APP, second, ACCOUNT).outcome == "passed"


def test_a_token_that_meta_has_ended_asks_for_a_new_sign_in(meta):
    fake, _ = meta
    tokens = signed_in(fake, "cleo")

    with flow(fake, APP, {}) as talk, pytest.raises(AuthExpired, match="ended this sign-in"):
        talk.renew(tokens)


ENDED = [
    (400, error(190)),
    (401, error(190, 463)),
    (400, error(190, 460)),
    (400, error(190, 458)),
    (400, error(190, 467)),
    (400, error(102)),
    (200, error(190, 463)),
    (400, error(100, 36007, "This authorization code has expired.")),
    (400, error(100, 36008)),
    (400, error(100, 36009)),
    (400, error(100, message="Invalid verification code format.")),
    (400, error(100, message="This authorization code has been used.")),
]
NOT_THE_APP = [
    (400, error(101, message="Error validating application.")),
    (400, error(1, message="Error validating client secret.")),
    (400, error(1, message="Error validating client secret.", is_transient=True)),
    (400, error(100, message="Error validating client secret.")),
]
UNANSWERED = [
    (400, error(1), "provider_unavailable"),
    (500, error(2, is_transient=True), "provider_unavailable"),
    (400, error(190, is_transient=True), "provider_unavailable"),
    (503, "Service Unavailable", "provider_unavailable"),
    (200, "Service Unavailable", "provider_unavailable"),
    (400, error(4), "rate_limited"),
    (400, error(17, 2446079), "rate_limited"),
    (400, error(368), "rate_limited"),
    (429, {}, "rate_limited"),
    (200, HTML, "blocked"),
    (400, error(100), "unexpected_reply"),
    (200, {"token_type": "bearer"}, "unexpected_reply"),
    (200, {"access_token": 7}, "unexpected_reply"),
    (302, "", "unexpected_reply"),
]


@pytest.mark.parametrize(("status", "body"), ENDED)
def test_what_can_no_longer_be_traded_has_expired(answering, status, body):
    with answering(status, body) as talk, pytest.raises(AuthExpired) as refused:
        talk.renew(HELD)

    assert refused.value.action == "Sign in again."


@pytest.mark.parametrize(("status", "body"), NOT_THE_APP)
def test_an_app_that_is_not_accepted_is_an_owners_to_correct(answering, status, body):
    with answering(status, body) as talk, pytest.raises(AppRefused, match="ID and secret") as no:
        talk.renew(HELD)

    assert "An owner" in no.value.action


@pytest.mark.parametrize(("status", "body", "expected"), UNANSWERED)
def test_a_problem_of_metas_asks_nobody_to_sign_in_again(answering, status, body, expected):
    with answering(status, body) as talk, pytest.raises(errors.Unanswered) as problem:
        talk.renew(HELD)

    assert problem.value.kind == expected


def test_every_rule_of_the_tokens_address_is_reached_by_an_answer_above():
    given = [*ENDED, *NOT_THE_APP, *(answer[:2] for answer in UNANSWERED)]
    unreached = set(OAUTH.errors)
    for status, body in given:
        facts = PROVIDER.facts_of(Reply(status, {}, Answer(status, body).encoded()[1]))
        unreached -= {next((rule for rule in OAUTH.errors if rule.matches(facts)), None)}

    assert unreached == set()


def test_silence_is_no_refusal(answering):
    talking = answering(200, None, {}, False, True, timeouts=Timeouts(total=0.2))

    with talking as talk, pytest.raises(errors.Network):
        talk.renew(HELD)


# --- The app


def test_a_good_app_is_proven_by_a_token_of_its_own(meta):
    fake, requests_seen = meta

    with flow(fake, APP, {}) as talk:
        assert talk.prove_app() is True

    assert requests_seen[-1].query == SECRETS | {"grant_type": "client_credentials"}


@pytest.mark.parametrize(
    "app", [App(sandbox.APP_ID, "another"), App("999", sandbox.APP_SECRET)], ids=["secret", "id"]
)
def test_a_wrong_app_is_found_out(meta, app):
    fake, _ = meta

    with flow(fake, app, {}) as talk, pytest.raises(AppRefused):
        talk.prove_app()


@pytest.mark.parametrize("body", [error(100), error(200, message="API access blocked.")])
def test_another_refusal_leaves_the_app_unproven(answering, body):
    with answering(400, body) as talk:
        assert talk.prove_app() is False


def test_an_outage_proves_nothing_about_the_app(answering):
    with answering(500, error(2)) as talk, pytest.raises(errors.ProviderUnavailable):
        talk.prove_app()


def test_a_secret_that_was_changed_at_meta_is_told_as_the_apps(meta):
    fake, _ = meta
    changed = replace(APP, client_secret="0" * 32)

    result = run_signed_in(fake, changed, signed_in(fake), ACCOUNT)

    assert kind(result) == "invalid_config"
    assert result.error.message == "Meta does not accept this app's ID and secret."
    assert "Sign-in apps" in result.error.action


@pytest.mark.parametrize(
    "reply",
    [
        (200, {"data": {"is_valid": True, "type": "USER", "app_id": "999"}}),
        (400, error(100, message="(#100) The App_id did not match the Viewing App")),
    ],
)
def test_a_token_of_another_app_asks_for_a_new_sign_in(platform, reply):
    other_app = {"/v26.0/app": (200, {"id": "999"})}
    fake, _ = platform(PROVIDER, {"/v26.0/debug_token": reply} | other_app)

    result = run_signed_in(fake, APP, HELD, ACCOUNT)

    assert kind(result) == "auth_invalid"
    assert "another Meta app: 999." in result.error.message
    assert result.error.action == "Sign in to Meta again."


# --- Ending it


def test_revoking_removes_the_app_with_the_token_in_a_header(meta):
    fake, requests_seen = meta
    tokens = signed_in(fake)

    with flow(fake, APP, {}) as talk:
        talk.revoke(tokens)

    asked = requests_seen[-1]
    assert (asked.method, asked.path) == ("DELETE", PERMISSIONS)
    assert asked.bearer == tokens.access_token
    assert [*asked.query] == ["appsecret_proof"]
    result = run_signed_in(fake, APP, tokens, ACCOUNT)
    assert kind(result) == "auth_invalid"
    assert result.error.action == "Sign in to Meta again."


def test_revoking_ends_every_sign_in_of_the_person(meta):
    fake, _ = meta
    first, second, other = signed_in(fake), signed_in(fake), signed_in(fake, "ben")

    with flow(fake, APP, {}) as talk:
        talk.revoke(first)
        with pytest.raises(AuthExpired):
            talk.renew(second)
        assert talk.renew(other).access_token

    assert OAUTH.revoking_ends_siblings


def test_revoking_what_the_person_has_removed_already_is_no_error(meta):
    fake, requests_seen = meta
    tokens = signed_in(fake)

    with flow(fake, APP, {}) as talk:
        talk.revoke(tokens)
        talk.revoke(tokens)

    assert [asked.method for asked in requests_seen[-2:]] == ["DELETE", "DELETE"]


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"success": False}, UnexpectedReply),
        (200, "Service Unavailable", errors.ProviderUnavailable),
        (200, HTML, errors.Blocked),
        (400, error(190, 463), AuthExpired),
        (400, error(17), errors.RateLimited),
    ],
)
def test_what_meta_does_not_confirm_is_not_revoked(answering, status, body, expected):
    with answering(status, body) as talk, pytest.raises(expected):
        talk.revoke(HELD)


# --- Around it


def test_no_secret_is_in_a_log_or_an_error(platform, caplog):
    def parrot(asked):
        return (400, error(190, message=str(asked.query)))

    caplog.set_level(logging.DEBUG)
    fake, requests_seen = platform(PROVIDER, {TOKEN_PATH: parrot, PERMISSIONS: parrot})
    said = []

    with flow(fake, APP, {}) as talk:
        for ask in (talk.renew, talk.revoke):
            with pytest.raises(AuthExpired) as refused:
                ask(HELD)
            said.append(repr(refused.value) + refused.value.action)

    assert len(requests_seen) == 2
    proof = requests_seen[-1].query["appsecret_proof"]
    for secret in (APP.client_secret, HELD.access_token, proof):
        assert secret not in "".join(said) + caplog.text


def test_the_fields_of_pasted_tokens_are_not_asked_for():
    fields = {field.name for field in PROVIDER.fields_of(SIGN_IN)}

    assert fields == {"account_id", "pixel_id", "base_url"}


def test_the_guide_tells_the_app_of_the_sandbox_in_the_shape_of_a_real_one():
    (app_id, _), (app_secret, _) = sandbox.PLATFORM.guide["App for sign-in"]

    assert App(app_id, app_secret) == APP
    assert app_id.isdigit()
    assert len(app_secret) == 32
