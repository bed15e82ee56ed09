"""Signing in at HubSpot, Salesforce, Pipedrive and Zoho CRM, each in its own way."""

import base64
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from providers import errors
from providers.access.flow import flow
from providers.access.refusals import AppRefused
from providers.declare import SIGN_IN, Account, App, Grant, Tokens
from providers.outbound.reply import Reply
from providers.outbound.transport import Timeouts
from providers.platforms.crm import PROVIDER
from providers.run.ladder import list_accounts, run_test
from providers.sandbox.crm import PLATFORM, answer, hubspot, pipedrive, salesforce, zoho
from providers.sandbox.server import Answer
from tests.providers.asking import ask, detail, held, kind, outcomes
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
from tests.providers.platforms.crm_cases import SIGN_INS, said

HTML = "<!DOCTYPE html><p>Just a moment"
PLACE = {
    "hubspot": "https://app.hubspot.com/oauth/authorize",
    "salesforce": "https://login.salesforce.com/services/oauth2/authorize",
    "pipedrive": "https://oauth.pipedrive.com/oauth/authorize",
    "zoho": "https://accounts.zoho.com/oauth/v2/auth",
}
ASKED = {
    "hubspot": {
        "scope": "oauth crm.objects.contacts.read",
        "optional_scope": "crm.objects.deals.read",
    },
    "salesforce": {"scope": "api refresh_token id", "code_challenge_method": "S256"},
    "pipedrive": {},
    "zoho": {
        "scope": "ZohoCRM.org.READ,ZohoCRM.users.READ,ZohoCRM.modules.leads.READ,"
        "ZohoCRM.modules.contacts.READ,ZohoCRM.modules.deals.READ",
        "access_type": "offline",
        "prompt": "consent",
    },
}
ACCOUNTS = {
    "hubspot": Account("12345678", ""),
    "salesforce": Account("00D5f000000aBcDEAU", "Acme"),
    "pipedrive": Account("4321", "Acme Sales"),
    "zoho": Account("755574505", "Acme GmbH"),
}
HELD = Tokens("held-access-token", "held-refresh-token")
each_vendor = pytest.mark.parametrize("vendor", SIGN_INS)


def of(vendor):
    return {"vendor": vendor}


def sign_in_to(vendor, provider=PROVIDER, app=None, **more):
    """A conversation with a vendor's authorization server."""
    return flow(provider, app or app_of(SIGN_INS[vendor]), of(vendor), **more)


def in_body(vendor):
    server = SIGN_INS[vendor]
    return {"client_id": server.client_id, "client_secret": server.client_secret}


def in_header(vendor):
    server = SIGN_INS[vendor]
    pair = f"{server.client_id}:{server.client_secret}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


@pytest.fixture
def crm(platform):
    """The stand-in, and what it was asked."""
    return platform(PROVIDER, answer)


@pytest.fixture
def answering(platform):
    """`with answering(vendor, status, body) as talk:` talks to a server that says only this."""

    def start(vendor, *reply, app=None):
        fake, _ = platform(PROVIDER, lambda _asked: Answer(*reply))
        return sign_in_to(vendor, fake, app)

    return start


# --- The way there and back


@each_vendor
def test_a_person_is_sent_to_the_vendor_with_what_it_documents(vendor):
    with sign_in_to(vendor) as talk:
        url = authorization_url(talk)

    query = query_of(url)
    assert url.partition("?")[0] == PLACE[vendor]
    assert bool(query.pop("code_challenge", "")) == (vendor == "salesforce")
    assert query == ASKED[vendor] | {
        "response_type": "code",
        "client_id": SIGN_INS[vendor].client_id,
        "redirect_uri": REDIRECT_URI,
        "state": STATE,
    }


@each_vendor
def test_the_code_is_exchanged_as_the_vendor_documents_it(crm, vendor):
    fake, requests_seen = crm

    with sign_in_to(vendor, fake) as talk:
        callback = approve(authorization_url(talk), "healthy")
        exchange(talk, callback)

    asked = requests_seen[-1]
    sent = {
        "grant_type": "authorization_code",
        "code": callback["code"],
        "redirect_uri": REDIRECT_URI,
    }
    assert (asked.method, asked.path) == ("POST", SIGN_INS[vendor].token_path)
    assert asked.query == {}
    if vendor == "pipedrive":
        assert asked.form == sent
        assert asked.headers["Authorization"] == in_header(vendor)
        return
    verifier = {"code_verifier": VERIFIER} if vendor == "salesforce" else {}
    assert asked.form == sent | verifier | in_body(vendor)
    assert "Authorization" not in asked.headers


@each_vendor
def test_a_sign_in_passes_every_step_with_its_own_token_alone(crm, vendor):
    fake, requests_seen = crm
    with sign_in_to(vendor, fake) as talk:
        tokens = connect(talk, "healthy")
    requests_seen.clear()

    result = run_signed_in(fake, app_of(SIGN_INS[vendor]), tokens, of(vendor))

    assert result.outcome == "passed"
    # Zoho's reply lists no scopes.
    assert outcomes(result).count("skipped") == (vendor == "zoho")
    assert set(outcomes(result)) <= {"passed", "skipped"}
    assert result.account == ACCOUNTS[vendor]
    assert result.expires_at is None
    scheme = "Zoho-oauthtoken" if vendor == "zoho" else "Bearer"
    sent = {one.headers["Authorization"] for one in requests_seen}
    assert sent - {None} == {f"{scheme} {tokens.access_token}"}
    assert {one.method for one in requests_seen} == {"GET"}
    assert all(one.headers["x-api-token"] is None for one in requests_seen)
    assert tokens.access_token not in said(result)


@each_vendor
def test_a_sign_in_reaches_one_account(crm, vendor):
    fake, _ = crm
    with sign_in_to(vendor, fake) as talk:
        tokens = connect(talk, "healthy")

    found = list_accounts(
        fake,
        of(vendor) | {"access_token": tokens.access_token},
        method=SIGN_IN,
        tokens=held({"access_token": tokens.access_token}, Grant(facts=tokens.facts)),
    )

    assert found == [ACCOUNTS[vendor]]


@each_vendor
def test_another_account_than_the_one_entered_asks_to_sign_in_to_that_one(crm, vendor):
    fake, _ = crm
    with sign_in_to(vendor, fake) as talk:
        tokens = connect(talk, "healthy")

    values = of(vendor) | {"account_id": "999"}
    result = run_signed_in(fake, app_of(SIGN_INS[vendor]), tokens, values)

    assert kind(result) == "account_not_found"
    assert result.error.action == "Correct the account, or sign in to that one."


@pytest.mark.parametrize(
    ("vendor", "lifetime", "facts"),
    [
        ("hubspot", 1800, {}),
        (
            "salesforce",
            None,
            {
                "instance_url": "https://acme.my.salesforce.com",
                "id": "https://login.salesforce.com/id/00D5f000000aBcDEAU/0055f000001AbCdAAK",
            },
        ),
        ("pipedrive", 3600, {"api_domain": "https://acme.pipedrive.com"}),
        (
            "zoho",
            3600,
            {
                "api_domain": "https://www.zohoapis.eu",
                "accounts-server": "https://accounts.zoho.eu",
            },
        ),
    ],
)
def test_what_later_calls_need_is_kept_of_the_reply(crm, vendor, lifetime, facts):
    with sign_in_to(vendor, crm[0]) as talk:
        tokens = connect(talk, "healthy")

    assert (tokens.expires_in, tokens.facts) == (lifetime, facts)
    assert tokens.refresh_token


@each_vendor
def test_a_declined_sign_in_comes_back_with_the_vendors_own_word(crm, vendor):
    with sign_in_to(vendor, crm[0]) as talk:
        callback = approve(authorization_url(talk), "")

    assert "code" not in callback
    assert callback["state"] == STATE
    assert callback["error"] == ("user_denied" if vendor == "pipedrive" else "access_denied")


# --- Renewal and the end


@each_vendor
def test_a_renewal_is_asked_for_as_the_vendor_documents_it_and_works(crm, vendor):
    fake, requests_seen = crm
    with sign_in_to(vendor, fake) as talk:
        first = connect(talk, "healthy")
        second = talk.renew(first)

    asked = requests_seen[-1]
    sent = {"grant_type": "refresh_token", "refresh_token": first.refresh_token}
    assert (asked.method, asked.path) == ("POST", SIGN_INS[vendor].token_path)
    if vendor == "pipedrive":
        assert asked.form == sent
        assert asked.headers["Authorization"] == in_header(vendor)
    else:
        assert asked.form == sent | in_body(vendor)
    assert second.access_token != first.access_token
    assert second.facts == first.facts
    app = app_of(SIGN_INS[vendor])
    assert run_signed_in(fake, app, second, of(vendor)).outcome == "passed"


@pytest.mark.parametrize("vendor", ["salesforce", "pipedrive"])
def test_a_rotated_refresh_token_is_good_once(crm, vendor):
    with sign_in_to(vendor, crm[0]) as talk:
        first = connect(talk, "healthy")
        second = talk.renew(first)

        assert second.refresh_token not in {None, first.refresh_token}
        with pytest.raises(errors.AuthExpired):
            talk.renew(first)


@pytest.mark.parametrize("vendor", ["hubspot", "zoho"])
def test_a_refresh_token_that_does_not_rotate_is_good_again(crm, vendor):
    with sign_in_to(vendor, crm[0]) as talk:
        first = connect(talk, "healthy")
        second = talk.renew(first)

        assert second.refresh_token == first.refresh_token
        assert talk.renew(first).access_token != second.access_token


@pytest.mark.parametrize(
    ("vendor", "path", "query", "form"),
    [
        (
            "hubspot",
            "/oauth/2026-09/token/revoke",
            set(),
            {"token", "token_type_hint", "client_id", "client_secret"},
        ),
        ("salesforce", "/services/oauth2/revoke", set(), {"token"}),
        ("pipedrive", "/oauth/revoke", set(), {"token", "token_type_hint"}),
        ("zoho", "/oauth/v2/token/revoke", {"token"}, set()),
    ],
)
def test_the_refresh_token_is_revoked_as_the_vendor_documents_it(crm, vendor, path, query, form):
    fake, requests_seen = crm
    with sign_in_to(vendor, fake) as talk:
        tokens = connect(talk, "healthy")
        talk.revoke(tokens)

    asked = requests_seen[-1]
    assert (asked.method, asked.path) == ("POST", path)
    assert (set(asked.query), set(asked.form)) == (query, form)
    assert (asked.query | asked.form)["token"] == tokens.refresh_token
    basic = in_header(vendor) if vendor == "pipedrive" else None
    assert asked.headers["Authorization"] == basic


@each_vendor
def test_a_revoked_sign_in_asks_for_a_new_one(crm, vendor):
    fake, _ = crm
    with sign_in_to(vendor, fake) as talk:
        tokens = connect(talk, "healthy")
        talk.revoke(tokens)

        with pytest.raises(errors.AuthExpired) as ended:
            talk.renew(tokens)
    result = run_signed_in(fake, app_of(SIGN_INS[vendor]), tokens, of(vendor))

    assert ended.value.action == "Sign in again."
    assert kind(result) == "auth_expired"
    name = PROVIDER.for_values(of(vendor)).name
    assert result.error.action == f"Sign in to {name} again."


@each_vendor
def test_what_has_ended_already_can_be_revoked_once_more(crm, vendor):
    fake, requests_seen = crm
    with sign_in_to(vendor, fake) as talk:
        tokens = connect(talk, "healthy")
        talk.revoke(tokens)
        before = len(requests_seen)
        talk.revoke(tokens)

    assert len(requests_seen) == before + 1


@each_vendor
def test_an_access_token_is_revoked_where_there_is_no_other(crm, vendor):
    fake, requests_seen = crm
    with sign_in_to(vendor, fake) as talk:
        tokens = connect(talk, "healthy")
        talk.revoke(Tokens(tokens.access_token, facts=tokens.facts))

    assert (requests_seen[-1].query | requests_seen[-1].form)["token"] == tokens.access_token
    assert SIGN_INS[vendor].given_of(tokens.access_token).is_revoked


@pytest.mark.parametrize(
    ("vendor", "status", "body", "expected"),
    [
        *((vendor, 503, HTML, errors.ProviderUnavailable) for vendor in SIGN_INS),
        *((vendor, 429, {}, errors.RateLimited) for vendor in SIGN_INS),
        ("hubspot", 400, {"status": "BAD_CLIENT_SECRET", "message": "bad"}, AppRefused),
        ("salesforce", 400, {"error": "unsupported_token_type"}, errors.UnexpectedReply),
        ("pipedrive", 401, {"message": "Invalid client: client is invalid"}, AppRefused),
        (
            "zoho",
            400,
            {"error": "Access Denied", "error_description": "too many requests"},
            errors.RateLimited,
        ),
        ("zoho", 200, {"error": "general_error"}, errors.UnexpectedReply),
    ],
)
def test_a_revocation_that_was_not_confirmed_is_told(answering, vendor, status, body, expected):
    with answering(vendor, status, body) as talk, pytest.raises(errors.ProviderError) as failed:
        talk.revoke(HELD)

    assert type(failed.value) is expected


# --- Permissions


@pytest.mark.parametrize(
    ("vendor", "without", "outcome", "told"),
    [
        (
            "hubspot",
            "crm.objects.contacts.read",
            "permission_missing",
            "You have: which account is connected; deals. Missing: crm.objects.contacts.read "
            "(contacts). Contacts can no longer be read.",
        ),
        ("hubspot", "crm.objects.deals.read", None, "Deals can no longer be read."),
        ("hubspot", "oauth", None, "It cannot be told which account this is."),
        (
            "salesforce",
            "api",
            "permission_missing",
            "Missing: api (leads, opportunities and the organization). Nothing can be read.",
        ),
        ("salesforce", "refresh_token", None, "You must sign in again after some hours."),
        ("salesforce", "id", None, "It cannot be told who signed in."),
    ],
)
def test_what_is_missing_and_what_stops_is_said(crm, vendor, without, outcome, told):
    fake, _ = crm
    with sign_in_to(vendor, fake) as talk:
        tokens = connect(talk, "healthy", without=without)

    result = run_signed_in(fake, app_of(SIGN_INS[vendor]), tokens, of(vendor))

    assert kind(result) == outcome
    assert told in detail(result, "Permissions")


@pytest.mark.parametrize(
    ("person", "outcome", "told"),
    [
        ("base", "permission_missing", "Missing: deals:read (deals and pipelines)"),
        ("nocontacts", None, "Contacts can no longer be read."),
    ],
)
def test_a_scope_that_is_not_ticked_on_the_app_in_pipedrive_is_named(crm, person, outcome, told):
    fake, _ = crm
    with sign_in_to("pipedrive", fake) as talk:
        tokens = connect(talk, person)

    result = run_signed_in(fake, app_of(pipedrive.SIGN_IN), tokens, of("pipedrive"))

    assert kind(result) == outcome
    assert told in detail(result, "Permissions")
    if outcome:
        assert "Developer Hub" in result.error.action


def test_a_scope_that_pipedrive_lacks_is_its_own_refusal_when_nothing_was_listed(crm):
    fake, _ = crm
    with sign_in_to("pipedrive", fake) as talk:
        tokens = connect(talk, "base")

    unlisted = Tokens(tokens.access_token, facts=tokens.facts)
    result = run_signed_in(fake, app_of(pipedrive.SIGN_IN), unlisted, of("pipedrive"))

    assert result.error.message == "The app in Pipedrive lacks a scope for this."
    assert "Developer Hub" in result.error.action


@pytest.mark.parametrize(
    ("without", "outcome", "label"),
    [
        ("ZohoCRM.modules.leads.READ", "permission_missing", "Leads can be read"),
        ("ZohoCRM.org.READ", "permission_missing", "Organization is the one entered"),
        ("ZohoCRM.modules.deals.READ", None, "Deals can be read"),
        ("ZohoCRM.users.READ", None, "User behind the approval"),
    ],
)
def test_zoho_names_a_missing_scope_at_the_step_that_needs_it(crm, without, outcome, label):
    fake, _ = crm
    with sign_in_to("zoho", fake) as talk:
        tokens = connect(talk, "healthy", without=without)

    result = run_signed_in(fake, app_of(zoho.SIGN_IN), tokens, of("zoho"))

    assert kind(result) == outcome
    assert without in detail(result, label)
    action = "Sign in to Zoho CRM again, and allow everything it asks."
    assert action in detail(result, label) + str(result.error and result.error.action)


def test_a_wider_scope_does_as_well(crm):
    fake, _ = crm
    with sign_in_to("zoho", fake) as talk:
        tokens = connect(talk, "healthy")
    wide = frozenset({"ZohoCRM.modules.ALL", "ZohoCRM.org.ALL", "ZohoCRM.users.ALL"})

    result = run_signed_in(
        fake,
        app_of(zoho.SIGN_IN),
        Tokens(tokens.access_token, scopes=wide, facts=tokens.facts),
        of("zoho"),
    )

    assert detail(result, "Permissions").startswith("You have: the organization; who")
    assert "Missing" not in detail(result, "Permissions")


def test_a_scope_that_hubspot_refuses_is_named_for_a_sign_in(crm):
    fake, _ = crm
    with sign_in_to("hubspot", fake) as talk:
        tokens = connect(talk, "nocontacts")

    result = run_signed_in(fake, app_of(hubspot.SIGN_IN), tokens, of("hubspot"))

    assert result.error.message == "This sign-in may not read contacts."
    assert "crm.objects.contacts.read to the app" in result.error.action
    assert "sign in again" in result.error.action
    assert result.error.action_url is None


# --- The app


@each_vendor
def test_the_vendor_is_seen_to_accept_the_app(crm, vendor):
    with sign_in_to(vendor, crm[0]) as talk:
        assert talk.prove_app() is True


@each_vendor
@pytest.mark.parametrize("wrong", ["client_id", "client_secret"])
def test_a_wrong_app_is_an_owners_to_correct(crm, vendor, wrong):
    app = App(**(in_body(vendor) | {wrong: "another"}))

    with sign_in_to(vendor, crm[0], app) as talk, pytest.raises(AppRefused) as refused:
        talk.prove_app()

    assert refused.value.action.startswith("An owner")


# --- Failures of the token endpoint


REDIRECT = "does not know the redirect URI"
FAILURES = [
    # HubSpot says what happened in `status`; `error` has been seen with three values for one.
    ("hubspot", 400, {"status": "BAD_REFRESH_TOKEN"}, errors.AuthExpired, "ended"),
    (
        "hubspot",
        400,
        {"status": "BAD_REFRESH_TOKEN", "error": "invalid_request"},
        errors.AuthExpired,
        "ended",
    ),
    ("hubspot", 400, {"error": "invalid_grant"}, errors.AuthExpired, "ended"),
    ("hubspot", 400, {"status": "BAD_AUTH_CODE"}, errors.AuthExpired, "ended"),
    ("hubspot", 400, {"status": "BAD_HUB", "error": "access_denied"}, errors.AuthExpired, "ended"),
    ("hubspot", 400, {"status": "BAD_CLIENT_ID"}, AppRefused, "ID and secret"),
    ("hubspot", 400, {"status": "BAD_CLIENT_SECRET"}, AppRefused, "ID and secret"),
    ("hubspot", 400, {"error": "invalid_client"}, AppRefused, "ID and secret"),
    ("hubspot", 401, {"category": "INVALID_AUTHENTICATION"}, AppRefused, "ID and secret"),
    ("hubspot", 400, {"status": "BAD_REDIRECT_URI"}, AppRefused, REDIRECT),
    ("hubspot", 429, {"policyName": "SECONDLY"}, errors.RateLimited, "limiting"),
    ("hubspot", 477, "", errors.ProviderUnavailable, "moving"),
    ("salesforce", 400, {"error": "invalid_grant"}, errors.AuthExpired, "ended"),
    (
        "salesforce",
        400,
        {"error": "invalid_grant", "error_description": "expired access/refresh token"},
        errors.AuthExpired,
        "ended",
    ),
    *(
        (
            "salesforce",
            400,
            {"error": "invalid_grant", "error_description": said},
            errors.PermissionMissing,
            "neither from this server's address nor at any hour",
        )
        for said in ("ip restricted", "invalid login hours", "ip restricted or invalid login hours")
    ),
    (
        "salesforce",
        400,
        {"error": "invalid_grant", "error_description": "login rate exceeded"},
        errors.RateLimited,
        "limiting",
    ),
    (
        "salesforce",
        400,
        {"error": "unknown_error", "error_description": "retry your request"},
        errors.ProviderUnavailable,
        "problem",
    ),
    (
        "salesforce",
        400,
        {
            "error": "invalid_grant",
            "error_description": "token request is already being processed",
        },
        errors.ProviderUnavailable,
        "problem",
    ),
    ("salesforce", 400, {"error": "inactive_user"}, errors.AuthExpired, "ended"),
    ("salesforce", 400, {"error": "invalid_client_id"}, AppRefused, "ID and secret"),
    ("salesforce", 400, {"error": "invalid_client"}, AppRefused, "ID and secret"),
    ("salesforce", 400, {"error": "redirect_uri_mismatch"}, AppRefused, REDIRECT),
    ("salesforce", 420, HTML, errors.ProviderUnavailable, "maintenance"),
    (
        "pipedrive",
        400,
        {"error": "invalid_grant", "message": "Invalid grant: refresh_token is invalid"},
        errors.AuthExpired,
        "ended",
    ),
    (
        "pipedrive",
        400,
        {"error": "Invalid grant: refresh_token is invalid"},
        errors.AuthExpired,
        "ended",
    ),
    (
        "pipedrive",
        401,
        {"message": "Invalid grant: authorization_code has expired"},
        errors.AuthExpired,
        "ended",
    ),
    ("pipedrive", 400, {"error": "invalid_grant"}, errors.AuthExpired, "ended"),
    ("pipedrive", 400, {"message": "Invalid client: client is invalid"}, AppRefused, "ID and"),
    ("pipedrive", 401, {"error": "Invalid client: client is invalid"}, AppRefused, "ID and"),
    ("pipedrive", 401, {"success": False}, AppRefused, "ID and secret"),
    (
        "pipedrive",
        400,
        {"message": "Invalid request: redirect_uri is invalid"},
        AppRefused,
        REDIRECT,
    ),
    ("pipedrive", 403, HTML, errors.RateLimited, "blocked"),
    ("zoho", 200, {"error": "invalid_code"}, errors.AuthExpired, "ended"),
    ("zoho", 200, {"error": "invalid_client"}, AppRefused, "does not know this app"),
    ("zoho", 200, {"error": "invalid_client_secret"}, AppRefused, "secret"),
    (
        "zoho",
        400,
        {"error": "Access Denied", "error_description": "You have made too many requests"},
        errors.RateLimited,
        "pause",
    ),
    ("zoho", 200, {"error": "general_error"}, errors.UnexpectedReply, "did not expect"),
    *((vendor, 429, {}, errors.RateLimited, "limiting") for vendor in SIGN_INS),
    *((vendor, 503, HTML, errors.ProviderUnavailable, "problem") for vendor in SIGN_INS),
    *((vendor, 200, HTML, errors.Blocked, "web page") for vendor in SIGN_INS),
    *(
        (vendor, 200, {"token_type": "Bearer"}, errors.UnexpectedReply, "did not expect")
        for vendor in SIGN_INS
    ),
]


@pytest.mark.parametrize(("vendor", "status", "body", "expected", "words"), FAILURES)
def test_a_failure_of_the_token_endpoint_has_its_kind(
    answering, vendor, status, body, expected, words
):
    with answering(vendor, status, body) as talk, pytest.raises(errors.ProviderError) as failed:
        talk.renew(HELD)

    assert type(failed.value) is expected
    assert words in failed.value.message
    assert failed.value.action.endswith(".")


@each_vendor
def test_every_rule_of_a_sign_in_is_reached(vendor):
    provider = PROVIDER.for_values(of(vendor))
    left = list(provider.oauth.errors)
    for _, status, body, *_ in (one for one in FAILURES if one[0] == vendor and one[2]):
        facts = provider.facts_of(Reply(status, {}, json.dumps(body).encode()))
        if isinstance(body, dict) and "error" in body:
            facts = replace(facts, code=body["error"])
        met = next((rule for rule in provider.oauth.errors if rule.matches(facts)), None)
        left = [rule for rule in left if rule != met]
    assert left == []


@pytest.mark.parametrize(
    ("vendor", "headers", "body", "seconds"),
    [
        ("hubspot", {"Retry-After": "7"}, {}, 7),
        ("pipedrive", {"x-ratelimit-reset": "3"}, {}, 3),
        ("zoho", {}, {"error": "Access Denied", "error_description": "too many requests"}, 600),
    ],
)
def test_a_limit_of_the_token_endpoint_says_when_to_come_back(
    answering, vendor, headers, body, seconds
):
    with answering(vendor, 429, body, headers) as talk, pytest.raises(errors.RateLimited) as told:
        talk.renew(HELD)

    assert told.value.retry_after_seconds == seconds


def test_silence_is_nobodys_fault(platform):
    fake, _ = platform(PROVIDER, lambda _asked: Answer(is_silent=True))

    with (
        sign_in_to("hubspot", fake, timeouts=Timeouts(read=0.05)) as talk,
        pytest.raises(errors.Network) as silence,
    ):
        talk.renew(HELD)

    assert silence.value.message == "HubSpot did not answer in time."


# --- What is declared


def test_each_vendor_has_an_app_of_its_own():
    slugs = [oauth.app.slug for oauth in PROVIDER.sign_ins]

    assert slugs == ["hubspot", "salesforce", "pipedrive", "zoho"]
    assert PROVIDER.oauth is None


def test_a_sign_in_needs_to_know_the_vendor_and_nothing_more():
    fields = {field.name for field in PROVIDER.fields_of(SIGN_IN)}

    assert [field.name for field in PROVIDER.missing(SIGN_IN, ())] == ["vendor"]
    assert fields == {"vendor", "data_centre", "base_url", "account_id"}
    assert not fields & PROVIDER.secret_names
    assert PROVIDER.methods[-1].slug == SIGN_IN


def test_lifetimes_are_the_published_ones():
    declared = {oauth.app.slug: oauth for oauth in PROVIDER.sign_ins}

    assert {slug: oauth.access_token_lifetime for slug, oauth in declared.items()} == {
        "hubspot": timedelta(minutes=30),
        "salesforce": timedelta(hours=2),
        "pipedrive": timedelta(hours=1),
        "zoho": timedelta(hours=1),
    }
    assert declared["pipedrive"].refresh_token_lifetime == timedelta(days=60)
    assert not declared["pipedrive"].refresh_token_ends_anyway
    assert [oauth.app.slug for oauth in declared.values() if oauth.uses_pkce] == ["salesforce"]
    assert all(oauth.uses_pkce or oauth.pkce_source for oauth in declared.values())


def test_a_crm_that_is_not_in_the_list_never_gets_the_token_of_a_sign_in(crm):
    fake, requests_seen = crm
    values = of("generic") | {"base_url": "https://crm.example/api", "access_token": "t0ken"}

    result = run_test(fake, values, method=SIGN_IN)

    assert kind(result) == "invalid_config"
    assert result.error.action == "Choose another way to connect it."
    assert requests_seen == []


# --- The stand-in


def test_the_sandbox_tells_its_vendors_apart_by_their_apps():
    query = {"redirect_uri": REDIRECT_URI, "state": STATE}
    pages = {
        vendor: ask(answer, server.authorization_path, query | {"client_id": server.client_id})
        for vendor, server in SIGN_INS.items()
        if vendor in ("hubspot", "pipedrive")
    }

    assert "<h1>Sign in to HubSpot</h1>" in pages["hubspot"].body
    assert "<h1>Sign in to Pipedrive</h1>" in pages["pipedrive"].body
    nobodys = ask(answer, "/oauth/authorize", query | {"client_id": "nobody"})
    assert nobodys.status == 400


def test_the_sandbox_of_zoho_gives_no_refresh_token_without_consent_to_offline_use(crm):
    fake, _ = crm
    with sign_in_to("zoho", fake) as talk:
        url = authorization_url(talk).replace("access_type=offline", "access_type=online")
        tokens = exchange(talk, approve(url, "healthy"))

    assert tokens.refresh_token is None


def test_the_guide_of_the_sandbox_has_every_app():
    shown = {value for entries in PLATFORM.guide.values() for value, _ in entries}

    for server in SIGN_INS.values():
        assert {server.client_id, server.client_secret} <= shown
    assert salesforce.SIGN_IN.client_secret != salesforce.SECRET
