"""The sandbox answers like LinkedIn and refuses what LinkedIn refuses."""

from email.message import Message

import pytest

from providers.platforms.linkedin import PROVIDER
from providers.run.ladder import run_test
from providers.sandbox import linkedin as sandbox
from providers.sandbox.server import Asked
from tests.providers.platforms.linkedin_replies import ACCESS_TOKEN, ACLS, FOLLOWERS, INTROSPECT

SANDBOX_APP = {"client_id": sandbox.CLIENT_ID, "client_secret": sandbox.CLIENT_SECRET}
DRILLS = {
    # token: without the app, with it
    "AQhealthy": (None, None),
    "AQpages": (None, None),
    "AQtwopages": (None, None),
    "AQanalyst": (None, None),
    "AQanonymous": (None, None),
    "AQnopermission": ("permission_missing", "permission_missing"),
    "AQnorole": ("account_not_found", "account_not_found"),
    "AQexpired": ("auth_expired", "auth_expired"),
    "AQrevoked": ("auth_invalid", "auth_invalid"),
    "AQlimited": ("quota_exhausted", "quota_exhausted"),
    "AQdown": ("provider_unavailable", "provider_unavailable"),
    "AQwall": ("blocked", "blocked"),
    "AQpage": ("blocked", "blocked"),
    "AQcut": ("network", "network"),
    "AQsilent": ("network", "network"),
    "AQunknown": ("auth_invalid", "auth_invalid"),
}


def kind(result):
    return result.error.kind if result.error else None


@pytest.mark.parametrize("token", DRILLS)
def test_a_token_of_the_sandbox_leads_to_what_it_promises(platform, token):
    fake, _ = platform(PROVIDER, sandbox.answer)
    values = {"access_token": token, "account_id": "1001"}
    patience = 0.3 if token == "AQsilent" else 30

    alone = run_test(fake, values, deadline_seconds=patience)
    with_app = run_test(fake, values | SANDBOX_APP, deadline_seconds=patience)

    assert (kind(alone), kind(with_app)) == DRILLS[token]


def test_every_token_of_the_sandbox_is_drilled():
    assert DRILLS.keys() == {*sandbox.TOKENS, *sandbox.TROUBLE, "AQunknown"}


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("AQRhealthy", None),
        ("AQRnopermission", "permission_missing"),
        ("AQRlimited", "quota_exhausted"),
        ("AQRexpired", "auth_expired"),
    ],
)
def test_a_refresh_token_of_the_sandbox_does_what_it_promises(platform, token, expected):
    fake, _ = platform(PROVIDER, sandbox.answer)

    result = run_test(fake, {"refresh_token": token} | SANDBOX_APP, method="refresh_token")

    assert kind(result) == expected


def test_the_sandbox_knows_another_organization_and_none_beyond(platform):
    fake, _ = platform(PROVIDER, sandbox.answer)

    outlet = run_test(fake, {"access_token": "AQtwopages", "account_id": "1002"})
    nobody = run_test(fake, {"access_token": "AQtwopages", "account_id": "9999"})

    assert (outlet.account.name, kind(outlet)) == ("Acme Outlet", None)
    assert kind(nobody) == "account_not_found"


VERSIONED = {"LinkedIn-Version": "202607", "X-Restli-Protocol-Version": "2.0.0"}
FINDER = {"q": "roleAssignee"}
SIZE = {"edgeType": "COMPANY_FOLLOWED_BY_MEMBER"}
SEARCH = {"q": "search", "search": "(test:true)"}


@pytest.mark.parametrize(
    ("path", "query", "headers", "status", "code"),
    [
        (ACLS, FINDER, {"LinkedIn-Version": None}, 400, "VERSION_MISSING"),
        (ACLS, FINDER, {"LinkedIn-Version": "202511"}, 426, "NONEXISTENT_VERSION"),
        (ACLS, FINDER, {"LinkedIn-Version": "July"}, 426, "NONEXISTENT_VERSION"),
        (ACLS, FINDER, {"X-Restli-Protocol-Version": None}, 400, "ILLEGAL_ARGUMENT"),
        (ACLS, FINDER, {"Authorization": None}, 401, "EMPTY_ACCESS_TOKEN"),
        (ACLS, FINDER, {"Authorization": "Bearer x"}, 401, "INVALID_ACCESS_TOKEN"),
        (ACLS, FINDER | {"projection": "x"}, {}, 400, "QUERY_PARAM_NOT_ALLOWED"),
        (ACLS, {"q": "member"}, {}, 400, "ILLEGAL_ARGUMENT"),
        (FOLLOWERS, {"edgeType": "CompanyFollowedByMember"}, {}, 400, "ILLEGAL_ARGUMENT"),
        ("/rest/networkSizes/urn%3Ali%3Aorganization%3A9", SIZE, {}, 404, "NOT_FOUND"),
        ("/rest/networkSizes/urn:li:organization:1001", SIZE, {}, 404, "RESOURCE_NOT_FOUND"),
        ("/rest/adAccounts", SEARCH, {}, 400, "PARAM_INVALID"),
        ("/rest/people", {}, {}, 404, "RESOURCE_NOT_FOUND"),
        ("/v2/organizationAcls", FINDER, {}, 404, "RESOURCE_NOT_FOUND"),
    ],
)
def test_the_sandbox_refuses_what_linkedin_refuses(path, query, headers, status, code):
    sent = {"Authorization": "Bearer AQhealthy"} | VERSIONED | headers

    answer = ask("GET", path, query, sent)

    assert answer.status == status
    assert answer.body["code"] == code


@pytest.mark.parametrize(
    ("path", "content_type", "body", "error_code"),
    [
        (ACCESS_TOKEN, "application/json", b"{}", "invalid_request"),
        (ACCESS_TOKEN, "application/x-www-form-urlencoded", b"client_id=1", "invalid_client"),
        (INTROSPECT, "application/x-www-form-urlencoded", b"token=AQhealthy", "invalid_client"),
    ],
)
def test_the_sandbox_wants_the_client_in_a_form(path, content_type, body, error_code):
    answer = ask("POST", path, {}, {"Content-Type": content_type}, body)

    assert answer.body["error"] == error_code


def ask(method, path, query, headers, body=b""):
    message = Message()
    for name, value in headers.items():
        if value:
            message[name] = value
    return sandbox.answer(Asked(method, path, query, message, body))
