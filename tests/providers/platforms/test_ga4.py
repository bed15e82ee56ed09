"""What the tester of Google Analytics asks, in which order, and what it makes of each answer."""

import json

import pytest

from providers.declare import Account
from providers.platforms.ga4 import PROVIDER
from providers.run.ladder import list_accounts, run_test
from tests.providers.families.google_replies import (
    CLIENT,
    TOKEN,
    detail,
    outcomes,
    paths,
    rpc,
    signed_in,
)

VALUES = CLIENT | {"account_id": "1001"}
PROPERTY = {"name": "properties/1001", "displayName": "acme.example", "timeZone": "Europe/Berlin"}
REPORT = {
    "kind": "analyticsData#runReport",
    "rows": [{"metricValues": [{"value": "1234"}]}],
    "rowCount": 1,
    "propertyQuota": {"tokensPerDay": {"consumed": 1, "remaining": 199999}},
}
STREAM = {
    "name": "properties/1001/dataStreams/1",
    "webStreamData": {"measurementId": "G-1", "defaultUri": "https://acme.example"},
}
HEALTHY = signed_in("analytics.readonly") | {
    "/v1beta/properties/1001": (200, PROPERTY),
    "/v1beta/properties/1001:runReport": (200, REPORT),
    "/v1beta/properties/1001/dataStreams": (200, {"dataStreams": [STREAM]}),
    "/v1beta/properties/1001/keyEvents": (200, {"keyEvents": [{"eventName": "purchase"}]}),
}


def run(platform, **replies):
    changed = {f"/v1beta/properties/1001{name}": reply for name, reply in replies.items()}
    fake, _ = platform(PROVIDER, HEALTHY | changed)
    return run_test(fake, VALUES, method="refresh_token")


def test_a_healthy_property_passes_every_step_in_order(platform):
    fake, requests_seen = platform(PROVIDER, HEALTHY)

    result = run_test(fake, VALUES, method="refresh_token")

    assert result.outcome == "passed"
    assert outcomes(result) == ["passed"] * 6
    assert result.account == Account("1001", "acme.example")
    assert paths(requests_seen) == [
        "/token",
        "/tokeninfo",
        "/v1beta/properties/1001",
        "/v1beta/properties/1001:runReport",
        "/v1beta/properties/1001/dataStreams",
        "/v1beta/properties/1001/keyEvents",
    ]
    assert len(requests_seen) == PROVIDER.cost.calls
    assert "1234 sessions" in detail(result, "Reports can be read")
    assert "199999 tokens" in detail(result, "Reports can be read")
    assert "Europe/Berlin" in detail(result, "Property reachable")
    assert "https://acme.example (G-1)" in detail(result, "Website named")


def test_the_report_is_asked_for_as_the_documents_say(platform):
    fake, requests_seen = platform(PROVIDER, HEALTHY)

    run_test(fake, VALUES, method="refresh_token")

    report = requests_seen[3]
    assert (report.method, report.query) == ("POST", {})
    assert report.headers["Content-Type"] == "application/json"
    assert json.loads(report.body) == {
        "dateRanges": [{"startDate": "7daysAgo", "endDate": "yesterday"}],
        "metrics": [{"name": "sessions"}],
        "limit": "1",
        "returnPropertyQuota": True,
    }
    for request in requests_seen[2:]:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert request.query == {}


def test_a_property_without_visits_passes(platform):
    result = run(platform, **{":runReport": (200, {"kind": "analyticsData#runReport"})})

    assert result.outcome == "passed"
    assert detail(result, "Reports can be read") == "The last seven days had no sessions."


def test_a_property_in_the_trash_warns(platform):
    trashed = PROPERTY | {"deleteTime": "2026-11-01T00:00:00Z"}

    result = run(platform, **{"": (200, trashed)})

    assert result.outcome == "passed"
    assert outcomes(result)[2] == "warned"
    assert "in the trash" in detail(result, "Property reachable")


@pytest.mark.parametrize(
    ("below", "label", "reply", "outcome", "word"),
    [
        ("/dataStreams", "Website named", (200, {}), "warned", "no data stream"),
        (
            "/dataStreams",
            "Website named",
            (200, {"dataStreams": [{"androidAppStreamData": {}}]}),
            "passed",
            "apps only",
        ),
        ("/dataStreams", "Website named", rpc(503, "UNAVAILABLE"), "warned", "problem"),
        ("/keyEvents", "Key events for funnels", (200, {}), "warned", "no goal"),
        ("/keyEvents", "Key events for funnels", rpc(403, "PERMISSION_DENIED"), "warned", "role"),
    ],
)
def test_what_is_optional_fails_nothing(platform, below, label, reply, outcome, word):
    result = run(platform, **{below: reply})

    assert result.outcome == "passed"
    assert outcomes(result)[4 if below == "/dataStreams" else 5] == outcome
    assert word in detail(result, label)


def test_a_report_that_is_not_an_object_is_our_fault(platform):
    result = run(platform, **{":runReport": (200, [])})

    assert (result.outcome, result.error.kind) == ("inconclusive", "unexpected_reply")


# --- Discovery

SUMMARIES = {
    "accountSummaries": [
        {
            "displayName": "Acme",
            "propertySummaries": [
                {"property": "properties/1001", "displayName": "acme.example"},
                {"property": "properties/1002"},
            ],
        },
        {"displayName": "Without properties"},
    ]
}


def test_every_property_of_every_page_is_listed(platform):
    def page(asked):
        more = {} if "pageToken" in asked.query else {"nextPageToken": "next"}
        return (200, SUMMARIES | more)

    replies = signed_in("analytics.readonly") | {"/v1beta/accountSummaries": page}
    fake, requests_seen = platform(PROVIDER, replies)

    listed = list_accounts(fake, CLIENT, method="refresh_token")

    assert listed == [Account("1001", "Acme · acme.example"), Account("1002", "Acme")] * 2
    assert [request.query for request in requests_seen[2:]] == [
        {"pageSize": "200"},
        {"pageSize": "200", "pageToken": "next"},
    ]


def test_a_list_without_end_is_not_followed_for_ever(platform):
    endless = (200, SUMMARIES | {"nextPageToken": "again"})
    replies = signed_in("analytics.readonly") | {"/v1beta/accountSummaries": endless}
    fake, requests_seen = platform(PROVIDER, replies)

    list_accounts(fake, CLIENT, method="refresh_token")

    assert len(requests_seen) == 2 + 10


def test_a_sign_in_without_any_property_lists_none(platform):
    replies = signed_in("analytics.readonly") | {"/v1beta/accountSummaries": (200, {})}
    fake, _ = platform(PROVIDER, replies)

    assert list_accounts(fake, CLIENT, method="refresh_token") == []
