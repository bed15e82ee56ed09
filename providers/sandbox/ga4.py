"""Google Analytics as its documents describe it: both its APIs, for one property and its bin.

Shapes follow the discovery documents analyticsdata v1beta and analyticsadmin v1beta (read
2026-11-22).
"""

from typing import Any

from providers.sandbox import google
from providers.sandbox.breaks import NOT_SHOWN, NOTHING
from providers.sandbox.google import api
from providers.sandbox.google.api import refusal
from providers.sandbox.practice import Practice
from providers.sandbox.server import Answer, Asked, ok
from providers.sandbox.stand_in import Platform, Story, Trouble, does

SCOPE = "analytics.readonly"
# What the guide says of each, and what is told of it.
PROPERTIES = {
    "1001": ("has visits", {"displayName": "acme.example"}),
    "1002": ("has none, no website and no key event", {"displayName": "new.acme.example"}),
    "1003": (
        "is in the trash",
        {"displayName": "old.acme.example", "deleteTime": "2026-11-01T00:00:00Z"},
    ),
}
EVERYWHERE = {"currencyCode": "EUR", "timeZone": "Europe/Berlin"}
EMPTY = "1002"
REPORT = {
    *("property", "dimensions", "metrics", "dateRanges", "dimensionFilter", "metricFilter"),
    *("offset", "limit", "metricAggregations", "orderBys", "currencyCode", "cohortSpec"),
    *("keepEmptyRows", "returnPropertyQuota", "comparisons"),
}
USED_UP = {
    "limited": "Exhausted concurrent requests quota. Please try again later.",
    "spent": "Exhausted property tokens for a project per hour. These quota tokens will return "
    "in under an hour.",
}


def answer(asked: Asked) -> Answer:
    """Sign-in, then the path, then the property, then the parameters."""
    which = "Data" if asked.path.endswith(":runReport") else "Admin"
    service = f"analytics{which.lower()}.googleapis.com"
    return api.answer_of(asked, service, f"Google Analytics {which} API", SCOPE, METHODS)


def _summaries(name: str, _asked: Asked) -> Answer:
    if name == "noaccess":
        return ok()
    listed = [
        {
            "property": f"properties/{number}",
            "displayName": facts["displayName"],
            "propertyType": "PROPERTY_TYPE_ORDINARY",
            "parent": "accounts/1",
        }
        for number, (_, facts) in PROPERTIES.items()
        if "deleteTime" not in facts
    ]
    summary = {"name": "accountSummaries/1", "account": "accounts/1", "displayName": "Acme"}
    return ok(accountSummaries=[{**summary, "propertySummaries": listed}])


def _property(name: str, _asked: Asked, number: str) -> Answer:
    if refused := _refuse(name, number):
        return refused
    level = {"serviceLevel": "GOOGLE_ANALYTICS_STANDARD"}
    return ok(name=f"properties/{number}", **level, **EVERYWHERE, **PROPERTIES[number][1])


def _refuse(name: str, number: str) -> Answer | None:
    if number in PROPERTIES and name != "noaccess":
        return None
    return refusal(403, "The caller does not have permission")


def _streams(name: str, _asked: Asked, number: str) -> Answer:
    if refused := _refuse(name, number):
        return refused
    site = f"https://{PROPERTIES[number][1]['displayName']}"
    stream = {
        "name": f"properties/{number}/dataStreams/1",
        "type": "WEB_DATA_STREAM",
        "webStreamData": {"measurementId": "G-SANDBOX1", "defaultUri": site},
    }
    return ok() if number == EMPTY else ok(dataStreams=[stream])


def _key_events(name: str, _asked: Asked, number: str) -> Answer:
    event = {
        "name": f"properties/{number}/keyEvents/1",
        "eventName": "purchase",
        "countingMethod": "ONCE_PER_EVENT",
    }
    return _refuse(name, number) or (ok() if number == EMPTY else ok(keyEvents=[event]))


def _report(name: str, asked: Asked, number: str) -> Answer:
    body = api.json_body(asked)
    if body is None:
        return refusal(400, "Invalid JSON payload received.")
    if refused := api.refuse_names(body, REPORT, "Cannot find field"):
        return refused
    if name in USED_UP:
        return refusal(429, USED_UP[name])
    if number not in PROPERTIES or name == "noaccess":
        return refusal(
            403,
            "User does not have sufficient permissions for this property. To learn more about "
            "Property ID, see https://developers.google.com/analytics/devguides/reporting/data/v1.",
        )
    if not body.get("dateRanges") or not body.get("metrics"):
        return refusal(400, "The request must have dates and metrics.")
    names = [metric.get("name") for metric in body["metrics"]]
    report: dict[str, Any] = {
        "kind": "analyticsData#runReport",
        "metricHeaders": [{"name": name, "type": "TYPE_INTEGER"} for name in names],
        "metadata": EVERYWHERE,
    }
    if body.get("returnPropertyQuota"):
        report["propertyQuota"] = {"tokensPerDay": {"consumed": 1, "remaining": 199999}}
    if number != EMPTY:
        report |= {"rows": [{"metricValues": [{"value": "1234"} for _ in names]}], "rowCount": 1}
    return Answer(200, report)


PAGES = ("pageSize", "pageToken")
METHODS: api.Methods = {
    ("GET", "/v1beta/accountSummaries"): (PAGES, _summaries),
    ("GET", "/v1beta/properties/([^/:]+)"): ((), _property),
    ("GET", "/v1beta/properties/([^/:]+)/dataStreams"): (PAGES, _streams),
    ("GET", "/v1beta/properties/([^/:]+)/keyEvents"): (PAGES, _key_events),
    ("POST", "/v1beta/properties/([^/:]+):runReport"): ((), _report),
}

PLATFORM = Platform(
    answer,
    {
        **google.guide(
            {
                "limited": "runs too many reports at once: half a minute",
                "spent": "has used up the property's tokens of the hour",
            }
        ),
        "Properties": does(PROPERTIES),
    },
    healthy=google.HEALTHY | {"account_id": "1001"},
    story=Story(
        values={"access_token": google.access_token("healthy"), "account_id": "1001"},
        tests=5,
        troubles=(Trouble(3, "error", 273),),
        beside={"New site": {"access_token": google.access_token("healthy"), "account_id": "1002"}},
    ),
    practices=(
        Practice(
            healthy=google.HEALTHY | {"account_id": "1001"},
            revoked={"refresh_token": google.refresh_token("expired")},
            limited={"refresh_token": google.refresh_token("limited")},
            elsewhere={"account_id": "1009"},
        ),
    ),
    # One that is in the trash is still read.
    trials=google.trials("1001", {"1002": NOTHING, "1003": NOTHING, "1009": NOT_SHOWN}),
    sign_ins=google.SIGN_INS,
)
