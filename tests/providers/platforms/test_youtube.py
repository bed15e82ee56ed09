"""What YouTube's tester asks, in which order, and what it makes of each answer."""

import pytest
import time_machine

from providers.declare import Account
from providers.errors import AuthExpired
from providers.platforms.youtube import PROVIDER
from providers.run.ladder import list_accounts, run_test
from tests.providers.families.google_replies import (
    CLIENT,
    TOKEN,
    detail,
    oauth,
    outcomes,
    paths,
    rpc,
    signed_in,
)

CHANNEL = "UC" + "a" * 22
KEY = "AIza" + "k" * 35
BY_KEY = {"access_token": KEY, "account_id": CHANNEL}
PARTS = "id,snippet,statistics,contentDetails,status"
ITEM = {
    "id": CHANNEL,
    "snippet": {"title": "Acme"},
    "statistics": {
        "viewCount": "51200",
        "subscriberCount": "880",
        "videoCount": "42",
        "hiddenSubscriberCount": False,
    },
    "status": {"privacyStatus": "public"},
}
METRICS = "views,estimatedMinutesWatched,averageViewDuration,subscribersGained,subscribersLost"
TABLE = {
    "kind": "youtubeAnalytics#resultTable",
    "columnHeaders": [{"name": name} for name in ("day", *METRICS.split(","))],
    "rows": [["2026-11-18", 1, 2, 3, 4, 5], ["2026-11-19", 12, 34, 170, 1, 0]],
}
SCOPES = ("youtube.readonly", "yt-analytics.readonly")
CHANNELS = {"/youtube/v3/channels": (200, {"items": [ITEM]})}
HEALTHY = signed_in(*SCOPES) | CHANNELS | {"/v2/reports": (200, TABLE)}


def run(platform, replies, values=CLIENT):
    fake, _ = platform(PROVIDER, HEALTHY | replies)
    return run_test(fake, values, method="refresh_token")


# --- With a sign-in


def test_a_healthy_channel_passes_every_step_in_order(platform):
    fake, requests_seen = platform(PROVIDER, HEALTHY)

    result = run_test(fake, CLIENT | {"account_id": CHANNEL}, method="refresh_token")

    assert result.outcome == "passed"
    assert outcomes(result) == ["passed"] * 4
    assert result.account == Account(CHANNEL, "Acme")
    assert paths(requests_seen) == ["/token", "/tokeninfo", "/youtube/v3/channels", "/v2/reports"]
    assert len(requests_seen) == PROVIDER.cost.calls
    said = detail(result, "Channel reachable")
    assert said == "Acme: 51200 views, 880 subscribers, 42 videos."
    assert detail(result, "Watch time can be read") == "2026-11-19: 12 views, 34 minutes watched."


@time_machine.travel("2026-11-22T12:00:00Z", tick=False)
def test_channel_and_report_are_asked_for_as_the_documents_say(platform):
    fake, requests_seen = platform(PROVIDER, HEALTHY)

    run_test(fake, CLIENT, method="refresh_token")

    assert requests_seen[2].query == {"part": PARTS, "mine": "true"}
    assert requests_seen[3].query == {
        "ids": "channel==MINE",
        "startDate": "2026-11-12",
        "endDate": "2026-11-21",
        "metrics": METRICS,
        "dimensions": "day",
        "sort": "day",
    }
    for request in requests_seen[2:]:
        assert (request.method, request.body) == ("GET", b"")
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("scope", SCOPES)
def test_both_boxes_must_have_been_ticked(platform, scope):
    [other] = set(SCOPES) - {scope}

    result = run(platform, signed_in(scope))

    assert result.error.kind == "permission_missing"
    assert result.error.message == f"The sign-in lacks a permission: {other}."


def test_a_wider_permission_is_enough(platform):
    result = run(platform, signed_in("youtube", "yt-analytics-monetary.readonly"))

    assert result.outcome == "passed"
    assert detail(result, "Permissions") == "Has youtube, yt-analytics-monetary.readonly."


@pytest.mark.parametrize("body", [{}, {"items": []}])
def test_a_google_account_without_a_channel_is_said_to_have_none(platform, body):
    result = run(platform, {"/youtube/v3/channels": (200, body)})

    assert result.error.kind == "account_not_found"
    assert "has no YouTube channel" in result.error.message


def test_the_sign_in_must_be_for_the_channel_that_is_named(platform):
    result = run(platform, {}, CLIENT | {"account_id": "UC" + "b" * 22})

    assert result.error.kind == "account_not_found"
    assert "another channel" in result.error.message
    assert result.account is None


@pytest.mark.parametrize("privacy", ["private", "unlisted"])
def test_a_channel_that_few_can_see_warns(platform, privacy):
    hidden = ITEM | {"status": {"privacyStatus": privacy}}

    result = run(platform, {"/youtube/v3/channels": (200, {"items": [hidden]})})

    assert result.outcome == "passed"
    assert outcomes(result)[2] == "warned"
    assert privacy in detail(result, "Channel reachable")


def test_hidden_subscribers_are_not_shown_as_none(platform):
    shy = ITEM | {
        "statistics": {"viewCount": "5", "videoCount": "1", "hiddenSubscriberCount": True}
    }

    result = run(platform, {"/youtube/v3/channels": (200, {"items": [shy]})})

    assert detail(result, "Channel reachable") == "Acme: 5 views, 1 videos."


def test_a_channel_that_nobody_watched_passes(platform):
    result = run(platform, {"/v2/reports": (200, {"columnHeaders": []})})

    assert result.outcome == "passed"
    assert "Nobody watched" in detail(result, "Watch time can be read")


@pytest.mark.parametrize("body", [[], {"rows": [[1]], "columnHeaders": [{"name": "day"}]}])
def test_a_report_of_another_shape_is_our_fault(platform, body):
    result = run(platform, {"/v2/reports": (200, body)})

    assert (result.outcome, result.error.kind) == ("inconclusive", "unexpected_reply")


# --- With an API key


def test_a_key_reads_the_public_numbers_with_one_call(platform):
    fake, requests_seen = platform(PROVIDER, CHANNELS)

    result = run_test(fake, BY_KEY, method="api_key")

    assert result.outcome == "passed"
    assert outcomes(result) == ["passed", "skipped", "passed", "skipped"]
    assert result.account == Account(CHANNEL, "Acme")
    [request] = requests_seen
    assert request.query == {"part": PARTS, "id": CHANNEL, "key": KEY}
    assert "Authorization" not in request.headers


def test_a_key_that_is_wrong_fails_the_first_step(platform):
    refused = rpc(400, "INVALID_ARGUMENT", "API key not valid.", info="API_KEY_INVALID")
    fake, _ = platform(PROVIDER, {"/youtube/v3/channels": refused})

    result = run_test(fake, BY_KEY, method="api_key")

    assert result.error.kind == "auth_invalid"
    assert outcomes(result) == ["failed", "skipped", "skipped", "skipped"]
    assert KEY not in repr(result) + str(result.error)


def test_a_channel_that_nobody_knows_is_not_the_fault_of_the_key(platform):
    fake, _ = platform(PROVIDER, {"/youtube/v3/channels": (200, {"items": []})})

    result = run_test(fake, BY_KEY, method="api_key")

    assert result.error.kind == "account_not_found"
    assert outcomes(result)[0] == "passed"
    assert "no channel with this ID" in result.error.message


# --- Discovery


def test_the_channel_of_a_sign_in_is_listed(platform):
    fake, requests_seen = platform(PROVIDER, HEALTHY)

    assert list_accounts(fake, CLIENT, method="refresh_token") == [Account(CHANNEL, "Acme")]
    assert requests_seen[-1].query["mine"] == "true"


def test_a_key_lists_nothing_and_asks_nothing(platform):
    fake, requests_seen = platform(PROVIDER, {})

    assert list_accounts(fake, BY_KEY, method="api_key") is None
    assert requests_seen == []


def test_a_dead_sign_in_lists_nothing(platform):
    dead = oauth("invalid_grant", "Token has been expired or revoked.")
    fake, _ = platform(PROVIDER, {"/token": dead})

    with pytest.raises(AuthExpired, match="ended this sign-in"):
        list_accounts(fake, CLIENT, method="refresh_token")
