"""What Salesforce is asked, in which order, and what each of its answers means."""

import pytest

from providers import errors
from providers.outbound.api import Api
from providers.platforms.crm import PROVIDER
from providers.run.ladder import list_accounts
from providers.sandbox.crm import answer
from providers.sandbox.crm.salesforce import SECRET, refusal
from providers.sandbox.server import Answer, Server
from providers.sandbox.sign_in import oauth_refusal
from tests.providers.platforms.crm_cases import (
    MY_DOMAIN,
    ask,
    asking_with,
    detail,
    of_salesforce,
    outcomes,
    outside_a_trial,
    said,
    unreached,
)

TOKEN = "/services/oauth2/token"
LIMITS = "/services/data/v68.0/limits"
QUERY = "/services/data/v68.0/query"
GRANTED = {"access_token": "00D!secret-token", "instance_url": MY_DOMAIN, "scope": "api id"}
USER = {"name": "Reports Robot", "preferred_username": "reports@acme.example"}
START = {
    "/services/data/": (200, [{"version": "67.0"}, {"version": "68.0"}, {"version": "69.0"}]),
    TOKEN: (200, GRANTED),
    "/services/oauth2/userinfo": (200, USER),
}


def test_it_asks_the_documented_paths_in_order(platform):
    _, requests_seen = ask(platform, of_salesforce())

    assert [(one.method, one.path, one.query) for one in requests_seen] == [
        ("GET", "/services/data/", {}),
        ("POST", TOKEN, {}),
        ("GET", "/services/oauth2/userinfo", {}),
        ("GET", LIMITS, {}),
        (
            "GET",
            QUERY,
            {"q": "SELECT Id, Name, OrganizationType, IsSandbox FROM Organization"},
        ),
        ("GET", QUERY, {"q": "SELECT Id FROM Lead LIMIT 1"}),
        ("GET", QUERY, {"q": "SELECT Id FROM Opportunity LIMIT 1"}),
    ]
    assert requests_seen[1].form == {
        "grant_type": "client_credentials",
        "client_id": "3MVG9healthy",
        "client_secret": SECRET,
    }
    assert all("Authorization" not in one.headers for one in requests_seen[:2])
    for one in requests_seen[2:]:
        assert one.headers["Authorization"] == "Bearer 00D5f000000aBcD!healthy"


def test_a_pasted_access_token_is_used_as_it_is(platform):
    values = {"base_url": MY_DOMAIN, "access_token": "00D5f000000aBcD!healthy"}

    result, requests_seen = ask(platform, values)

    assert result.outcome == "passed"
    assert TOKEN not in {one.path for one in requests_seen}
    assert "pasted" in detail(result, "Sign-in is accepted")
    assert outcomes(result)[2] == "skipped"
    fake, _ = platform(PROVIDER, answer)
    [account] = list_accounts(fake, values)
    assert account.name == "Acme"


def test_the_token_of_a_sign_in_is_shown_nowhere(platform):
    user = (200, {"name": "Robot 00D!secret-token"})

    result, _ = ask(
        platform,
        of_salesforce(),
        START | {"/services/oauth2/userinfo": user, LIMITS: (500, {})},
    )

    assert "•••" in detail(result, "User behind the sign-in")
    assert "00D!secret-token" not in said(result)


def test_it_says_what_is_left_and_that_a_sandbox_is_one(platform):
    result, _ = ask(platform, of_salesforce("sandbox"))

    assert detail(result, "API may be used") == "14,982 of 15,000 daily requests are left."
    shown = detail(result, "Organization is the one entered")
    assert shown == "Acme (00D5f000000aBcDEAU), a sandbox."


def test_no_requests_left_is_a_warning_of_its_own(platform):
    none_left = (200, {"DailyApiRequests": {"Max": 15000, "Remaining": 0}})

    result, _ = ask(platform, of_salesforce(), START | {LIMITS: none_left, QUERY: (500, "")})

    assert outcomes(result)[4] == "warned"


@pytest.mark.parametrize(
    ("scope", "outcome", "told"),
    [
        ("api id web", "passed", "Has api. Not needed here: id, web."),
        ("full", "passed", "Has full."),
        (None, "skipped", "the next steps prove them"),
        ("id openid", "failed", "lacks the scope api"),
    ],
)
def test_the_scopes_are_held_against_what_is_needed(platform, scope, outcome, told):
    granted = (200, GRANTED | {"scope": scope})

    result, _ = ask(platform, of_salesforce(), START | {TOKEN: granted, LIMITS: (500, {})})

    assert outcomes(result)[2] == outcome
    assert told in detail(result, "Permissions")


@pytest.mark.parametrize("reply", [(403, "Bad_OAuth_Token"), (403, {"error": "denied"})])
def test_an_app_that_does_not_tell_the_user_only_warns(platform, reply):
    result, _ = ask(
        platform,
        of_salesforce(),
        START | {"/services/oauth2/userinfo": reply, LIMITS: (500, {})},
    )

    assert outcomes(result)[3] == "warned"
    assert result.error.kind == "provider_unavailable"


def test_hidden_opportunities_only_warn_and_hidden_leads_fail(platform):
    opportunities, _ = ask(platform, of_salesforce("noopportunity"))
    leads, _ = ask(platform, of_salesforce("nolead"))

    assert outcomes(opportunities)[-2:] == ["passed", "warned"]
    assert outcomes(leads)[-2:] == ["failed", "skipped"]
    assert leads.error.kind == "permission_missing"


# --- Versions and addresses


@pytest.mark.parametrize(
    ("versions", "asked"),
    [(["31.0", "68.0", "69.0"], "v68.0"), (["66.0", "67.0"], "v67.0"), (["9.0", "60.0"], "v60.0")],
)
def test_the_newest_version_that_we_know_is_asked_for(platform, versions, asked):
    rows = (200, [{"version": version} for version in versions])
    replies = START | {"/services/data/": rows, f"/services/data/{asked}/limits": (500, {})}

    _, requests_seen = ask(platform, of_salesforce(), replies)

    assert requests_seen[-1].path == f"/services/data/{asked}/limits"


@pytest.mark.parametrize(
    ("reply", "kind", "word"),
    [
        ((301, "", {"Location": "https://new.my.salesforce.com"}), "invalid_config", "forwards"),
        ((200, "<html>Welcome</html>"), "invalid_config", "web page"),
        ((404, "<!doctype html>"), "invalid_config", "web page"),
        ((503, "<html>"), "provider_unavailable", "problem"),
        ((429, "<html>"), "rate_limited", "limiting"),
        ((420, "<html>"), "provider_unavailable", "maintenance"),
        ((200, []), "unexpected_reply", "did not expect"),
        ((200, [{"version": "99.0"}]), "unexpected_reply", "did not expect"),
    ],
)
def test_what_is_wrong_with_a_my_domain_is_said_before_a_secret_is_sent(
    platform, reply, kind, word
):
    result, requests_seen = ask(platform, of_salesforce(), {"/services/data/": reply})

    assert result.error.kind == kind
    assert word in result.error.message
    assert len(requests_seen) == 1
    assert SECRET.encode() not in requests_seen[0].body


def test_only_the_host_of_a_my_domain_is_used_and_one_that_does_not_exist_is_said():
    salesforce = PROVIDER.for_values(of_salesforce())
    api = Api(
        salesforce.hosts,
        judge=salesforce.judge,
        platform=salesforce.name,
        typed=salesforce.takes_any_address,
        resolve=lambda _host, _port: [],
    )
    values = of_salesforce() | {"base_url": f"{MY_DOMAIN}/lightning/page/home"}

    with api, pytest.raises(errors.Network) as refused:
        asking_with(values, "client_credentials", api).accounts()

    assert api.origins["API"] == MY_DOMAIN
    assert "typing mistakes" in refused.value.action


def api_after_sign_in(instance_url):
    """Where the API is after a sign-in outside of a trial."""
    granted = Answer(200, GRANTED | {"instance_url": instance_url})
    with Server(lambda _asked: granted) as server, outside_a_trial(server, "API") as api:
        tester = asking_with(of_salesforce(), "client_credentials", api)
        tester.sign_in_is_accepted.ask(tester)
    return api.origins["API"]


def test_data_are_read_from_the_instance_that_the_sign_in_names():
    found = api_after_sign_in("https://acme--dev.sandbox.my.salesforce.com/path")

    assert found == "https://acme--dev.sandbox.my.salesforce.com"


@pytest.mark.parametrize(
    "instance", ["https://salesforce.com.example.net", "https://evilsalesforce.com", "nowhere"]
)
def test_a_token_is_never_sent_to_an_instance_that_is_not_salesforces(instance):
    with pytest.raises(errors.UnexpectedReply):
        api_after_sign_in(instance)


# --- Failures


def grant(error, description=""):
    return oauth_refusal(error, description).body


SIGN_IN_FAILURES = [
    (400, grant("invalid_client_id"), "auth_invalid", "consumer key"),
    (400, grant("invalid_client"), "auth_invalid", "consumer key"),
    (
        400,
        grant("invalid_grant", "no client credentials user enabled"),
        "permission_missing",
        "Run As",
    ),
    (
        400,
        grant("invalid_grant", "request not supported on this domain"),
        "invalid_config",
        "My Domain",
    ),
    (400, grant("invalid_grant", "expired access/refresh token"), "auth_expired", "approval"),
    (400, grant("inactive_user"), "auth_expired", "no longer active"),
    (400, grant("invalid_grant", "authentication failure"), "auth_invalid", "refused"),
    (400, grant("redirect_uri_mismatch"), "invalid_config", "callback"),
    (400, grant("unsupported_grant_type"), "unexpected_reply", "did not expect"),
    (302, "", "invalid_config", "forwards"),
    (200, {"token_type": "Bearer"}, "unexpected_reply", "did not expect"),
]
DATA_FAILURES = [
    (401, refusal(401, "INVALID_SESSION_ID", "Session expired").body, "auth_expired", "session"),
    (
        401,
        refusal(
            401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API"
        ).body,
        "permission_missing",
        "may not use the API",
    ),
    (403, "Bad_OAuth_Token", "auth_expired", "session"),
    *(
        (status, [{"message": "No.", "errorCode": code}], kind, word)
        for status, code, kind, word in (
            (403, "REQUEST_LIMIT_EXCEEDED", "quota_exhausted", "24 hours"),
            (403, "TXN_SECURITY_METERING_ERROR", "rate_limited", "limiting"),
            (403, "API_DISABLED_FOR_ORG", "permission_missing", "access to the API"),
            (403, "API_CURRENTLY_DISABLED", "permission_missing", "access to the API"),
            (403, "INSUFFICIENT_ACCESS", "permission_missing", "access to the API"),
            (403, "FORBIDDEN", "permission_missing", "access to the API"),
            (400, "INVALID_TYPE", "permission_missing", "object"),
            (400, "INVALID_FIELD", "permission_missing", "object"),
            (400, "MALFORMED_QUERY", "unexpected_reply", "understand"),
            (404, "NOT_FOUND", "unexpected_reply", "no longer knows"),
            (410, "UNSUPPORTED_API_VERSION", "unexpected_reply", "retired"),
            (503, "SERVER_UNAVAILABLE", "provider_unavailable", "problem"),
            (429, "TOO_MANY", "rate_limited", "limiting"),
        )
    ),
    (420, "<html>Maintenance</html>", "provider_unavailable", "maintenance"),
    (500, "<html>", "provider_unavailable", "problem"),
    (200, "<html>", "blocked", "web page"),
    (403, "<!doctype html>", "blocked", "web page"),
    (200, {"DailyApiRequests": None}, "unexpected_reply", "did not expect"),
]


@pytest.mark.parametrize(("status", "body", "kind", "word"), SIGN_IN_FAILURES)
def test_a_failure_of_the_sign_in_has_its_kind_and_says_what_to_do(
    platform, status, body, kind, word
):
    result, _ = ask(platform, of_salesforce(), START | {TOKEN: (status, body)})

    assert result.error.kind == kind
    assert word in result.error.message
    assert result.error.action.endswith(".")
    assert outcomes(result) == ["passed", result.outcome, *["skipped"] * 6]


@pytest.mark.parametrize(("status", "body", "kind", "word"), DATA_FAILURES)
def test_a_failure_of_the_data_has_its_kind_and_says_what_to_do(platform, status, body, kind, word):
    result, _ = ask(platform, of_salesforce(), START | {LIMITS: (status, body)})

    assert result.error.kind == kind
    assert word in result.error.message
    assert result.error.action.endswith(".")
    assert outcomes(result)[4:] == [result.outcome, *["skipped"] * 3]


def test_every_rule_is_reached():
    assert unreached(of_salesforce(), [*SIGN_IN_FAILURES, *DATA_FAILURES]) == []
