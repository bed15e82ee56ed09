"""The sandbox answers like X and refuses what X refuses."""

import pytest

from providers.outbound.basic import basic
from providers.platforms.x import PROVIDER
from providers.run.ladder import run_test
from providers.sandbox import x as sandbox
from tests.providers.asking import ask, kind, outcomes

USAGE, COUNTS, USER = sandbox.USAGE, sandbox.COUNTS, f"{sandbox.USERS}acme"
DRILLS = {
    "AAAAhealthy": None,
    "AAAAnousage": None,
    "AAAAcapped": "quota_exhausted",
    "AAAAnocredits": "quota_exhausted",
    "AAAAspendcap": "quota_exhausted",
    "AAAAlimited": "rate_limited",
    "AAAAuser": "permission_missing",
    "AAAAnoproject": "permission_missing",
    "AAAAdown": "provider_unavailable",
    "AAAAwall": "blocked",
    "AAAAcut": "network",
    "AAAAsilent": "network",
    "AAAAunknown": "auth_invalid",
}


@pytest.mark.parametrize("token", DRILLS)
def test_a_token_of_the_sandbox_leads_to_what_it_promises(platform, token):
    fake, _ = platform(PROVIDER, sandbox.answer)
    patience = 0.3 if token == "AAAAsilent" else 30

    result = run_test(
        fake, {"access_token": token, "account_id": "acme"}, deadline_seconds=patience
    )

    assert kind(result) == DRILLS[token]


def test_every_token_of_the_sandbox_is_drilled_and_can_be_pasted():
    assert DRILLS.keys() == {*sandbox.TOKENS, *sandbox.TROUBLE, "AAAAunknown"}
    for token in DRILLS:
        assert PROVIDER.clean({"access_token": token}) == ({"access_token": token}, {})
    for username in sandbox.ACCOUNTS:
        assert PROVIDER.clean({"account_id": username}) == ({"account_id": username}, {})


@pytest.mark.parametrize(
    ("username", "expected"),
    [
        ("acme", None),
        ("acme_private", "permission_missing"),
        ("acme_gone", "account_not_found"),
        ("a_name_that_is_too_long", "invalid_config"),
    ],
)
def test_usernames_of_the_sandbox_are_what_the_guide_says(platform, username, expected):
    fake, _ = platform(PROVIDER, sandbox.answer)

    result = run_test(fake, {"access_token": "AAAAhealthy", "account_id": username})

    assert kind(result) == expected


@pytest.mark.parametrize(
    ("key", "secret", "expected"),
    [
        ("sandbox0api0key", sandbox.API_SECRET, None),
        ("sandbox0nocredits", sandbox.API_SECRET, "quota_exhausted"),
        ("sandbox0api0key", "another", "auth_invalid"),
        ("another", sandbox.API_SECRET, "auth_invalid"),
    ],
)
def test_a_pair_of_the_sandbox_does_what_it_promises(platform, key, secret, expected):
    fake, _ = platform(PROVIDER, sandbox.answer)

    result = run_test(fake, {"api_key": key, "api_key_secret": secret}, method="client_credentials")

    assert kind(result) == expected


def test_a_search_that_x_cannot_read_is_the_persons_to_correct(platform):
    fake, _ = platform(PROVIDER, sandbox.answer)

    result = run_test(fake, {"access_token": "AAAAhealthy", "search_query": '"acme'})

    assert kind(result) == "invalid_config"
    assert outcomes(result) == ["passed", "skipped", "failed"]


def test_a_limit_of_the_sandbox_comes_with_the_time_to_wait(platform):
    fake, _ = platform(PROVIDER, sandbox.answer)

    result = run_test(fake, {"access_token": "AAAAlimited"})

    assert 600 < result.error.retry_after_seconds <= 660


@pytest.mark.parametrize(
    ("path", "query", "headers", "status", "problem"),
    [
        (USAGE, {}, {"Authorization": None}, 401, "about:blank"),
        (USAGE, {}, {"Authorization": "Bearer x"}, 401, "about:blank"),
        (USAGE, {"days": "0"}, {}, 400, "invalid-request"),
        (USAGE, {"usage.fields": "cap"}, {}, 400, "invalid-request"),
        (USAGE, {"user.fields": "id"}, {}, 400, "invalid-request"),
        (USER, {"user.fields": "followers"}, {}, 400, "invalid-request"),
        (USER, {"fields": "id"}, {}, 400, "invalid-request"),
        (COUNTS, {}, {}, 400, "invalid-request"),
        (COUNTS, {"query": "a" * 513}, {}, 400, "invalid-request"),
        (COUNTS, {"query": "a", "granularity": "week"}, {}, 400, "invalid-request"),
        ("/1.1/search/tweets.json", {}, {}, 404, "about:blank"),
        ("/2/users/me", {}, {}, 403, "unsupported-authentication"),
    ],
)
def test_the_sandbox_refuses_what_x_refuses(path, query, headers, status, problem):
    sent = {"Authorization": "Bearer AAAAhealthy"} | headers

    answer = ask(sandbox.answer, path, query, sent)

    assert (answer.status, answer.body["status"]) == (status, status)
    assert answer.body["type"].rpartition("/")[2] == problem


@pytest.mark.parametrize(
    ("method", "form", "authorization", "code"),
    [
        ("GET", None, basic("sandbox0api0key", sandbox.API_SECRET), 170),
        ("POST", {}, basic("sandbox0api0key", sandbox.API_SECRET), 170),
        ("POST", {"grant_type": "client_credentials"}, None, 99),
        ("POST", {"grant_type": "client_credentials"}, basic("a", "b"), 99),
    ],
)
def test_the_sandbox_gives_a_token_for_the_right_pair_only(method, form, authorization, code):
    headers = {"Authorization": authorization}

    answer = ask(sandbox.answer, "/oauth2/token", {}, headers, method=method, form=form)

    assert (answer.status, answer.body["errors"][0]["code"]) == (403, code)
