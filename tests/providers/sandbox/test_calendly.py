"""The sandbox answers like Calendly and refuses what Calendly refuses."""

import pytest

from providers.platforms.calendly import PROVIDER
from providers.run.ladder import list_accounts, run_test
from providers.sandbox import calendly as sandbox
from tests.providers.asking import ask, kind

DRILLS = {
    "healthy": None,
    "member": None,
    "two": None,
    "empty": None,
    "noscopes": "permission_missing",
    "nocalls": "permission_missing",
    "expired": "auth_expired",
    "limited": "rate_limited",
    "down": "provider_unavailable",
    "wall": "blocked",
    "cut": "network",
    "silent": "network",
    "unknown": "auth_invalid",
}
LIST = {"organization": sandbox.ACME}


@pytest.mark.parametrize("word", DRILLS)
def test_a_token_of_the_sandbox_leads_to_what_it_promises(platform, word):
    fake, _ = platform(PROVIDER, sandbox.answer)
    values = {"access_token": sandbox.token_of(word)}

    result = run_test(fake, values, deadline_seconds=0.3 if word == "silent" else 30)

    assert kind(result) == DRILLS[word]


def test_every_token_of_the_sandbox_is_drilled_and_can_be_pasted():
    assert DRILLS.keys() == {*sandbox.TOKENS, *sandbox.TROUBLE, "unknown"}
    for word in DRILLS:
        token = {"access_token": sandbox.token_of(word)}
        assert PROVIDER.clean(token) == (token, {})
    chosen = {"account_id": sandbox.OUTLET, "user_uri": sandbox.BEN}
    assert PROVIDER.clean(chosen) == (chosen, {})


@pytest.mark.parametrize(
    ("word", "values", "expected"),
    [
        ("two", {"account_id": sandbox.OUTLET}, None),
        ("healthy", {"account_id": sandbox.OUTLET}, "account_not_found"),
        ("healthy", {"user_uri": sandbox.BEN}, None),
        ("healthy", {"user_uri": sandbox.ADA}, None),
        ("member", {"user_uri": sandbox.BEN}, "permission_missing"),
        ("healthy", {"user_uri": f"{sandbox.ADA}9"}, "invalid_config"),
    ],
)
def test_organizations_and_people_of_the_sandbox_are_what_the_guide_says(
    platform, word, values, expected
):
    fake, _ = platform(PROVIDER, sandbox.answer)

    assert kind(run_test(fake, {"access_token": sandbox.token_of(word)} | values)) == expected


def test_a_limit_of_the_sandbox_comes_with_the_time_to_wait(platform):
    fake, _ = platform(PROVIDER, sandbox.answer)

    result = run_test(fake, {"access_token": sandbox.token_of("limited")})

    assert result.error.retry_after_seconds == 40


def test_the_organizations_of_a_token_are_listed(platform):
    fake, _ = platform(PROVIDER, sandbox.answer)

    found = list_accounts(fake, {"access_token": sandbox.token_of("two")})

    assert [account.id for account in found] == [sandbox.ACME, sandbox.OUTLET]


@pytest.mark.parametrize(
    ("path", "query", "headers", "status", "words"),
    [
        ("/users/me", {}, {"Authorization": None}, 401, "token is invalid"),
        ("/users/me", {}, {"Authorization": "Bearer x"}, 401, "token is invalid"),
        ("/users/me", {"count": "1"}, {}, 400, "count"),
        ("/users/ada", {}, {}, 404, "could not find"),
        ("/v2/users/me", {}, {}, 404, "could not find"),
        ("/scheduled_events", {}, {}, 400, "organization"),
        ("/scheduled_events", LIST | {"count": "101"}, {}, 400, "count"),
        ("/scheduled_events", LIST | {"sort": "created_at:desc"}, {}, 400, "sort"),
        ("/scheduled_events", LIST | {"limit": "1"}, {}, 400, "limit"),
        ("/scheduled_events", {"organization": "acme0001"}, {}, 400, "organization"),
        ("/scheduled_events", {"user": sandbox.BEN}, {}, 403, "permission"),
        ("/event_types", LIST | {"active": "True"}, {}, 400, "active"),
        ("/event_types", {"organization": sandbox.OUTLET}, {}, 403, "permission"),
        ("/organization_memberships", {"user": sandbox.BEN}, {}, 403, "permission"),
        ("/organization_memberships", {"count": "1"}, {}, 400, "organization"),
    ],
)
def test_the_sandbox_refuses_what_calendly_refuses(path, query, headers, status, words):
    sent = {"Authorization": f"Bearer {sandbox.token_of('healthy')}"} | headers

    answer = ask(sandbox.answer, path, query, sent)

    assert answer.status == status
    assert answer.body["title"]
    details = answer.body.get("details", [{}])
    assert words in answer.body["message"] + str(details[0].get("parameter"))


def test_the_sandbox_only_reads():
    sent = {"Authorization": f"Bearer {sandbox.token_of('healthy')}"}

    assert ask(sandbox.answer, "/users/me", {}, sent, method="POST").status == 404
