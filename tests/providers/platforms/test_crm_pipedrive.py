"""What Pipedrive is asked, and what each of its answers means."""

import pytest

from providers.sandbox.crm.pipedrive import ME, refusal
from tests.providers.platforms.crm_cases import ask, detail, of_pipedrive, outcomes, unreached


def test_it_asks_the_documented_paths_with_the_token_in_its_own_header(platform):
    _, requests_seen = ask(platform, of_pipedrive())

    assert [(one.method, one.path, one.query) for one in requests_seen] == [
        ("GET", "/v1/users/me", {}),
        ("GET", "/api/v2/deals", {"limit": "1"}),
        ("GET", "/api/v2/pipelines", {}),
    ]
    for one in requests_seen:
        assert one.headers["x-api-token"] == "pd-healthy"
        assert "Authorization" not in one.headers


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"company_domain": "acme"}, None),
        ({"company_domain": "other"}, "account_not_found"),
        ({"base_url": "https://acme.pipedrive.com/deals"}, None),
        ({"base_url": "https://other.pipedrive.com"}, "account_not_found"),
        ({"base_url": "https://api.pipedrive.com"}, None),
    ],
)
def test_the_company_that_was_entered_is_compared(platform, values, kind):
    result, requests_seen = ask(platform, of_pipedrive() | values)

    assert (result.error and result.error.kind) == kind
    assert requests_seen[0].path == "/v1/users/me"


def test_it_says_who_and_which_company(platform):
    result, _ = ask(platform, of_pipedrive())

    assert detail(result, "Token is valid") == "Signed in as James Example."
    shown = detail(result, "Company is the one entered")
    assert shown == "The token reaches Acme Sales (4321) at acme.pipedrive.com."


def test_pipelines_that_are_refused_only_warn(platform):
    result, _ = ask(platform, of_pipedrive("nopipelines"))

    assert result.outcome == "passed"
    assert outcomes(result) == ["passed", "passed", "passed", "warned"]


def error(message="Something happened.", **more):
    return refusal(400, message, **more).body


GATEWAY = {"success": False, "error": "unauthorized access", "errorCode": 401}
FAILURES = [
    (401, GATEWAY, "auth_invalid", "refused the token"),
    (402, error(), "permission_missing", "not active"),
    (403, "<html>Forbidden</html>", "rate_limited", "blocked us"),
    (403, error("Scope and URL mismatch"), "permission_missing", "scope"),
    (403, error(code="feature_capping_deals"), "permission_missing", "plan"),
    (415, error(), "permission_missing", "switched off"),
    (400, error(code="ERR_SCHEMA_VALIDATION_FAILED"), "unexpected_reply", "understands"),
    (404, error(), "unexpected_reply", "understands"),
    (410, error(), "unexpected_reply", "understands"),
    (422, error(), "unexpected_reply", "understands"),
    (429, error(), "rate_limited", "limiting"),
    (500, error(), "provider_unavailable", "problem"),
    (503, "<html>", "provider_unavailable", "problem"),
    (200, "<!doctype html>", "blocked", "web page"),
    (200, error(), "unexpected_reply", "did not expect"),
    (200, {"success": True, "data": None}, "unexpected_reply", "did not expect"),
]


@pytest.mark.parametrize(("status", "body", "kind", "word"), FAILURES)
def test_a_documented_failure_has_its_kind_and_says_what_to_do(platform, status, body, kind, word):
    replies = {
        "/v1/users/me": (200, {"success": True, "data": ME}),
        "/api/v2/deals": (status, body),
    }

    result, _ = ask(platform, of_pipedrive(), replies)

    assert (result.error.kind, outcomes(result)[3]) == (kind, "skipped")
    assert word in result.error.message
    assert result.error.action.endswith(".")


def test_every_rule_is_reached():
    assert unreached(of_pipedrive(), FAILURES) == []


@pytest.mark.parametrize(
    ("header", "seconds"), [("2", 2), ("100000", 86400), ("soon", None), ("-1", None)]
)
def test_a_limit_says_when_to_come_back(platform, header, seconds):
    limited = (429, error(), {"x-ratelimit-reset": header})

    result, _ = ask(platform, of_pipedrive(), {"/v1/users/me": limited})

    assert result.error.retry_after_seconds == seconds
