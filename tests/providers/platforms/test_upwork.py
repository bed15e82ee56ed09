"""What Upwork's tester asks, and what it makes of answers that refuse with status 200."""

import json
import logging

import pytest

from providers.declare import Account
from providers.platforms.upwork import PROVIDER
from providers.run.ladder import list_accounts, run_test

TOKEN = "upw-test-TOKEN-4321"
NEW = "upw-new-TOKEN-9999"
REFRESH = "upr-test-REFRESH-88"
SECRET = "0123456789abcdef"
KEY = {"client_id": "a1b2c3d4e5f60718293a4b5c6d7e8f90", "client_secret": SECRET}
VALUES = {"access_token": TOKEN, "account_id": "5002"}
TOKEN_PATH = "/api/v3/oauth2/token"
GRANT = (200, {"access_token": NEW, "refresh_token": REFRESH, "expires_in": 86400})
HTML = "<!DOCTYPE html><p>Just a moment"

USER = {"user": {"id": "90010", "nid": "ada", "rid": "1", "name": "Ada Page"}}
ME = USER | {"organization": {"id": "5001"}}
ITEMS = [
    {"title": "Ada Page", "organizationId": "5001"},
    {"title": "Acme Agency", "organizationId": "5002"},
]
FOUND = {"totalCount": 1204, "edges": [None], "pageInfo": {"hasNextPage": True}}
DENIED = "The user does not have permission to see some of the requested fields"


def errors(message, classification="ExecutionAborted", data=None):
    error = {"message": message, "extensions": {"classification": classification}}
    return (200, {"errors": [error], "data": data})


def graphql(who=(200, {"data": ME}), items=ITEMS, jobs=None, listed=None):
    """Replies by what a query asks for; `who` may be several, one for each time it is asked."""
    whos = list(who) if isinstance(who, list) else [who] * 9
    listed = listed or (200, {"data": {"companySelector": {"items": items}}})
    jobs = jobs or (200, {"data": {"marketplaceJobPostingsSearch": FOUND}})

    def answer(asked):
        query = json.loads(asked.body)["query"]
        if "companySelector" in query:
            return listed
        return jobs if "marketplaceJobPostingsSearch" in query else whos.pop(0)

    return {"/graphql": answer, TOKEN_PATH: GRANT}


def outcomes(result):
    return [step.outcome for step in result.steps]


def detail(result, label):
    return {step.label: step.detail for step in result.steps}[label]


def kind(result):
    return result.error.kind if result.error else None


# --- The ladder


def test_a_healthy_sign_in_passes_every_step_in_order(platform):
    upwork, requests_seen = platform(PROVIDER, graphql())

    result = run_test(upwork, VALUES, method="access_token")

    assert result.outcome == "passed"
    assert outcomes(result) == ["passed"] * 3
    assert result.account == Account("5002", "Acme Agency")
    assert "Ada Page" in detail(result, "Sign-in works")
    assert "1204 job postings" in detail(result, "Job postings can be read")
    assert [(request.method, request.path) for request in requests_seen] == [
        ("POST", "/graphql")
    ] * 3


def test_every_query_is_the_one_that_upwork_documents(platform):
    upwork, requests_seen = platform(PROVIDER, graphql())

    run_test(upwork, VALUES, method="access_token")

    for request in requests_seen:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert request.headers["Content-Type"] == "application/json"
        assert request.headers["User-Agent"].startswith("IntegrationsControlCenter/")
    tenants = [request.headers["X-Upwork-API-TenantId"] for request in requests_seen]
    assert tenants == [None, None, "5002"]
    who, organizations, jobs = (json.loads(request.body) for request in requests_seen)
    assert who == {"query": "query { user { id nid rid name } organization { id } }"}
    assert organizations == {
        "query": "query { companySelector { items { title organizationId } } }"
    }
    assert jobs["variables"] == {
        "f": {"searchExpression_eq": "marketing", "pagination_eq": {"first": 1, "after": "0"}}
    }
    assert "searchType: USER_JOBS_SEARCH" in jobs["query"]
    assert "sortAttributes: [{field: RECENCY}]" in jobs["query"]


@pytest.mark.parametrize(
    ("method", "form"),
    [
        ("refresh_token", KEY | {"grant_type": "refresh_token", "refresh_token": REFRESH}),
        ("client_credentials", KEY | {"grant_type": "client_credentials"}),
    ],
)
def test_a_key_is_traded_for_a_token_with_the_client_in_the_form(platform, method, form):
    upwork, requests_seen = platform(PROVIDER, graphql())

    result = run_test(upwork, KEY | {"refresh_token": REFRESH}, method=method)

    assert result.outcome == "passed"
    assert requests_seen[0].path == TOKEN_PATH
    assert requests_seen[0].form == form
    assert "Authorization" not in requests_seen[0].headers
    assert requests_seen[1].headers["Authorization"] == f"Bearer {NEW}"


@pytest.mark.parametrize(
    ("method", "told"),
    [("refresh_token", [{"refresh_token": "upr-next-77"}]), ("client_credentials", [])],
)
def test_a_replaced_refresh_token_is_told_of_where_one_was_used(platform, method, told):
    replaced = (200, GRANT[1] | {"refresh_token": "upr-next-77"})
    upwork, _ = platform(PROVIDER, graphql() | {TOKEN_PATH: replaced})
    renewed = []

    run_test(upwork, KEY | {"refresh_token": REFRESH}, method=method, on_renewed=renewed.append)

    assert renewed == told


def test_a_key_that_may_not_read_names_is_asked_without_them(platform):
    who = [errors(DENIED), (200, {"data": {"user": {"id": "90010"}, "organization": None}})]
    upwork, requests_seen = platform(PROVIDER, graphql(who))

    result = run_test(upwork, KEY | {"refresh_token": REFRESH, "account_id": "5001"})

    assert result.outcome == "passed"
    assert "90010" in detail(result, "Sign-in works")
    assert len(requests_seen) == PROVIDER.cost.calls == 5


@pytest.mark.parametrize(
    ("items", "typed", "account"),
    [
        (ITEMS, "5002", Account("5002", "Acme Agency")),
        (ITEMS, "", Account("5001", "Ada Page")),
        (ITEMS[1:], "", Account("5002", "Acme Agency")),
        ([None, {"title": None, "organizationId": 5001}], "", Account("5001", "")),
        ([{"title": "A", "organizationId": "1"}, {"title": "B", "organizationId": "2"}], "", None),
        ([], "", None),
    ],
)
def test_the_organization_is_the_chosen_one_or_the_logins_own(platform, items, typed, account):
    upwork, _ = platform(PROVIDER, graphql(items=items))

    result = run_test(upwork, {"access_token": TOKEN, "account_id": typed}, method="access_token")

    assert (result.outcome, result.account) == ("passed", account)
    assert outcomes(result)[1] == ("passed" if account else "warned")


def test_an_organization_that_is_not_in_the_list_is_not_found(platform):
    upwork, _ = platform(PROVIDER, graphql(items=ITEMS[:1]))

    result = run_test(upwork, VALUES, method="access_token")

    assert kind(result) == "account_not_found"
    assert outcomes(result) == ["passed", "failed", "skipped"]


SEARCH = "marketplaceJobPostingsSearch"
PARTLY = {"user": {"id": "90010", "name": None}, "organization": None}


@pytest.mark.parametrize("message", ["Budget is unknown", DENIED])
@pytest.mark.parametrize(
    ("asked", "data", "step", "said"),
    [
        ("who", PARTLY, 0, "as 90010. Upwork could not read a part"),
        ("listed", {"companySelector": {"items": [None, *ITEMS]}}, 1, "Acme Agency is reachable."),
        ("jobs", {SEARCH: FOUND}, 2, "1204 job postings match"),
        ("jobs", {SEARCH: FOUND | {"totalCount": 0}}, 2, "0 job postings match"),
        ("jobs", {SEARCH: {"totalCount": None, "edges": [{"node": 1}]}}, 2, "Job postings match"),
    ],
)
def test_what_is_there_beside_errors_passes_and_the_step_warns(
    platform, message, asked, data, step, said
):
    upwork, _ = platform(PROVIDER, graphql(**{asked: errors(message, data=data)}))

    result = run_test(upwork, VALUES, method="access_token")

    assert result.outcome == "passed"
    assert [n for n, outcome in enumerate(outcomes(result)) if outcome == "warned"] == [step]
    assert said in result.steps[step].detail


@pytest.mark.parametrize(
    "data",
    [
        {SEARCH: None},
        {SEARCH: {"totalCount": None, "edges": None, "pageInfo": {"hasNextPage": False}}},
        {SEARCH: {"totalCount": None, "edges": [None]}},
        {SEARCH: {"edges": [{"node": None}]}},
    ],
)
def test_errors_beside_nothing_that_was_asked_for_refuse(platform, data):
    upwork, _ = platform(PROVIDER, graphql(jobs=errors(DENIED, data=data)))

    assert kind(run_test(upwork, VALUES, method="access_token")) == "permission_missing"


def test_an_organization_that_a_partial_list_does_not_have_is_not_called_missing(platform):
    listed = errors("Agencies are away", data={"companySelector": {"items": ITEMS[:1]}})
    upwork, _ = platform(PROVIDER, graphql(listed=listed))

    result = run_test(upwork, VALUES, method="access_token")

    assert (result.outcome, kind(result)) == ("inconclusive", "unexpected_reply")
    assert "only a part" in result.error.message


# --- Failures


@pytest.mark.parametrize(
    "message",
    [
        DENIED,
        "Your OAuth2 permissions are not enough",
        "Authorization failed",
        "This APP has no access to requested resource",
    ],
)
@pytest.mark.parametrize(
    ("asked", "step", "tick"),
    [("who", 0, "Common Entities"), ("jobs", 2, "Read marketplace Job Postings")],
)
def test_a_missing_permission_is_named(platform, message, asked, step, tick):
    upwork, _ = platform(PROVIDER, graphql(**{asked: errors(message)}))

    result = run_test(upwork, VALUES, method="access_token")

    assert kind(result) == "permission_missing"
    assert tick in result.error.action
    assert result.error.action_url
    assert outcomes(result)[step] == "failed"


FAILURES = [
    ((401, {"message": "Authentication failed"}), "auth_expired", "no longer accepts this sign-in"),
    ((403, {"message": "Forbidden"}), "permission_missing", "may not read"),
    ((403, HTML), "blocked", "against robots"),
    ((429, {"message": "Too Many Requests"}), "rate_limited", "limiting"),
    ((429, HTML), "rate_limited", "limiting"),
    (errors("Validation error (FieldUndefined)", "ValidationError"), "unexpected_reply", "changed"),
    (errors("VJCA-6 Input parameter has incorrect value"), "unexpected_reply", "carry out"),
    (errors("Something else"), "unexpected_reply", "carry out"),
    ((200, {"data": None}), "unexpected_reply", "carry out"),
    ((200, {}), "unexpected_reply", "carry out"),
    ((200, HTML), "blocked", "web page"),
    ((200, ""), "unexpected_reply", "not JSON"),
    ((400, {"message": "Bad Request"}), "unexpected_reply", "did not expect"),
    ((500, {}), "provider_unavailable", "problem"),
    ((503, HTML), "provider_unavailable", "problem"),
    ((302, ""), "unexpected_reply", "did not expect"),
]


@pytest.mark.parametrize(("reply", "kind_of_error", "word"), FAILURES)
def test_a_documented_failure_has_its_kind(platform, reply, kind_of_error, word):
    upwork, _ = platform(PROVIDER, graphql(who=reply))

    result = run_test(upwork, VALUES, method="access_token")

    assert kind(result) == kind_of_error
    assert word in result.error.message
    assert result.error.action.endswith(".")
    assert outcomes(result)[1:] == ["skipped"] * 2


def refused(error, description=""):
    return {"error": error, "error_description": description}


AT_THE_TOKEN = [
    (401, refused("invalid_client"), "auth_invalid", "does not know this key"),
    (401, {}, "auth_invalid", "does not know this key"),
    (401, refused("invalid_client", "The key is disabled"), "auth_invalid", "switched this"),
    (400, refused("unauthorized_client", "Not approved"), "auth_invalid", "switched this"),
    (400, refused("invalid_grant"), "auth_expired", "refresh token"),
    (401, refused("invalid_grant"), "auth_expired", "refresh token"),
    (400, refused("unauthorized_client", "Enterprise only"), "permission_missing", "sign in in"),
    (400, refused("unsupported_grant_type"), "permission_missing", "sign in in"),
    (400, refused("access_denied"), "auth_invalid", "declined"),
    (400, refused("invalid_request", "Invalid redirect_uri"), "invalid_config", "callback"),
    (400, refused("invalid_scope"), "unexpected_reply", "did not expect"),
    (403, HTML, "blocked", "against robots"),
    (429, {}, "rate_limited", "limiting"),
    (502, HTML, "provider_unavailable", "problem"),
    (200, {"token_type": "Bearer"}, "unexpected_reply", "did not expect"),
]


@pytest.mark.parametrize(("status", "body", "kind_of_error", "word"), AT_THE_TOKEN)
def test_a_failure_of_the_sign_in_has_its_kind(platform, status, body, kind_of_error, word):
    upwork, requests_seen = platform(PROVIDER, {TOKEN_PATH: (status, body)})

    result = run_test(upwork, KEY | {"refresh_token": REFRESH})

    assert kind(result) == kind_of_error
    assert word in result.error.message
    assert len(requests_seen) == 1


@pytest.mark.parametrize(("headers", "seconds"), [({}, 60), ({"Retry-After": "7"}, 7)])
def test_a_limit_says_when_to_come_back(platform, headers, seconds):
    upwork, _ = platform(PROVIDER, {"/graphql": (429, {}, headers)})

    result = run_test(upwork, VALUES, method="access_token")

    assert result.error.retry_after_seconds == seconds


def test_every_rule_says_two_short_sentences_and_links_only_to_upwork():
    for rule in PROVIDER.errors:
        assert rule.message.endswith(".")
        assert rule.action.endswith(".")
        assert max(len(rule.message), len(rule.action)) < 90
        assert (rule.action_url or "https://www.upwork.com/").startswith("https://www.upwork.com/")


# --- Accounts, secrets


def test_accounts_sign_in_by_themselves(platform):
    upwork, requests_seen = platform(PROVIDER, graphql())

    found = list_accounts(upwork, KEY | {"refresh_token": REFRESH}, method="refresh_token")

    assert found == [Account("5001", "Ada Page"), Account("5002", "Acme Agency")]
    assert len(requests_seen) == 2


def test_no_secret_is_in_a_result_or_a_log_even_when_upwork_repeats_them(platform, caplog):
    caplog.set_level(logging.DEBUG)
    said = f"{NEW} {REFRESH} {SECRET}"
    who = (200, {"data": {"user": {"id": "1", "name": said}}})
    upwork, _ = platform(PROVIDER, graphql(who, jobs=errors(said)))

    result = run_test(upwork, KEY | {"refresh_token": REFRESH})

    shown = repr(result) + repr(result.error) + caplog.text
    assert "•••" in detail(result, "Sign-in works")
    for secret in (NEW, REFRESH, SECRET):
        assert secret not in shown
