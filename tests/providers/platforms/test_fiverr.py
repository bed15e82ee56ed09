"""Fiverr: a data service can be proven, a public page never can."""

import logging

import pytest
import time_machine

from providers.declare import Account, InvalidValues
from providers.platforms.fiverr import PROVIDER
from providers.run.ladder import list_accounts, run_test

KEY = "service-key-4321"
SERVICE = {"base_url": "https://data.acme.example/fiverr", "access_token": KEY}
NUMBERS = {
    "username": "acme_studio",
    "level": "Level 2",
    "rating": 4.9,
    "reviews": 212,
    "gigs": 7,
    "orders_in_queue": 3,
    "updated_at": "2026-11-22T06:00:00Z",
}
HTML = "<!DOCTYPE html><p>Log in"
LOOKED_UP = {"account_id": "Acme_Studio", "live_lookup": "on"}
STATE = '<html><script id="perseus-initial-props" type="application/json">{"user":"%s"}</script>'


def guarded(body=NUMBERS, *, without=(401, {})):
    """The service's reply with the right key, and its reply without one."""

    def answer(asked):
        is_mine = KEY in (asked.bearer, asked.headers.get("x-api-key"))
        return (200, body) if is_mine else without

    return {"/": answer}


def outcomes(result):
    return [step.outcome for step in result.steps]


def detail(result, label):
    return {step.label: step.detail for step in result.steps}[label]


def kind(result):
    return result.error.kind if result.error else None


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel("2026-11-22T12:00:00Z", tick=True):
        yield


# --- The data service


def test_a_healthy_service_passes_every_step_in_order(platform):
    fiverr, requests_seen = platform(PROVIDER, guarded())

    result = run_test(fiverr, SERVICE | {"account_id": "Acme_Studio"})

    assert result.outcome == "passed"
    assert outcomes(result) == ["passed"] * 4
    assert [step.label for step in result.steps] == [
        "Address answers with data",
        "Key is needed",
        "Seller is the one entered",
        "Numbers can be used",
    ]
    assert result.account == Account("acme_studio")
    assert len(requests_seen) == PROVIDER.cost.calls == 2
    with_key, without_key = requests_seen
    assert (with_key.method, with_key.path, with_key.query) == ("GET", "/", {})
    assert with_key.headers["Accept"] == "application/json"
    assert with_key.headers["Authorization"] == f"Bearer {KEY}"
    assert "Authorization" not in without_key.headers


def test_the_key_travels_in_the_header_that_was_chosen(platform):
    fiverr, requests_seen = platform(PROVIDER, guarded())
    chosen = {"auth_kind": "api_key_header", "auth_header_name": "x-api-key"}

    result = run_test(fiverr, SERVICE | chosen)

    assert result.outcome == "passed"
    assert requests_seen[0].headers["X-API-Key"] == KEY
    assert "Authorization" not in requests_seen[0].headers


@pytest.mark.parametrize(
    "values",
    [
        {"auth_kind": "api_key_header"},
        {"auth_kind": "bearer", "access_token": ""},
        {"auth_kind": "api_key_header", "auth_header_name": "x-api-key", "access_token": ""},
    ],
)
def test_a_way_to_send_the_key_that_lacks_a_value_sends_nothing(platform, values):
    fiverr, requests_seen = platform(PROVIDER, {})

    result = run_test(fiverr, SERVICE | values)

    assert kind(result) == "invalid_config"
    assert requests_seen == []


@pytest.mark.parametrize("values", [{"access_token": ""}, {"auth_kind": "none"}])
def test_a_service_without_a_key_is_asked_once(platform, values):
    fiverr, requests_seen = platform(PROVIDER, {"/": (200, NUMBERS)})

    result = run_test(fiverr, SERVICE | values)

    assert result.outcome == "passed"
    assert outcomes(result)[1] == "skipped"
    assert len(requests_seen) == 1
    assert KEY not in str(requests_seen[0].headers)


def test_a_path_to_test_is_added_to_the_address(platform):
    fiverr, requests_seen = platform(PROVIDER, {"/health": (200, NUMBERS)})

    result = run_test(fiverr, SERVICE | {"access_token": "", "health_path": "/health?day=1"})

    assert result.outcome == "passed"
    assert requests_seen[0].query == {"day": "1"}


@pytest.mark.parametrize(
    ("without", "outcome", "word"),
    [
        ((401, {}), "passed", "refuses"),
        ((403, {}), "passed", "refuses"),
        ((302, ""), "passed", "refuses"),
        ((200, {"error": "no key"}), "passed", "refuses"),
        ((200, NUMBERS), "warned", "was not checked"),
        ((503, {}), "warned", "problem"),
        ((429, {}), "warned", "limiting"),
    ],
)
def test_a_service_that_asks_nobody_for_a_key_is_told_apart(platform, without, outcome, word):
    fiverr, _ = platform(PROVIDER, guarded(without=without))

    result = run_test(fiverr, SERVICE)

    assert result.outcome == "passed"
    assert outcomes(result)[1] == outcome
    assert word in detail(result, "Key is needed")


@pytest.mark.parametrize(
    "body",
    [
        NUMBERS | {"errors": ["No reviews today."]},
        [{"rating": 4.9, "error": "No reviews today."}],
        {"reviews": 0, "errors": ["No rating today."]},
        {"data": {"seller": {"rating": 4.9}}, "errors": [{"message": "No reviews today."}]},
    ],
)
def test_numbers_beside_errors_are_numbers_and_the_step_warns(platform, body):
    fiverr, _ = platform(PROVIDER, guarded(body))

    result = run_test(fiverr, SERVICE)

    assert result.outcome == "passed"
    assert outcomes(result)[0] == "warned"
    assert "errors about a part" in detail(result, "Address answers with data")


@pytest.mark.parametrize(
    "body", [{"username": "acme_studio", "error": "No."}, {"rating": None, "errors": ["No."]}]
)
def test_errors_beside_no_number_are_a_refusal(platform, body):
    fiverr, _ = platform(PROVIDER, guarded(body))

    assert kind(run_test(fiverr, SERVICE)) == "invalid_config"


@pytest.mark.parametrize(
    ("body", "typed", "outcome", "account"),
    [
        (NUMBERS, "", "passed", Account("acme_studio")),
        (NUMBERS | {"username": "https://www.fiverr.com/acme_studio"}, "acme_studio", "passed", 1),
        ({"reviews": 1}, "acme_studio", "warned", None),
        ({"reviews": 1, "username": 7}, "acme_studio", "warned", None),
        ({"reviews": 1}, "", "skipped", None),
        ([NUMBERS], "acme_studio", "passed", Account("acme_studio")),
        ([], "acme_studio", "warned", None),
    ],
)
def test_the_seller_is_compared_with_the_one_entered(platform, body, typed, outcome, account):
    fiverr, _ = platform(PROVIDER, guarded(body))

    result = run_test(fiverr, SERVICE | {"account_id": typed})

    assert result.outcome == "passed"
    assert outcomes(result)[2] == outcome
    assert result.account == (Account("acme_studio") if account else None)


def test_another_seller_is_not_the_account(platform):
    fiverr, _ = platform(PROVIDER, guarded())

    result = run_test(fiverr, SERVICE | {"account_id": "somebody"})

    assert kind(result) == "account_not_found"
    assert "another Fiverr seller" in result.error.message
    assert outcomes(result) == ["passed", "passed", "failed", "skipped"]


@pytest.mark.parametrize(
    ("changes", "outcome", "word"),
    [
        ({}, "passed", "gives username, level, rating, reviews, gigs"),
        ({"gigs": ["a", "b"]}, "passed", "gigs"),
        ({"updated_at": "2026-11-20T13:00:00"}, "passed", "updated_at"),
        ({"updated_at": "2026-11-20T11:00:00+00:00"}, "warned", "2026-11-20 11:00 UTC"),
        ({"updated_at": "yesterday"}, "warned", "updated_at"),
        ({"updated_at": 1763800000}, "warned", "updated_at"),
        ({"rating": 9}, "warned", "rating"),
        ({"rating": True, "reviews": -1}, "warned", "rating, reviews"),
        ({"gigs": "seven"}, "warned", "gigs"),
    ],
)
def test_numbers_that_cannot_be_used_warn(platform, changes, outcome, word):
    fiverr, _ = platform(PROVIDER, guarded(NUMBERS | changes))

    result = run_test(fiverr, SERVICE)

    assert result.outcome == "passed"
    assert outcomes(result)[3] == outcome
    assert word in detail(result, "Numbers can be used")


def test_data_without_a_value_that_we_know_warns(platform):
    fiverr, _ = platform(PROVIDER, guarded({"hello": "world", "level": None}))

    result = run_test(fiverr, SERVICE)

    assert result.outcome == "passed"
    assert "no value that we know" in detail(result, "Numbers can be used")


FAILURES = [
    ((401, {}), "auth_invalid", "refused the key"),
    ((403, {"message": "no"}), "permission_missing", "does not allow"),
    ((403, HTML), "invalid_config", "web page"),
    ((404, {"code": 404}), "invalid_config", "Nothing answers"),
    ((410, ""), "invalid_config", "Nothing answers"),
    ((405, {}), "invalid_config", "(GET)"),
    ((200, HTML), "invalid_config", "web page"),
    ((200, "Accepted"), "invalid_config", "gives none back"),
    ((204, ""), "invalid_config", "without data"),
    ((200, b"7"), "invalid_config", "without data"),
    ((200, b'"text"'), "invalid_config", "without data"),
    ((200, {"error": "The sheet is locked."}), "invalid_config", "error of its own"),
    ((200, "username;rating"), "invalid_config", "not with data"),
    ((301, ""), "invalid_config", "forwards"),
    ((302, ""), "invalid_config", "forwards"),
    ((429, {}), "rate_limited", "Your data service is limiting"),
    ((500, {}), "provider_unavailable", "Your data service has a problem"),
    ((503, HTML), "provider_unavailable", "Your data service has a problem"),
]


@pytest.mark.parametrize(("reply", "kind_of_error", "word"), FAILURES)
def test_a_failure_of_the_service_has_its_kind(platform, reply, kind_of_error, word):
    fiverr, requests_seen = platform(PROVIDER, {"/": reply})

    result = run_test(fiverr, SERVICE)

    assert kind(result) == kind_of_error
    assert word in result.error.message
    assert result.error.action.endswith(".")
    assert len(requests_seen) == 1
    assert outcomes(result)[1:] == ["skipped"] * 3


def test_a_service_says_when_to_come_back(platform):
    fiverr, _ = platform(PROVIDER, {"/": (429, {}, {"Retry-After": "30"})})

    assert run_test(fiverr, SERVICE).error.retry_after_seconds == 30


def test_a_private_address_is_refused_before_anything_is_sent():
    result = run_test(PROVIDER, SERVICE | {"base_url": "https://10.0.0.7/fiverr"})

    assert kind(result) == "invalid_config"


def test_the_seller_of_the_service_is_the_only_account(platform):
    fiverr, _ = platform(PROVIDER, guarded())
    nameless, _ = platform(PROVIDER, guarded({"reviews": 1}))

    assert list_accounts(fiverr, SERVICE) == [Account("acme_studio")]
    assert list_accounts(nameless, SERVICE) == []
    assert list_accounts(fiverr, LOOKED_UP, method="public_page") is None


def test_no_secret_is_in_a_result_or_a_log_even_when_the_service_repeats_it(platform, caplog):
    caplog.set_level(logging.DEBUG)
    fiverr, _ = platform(PROVIDER, guarded({"username": KEY, "reviews": 1}))

    result = run_test(fiverr, SERVICE)

    assert "•••" in detail(result, "Seller is the one entered")
    assert KEY not in repr(result) + caplog.text


# --- The public page


def look_up(platform, reply):
    fiverr, requests_seen = platform(PROVIDER, {"/Acme_Studio": reply})
    return run_test(fiverr, LOOKED_UP, method="public_page"), requests_seen


def test_a_page_that_is_found_is_never_green(platform):
    result, [request] = look_up(platform, (200, STATE % "acme_studio"))

    assert (result.outcome, kind(result)) == ("inconclusive", "blocked")
    assert "Public page found" in result.error.message
    assert "proves no access" in result.error.message
    assert result.account is None
    assert outcomes(result) == ["inconclusive"]
    assert result.error.retry_after_seconds == 3600
    assert (request.method, request.query) == ("GET", {})
    assert "Cookie" not in request.headers
    assert request.headers["User-Agent"].startswith("IntegrationsControlCenter/")


@pytest.mark.parametrize("switch", [{}, {"live_lookup": "off"}])
def test_nothing_is_asked_until_the_look_up_is_switched_on(platform, switch):
    fiverr, requests_seen = platform(PROVIDER, {})

    result = run_test(fiverr, {"account_id": "acme"} | switch, method="public_page")

    assert (result.outcome, kind(result)) == ("inconclusive", "blocked")
    assert "was not looked up" in result.error.message
    assert result.error.action_url == "https://www.fiverr.com/acme"
    assert requests_seen == []


@pytest.mark.parametrize(
    ("reply", "kind_of_error", "word"),
    [
        ((404, "<html>Not here"), "account_not_found", "no public page"),
        ((410, ""), "account_not_found", "no public page"),
        ((302, "", {"Location": "/"}), "account_not_found", "probably"),
        (
            (301, "", {"Location": "https://www.fiverr.com/categories/x"}),
            "account_not_found",
            "probably",
        ),
        ((302, "", {"Location": "/search/gigs?q=acme"}), "account_not_found", "probably"),
        ((302, "", {"Location": "/acme_studio"}), "blocked", "does not let"),
        ((302, "", {"Location": "/login?next=acme"}), "blocked", "does not let"),
        ((302, "", {"Location": "https://evil.example/"}), "blocked", "does not let"),
        ((302, "", {"Location": "http://[bad"}), "blocked", "does not let"),
        ((302, ""), "blocked", "does not let"),
        ((403, "<html>Forbidden"), "blocked", "does not let"),
        ((403, "<html>It needs a human touch"), "blocked", "does not let"),
        ((200, "<html><div id='px-captcha'>"), "blocked", "does not let"),
        ((200, f"{STATE % 'acme_studio'}PXCR100"), "blocked", "does not let"),
        ((404, "<html>Just a moment..."), "blocked", "does not let"),
        ((503, "<html>Attention Required!"), "blocked", "does not let"),
        ((200, STATE % "somebody_else"), "blocked", "does not let"),
        ((200, STATE % "acme_studio_2"), "blocked", "does not let"),
        ((200, "<html>acme_studio"), "blocked", "does not let"),
        ((429, ""), "rate_limited", "limiting"),
        ((500, ""), "provider_unavailable", "problem"),
        ((200, "x" * (2**20 + 1)), "unexpected_reply", "far more data"),
    ],
)
def test_what_a_page_says_and_what_it_does_not(platform, reply, kind_of_error, word):
    result, requests_seen = look_up(platform, reply)

    assert kind(result) == kind_of_error
    assert word in result.error.message
    assert len(requests_seen) == 1
    assert result.outcome != "passed"


# --- What people type


@pytest.mark.parametrize("typed", [".", "..", "fiverr.com/..", "login", "a/b"])
def test_a_name_that_would_lead_to_another_page_is_refused(typed):
    with pytest.raises(InvalidValues):
        PROVIDER.clean({"account_id": typed})


def test_a_test_address_of_n8n_is_kept_with_a_warning():
    typed = "https://n8n.example.com/webhook-test/fiverr"

    cleaned, warnings = PROVIDER.clean({"base_url": typed})

    assert cleaned == {"base_url": typed}
    assert "production address" in warnings["base_url"]


def test_every_step_belongs_to_a_method():
    methods = {method.slug for method in PROVIDER.methods}

    assert {one for step in PROVIDER.tester.steps() for one in step.methods} == methods
    assert all(step.methods for step in PROVIDER.tester.steps())


def test_every_rule_says_two_short_sentences():
    for rule in PROVIDER.errors:
        assert rule.message.endswith(".")
        assert rule.action.endswith(".")
        assert max(len(rule.message), len(rule.action)) < 90
