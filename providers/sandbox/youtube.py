"""YouTube as its documents describe it: the Data API and the Analytics API, for one channel.

Shapes follow the discovery documents youtube v3 and youtubeAnalytics v2 (read 2026-11-22).
"""

from datetime import date, timedelta
from typing import Any

from providers.sandbox import google
from providers.sandbox.breaks import NOT_SHOWN, NOTHING, Trial, breaks, values
from providers.sandbox.google import api
from providers.sandbox.google.api import refusal
from providers.sandbox.practice import Practice
from providers.sandbox.server import Answer, Asked, ok
from providers.sandbox.stand_in import Platform, Story, Trouble

API = "youtube.googleapis.com", "YouTube Data API v3"
SCOPES = ("youtube.readonly", "yt-analytics.readonly")
CHANNEL = "UCacmeacmeacmeacmeacmeac"
PRIVATE = "UCprivateprivateprivatep"
OTHER = "UCotherotherotherotherot"
PARTS = {
    *("auditDetails", "brandingSettings", "contentDetails", "contentOwnerDetails", "id"),
    *("localizations", "snippet", "statistics", "status", "topicDetails"),
}
CHANNELS = {"part", "id", "mine", "forHandle", "forUsername", "maxResults", "pageToken", "hl"}
REPORTS = {
    *("ids", "startDate", "endDate", "metrics", "dimensions", "sort", "filters", "currency"),
    *("maxResults", "startIndex", "includeHistoricalChannelData"),
}
METRICS = {
    *("views", "estimatedMinutesWatched", "averageViewDuration"),
    *("subscribersGained", "subscribersLost", "engagedViews"),
}
NOT_FOR_KEYS = {"noscope", "noaccess"}
LOGIN_REQUIRED = refusal(401, "Login Required.", reason="required")
REFUSED = {
    "noaccess": refusal(
        401, "Unauthorized", reason="youtubeSignupRequired", domain="youtube.header"
    ),
    "limited": refusal(
        403, "Rate Limit Exceeded", reason="rateLimitExceeded", domain="usageLimits"
    ),
    "spent": refusal(
        403,
        "The request cannot be completed because you have exceeded your quota.",
        reason="quotaExceeded",
        domain="youtube.quota",
    ),
}


def api_key(name: str) -> str:
    """A key of the usual form: `AIza` and 35 more."""
    return f"AIza{name:-<35}"


def answer(asked: Asked) -> Answer:
    """Sign-in, then the path, then the parameters."""
    return (
        google.sign_in(asked, SCOPES)
        or (_refuse_key(asked.query["key"]) if "key" in asked.query else _refuse_person(asked))
        or api.routed(asked, METHODS)
    )


def _refuse_key(key: str) -> Answer | None:
    name = key.removeprefix("AIza").rstrip("-")
    if name not in google.NAMES or name in NOT_FOR_KEYS or name == "expired":
        said = "API key not valid. Please pass a valid API key."
        if name == "expired":
            said = "API key expired. Please renew the API key."
        return refusal(400, said, info="API_KEY_INVALID", reason="badRequest")
    return REFUSED.get(name) or api.refuse_name(name, *API)


def _refuse_person(asked: Asked) -> Answer | None:
    scope = SCOPES[1] if asked.path == "/v2/reports" else SCOPES[0]
    refused = api.refuse_sign_in(asked, *API, scope)
    return refused or REFUSED.get(google.name_of(asked.bearer))


def _channels(_name: str, asked: Asked) -> Answer:
    parts = set(asked.query.get("part", "").split(","))
    if not parts <= PARTS:
        return _bad("missingRequiredParameter" if parts == {""} else "unknownPart")
    if asked.query.get("mine") == "true":
        if "key" in asked.query:
            return LOGIN_REQUIRED
        ids = [CHANNEL]
    elif "id" in asked.query:
        ids = [wanted for wanted in asked.query["id"].split(",") if wanted in (CHANNEL, PRIVATE)]
    else:
        return _bad("missingRequiredParameter")
    rows = [_channel(channel_id, parts) for channel_id in ids]
    found = {"kind": "youtube#channelListResponse", "pageInfo": {"totalResults": 1}}
    return ok(**found, items=rows) if rows else ok(**found)


def _channel(channel_id: str, parts: set[str]) -> dict[str, Any]:
    about: dict[str, Any] = {
        "snippet": {"title": "Acme", "customUrl": "@acme"},
        "statistics": {
            "viewCount": "51200",
            "subscriberCount": "880",
            "videoCount": "42",
            "hiddenSubscriberCount": False,
        },
        "contentDetails": {"relatedPlaylists": {"uploads": f"UU{channel_id[2:]}"}},
        "status": {"privacyStatus": "private" if channel_id == PRIVATE else "public"},
    }
    shown = {part: about[part] for part in about if part in parts}
    return {"kind": "youtube#channel", "id": channel_id, **shown}


def _report(_name: str, asked: Asked) -> Answer:
    query = asked.query
    if "key" in query:
        return LOGIN_REQUIRED
    metrics = query.get("metrics", "").split(",")
    is_known = set(metrics) <= METRICS and query.get("dimensions") == "day"
    if not is_known or not api.is_period(query):
        return _bad("badRequest")
    if query.get("ids") not in ("channel==MINE", f"channel=={CHANNEL}"):
        return refusal(403, "Forbidden", reason="forbidden")
    headers = [{"name": "day", "columnType": "DIMENSION", "dataType": "STRING"}]
    headers += [{"name": name, "columnType": "METRIC", "dataType": "INTEGER"} for name in metrics]
    day = date.fromisoformat(query["endDate"]) - timedelta(days=2)
    rows = [[f"{day}", *range(100, 100 + len(metrics))]]
    return ok(kind="youtubeAnalytics#resultTable", columnHeaders=headers, rows=rows)


def _bad(reason: str) -> Answer:
    return refusal(400, "The request is not supported.", reason=reason)


METHODS: api.Methods = {
    ("GET", "/youtube/v3/channels"): (CHANNELS, _channels),
    ("GET", "/v2/reports"): (REPORTS, _report),
}
GUIDE = google.guide({"noaccess": "has no channel", "spent": "has used up today's quota"})
FOR_KEYS = [word for word in google.BREAKS if word not in NOT_FOR_KEYS]
PLATFORM = Platform(
    answer,
    {
        "API keys": [
            (api_key(name), does) for name, does in google.NAMES.items() if name not in NOT_FOR_KEYS
        ],
        **{title: GUIDE[title] for title in ("App for sign-in", "Refresh tokens")},
        "Channels": (
            (CHANNEL, "public; the channel of every sign-in"),
            (PRIVATE, "private; only for keys"),
            (OTHER, "known to nobody"),
        ),
    },
    healthy={"access_token": api_key("healthy"), "account_id": CHANNEL},
    story=Story(
        values={"access_token": api_key("healthy"), "account_id": CHANNEL},
        tests=7,
        troubles=(Trouble(31, "silent", 95),),
    ),
    practices=(
        Practice(
            healthy={"access_token": api_key("healthy"), "account_id": CHANNEL},
            revoked={"access_token": api_key("expired")},
            limited={"access_token": api_key("limited")},
            elsewhere={"account_id": OTHER},
        ),
    ),
    trials=(
        Trial(
            {"access_token": api_key("healthy"), "account_id": CHANNEL},
            breaks({word: google.BREAKS[word] for word in FOR_KEYS}, api_key)
            + values({PRIVATE: NOTHING, OTHER: NOT_SHOWN}, CHANNEL),
            "key",
        ),
        *google.trials(CHANNEL, {}),  # whose channel it is, is asked without naming one
    ),
    sign_ins=google.SIGN_INS,
)
