"""How a CRM that nobody knows is asked, and what its answers mean."""

import pytest

from providers.declare import Account
from tests.providers.platforms.crm_cases import (
    ask,
    detail,
    of_generic,
    outcomes,
    said,
    unreached,
)

LABELS = (
    "Address answers with data",
    "Expected value is there",
    "Key is needed",
    "Account is the one entered",
)
KEY = "key-healthy"


@pytest.mark.parametrize(
    ("values", "header", "sent"),
    [
        ({}, "Authorization", f"Bearer {KEY}"),
        ({"auth_kind": "bearer"}, "Authorization", f"Bearer {KEY}"),
        ({"auth_kind": "api_key_header", "header_name": "x-api-key"}, "X-Api-Key", KEY),
        (
            {"auth_kind": "basic", "username": "robot"},
            "Authorization",
            "Basic cm9ib3Q6a2V5LWhlYWx0aHk=",
        ),
    ],
)
def test_the_key_is_sent_as_chosen_and_once_left_out(platform, values, header, sent):
    result, requests_seen = ask(platform, of_generic() | values)

    assert result.outcome == "passed"
    with_key, without = requests_seen
    assert (with_key.method, with_key.path, with_key.headers[header]) == ("GET", "/me", sent)
    assert with_key.headers["Accept"] == "application/json"
    assert (without.path, header in without.headers) == ("/me", False)
    assert KEY not in str(without.headers)
    assert "opens it" in detail(result, LABELS[2])


def test_the_password_of_basic_is_shown_nowhere(platform):
    """The name of the account is what the service repeats of the request."""

    def parrot(asked):
        if "Authorization" not in asked.headers:
            return (401, {})
        return (200, {"name": asked.headers["Authorization"]})

    values = {"auth_kind": "basic", "username": "robot", "account_name_path": "name"}

    result, _ = ask(platform, of_generic() | values, {"/me": parrot})

    assert "•••" in detail(result, LABELS[3])
    assert result.account == Account("Basic •••")
    assert "cm9ib3Q6" not in said(result)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"auth_kind": "api_key_header"}, "name was not entered"),
        ({"auth_kind": "basic"}, "user name, which was not entered"),
        ({"access_token": ""}, "none was entered"),
    ],
)
def test_a_way_that_lacks_a_value_asks_for_it(platform, values, word):
    result, requests_seen = ask(platform, of_generic() | values)

    assert result.error.kind == "invalid_config"
    assert word in result.error.message
    assert requests_seen == []


def test_an_address_without_keys_is_asked_once(platform):
    values = of_generic(path="/open") | {"auth_kind": "none"}

    result, requests_seen = ask(platform, values)

    assert outcomes(result) == ["passed", "skipped", "skipped", "skipped"]
    assert len(requests_seen) == 1
    assert KEY not in str(requests_seen[0].headers)


def test_an_address_that_ignores_the_key_passes_and_says_so(platform):
    result, _ = ask(platform, of_generic(path="/open"))

    assert result.outcome == "passed"
    assert outcomes(result)[2] == "warned"
    assert "the key was not checked" in detail(result, LABELS[2])


@pytest.mark.parametrize("reply", [(503, {}), (429, {})])
def test_an_outage_of_the_second_request_proves_nothing_and_only_warns(platform, reply):
    def answer(asked):
        return (200, {"id": 1}) if "Authorization" in asked.headers else reply

    result, _ = ask(platform, of_generic(), {"/me": answer})

    assert (result.outcome, outcomes(result)[2]) == ("passed", "warned")


@pytest.mark.parametrize(
    ("values", "account", "told"),
    [
        ({"account_name_path": "data.company"}, Account("Acme CRM"), "The account is Acme CRM."),
        ({"account_name_path": "data.id"}, Account("7"), "The account is 7."),
        ({"account_name_path": "data"}, None, "no account name"),
        ({"account_name_path": "nothing.here"}, None, "no account name"),
        ({"account_id": "7"}, None, "cannot be compared"),
        ({"account_id": "7", "account_name_path": "data.id"}, Account("7"), "The account is 7."),
    ],
)
def test_the_account_is_what_the_answer_says(platform, values, account, told):
    result, _ = ask(platform, of_generic() | values)

    assert (result.outcome, result.account) == ("passed", account)
    assert told in detail(result, LABELS[3])


def test_another_account_than_the_one_entered_fails(platform):
    values = {"account_id": "8", "account_name_path": "data.id"}

    result, _ = ask(platform, of_generic() | values)

    assert result.error.kind == "account_not_found"


@pytest.mark.parametrize(("path", "outcome"), [("data.id", "passed"), ("data.missing", "failed")])
def test_the_value_to_expect_must_be_there(platform, path, outcome):
    result, _ = ask(platform, of_generic() | {"expect_path": path})

    assert outcomes(result)[1] == outcome
    assert result.outcome == outcome
    if result.error:
        assert result.error.kind == "invalid_config"


def test_an_address_without_a_path_is_asked_itself(platform):
    values = {name: text for name, text in of_generic().items() if name != "health_path"}

    _, requests_seen = ask(platform, values, {"/": (200, {"id": 1})})

    assert requests_seen[0].path == "/"


FAILURES = [
    (401, {}, "auth_invalid", "not accept this key"),
    (402, {}, "permission_missing", "may not read"),
    (403, "<html>", "permission_missing", "may not read"),
    (404, "<html>", "invalid_config", "nothing to read"),
    (405, {}, "invalid_config", "nothing to read"),
    (410, {}, "invalid_config", "nothing to read"),
    (400, {}, "invalid_config", "not accept the request"),
    (422, {}, "invalid_config", "not accept the request"),
    (407, {}, "invalid_config", "proxy"),
    (408, {}, "provider_unavailable", "problem"),
    (425, {}, "provider_unavailable", "not ready"),
    (429, {}, "rate_limited", "limiting"),
    (500, {}, "provider_unavailable", "problem"),
    (503, "<html>", "provider_unavailable", "problem"),
    (301, "", "invalid_config", "forwards to another"),
    (200, "<!doctype html>", "invalid_config", "web page"),
    (200, "plain text", "invalid_config", "web page"),
    (204, "", "invalid_config", "without data"),
    (200, {"error": {"message": "No."}}, "invalid_config", "an error of its own"),
    (200, {"errors": ["No."]}, "invalid_config", "an error of its own"),
    (200, {"ok": False}, "invalid_config", "an error of its own"),
    (200, {"success": False}, "invalid_config", "an error of its own"),
]


@pytest.mark.parametrize(("status", "body", "kind", "word"), FAILURES)
def test_a_failure_has_its_kind_and_says_what_to_do(platform, status, body, kind, word):
    result, requests_seen = ask(platform, of_generic(), {"/me": (status, body)})

    assert result.error.kind == kind
    assert word in result.error.message
    assert result.error.action.endswith(".")
    assert len(requests_seen) == 1


PARTLY = {"data": {"me": {"id": 7}, "deals": None}, "errors": [{"message": "No deals."}]}


@pytest.mark.parametrize(
    ("body", "values"),
    [
        (PARTLY, {}),
        (PARTLY, {"expect_path": "data.me.id"}),
        ({"id": 7, "errors": ["No deals."]}, {"expect_path": "id"}),
        ({"id": 7, "error": "No deals."}, {"account_name_path": "id"}),
    ],
)
def test_data_beside_errors_is_data_and_the_step_warns(platform, body, values):
    def answer(asked):
        return (200, body) if "Authorization" in asked.headers else (401, {})

    result, _ = ask(platform, of_generic() | values, {"/me": answer})

    assert result.outcome == "passed"
    assert outcomes(result)[0] == "warned"
    assert "errors about a part" in detail(result, LABELS[0])


@pytest.mark.parametrize(
    ("body", "values"),
    [
        ({"data": {"me": None, "deals": []}, "errors": ["No."]}, {}),
        ({"data": None, "errors": ["No."]}, {}),
        ({"id": 7, "errors": ["No."]}, {}),
        ({"id": None, "errors": ["No."]}, {"expect_path": "id"}),
        ({"data": {"id": 7}, "success": False}, {}),
    ],
)
def test_errors_beside_nothing_that_was_asked_for_are_a_refusal(platform, body, values):
    result, _ = ask(platform, of_generic() | values, {"/me": (200, body)})

    assert result.error.kind == "invalid_config"
    assert "an error of its own" in result.error.message


@pytest.mark.parametrize("body", [{"errors": [], "error": None}, {"success": True}, [], [1], "7"])
def test_any_json_without_an_error_is_data(platform, body):
    result, _ = ask(platform, of_generic(), {"/me": (200, body)})

    assert outcomes(result)[0] == "passed"


def test_every_rule_is_reached():
    assert unreached(of_generic(), FAILURES) == []


@pytest.mark.parametrize("target", ["/login", "https://crm.example/users/sign-in?next=/me"])
def test_a_redirect_to_a_sign_in_says_so(platform, target):
    result, _ = ask(platform, of_generic(), {"/me": (302, "", {"Location": target})})

    assert result.error.kind == "invalid_config"
    assert "people sign in" in result.error.message


def test_a_limit_says_when_to_come_back(platform):
    result, _ = ask(platform, of_generic("limited"))

    assert result.error.retry_after_seconds == 30
