"""The sandbox answers like Reddit and refuses what Reddit refuses."""

import pytest

from providers.outbound.basic import basic
from providers.platforms.reddit import PROVIDER
from providers.run.ladder import list_accounts, run_test
from providers.sandbox import reddit as sandbox
from tests.providers.asking import ask, kind, outcomes

ISSUE = "/api/v1/access_token"
AGENT = "web:test:v1 (by /u/acme)"
APP = {"client_id": sandbox.CLIENT_ID, "client_secret": sandbox.CLIENT_SECRET}
HERE = {"account_id": "marketing", "reddit_username": "acme"}
DRILLS = {
    "rdt-healthy": None,
    "rdt-app": None,
    "rdt-anonymous": None,
    "rdt-noread": "permission_missing",
    "rdt-suspended": None,
    "rdt-limited": "rate_limited",
    "rdt-blocked": "blocked",
    "rdt-down": "provider_unavailable",
    "rdt-wall": "blocked",
    "rdt-cut": "network",
    "rdt-silent": "network",
    "rdt-unknown": "auth_expired",
}
REFRESHED = {
    "rdr-healthy": None,
    "rdr-anonymous": None,
    "rdr-noread": "permission_missing",
    "rdr-blocked": "blocked",
    "rdr-ended": "auth_expired",
    "rdr-unknown": "auth_expired",
}
CLIENTS = {
    sandbox.CLIENT_ID: None,
    "sandbox-installed-0": "invalid_config",
    "sandbox-unapproved-0": "blocked",
    "sandbox-limited-0": "rate_limited",
    "sandbox-unknown-0": "auth_invalid",
}


@pytest.mark.parametrize("token", DRILLS)
def test_a_token_of_the_sandbox_leads_to_what_it_promises(platform, token):
    fake, _ = platform(PROVIDER, sandbox.answer)
    patience = 0.3 if token == "rdt-silent" else 30

    result = run_test(
        fake, HERE | {"access_token": token}, method="access_token", deadline_seconds=patience
    )

    assert kind(result) == DRILLS[token]
    if result.outcome == "passed":
        assert outcomes(result).count("warned") == (token == "rdt-suspended")


@pytest.mark.parametrize("token", REFRESHED)
def test_a_refresh_token_of_the_sandbox_does_what_it_promises(platform, token):
    fake, _ = platform(PROVIDER, sandbox.answer)

    result = run_test(fake, APP | HERE | {"refresh_token": token}, method="refresh_token")

    # The account is worth no failure, so a block shows at the community alone.
    assert kind(result) == REFRESHED[token]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_of_the_sandbox_does_what_it_promises(platform, client):
    fake, _ = platform(PROVIDER, sandbox.answer)

    result = run_test(fake, APP | HERE | {"client_id": client}, method="client_credentials")

    assert kind(result) == CLIENTS[client]


def test_all_that_the_sandbox_offers_is_drilled_and_can_be_pasted():
    assert DRILLS.keys() == {*sandbox.TOKENS, *sandbox.TROUBLE, "rdt-unknown"}
    assert REFRESHED.keys() == {*sandbox.REFRESH_TOKENS, "rdr-unknown"}
    assert CLIENTS.keys() == {sandbox.CLIENT_ID, *sandbox.CLIENTS, "sandbox-unknown-0"}
    for client in CLIENTS:
        assert PROVIDER.clean(APP | {"client_id": client}) == (APP | {"client_id": client}, {})
    for community in sandbox.COMMUNITIES:
        assert PROVIDER.clean({"account_id": community}) == ({"account_id": community}, {})


@pytest.mark.parametrize(
    ("community", "expected"),
    [
        ("marketing", None),
        ("acme_quiet", None),
        ("acme_secret", "permission_missing"),
        ("acme_closed", "account_not_found"),
        ("acme_missing", "account_not_found"),
        ("acme_unheard", "account_not_found"),
        ("somewhere_else", "account_not_found"),
    ],
)
def test_communities_of_the_sandbox_are_what_the_guide_says(platform, community, expected):
    fake, _ = platform(PROVIDER, sandbox.answer)

    result = run_test(fake, APP | HERE | {"account_id": community}, method="client_credentials")

    assert kind(result) == expected


def test_a_limit_of_the_sandbox_comes_with_the_time_to_wait(platform):
    fake, _ = platform(PROVIDER, sandbox.answer)

    result = run_test(fake, {"access_token": "rdt-limited"}, method="access_token")

    assert result.error.retry_after_seconds == 240


def test_communities_are_listed_for_a_person_with_the_scope(platform):
    fake, _ = platform(PROVIDER, sandbox.answer)

    found = list_accounts(fake, {"access_token": "rdt-healthy"}, method="access_token")

    assert [account.id for account in found] == ["marketing"]


@pytest.mark.parametrize(
    ("path", "headers", "status", "challenge"),
    [
        ("/api/v1/me", {"User-Agent": None}, 429, None),
        ("/api/v1/me", {"User-Agent": "python-requests/2.34"}, 429, None),
        ("/api/v1/me", {"Authorization": None}, 401, "invalid_token"),
        ("/api/v1/me", {"Authorization": "bearer x"}, 401, "invalid_token"),
        ("/api/v1/me", {"Authorization": "bearer rdt-anonymous"}, 403, "insufficient_scope"),
        ("/subreddits/mine/subscriber", {"Authorization": "bearer rdt-app"}, 403, None),
        ("/r/marketing", {}, 404, None),
        ("/r/marketing/about.json", {}, 404, None),
    ],
)
def test_the_sandbox_refuses_what_reddit_refuses(path, headers, status, challenge):
    sent = {"User-Agent": AGENT, "Authorization": "bearer rdt-healthy"} | headers

    answer = ask(sandbox.answer, path, {}, sent)

    assert answer.status == status
    assert (challenge or "") in answer.headers.get("WWW-Authenticate", "")


@pytest.mark.parametrize(
    ("authorization", "form", "status", "said"),
    [
        (None, {"grant_type": "client_credentials"}, 401, 401),
        (basic("a", "b"), {"grant_type": "client_credentials"}, 401, 401),
        (basic(*APP.values()), {}, 200, "unsupported_grant_type"),
        (basic(*APP.values()), {"grant_type": "refresh_token"}, 400, 400),
    ],
)
def test_the_sandbox_refuses_a_sign_in_as_reddit_does(authorization, form, status, said):
    headers = {"User-Agent": AGENT, "Authorization": authorization}

    answer = ask(sandbox.answer, ISSUE, {}, headers, method="POST", form=form)

    assert (answer.status, answer.body["error"]) == (status, said)


def test_the_sandbox_only_reads():
    headers = {"User-Agent": AGENT, "Authorization": "bearer rdt-healthy"}

    assert ask(sandbox.answer, "/r/marketing/new", {}, headers, method="POST").status == 404
