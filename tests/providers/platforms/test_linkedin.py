"""What LinkedIn's tester asks, in which order, and what it makes of each answer."""

import json
import logging
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import time_machine

from providers.declare import Account
from providers.platforms.linkedin import PROVIDER
from providers.run.ladder import list_accounts, run_test
from tests.providers.platforms.linkedin_replies import (
    ACCESS_TOKEN,
    ACLS,
    ADS,
    APP,
    FOLLOWERS,
    GRANT,
    HEALTHY,
    INTROSPECT,
    PAGE,
    REFRESH,
    REFRESHING,
    RENEWED,
    SCOPES,
    SECRET,
    TOKEN,
    USERINFO,
    VALUES,
    acls,
    error,
    inspected,
)
from tests.providers.servers import HEAD, RawServer


def outcomes(result):
    return [step.outcome for step in result.steps]


def detail(result, label):
    return {step.label: step.detail for step in result.steps}[label]


# --- The ladder


def test_a_healthy_token_passes_every_step_in_order(platform):
    linkedin, requests_seen = platform(PROVIDER, inspected())

    result = run_test(linkedin, VALUES | APP)

    assert result.outcome == "passed"
    assert outcomes(result) == ["passed"] * 5
    assert result.account == Account("1001", "Acme Shop")
    assert result.expires_at == datetime(2027, 1, 15, 8, tzinfo=UTC)
    assert not result.expires_is_estimate
    paths = [(request.method, request.path) for request in requests_seen]
    assert paths == [
        ("POST", INTROSPECT),
        *[("GET", path) for path in (USERINFO, ACLS, PAGE, FOLLOWERS, ADS)],
    ]
    assert "Ada Page. It ends on 2027-01-15." in detail(result, "Token is valid")
    assert "5120 followers" in detail(result, "Page data can be read")


def test_every_request_is_the_one_that_linkedin_documents(platform):
    linkedin, requests_seen = platform(PROVIDER, inspected())

    run_test(linkedin, VALUES | APP)

    introspect, userinfo, *rest = requests_seen
    assert introspect.form == APP | {"token": TOKEN}
    assert "Authorization" not in introspect.headers
    assert userinfo.query == {}
    assert "LinkedIn-Version" not in userinfo.headers
    for request in rest:
        assert request.headers["LinkedIn-Version"] == "202607"
        assert request.headers["X-Restli-Protocol-Version"] == "2.0.0"
    for request in (userinfo, *rest):
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert TOKEN not in str(request.query)
    assert [request.query for request in rest] == [
        {"q": "roleAssignee", "state": "APPROVED", "start": "0", "count": "100"},
        {},
        {"edgeType": "COMPANY_FOLLOWED_BY_MEMBER"},
        {
            "q": "search",
            "search": "(status:(values:List(ACTIVE)),test:false)",
            "fields": "id,name,test,referenceInfo",
        },
    ]


def test_the_search_for_ad_accounts_travels_without_encoding():
    def handle(server, connection):
        while server.read_request(connection):
            path = server.requests[-1].split(b" ")[1].split(b"?")[0].decode()
            body = json.dumps(HEALTHY[path][1]).encode()
            connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    with RawServer(handle) as server:
        linkedin = PROVIDER.pointed_at(dict.fromkeys(PROVIDER.hosts, server.url))
        result = run_test(linkedin, VALUES)

    assert result.outcome == "passed"
    target = server.requests[-1].split(b" ")[1].decode()
    assert "&search=(status:(values:List(ACTIVE)),test:false)&fields=id,name," in target


def test_an_api_version_that_was_entered_is_the_one_asked_for(platform):
    linkedin, requests_seen = platform(PROVIDER, HEALTHY)

    run_test(linkedin, VALUES | {"api_version": "202608"})

    asked = {request.headers["LinkedIn-Version"] for request in requests_seen}
    assert asked == {None, "202608"}


def test_a_healthy_test_costs_no_more_than_it_says(platform):
    replies = inspected() | {ACCESS_TOKEN: (200, GRANT)}
    linkedin, requests_seen = platform(PROVIDER, replies)

    result = run_test(linkedin, REFRESHING, method="refresh_token")

    assert result.outcome == "passed"
    assert len(requests_seen) == PROVIDER.cost.calls == 7


# --- Signing in


def test_without_the_app_nothing_is_inspected_and_the_steps_prove_the_rest(platform):
    linkedin, requests_seen = platform(PROVIDER, HEALTHY)

    result = run_test(linkedin, VALUES)

    assert result.outcome == "passed"
    assert outcomes(result)[1] == "skipped"
    assert result.expires_at is None
    assert requests_seen[0].path == USERINFO
    assert "Save the client ID" in detail(result, "Token is valid")


@time_machine.travel("2026-11-22T12:00:00Z", tick=False)
def test_a_refresh_token_is_traded_for_a_token_and_its_own_end_counts(platform):
    linkedin, requests_seen = platform(PROVIDER, inspected() | {ACCESS_TOKEN: (200, GRANT)})

    result = run_test(linkedin, REFRESHING, method="refresh_token")

    assert result.outcome == "passed"
    assert requests_seen[0].form == APP | {"grant_type": "refresh_token", "refresh_token": REFRESH}
    assert requests_seen[1].form["token"] == RENEWED
    assert requests_seen[2].headers["Authorization"] == f"Bearer {RENEWED}"
    assert result.expires_at == datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize("method", ["refresh_token", "sign_in"])
@pytest.mark.parametrize(("refused", "kind"), [(1, None), (2, None), (3, "auth_invalid")])
def test_a_token_made_a_moment_ago_is_given_time(platform, monkeypatch, refused, kind, method):
    pauses, left = [], [refused]
    monkeypatch.setattr(
        "providers.platforms.linkedin.steps.time", SimpleNamespace(sleep=pauses.append)
    )

    def settle(_asked):
        left[0] -= 1
        if left[0] >= 0:
            return (401, error("REVOKED_ACCESS_TOKEN", 65601))
        return HEALTHY[USERINFO]

    replies = inspected() | {ACCESS_TOKEN: (200, GRANT), USERINFO: settle}
    linkedin, _ = platform(PROVIDER, replies)

    result = run_test(linkedin, REFRESHING | {"access_token": RENEWED}, method=method)

    assert (result.error and result.error.kind) == kind
    assert pauses == [2, 4][:refused]


@pytest.mark.parametrize(
    ("changes", "kind", "word"),
    [
        ({"active": False, "status": "expired"}, "auth_expired", "60 days"),
        ({"active": False, "status": "revoked"}, "auth_invalid", "withdrawn"),
        ({"active": False, "status": None}, "auth_invalid", "this app's"),
        ({"auth_type": "2L"}, "auth_invalid", "belongs to an app"),
        ({"expires_at": 10**30}, "unexpected_reply", "did not expect"),
        ({"scope": 7}, "unexpected_reply", "did not expect"),
    ],
)
def test_an_inspected_token_tells_what_is_wrong_with_it(platform, changes, kind, word):
    linkedin, requests_seen = platform(PROVIDER, inspected(**changes))

    result = run_test(linkedin, VALUES | APP)

    assert result.error.kind == kind
    assert word in result.error.message
    assert outcomes(result)[1:] == ["skipped"] * 4
    assert len(requests_seen) == 1


def test_a_token_that_may_not_tell_its_owner_is_valid_all_the_same(platform):
    replies = HEALTHY | {USERINFO: (403, error("ACCESS_DENIED", 100))}
    linkedin, _ = platform(PROVIDER, replies)

    result = run_test(linkedin, VALUES)

    assert result.outcome == "passed"
    assert "accepts this token" in detail(result, "Token is valid")


def test_a_token_without_openid_is_not_asked_for_its_owner(platform):
    linkedin, requests_seen = platform(PROVIDER, inspected(scope="rw_organization_admin"))

    result = run_test(linkedin, VALUES | APP)

    assert result.outcome == "passed"
    assert USERINFO not in {request.path for request in requests_seen}


# --- Permissions


@pytest.mark.parametrize("scope", ["openid,profile,email", "", "w_member_social r_ads"])
def test_a_token_that_may_not_read_pages_is_refused_by_name(platform, scope):
    linkedin, _ = platform(PROVIDER, inspected(scope=scope))

    result = run_test(linkedin, VALUES | APP)

    assert result.error.kind == "permission_missing"
    assert "rw_organization_admin is missing" in result.error.message
    assert "Community Management API" in result.error.action
    assert outcomes(result) == ["passed", "failed", "skipped", "skipped", "skipped"]


@pytest.mark.parametrize(
    ("scope", "outcome", "said"),
    [
        (SCOPES, "passed", "Has r_ads, r_marketing_leadgen_automation, r_organization_social,"),
        (f"{SCOPES} r_events", "passed", "Not needed here: r_events."),
        (
            "r_organization_admin,r_organization_social,w_member_social",
            "warned",
            "Missing: r_marketing_leadgen_automation for lead forms, r_ads for ad accounts.",
        ),
        ("rw_organization_admin", "warned", "Missing: r_organization_social for Page statistics"),
    ],
)
def test_permissions_are_told_apart(platform, scope, outcome, said):
    linkedin, _ = platform(PROVIDER, inspected(scope=scope))

    result = run_test(linkedin, VALUES | APP)

    assert result.outcome == "passed"
    assert outcomes(result)[1] == outcome
    assert said in detail(result, "Permissions")


# --- Page, data, ad accounts


@pytest.mark.parametrize(
    ("rows", "values", "word"),
    [
        ([], {}, "any LinkedIn Page"),
        ([], {"account_id": "1001"}, "any LinkedIn Page"),
        ([("1002", "ADMINISTRATOR")], {"account_id": "1001"}, "with this organization ID"),
    ],
)
def test_a_page_without_a_role_is_not_found(platform, rows, values, word):
    linkedin, _ = platform(PROVIDER, HEALTHY | {ACLS: (200, acls(*rows))})

    result = run_test(linkedin, {"access_token": TOKEN} | values)

    assert result.error.kind == "account_not_found"
    assert word in result.error.message
    assert outcomes(result)[3:] == ["skipped", "skipped"]


def test_the_only_page_is_chosen_when_none_was_named(platform):
    linkedin, _ = platform(PROVIDER, HEALTHY)

    result = run_test(linkedin, {"access_token": TOKEN})

    assert result.account == Account("1001", "Acme Shop")


def test_one_of_several_pages_is_for_the_person_to_choose(platform):
    two = acls(("1001", "ADMINISTRATOR"), ("1002", "ANALYST"), ("1001", "CONTENT_ADMINISTRATOR"))
    linkedin, _ = platform(PROVIDER, HEALTHY | {ACLS: (200, two)})

    result = run_test(linkedin, {"access_token": TOKEN})

    assert (result.outcome, result.account) == ("passed", None)
    assert "reaches 2 Pages" in detail(result, "Page reachable")


def test_a_role_that_reads_no_statistics_warns(platform):
    replies = HEALTHY | {
        ACLS: (200, acls(("1001", "ANALYST"))),
        PAGE: (403, error("ACCESS_DENIED", 100)),
    }
    linkedin, _ = platform(PROVIDER, replies)

    result = run_test(linkedin, VALUES)

    assert result.account == Account("1001", "")
    assert outcomes(result)[2] == "warned"
    assert "need the role ADMINISTRATOR" in detail(result, "Page reachable")


def test_roles_are_read_on_until_the_page_is_found(platform):
    def page(asked):
        start = int(asked.query["start"])
        organizations = ["1003", "1002"] if start == 0 else ["1001"]
        return (200, acls(*[(one, "ADMINISTRATOR") for one in organizations], count=2))

    linkedin, requests_seen = platform(PROVIDER, HEALTHY | {ACLS: page})

    result = run_test(linkedin, VALUES)

    assert result.account.id == "1001"
    starts = [request.query["start"] for request in requests_seen if request.path == ACLS]
    assert starts == ["0", "2"]


def test_ad_accounts_are_not_asked_for_without_their_permission(platform):
    linkedin, requests_seen = platform(PROVIDER, inspected(scope="rw_organization_admin"))

    result = run_test(linkedin, VALUES | APP)

    assert outcomes(result)[4] == "skipped"
    assert ADS not in {request.path for request in requests_seen}


def test_refused_ad_accounts_warn_and_fail_nothing(platform):
    linkedin, _ = platform(PROVIDER, HEALTHY | {ADS: (403, error("ACCESS_DENIED", 100))})

    result = run_test(linkedin, VALUES)

    assert result.outcome == "passed"
    assert outcomes(result)[4] == "warned"


# --- Accounts, secrets


def test_every_page_with_a_role_is_listed_once(platform):
    rows = acls(("1001", "ADMINISTRATOR"), ("1001", "ANALYST"), ("1002", "ANALYST"))
    replies = HEALTHY | {
        ACLS: (200, rows),
        "/rest/organizations/1002": (403, error("ACCESS_DENIED", 100)),
    }
    linkedin, requests_seen = platform(PROVIDER, replies)

    found = list_accounts(linkedin, VALUES | APP)

    assert found == [Account("1001", "Acme Shop"), Account("1002", "")]
    assert requests_seen[0].path == ACLS


def test_a_list_without_end_is_ended(platform):
    def endless(asked):
        return (200, acls((asked.query["start"], "ADMINISTRATOR"), count=1))

    names = {f"/rest/organizations/{n}": (200, {"localizedName": f"P{n}"}) for n in range(20)}
    linkedin, requests_seen = platform(PROVIDER, names | {ACLS: endless})

    found = list_accounts(linkedin, VALUES)

    assert [account.id for account in found] == [str(number) for number in range(10)]
    assert len(requests_seen) == 20


def test_accounts_sign_in_by_themselves(platform):
    linkedin, requests_seen = platform(PROVIDER, HEALTHY | {ACCESS_TOKEN: (200, GRANT)})

    found = list_accounts(linkedin, REFRESHING, method="refresh_token")

    assert found == [Account("1001", "Acme Shop")]
    assert requests_seen[1].headers["Authorization"] == f"Bearer {RENEWED}"


def test_no_secret_is_in_a_result_or_a_log_even_when_linkedin_repeats_them(platform, caplog):
    caplog.set_level(logging.DEBUG)
    said = f"{RENEWED} {REFRESH} {SECRET}"
    replies = inspected() | {
        ACCESS_TOKEN: (200, GRANT),
        USERINFO: (200, {"sub": "1", "name": said}),
        FOLLOWERS: (403, error(said)),
    }
    linkedin, _ = platform(PROVIDER, replies)

    result = run_test(linkedin, REFRESHING, method="refresh_token")

    shown = repr(result) + repr(result.error) + caplog.text
    assert "•••" in detail(result, "Token is valid")
    for secret in (RENEWED, REFRESH, SECRET):
        assert secret not in shown
