"""Google Analytics as its documents describe it: both its APIs, for one property and its bin.

Shapes follow the discovery documents analyticsdata v1beta and analyticsadmin v1beta (read
2026-11-22).
"""

import re
from typing import Any

from providers.sandbox import google
from providers.sandbox.google import refusal
from providers.sandbox.server import Answer, Asked
from providers.sandbox.stand_in import Platform, Story

SCOPES = ("analytics.readonly",)
PROPERTIES: dict[str, dict[str, Any]] = {
    "1001": {"displayName": "acme.example", "timeZone": "Europe/Berlin"},
    "1002": {"displayName": "new.acme.example", "timeZone": "Europe/Berlin"},
    "1003": {
        "displayName": "old.acme.example",
        "timeZone": "Europe/Berlin",
        "deleteTime": "2026-11-01T00:00:00Z",
    },
}
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
    stopped = google.at_the_door(
        asked,
        f"analytics{which.lower()}.googleapis.com",
        f"Google Analytics {which} API",
        *SCOPES,
    )
    if stopped:
        return stopped
    if (asked.method, asked.path) == ("GET", "/v1beta/accountSummaries"):
        return google.refuse_query(asked, "pageSize", "pageToken") or _summaries(asked)
    found = re.fullmatch(r"/v1beta/properties/([^/:]+)(:runReport|/\w+)?", asked.path)
    method = "POST" if found and found[2] == ":runReport" else "GET"
    if not found or asked.method != method:
        return google.not_found()
    if found[2] == ":runReport":
        return google.refuse_query(asked) or _report(found[1], asked)
    return _admin(found[1], found[2], asked)


def _summaries(asked: Asked) -> Answer:
    if google.name_of(asked) == "noaccess":
        return Answer(200, {})
    listed = [
        {
            "property": f"properties/{number}",
            "displayName": facts["displayName"],
            "propertyType": "PROPERTY_TYPE_ORDINARY",
            "parent": "accounts/1",
        }
        for number, facts in PROPERTIES.items()
        if "deleteTime" not in facts
    ]
    summary = {"name": "accountSummaries/1", "account": "accounts/1", "displayName": "Acme"}
    return Answer(200, {"accountSummaries": [{**summary, "propertySummaries": listed}]})


def _admin(number: str, below: str | None, asked: Asked) -> Answer:
    if number not in PROPERTIES or google.name_of(asked) == "noaccess":
        return refusal(403, "The caller does not have permission")
    name = f"properties/{number}"
    if below is None:
        facts = {"serviceLevel": "GOOGLE_ANALYTICS_STANDARD", "currencyCode": "EUR"}
        return google.refuse_query(asked) or Answer(
            200, {"name": name, **facts, **PROPERTIES[number]}
        )
    listed: dict[str, dict[str, Any]] = {
        "/dataStreams": {
            "name": f"{name}/dataStreams/1",
            "type": "WEB_DATA_STREAM",
            "webStreamData": {
                "measurementId": "G-SANDBOX1",
                "defaultUri": f"https://{PROPERTIES[number]['displayName']}",
            },
        },
        "/keyEvents": {
            "name": f"{name}/keyEvents/1",
            "eventName": "purchase",
            "countingMethod": "ONCE_PER_EVENT",
        },
    }
    if below not in listed:
        return google.not_found()
    rows = {} if number == EMPTY else {below[1:]: [listed[below]]}
    return google.refuse_query(asked, "pageSize", "pageToken") or Answer(200, rows)


def _report(number: str, asked: Asked) -> Answer:
    body = google.json_body(asked)
    if body is None:
        return refusal(400, "Invalid JSON payload received.")
    refused = google.refuse_names(body, REPORT, "Cannot find field")
    if refused:
        return refused
    name = google.name_of(asked)
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
        "metadata": {"currencyCode": "EUR", "timeZone": "Europe/Berlin"},
    }
    if body.get("returnPropertyQuota"):
        report["propertyQuota"] = {"tokensPerDay": {"consumed": 1, "remaining": 199999}}
    if number != EMPTY:
        report |= {"rows": [{"metricValues": [{"value": "1234"} for _ in names]}], "rowCount": 1}
    return Answer(200, report)


PLATFORM = Platform(
    answer,
    {
        **google.guide(
            {
                "limited": "runs too many reports at once: half a minute",
                "spent": "has used up the property's tokens of the hour",
            }
        ),
        "Properties": (
            ("1001", "has visits"),
            ("1002", "has none, no website and no key event"),
            ("1003", "is in the trash"),
        ),
    },
    healthy=google.HEALTHY | {"account_id": "1001"},
    story=Story(
        values={"access_token": google.access_token("healthy"), "account_id": "1001"}, tests=5
    ),
    sign_ins=google.SIGN_INS,
)
