"""What Zoho CRM is asked, in which data centre, and what each of its answers means."""

import pytest

from providers import errors
from providers.declare import Account
from providers.sandbox.crm.zoho import refusal
from providers.sandbox.server import Answer, Server
from tests.providers.platforms.crm_cases import (
    ask,
    asking_with,
    detail,
    of_zoho,
    outcomes,
    outside_a_trial,
    said,
    unreached,
)

TOKEN = "/oauth/v2/token"
GRANTED = (200, {"access_token": "1000.access.x", "api_domain": "https://www.zohoapis.eu"})
USERS = (200, {"users": [{"id": "1", "full_name": "Ada"}]})
ORG = (200, {"org": [{"id": "2", "zgid": "3", "company_name": "Acme", "type": "production"}]})
START = {TOKEN: GRANTED, "/crm/v8/users": USERS, "/crm/v8/org": ORG}


def test_it_asks_the_documented_paths_with_a_fresh_token(platform):
    _, requests_seen = ask(platform, of_zoho())

    assert [(one.method, one.path, one.query) for one in requests_seen] == [
        ("POST", "/oauth/v2/token", {}),
        ("GET", "/crm/v8/users", {"type": "CurrentUser"}),
        ("GET", "/crm/v8/org", {}),
        ("GET", "/crm/v8/Leads", {"fields": "Last_Name,Modified_Time", "per_page": "1"}),
        ("GET", "/crm/v8/Deals", {"fields": "Deal_Name,Modified_Time", "per_page": "1"}),
    ]
    values = of_zoho()
    assert requests_seen[0].form == {
        "grant_type": "refresh_token",
        "client_id": values["client_id"],
        "client_secret": values["client_secret"],
        "refresh_token": values["refresh_token"],
    }
    for one in requests_seen[1:]:
        assert one.headers["Authorization"] == "Zoho-oauthtoken 1000.access.healthy"


def test_a_pasted_access_token_is_used_as_it_is(platform):
    values = {"base_url": "https://crm.zoho.eu", "access_token": "1000.access.healthy"}

    result, requests_seen = ask(platform, values)

    assert result.outcome == "passed"
    assert TOKEN not in {one.path for one in requests_seen}


def test_the_fresh_token_is_shown_nowhere(platform):
    users = (200, {"users": [{"id": "1", "full_name": "1000.access.x"}]})

    result, _ = ask(
        platform, of_zoho(), START | {"/crm/v8/users": users, "/crm/v8/Leads": (500, {})}
    )

    assert "•••" in detail(result, "User behind the approval")
    assert "1000.access.x" not in said(result)


def test_an_organization_without_rows_passes(platform):
    result, _ = ask(platform, of_zoho("empty"))

    assert outcomes(result) == ["passed"] * 5
    assert "none yet" in detail(result, "Leads can be read")


def test_a_scope_for_users_or_deals_that_is_missing_only_warns_and_is_named(platform):
    users, _ = ask(platform, of_zoho("nousers"))
    deals, _ = ask(platform, of_zoho("nodeals"))

    assert (users.outcome, deals.outcome) == ("passed", "passed")
    assert "ZohoCRM.users.READ" in detail(users, "User behind the approval")
    assert "ZohoCRM.modules.deals.READ" in detail(deals, "Deals can be read")


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("https://crm.zoho.eu/crm/org755574505/tab/Leads", None),
        ("https://crm.zoho.eu/crm/org999/tab/Leads", "account_not_found"),
        ("https://www.zohoapis.eu", None),
    ],
)
def test_the_organization_in_an_address_is_compared(platform, address, kind):
    result, _ = ask(platform, of_zoho() | {"base_url": address})

    assert (result.error and result.error.kind) == kind


def test_a_sandbox_is_called_one(platform):
    org = {"id": "2", "zgid": "3", "company_name": "Acme", "type": "Sandbox"}

    result, _ = ask(
        platform,
        of_zoho(),
        START | {"/crm/v8/org": (200, {"org": [org]}), "/crm/v8/Leads": (500, {})},
    )

    assert detail(result, "Organization is the one entered") == "Acme (3), of the kind sandbox."
    assert result.account == Account("3", "Acme")


@pytest.mark.parametrize(
    ("centre", "console"),
    [
        ("us", "https://api-console.zoho.com"),
        ("au", "https://api-console.zoho.com.au"),
        ("ca", "https://api-console.zohocloud.ca"),
    ],
)
def test_links_lead_to_the_console_of_the_data_centre(platform, centre, console):
    values = of_zoho() | {"data_centre": centre, "client_id": "1000.NOBODY"}

    result, _ = ask(platform, values)

    assert result.error.kind == "auth_invalid"
    assert result.error.action_url == console


# --- Which host gets the secret


def api_after_sign_in(api_domain, **values):
    """Where the API is after a sign-in outside of a trial."""

    def reply(asked):
        return Answer(200, {"access_token": "1000.access.x", "api_domain": api_domain})

    with Server(reply) as server, outside_a_trial(server, "ZOHO_EU_ACCOUNTS") as api:
        tester = asking_with(of_zoho() | values, "refresh_token", api)
        tester.approval_is_valid.ask(tester)
    return api.origins["ZOHO_EU"]


@pytest.mark.parametrize(
    ("named", "asked"),
    [
        (None, "https://www.zohoapis.eu"),
        ("https://www.zohoapis.eu", "https://www.zohoapis.eu"),
        ("https://sandbox.zohoapis.eu", "https://sandbox.zohoapis.eu"),
        ("https://www.zohoapis.in/elsewhere", "https://www.zohoapis.in"),
    ],
)
def test_the_data_are_read_where_the_sign_in_says(named, asked):
    assert api_after_sign_in(named) == asked


def test_the_sandbox_in_an_address_is_read_when_the_sign_in_says_nothing():
    asked = api_after_sign_in(None, base_url="https://sandbox.zohoapis.eu")

    assert asked == "https://sandbox.zohoapis.eu"


@pytest.mark.parametrize(
    "named", ["https://www.zohoapis.eu.example.net", "https://accounts.zoho.eu", "nowhere"]
)
def test_a_token_is_never_sent_to_an_api_that_is_not_zohos(named):
    with pytest.raises(errors.UnexpectedReply):
        api_after_sign_in(named)


FAILURES = [
    (
        400,
        {"error": "Access Denied", "error_description": "You have made too many requests"},
        "rate_limited",
        "pause",
    ),
    (200, {"error": "invalid_client"}, "auth_invalid", "client ID"),
    (200, {"error": "invalid_client_secret"}, "auth_invalid", "client secret"),
    (200, {"error": "invalid_code"}, "auth_expired", "revoked"),
    (200, {"error": "general_error"}, "unexpected_reply", "did not expect"),
    (200, {"token_type": "Bearer"}, "unexpected_reply", "did not expect"),
    (500, "<html>", "provider_unavailable", "problem"),
    (200, "<html>", "blocked", "web page"),
]


@pytest.mark.parametrize(("status", "body", "kind", "word"), FAILURES)
def test_a_failure_of_the_sign_in_has_its_kind(platform, status, body, kind, word):
    result, _ = ask(platform, of_zoho(), {TOKEN: (status, body)})

    assert result.error.kind == kind
    assert word in result.error.message
    assert outcomes(result)[1:] == ["skipped"] * 4


def error(code):
    return refusal(400, code, "Something happened.").body


DATA_FAILURES = [
    (401, error("INVALID_TOKEN"), "auth_expired", "data centre"),
    (401, error("AUTHENTICATION_FAILURE"), "auth_invalid", "not accept"),
    (401, error("OAUTH_SCOPE_MISMATCH"), "permission_missing", "ZohoCRM.modules.leads.READ"),
    (403, error("NO_PERMISSION"), "permission_missing", "profile"),
    (403, error("NOT_ALLOWED"), "permission_missing", "profile"),
    (400, error("INVALID_MODULE"), "unexpected_reply", "understand"),
    (400, error("INVALID_DATA"), "unexpected_reply", "understand"),
    (400, error("REQUIRED_PARAM_MISSING"), "unexpected_reply", "understand"),
    (400, error("API_NOT_SUPPORTED"), "unexpected_reply", "understand"),
    (404, error("INVALID_URL_PATTERN"), "unexpected_reply", "understand"),
    (429, error("TOO_MANY_REQUESTS"), "rate_limited", "limiting"),
    (500, error("INTERNAL_ERROR"), "provider_unavailable", "problem"),
    (503, "", "provider_unavailable", "problem"),
    (200, "", "unexpected_reply", "not JSON"),
    (200, {"info": {}}, "unexpected_reply", "did not expect"),
]


@pytest.mark.parametrize(("status", "body", "kind", "word"), DATA_FAILURES)
def test_a_failure_of_the_data_has_its_kind_and_says_what_to_do(platform, status, body, kind, word):
    result, _ = ask(platform, of_zoho(), START | {"/crm/v8/Leads": (status, body)})

    assert result.error.kind == kind
    assert word in result.error.message
    assert result.error.action.endswith(".")


def test_every_rule_is_reached():
    assert unreached(of_zoho(), [*FAILURES, *DATA_FAILURES]) == []


def test_the_limit_of_the_sign_in_asks_for_ten_minutes(platform):
    result, _ = ask(platform, of_zoho("throttled"))

    assert result.error.retry_after_seconds == 600
