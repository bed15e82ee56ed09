"""The sandbox answers like Upwork and refuses what Upwork refuses."""

import json
from email.message import Message

import pytest

from providers.platforms.upwork import PROVIDER
from providers.run.ladder import run_test
from providers.sandbox import upwork as sandbox
from providers.sandbox.server import Asked

TOKEN_PATH = "/api/v3/oauth2/token"
DRILLS = {
    "upw-healthy": None,
    "upw-single": None,
    "upw-nonames": None,
    "upw-nojobs": "permission_missing",
    "upw-nothing": "permission_missing",
    "upw-expired": "auth_expired",
    "upw-limited": "rate_limited",
    "upw-down": "provider_unavailable",
    "upw-wall": "blocked",
    "upw-cut": "network",
    "upw-silent": "network",
    "upw-changed": "unexpected_reply",
    "upw-unknown": "auth_expired",
}


def kind(result):
    return result.error.kind if result.error else None


@pytest.mark.parametrize("token", DRILLS)
def test_a_token_of_the_sandbox_leads_to_what_it_promises(platform, token):
    fake, _ = platform(PROVIDER, sandbox.answer)
    patience = 0.3 if token == "upw-silent" else 30

    result = run_test(
        fake, {"access_token": token}, method="access_token", deadline_seconds=patience
    )

    assert kind(result) == DRILLS[token]


def test_every_token_of_the_sandbox_is_drilled():
    assert DRILLS.keys() == {*sandbox.TOKENS, *sandbox.TROUBLE, "upw-unknown"}


@pytest.mark.parametrize(
    ("client", "refresh", "method", "expected"),
    [
        (sandbox.CLIENT_ID, "upr-healthy", "refresh_token", None),
        (sandbox.CLIENT_ID, "upr-nojobs", "refresh_token", "permission_missing"),
        (sandbox.CLIENT_ID, "upr-unaccepted", "refresh_token", "auth_expired"),
        (sandbox.CLIENT_ID, "upr-idle", "refresh_token", "auth_expired"),
        (sandbox.DISABLED_ID, "upr-healthy", "refresh_token", "auth_invalid"),
        ("another", "upr-healthy", "refresh_token", "auth_invalid"),
        (sandbox.SERVICE_ID, "", "client_credentials", None),
        (sandbox.CLIENT_ID, "", "client_credentials", "permission_missing"),
    ],
)
def test_a_key_of_the_sandbox_does_what_it_promises(platform, client, refresh, method, expected):
    fake, _ = platform(PROVIDER, sandbox.answer)
    values = {"client_id": client, "client_secret": sandbox.CLIENT_SECRET, "refresh_token": refresh}

    assert kind(run_test(fake, values, method=method)) == expected


def test_an_organization_of_nobody_is_not_found_in_the_sandbox(platform):
    fake, _ = platform(PROVIDER, sandbox.answer)

    single = {"access_token": "upw-single", "account_id": "5002"}

    assert kind(run_test(fake, single, method="access_token")) == "account_not_found"


SEARCH = (
    "query($f: F) { marketplaceJobPostingsSearch(marketPlaceJobFilter: $f, "
    "searchType: USER_JOBS_SEARCH, sortAttributes: [{field: RECENCY}]) { totalCount } }"
)


@pytest.mark.parametrize(
    ("query", "variables", "words"),
    [
        ("query { user { id phone } }", {}, "FieldUndefined@[user/phone]"),
        ("query { user }", {}, "FieldUndefined@[user]"),
        ("query { marketplaceJobPostings { id } }", {}, "FieldUndefined"),
        ("", {}, "FieldUndefined"),
        (SEARCH.replace("searchType: USER_JOBS_SEARCH, ", ""), {}, "WrongType"),
        (SEARCH, {"f": {"keyword": "x"}}, "WrongType"),
        (SEARCH, {"f": {"pagination_eq": {"first": 51}}}, "VJCA-6"),
    ],
)
def test_the_sandbox_refuses_a_query_that_upwork_refuses(query, variables, words):
    body = json.dumps({"query": query, "variables": variables}).encode()

    answer = ask("POST", "/graphql", "application/json", body)

    assert answer.status == 200
    assert words in answer.body["errors"][0]["message"]


@pytest.mark.parametrize(
    ("method", "path", "content_type", "body", "status"),
    [
        ("GET", "/graphql", "application/json", b"", 400),
        ("POST", "/graphql", "application/x-www-form-urlencoded", b"query=1", 400),
        ("POST", "/api/profiles/v1", "application/json", b"{}", 404),
        ("POST", TOKEN_PATH, "application/json", b"{}", 401),
        ("POST", TOKEN_PATH, "application/x-www-form-urlencoded", b"scope=jobs", 400),
    ],
)
def test_the_sandbox_refuses_another_path_or_encoding(method, path, content_type, body, status):
    assert ask(method, path, content_type, body).status == status


def ask(method, path, content_type, body):
    headers = Message()
    headers["Authorization"] = "Bearer upw-healthy"
    headers["Content-Type"] = content_type
    return sandbox.answer(Asked(method, path, {}, headers, body))
