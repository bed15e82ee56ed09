"""Signing in with Google: one app for four platforms, and boxes that people tick one by one."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest

from providers import errors
from providers.access.flow import flow, is_issued_by
from providers.access.refusals import AppRefused
from providers.declare import SIGN_IN, Account, App, Tokens, Warned, compare_scopes
from providers.families.google import sign_in as shared
from providers.families.google.ways import CLIENT_FIELDS
from providers.platforms import ga4, google_ads, search_console, youtube
from providers.run.ladder import list_accounts
from providers.sandbox import ga4 as ga4_sandbox
from providers.sandbox import google as sandbox
from providers.sandbox import google_ads as ads_sandbox
from providers.sandbox import search_console as search_sandbox
from providers.sandbox import youtube as youtube_sandbox
from providers.sandbox.server import Answer, prefixed
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
from tests.providers.families.google_replies import oauth, rpc, signed_in

PLATFORMS = {
    "google_ads": (google_ads.PROVIDER, ads_sandbox.answer),
    "youtube": (youtube.PROVIDER, youtube_sandbox.answer),
    "ga4": (ga4.PROVIDER, ga4_sandbox.answer),
    "search_console": (search_console.PROVIDER, search_sandbox.answer),
}
ACCOUNTS = {
    "google_ads": Account("1000000001", "Acme Shop"),
    "youtube": Account(youtube_sandbox.CHANNEL, "Acme"),
    "ga4": Account("1001", "acme.example"),
    "search_console": Account("https://www.acme.example/", "https://www.acme.example/"),
}
SCOPES = {
    "google_ads": "https://www.googleapis.com/auth/adwords",
    "youtube": "https://www.googleapis.com/auth/youtube.readonly "
    "https://www.googleapis.com/auth/yt-analytics.readonly",
    "ga4": "https://www.googleapis.com/auth/analytics.readonly",
    "search_console": "https://www.googleapis.com/auth/webmasters.readonly",
}
APP = app_of(sandbox.SIGN_IN)
HELD = Tokens("ya29.held4321", "1//held4321")
GRANT = {"access_token": "ya29.new4321", "token_type": "Bearer", "expires_in": 3599}
HTML = "<!DOCTYPE html><p>Sorry"

each_platform = pytest.mark.parametrize("slug", PLATFORMS)


@pytest.fixture
def standing_in(platform):
    """`fake, requests_seen = standing_in("ga4")`."""
    return lambda slug: platform(*PLATFORMS[slug])


@pytest.fixture
def answering(platform):
    """`with answering(status, body) as talk:` talks to endpoints that say only this."""

    def start(*reply, slug="ga4"):
        fake, _ = platform(PLATFORMS[slug][0], {"/token": reply, "/revoke": reply})
        return flow(fake, APP, {})

    return start


def account_of(slug):
    return {"account_id": ACCOUNTS[slug].id}


# --- Connecting


@each_platform
def test_a_person_is_sent_to_google_with_a_code_challenge_and_for_lasting_access(slug):
    provider, _ = PLATFORMS[slug]

    with flow(provider, APP, {}) as talk:
        url = authorization_url(talk)

    assert url.partition("?")[0] == "https://accounts.google.com/o/oauth2/v2/auth"
    query = query_of(url)
    assert len(query.pop("code_challenge")) == 43
    assert query == {
        "response_type": "code",
        "client_id": sandbox.CLIENT_ID,
        "redirect_uri": REDIRECT_URI,
        "scope": SCOPES[slug],
        "state": STATE,
        "code_challenge_method": "S256",
        "access_type": "offline",
        "prompt": "select_account consent",
    }


@each_platform
def test_the_code_is_exchanged_with_the_clients_secret_and_the_verifier(standing_in, slug):
    fake, requests_seen = standing_in(slug)

    with flow(fake, APP, {}) as talk:
        callback = approve(authorization_url(talk), "healthy")
        tokens = exchange(talk, callback)

    asked = requests_seen[-1]
    assert (asked.method, asked.path, asked.query) == ("POST", "/token", {})
    assert asked.form == {
        "grant_type": "authorization_code",
        "code": callback["code"],
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
        "client_id": sandbox.CLIENT_ID,
        "client_secret": sandbox.CLIENT_SECRET,
    }
    assert "Authorization" not in asked.headers
    assert tokens.refresh_token
    assert tokens.expires_in == 3599
    assert tokens.refresh_token_expires_in is None
    assert tokens.scopes == frozenset(SCOPES[slug].split())


@each_platform
def test_a_sign_in_passes_every_step(standing_in, slug):
    fake, requests_seen = standing_in(slug)
    with flow(fake, APP, {}) as talk:
        tokens = connect(talk, "healthy")
    requests_seen.clear()

    result = run_signed_in(fake, APP, tokens, account_of(slug))

    assert result.outcome == "passed"
    assert set(outcomes(result)) == {"passed"}
    assert result.account == ACCOUNTS[slug]
    assert result.expires_at is None
    # It is renewed elsewhere: nothing is asked for here.
    assert requests_seen[0].path == "/tokeninfo"
    assert "/token" not in {asked.path for asked in requests_seen}
    assert {asked.bearer for asked in requests_seen[1:]} == {tokens.access_token}


@each_platform
def test_the_accounts_of_a_sign_in_are_listed(standing_in, slug):
    fake, _ = standing_in(slug)
    with flow(fake, APP, {}) as talk:
        tokens = connect(talk, "healthy")

    found = list_accounts(fake, {"access_token": tokens.access_token}, method=SIGN_IN)

    assert ACCOUNTS[slug].id in {account.id for account in found}
    assert len(found) == 1 or slug != "youtube"


def test_a_customer_below_a_manager_is_reached_by_a_sign_in(standing_in):
    fake, requests_seen = standing_in("google_ads")
    with flow(fake, APP, {}) as talk:
        tokens = connect(talk, "healthy")
    plain = {
        "account_id": ads_sandbox.BELOW_MANAGER,
        "login_customer_id": ads_sandbox.MANAGER,
        "developer_token": "abcdefghij0123456789AB",
    }

    result = run_signed_in(fake, APP, tokens, plain)

    assert result.outcome == "passed"
    assert requests_seen[-1].headers["login-customer-id"] == ads_sandbox.MANAGER
    assert requests_seen[-1].headers["developer-token"] == plain["developer_token"]


def test_a_declined_sign_in_comes_back_with_the_usual_word(standing_in):
    fake, _ = standing_in("ga4")

    with flow(fake, APP, {}) as talk:
        callback = approve(authorization_url(talk), "")

    assert callback == {"error": "access_denied", "state": STATE}


@pytest.mark.parametrize(
    ("issuer", "is_google"),
    [
        ("https://accounts.google.com", True),
        ("https://accounts.google.com/", True),
        ("accounts.google.com", True),
        ("https://oauth2.googleapis.com", False),
        ("https://accounts.google.com.evil.example", False),
    ],
)
@each_platform
def test_a_callback_of_another_issuer_is_told_apart(slug, issuer, is_google):
    assert is_issued_by(PLATFORMS[slug][0], issuer, {}) is is_google


# --- Lasting access


@each_platform
def test_a_renewal_brings_an_access_token_and_keeps_the_refresh_token(standing_in, slug):
    fake, requests_seen = standing_in(slug)

    with flow(fake, APP, {}) as talk:
        first = connect(talk, "healthy")
        second = talk.renew(first)

    asked = requests_seen[-1]
    assert (asked.method, asked.path) == ("POST", "/token")
    assert asked.form == {
        "grant_type": "refresh_token",
        "refresh_token": first.refresh_token,
        "client_id": sandbox.CLIENT_ID,
        "client_secret": sandbox.CLIENT_SECRET,
    }
    assert second.access_token != first.access_token
    # Authlib hands on the one that it sent.
    assert second.refresh_token in (None, first.refresh_token)
    assert run_signed_in(fake, APP, second, account_of(slug)).outcome == "passed"


def test_a_new_refresh_token_is_kept_should_google_ever_send_one(answering):
    with answering(200, GRANT | {"refresh_token": "1//rotated4321"}) as talk:
        tokens = talk.renew(HELD)

    assert tokens.refresh_token == "1//rotated4321"


def test_access_for_a_time_says_when_it_ends(standing_in):
    fake, _ = standing_in("search_console")

    with flow(fake, APP, {}) as talk:
        tokens = connect(talk, "weekly")

    assert timedelta(days=6) < timedelta(seconds=tokens.refresh_token_expires_in)
    assert run_signed_in(fake, APP, tokens, account_of("search_console")).outcome == "passed"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("invalid_grant", "Token has been expired or revoked."),
        ("invalid_grant", "Bad Request"),
        ("invalid_grant", ""),
    ],
)
@each_platform
def test_a_sign_in_that_google_has_ended_asks_for_a_new_one(answering, slug, code, text):
    with answering(*oauth(code, text), slug=slug) as talk, pytest.raises(errors.AuthExpired) as end:
        talk.renew(HELD)

    assert "ended this sign-in" in end.value.message
    assert end.value.action == "Sign in again."


@pytest.mark.parametrize(
    "more",
    [
        {"error_description": "reauth related error (invalid_rapt)"},
        {"error_description": "Bad Request", "error_subtype": "invalid_rapt"},
        {"error_description": "Bad Request", "error_subtype": "rapt_required"},
    ],
)
@each_platform
def test_a_session_policy_is_named_with_who_can_change_it(answering, slug, more):
    body = {"error": "invalid_grant", **more}
    with answering(400, body, slug=slug) as talk, pytest.raises(errors.AuthExpired) as end:
        talk.renew(HELD)

    assert end.value.message == (
        "Google ended this sign-in, as your organization's session policy asks."
    )
    assert end.value.action == (
        "Sign in again. An admin can exempt this app, under Google Cloud session control."
    )


# --- Disconnecting


@each_platform
def test_a_grant_is_revoked_and_its_token_opens_nothing_any_more(standing_in, slug):
    fake, requests_seen = standing_in(slug)

    with flow(fake, APP, {}) as talk:
        tokens = connect(talk, "healthy")
        talk.revoke(tokens)

        asked = requests_seen[-1]
        assert (asked.method, asked.path) == ("POST", "/revoke")
        assert asked.form["token"] == tokens.refresh_token
        with pytest.raises(errors.AuthExpired):
            talk.renew(tokens)
    result = run_signed_in(fake, APP, tokens, account_of(slug))

    assert kind(result) == "auth_expired"
    assert outcomes(result)[0] == "failed"
    assert result.error.action == f"Sign in to {fake.name} again."


def test_what_is_gone_already_counts_as_revoked(standing_in):
    fake, requests_seen = standing_in("youtube")

    with flow(fake, APP, {}) as talk:
        tokens = connect(talk, "healthy")
        talk.revoke(tokens)
        talk.revoke(tokens)

    assert [asked.path for asked in requests_seen[-2:]] == ["/revoke", "/revoke"]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ((503, {}), errors.ProviderUnavailable),
        ((429, {}), errors.RateLimited),
        (oauth("invalid_request", "Missing token"), errors.UnexpectedReply),
        ((200, HTML), errors.Blocked),
        ((400, HTML), errors.Blocked),
    ],
)
def test_what_google_did_not_confirm_is_not_taken_for_revoked(answering, reply, expected):
    with answering(*reply) as talk, pytest.raises(expected):
        talk.revoke(HELD)


def test_revoking_one_sign_in_ends_the_others_of_that_person(platform):
    """Google ends all that a person gave to a client: whoever revokes must look for siblings."""
    fake, _ = platform(ga4.PROVIDER, ga4_sandbox.answer)
    with flow(fake, APP, {}) as talk:
        first, second = connect(talk, "healthy"), connect(talk, "healthy")
        other = connect(talk, "noaccess")
        talk.revoke(first)

        with pytest.raises(errors.AuthExpired):
            talk.renew(second)
        assert talk.renew(other).access_token
    assert ga4.OAUTH.revoking_ends_siblings


# --- Boxes that were not ticked


@pytest.mark.parametrize(
    ("missing", "has", "lacks", "stops"),
    [
        (0, "views and watch time by day", "youtube.readonly", "The channel cannot be read."),
        (1, "the channel and its public numbers", "yt-analytics.readonly", "stop working."),
    ],
)
def test_what_there_is_and_what_is_missing_and_what_stops_is_said(
    standing_in, missing, has, lacks, stops
):
    fake, _ = standing_in("youtube")
    with flow(fake, APP, {}) as talk:
        tokens = connect(talk, "healthy", without=SCOPES["youtube"].split()[missing])

    result = run_signed_in(fake, APP, tokens)

    assert kind(result) == "permission_missing"
    assert outcomes(result)[:2] == ["passed", "failed"]
    said = detail(result, "Permissions")
    assert f"You have: {has}." in said
    assert lacks in said.partition("Missing: ")[2]
    assert said.endswith(stops)
    assert result.error.action == "Sign in to YouTube again, and allow everything it asks."


@each_platform
def test_a_sign_in_without_any_box_may_not_read(standing_in, slug):
    fake, _ = standing_in(slug)
    with flow(fake, APP, {}) as talk:
        tokens = connect(talk, "healthy", without=SCOPES[slug].split()[0])

    result = run_signed_in(fake, APP, tokens, account_of(slug))

    assert kind(result) == "permission_missing"
    assert "paste" not in result.error.action


@each_platform
def test_what_google_lists_now_counts_and_not_what_it_listed_then(platform, slug):
    provider, _ = PLATFORMS[slug]
    fake, requests_seen = platform(provider, signed_in("openid"))
    then = Tokens("ya29.then4321", scopes=frozenset(SCOPES[slug].split()))

    result = run_signed_in(fake, APP, then, account_of(slug))

    assert kind(result) == "permission_missing"
    assert detail(result, "Permissions").startswith("You have: nothing of what is needed.")
    assert len(requests_seen) == 1


@pytest.mark.parametrize("reply", [(404, {}), (200, {"exp": "1800000000"})])
def test_where_google_lists_nothing_what_it_granted_counts(platform, reply):
    replies = {"/tokeninfo": reply, "/v1beta/properties/1001": rpc(503, "UNAVAILABLE")}
    fake, _ = platform(ga4.PROVIDER, replies)
    granted = Tokens("ya29.then4321", scopes=frozenset(SCOPES["ga4"].split()))

    result = run_signed_in(fake, APP, granted, account_of("ga4"))

    assert detail(result, "Permissions") == (
        "You have: properties and reports of Google Analytics."
    )


@each_platform
def test_a_wider_permission_does_as_well(slug):
    scopes = PLATFORMS[slug][0].oauth.scopes
    wider = frozenset((scope.implied_by or (scope.name,))[0] for scope in scopes)

    answer = compare_scopes(scopes, wider, "Google")

    assert not isinstance(answer, Warned)
    assert "Missing" not in answer.detail


# --- The token itself


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (oauth("invalid_token", "Invalid Value"), "auth_expired"),
        ((401, {}), "auth_expired"),
        ((429, {}), "rate_limited"),
        ((503, {}), "provider_unavailable"),
    ],
)
def test_a_token_that_google_does_not_know_asks_for_a_new_sign_in(platform, reply, expected):
    fake, _ = platform(ga4.PROVIDER, {"/tokeninfo": reply})

    result = run_signed_in(fake, APP, HELD, account_of("ga4"))

    assert kind(result) == expected
    assert "ya29" not in repr(result)
    assert "hour" not in result.error.message


def test_a_dead_sign_in_lists_nothing(platform):
    fake, _ = platform(ga4.PROVIDER, {"/tokeninfo": oauth("invalid_token", "Invalid Value")})

    with pytest.raises(errors.AuthExpired, match="ended this sign-in"):
        list_accounts(fake, {"access_token": HELD.access_token}, method=SIGN_IN)


# --- The app


@each_platform
def test_google_is_seen_to_accept_the_app(standing_in, slug):
    with flow(standing_in(slug)[0], APP, {}) as talk:
        assert talk.prove_app() is True


@pytest.mark.parametrize(
    "app", [App(sandbox.CLIENT_ID, "GOCSPX-other"), App("1-o.apps.googleusercontent.com", "x")]
)
@each_platform
def test_an_app_that_google_does_not_accept_is_the_owners_to_correct(standing_in, slug, app):
    with flow(standing_in(slug)[0], app, {}) as talk, pytest.raises(AppRefused) as refused:
        talk.prove_app()

    assert "Settings, Sign-in apps" in refused.value.action


@pytest.mark.parametrize(
    ("reply", "expected", "words"),
    [
        (oauth("invalid_client", "Unauthorized", 401), AppRefused, "ID and secret"),
        (oauth("unauthorized_client", "Unauthorized", 401), AppRefused, "ID and secret"),
        (oauth("deleted_client", "The client was deleted.", 401), AppRefused, "deleted"),
        (oauth("disabled_client", "The client was disabled.", 401), AppRefused, "disabled"),
        (oauth("redirect_uri_mismatch", "Bad Request"), errors.InvalidConfig, "redirect URI"),
        (oauth("admin_policy_enforced"), errors.PermissionMissing, "An admin"),
        (oauth("org_internal", "", 403), errors.PermissionMissing, "An admin"),
        (oauth("invalid_scope", "Bad scope."), errors.PermissionMissing, "permissions"),
        ((429, {}), errors.RateLimited, "limiting"),
        ((500, {"error": "internal_failure"}), errors.ProviderUnavailable, "problem"),
        ((503, HTML), errors.ProviderUnavailable, "problem"),
        ((200, HTML), errors.Blocked, "web page"),
        ((200, {"token_type": "Bearer"}), errors.UnexpectedReply, "did not expect"),
    ],
)
@each_platform
def test_a_failure_of_the_exchange_has_its_kind(answering, slug, reply, expected, words):
    with (
        answering(*reply, slug=slug) as talk,
        pytest.raises(errors.ProviderError) as failed,
    ):
        exchange(talk, {"code": "c0de"})

    assert type(failed.value) is expected
    assert words in failed.value.message
    assert failed.value.action.endswith(".")


# --- What is declared


def test_the_four_share_one_app():
    assert all(provider.oauth.app is shared.APP for provider, _ in PLATFORMS.values())


@each_platform
def test_nothing_secret_is_entered_for_a_sign_in_but_an_old_developer_token(slug):
    provider, _ = PLATFORMS[slug]

    fields = provider.fields_of(SIGN_IN)

    secret = [field.name for field in fields if field.secret]
    assert secret == (["developer_token"] if slug == "google_ads" else [])
    assert {field.name for field in provider.missing(SIGN_IN, ())} == (
        set() if slug == "youtube" else {"account_id"}
    )
    assert provider.methods[-1].slug == SIGN_IN


@pytest.mark.parametrize(
    "words", ["7 days", "one by one", "100 sign-ins", "verified", "redirect URI"]
)
def test_the_usual_pitfalls_of_the_app_are_told(words):
    assert any(words in pitfall for pitfall in shared.APP.pitfalls)


def test_google_ads_tells_of_the_passkey_before_one_signs_in():
    assert "passkey" in google_ads.PROVIDER.method(SIGN_IN).warning
    assert youtube.PROVIDER.method(SIGN_IN).warning == ""


# --- The sandbox


@each_platform
def test_each_sandbox_shows_googles_page_under_its_own_prefix(slug):
    answer = prefixed({slug: PLATFORMS[slug][1]})
    query = {
        "client_id": sandbox.CLIENT_ID,
        "redirect_uri": REDIRECT_URI,
        "state": STATE,
        "scope": SCOPES[slug],
    }

    page = ask(answer, f"/{slug}/o/oauth2/v2/auth", query)

    assert page.status == 200
    assert all(scope in page.body for scope in SCOPES[slug].split())
    assert f'href="auth?{urlencode(query)}'.replace("&", "&amp;") in page.body


def test_a_sign_in_for_one_platform_does_not_open_another(platform):
    fake, _ = platform(ga4.PROVIDER, ga4_sandbox.answer)
    with flow(fake, APP, {}) as talk:
        tokens = connect(talk, "healthy")
    bearer = {"Authorization": f"Bearer {tokens.access_token}"}

    other = ask(search_sandbox.answer, "/webmasters/v3/sites", {}, bearer)

    assert other.status == 403
    assert other.body["error"]["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"


@pytest.mark.parametrize(
    ("params", "is_lasting"),
    [
        ({"access_type": "offline", "prompt": "consent"}, True),
        ({"access_type": "offline"}, False),
        ({"prompt": "consent"}, False),
    ],
)
def test_the_sandbox_gives_a_refresh_token_only_as_google_does(params, is_lasting):
    app = {"client_id": sandbox.CLIENT_ID, "redirect_uri": REDIRECT_URI}
    query = app | params | {"state": STATE, "as": "healthy"}
    sent_back = ask(ga4_sandbox.answer, "/o/oauth2/v2/auth", query).headers["Location"]
    form = app | {
        "grant_type": "authorization_code",
        "client_secret": sandbox.CLIENT_SECRET,
        "code": query_of(sent_back)["code"],
    }

    reply = ask(ga4_sandbox.answer, "/token", method="POST", form=form)

    assert reply.status == 200
    assert ("refresh_token" in reply.body) is is_lasting


@each_platform
def test_the_guide_of_each_sandbox_names_the_app(slug):
    sandboxes = (ads_sandbox, youtube_sandbox, ga4_sandbox, search_sandbox)
    guide = dict(zip(PLATFORMS, sandboxes, strict=True))[slug].PLATFORM.guide

    assert {value for value, _ in guide["App for sign-in"]} == {APP.client_id, APP.client_secret}


def test_the_sandboxs_app_can_be_saved():
    field = {field.name: field for field in CLIENT_FIELDS}

    assert field["client_id"].pattern == shared.APP.client_id_pattern
    assert field["client_secret"].pattern == shared.APP.client_secret_pattern
    assert field["client_id"].clean(APP.client_id) == (APP.client_id, None)
    assert field["client_secret"].clean(APP.client_secret) == (APP.client_secret, None)


def test_the_sandbox_answers_a_made_up_code_as_google_does(standing_in):
    fake, _ = standing_in("ga4")

    with flow(fake, APP, {}) as talk, pytest.raises(errors.AuthExpired):
        exchange(talk, {"code": "4/made-up"})


def test_a_stand_in_that_is_cut_off_is_nobodys_fault(platform):
    fake, _ = platform(ga4.PROVIDER, {"/token": Answer(200, GRANT, is_cut=True)})

    with flow(fake, APP, {}) as talk, pytest.raises(errors.Network):
        talk.renew(HELD)
