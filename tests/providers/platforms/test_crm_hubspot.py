"""What HubSpot is asked, and what each of its answers means."""

import pytest

from providers.platforms.crm.hubspot.sign_in import VERSION
from providers.sandbox.crm.hubspot import refusal
from tests.providers.platforms.crm_cases import ask, detail, of_hubspot, outcomes, unreached

DETAILS = f"/account-info/{VERSION}/details"
CONTACTS = f"/crm/objects/{VERSION}/contacts"
LABELS = ("Key or sign-in is valid", "Contacts can be read", "Deals can be read")


def test_it_asks_the_documented_paths_with_the_key_in_a_header(platform):
    _, requests_seen = ask(platform, of_hubspot())

    assert [(one.method, one.path, one.query) for one in requests_seen] == [
        ("GET", "/account-info/2026-09/details", {}),
        ("GET", "/crm/objects/2026-09/contacts", {"limit": "1"}),
        ("GET", "/crm/objects/2026-09/deals", {"limit": "1"}),
    ]
    for one in requests_seen:
        assert one.headers["Authorization"] == "Bearer pat-na1-healthy"


def test_a_key_that_may_not_read_details_only_warns(platform):
    alone, _ = ask(platform, of_hubspot("nodetails"))
    compared, _ = ask(platform, of_hubspot("nodetails") | {"account_id": "7"})

    assert (alone.outcome, outcomes(alone)) == ("passed", ["warned", "passed", "passed"])
    assert alone.account is None
    assert "not compared" not in detail(alone, LABELS[0])
    assert "not compared" in detail(compared, LABELS[0])


@pytest.mark.parametrize(("word", "kind"), [("nocontacts", "contacts"), ("nodeals", "deals")])
def test_a_missing_scope_is_named(platform, word, kind):
    result, _ = ask(platform, of_hubspot(word))

    told = detail(result, f"{kind.title()} can be read") + str(result.error and result.error.action)
    assert f"may not read {kind}" in told
    assert f"crm.objects.{kind}.read" in told


def test_an_account_without_rows_passes(platform):
    result, _ = ask(platform, of_hubspot("empty"))

    assert result.outcome == "passed"
    assert "none yet" in detail(result, "Contacts can be read")


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("https://app.hubspot.com/contacts/12345678/objects/0-1", None),
        ("https://app.hubspot.com/contacts/999/objects/0-1", "account_not_found"),
        ("https://app.hubspot.com/login", None),
    ],
)
def test_the_account_in_an_address_is_compared(platform, address, kind):
    result, _ = ask(platform, of_hubspot() | {"base_url": address})

    assert (result.error and result.error.kind) == kind


def test_a_sandbox_is_called_one_and_a_name_is_shown(platform):
    body = {"portalId": 5, "accountType": "SANDBOX", "portalName": "Acme"}

    result, _ = ask(
        platform,
        of_hubspot(),
        {DETAILS: (200, body), CONTACTS: (500, {})},
    )

    assert detail(result, LABELS[0]).endswith("account Acme (5), a sandbox.")


def error(category, **more):
    return refusal(400, category, "Something happened.", **more).body


FAILURES = [
    (401, error("INVALID_AUTHENTICATION"), "auth_invalid", "does not know"),
    (401, error("EXPIRED_AUTHENTICATION"), "auth_expired", "expired"),
    (403, error("MISSING_SCOPES"), "permission_missing", "may not read contacts"),
    (403, error("USER_DOES_NOT_HAVE_PERMISSIONS"), "permission_missing", "user"),
    (403, error("BANNED"), "auth_invalid", "blocked"),
    (404, error("OBJECT_NOT_FOUND"), "unexpected_reply", "no longer knows"),
    (404, "<html>Not found</html>", "unexpected_reply", "no longer knows"),
    (400, error("VALIDATION_ERROR"), "unexpected_reply", "did not expect"),
    (429, error("RATE_LIMITS", policyName="DAILY"), "quota_exhausted", "daily quota"),
    (429, error("RATE_LIMITS", policyName="TEN_SECONDLY_ROLLING"), "rate_limited", "limiting"),
    (429, error("RATE_LIMITS", policyName="SECONDLY"), "rate_limited", "limiting"),
    (429, {"errorType": "RATE_LIMIT", "policyName": "SECONDLY"}, "rate_limited", "limiting"),
    (429, "", "rate_limited", "limiting"),
    (423, error("LOCKED"), "provider_unavailable", "busy"),
    (477, "", "provider_unavailable", "moving"),
    (500, error("INTERNAL"), "provider_unavailable", "problem"),
    (502, "<html>", "provider_unavailable", "problem"),
    (521, "", "provider_unavailable", "problem"),
    (524, "", "provider_unavailable", "problem"),
    (200, "<!doctype html>", "blocked", "web page"),
    (200, "", "unexpected_reply", "not JSON"),
    (200, {"rows": []}, "unexpected_reply", "did not expect"),
    (302, "", "unexpected_reply", "did not expect"),
]


@pytest.mark.parametrize(("status", "body", "kind", "word"), FAILURES)
def test_a_documented_failure_has_its_kind_and_says_what_to_do(platform, status, body, kind, word):
    replies = {DETAILS: (200, {"portalId": 1}), CONTACTS: (status, body)}

    result, _ = ask(platform, of_hubspot(), replies)

    assert (result.error.kind, outcomes(result)[2]) == (kind, "skipped")
    assert word in result.error.message
    assert result.error.action.endswith(".")


def test_every_rule_is_reached():
    assert unreached(of_hubspot(), FAILURES) == []


def test_a_move_says_when_to_come_back(platform):
    result, _ = ask(platform, of_hubspot("moving"))

    assert result.error.retry_after_seconds == 90


@pytest.mark.parametrize("body", [[], {"accountType": "STANDARD"}, "[1, 2"])
def test_details_of_another_shape_are_our_fault(platform, body):
    result, _ = ask(platform, of_hubspot(), {DETAILS: (200, body)})

    assert (result.outcome, result.error.kind) == ("inconclusive", "unexpected_reply")
