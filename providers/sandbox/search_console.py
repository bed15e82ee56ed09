"""Search Console as its documents describe it: a property is known by one exact string.

Shapes follow the discovery document searchconsole v1 (read 2026-11-22).
"""

import re
from datetime import date, timedelta
from typing import Any
from urllib.parse import unquote

from providers.sandbox import google
from providers.sandbox.google import refusal
from providers.sandbox.server import Answer, Asked
from providers.sandbox.stand_in import Platform, Story

SERVICE = "searchconsole.googleapis.com"
SCOPES = ("webmasters.readonly",)
LEVELS = {
    "sc-domain:acme.example": "siteOwner",
    "https://www.acme.example/": "siteRestrictedUser",
    "https://new.acme.example/": "siteFullUser",
    "https://old.acme.example/": "siteUnverifiedUser",
}
EMPTY = "https://new.acme.example/"
QUERY = {
    *("startDate", "endDate", "dimensions", "type", "searchType", "dataState"),
    *("dimensionFilterGroups", "aggregationType", "rowLimit", "startRow"),
}
DIMENSIONS = {"DATE", "HOUR", "QUERY", "PAGE", "COUNTRY", "DEVICE", "SEARCH_APPEARANCE"}
TYPES = {"WEB", "IMAGE", "VIDEO", "NEWS", "DISCOVER", "GOOGLE_NEWS", "GOOGLENEWS"}
STATES = {"FINAL", "ALL", "HOURLY_ALL"}


def answer(asked: Asked) -> Answer:
    """Sign-in, then the path, then the property, then the parameters."""
    stopped = google.at_the_door(asked, SERVICE, "Google Search Console API", *SCOPES)
    if stopped:
        return stopped
    if (asked.method, asked.path) == ("GET", "/webmasters/v3/sites"):
        return google.refuse_query(asked) or _sites(asked)
    found = re.fullmatch(
        r"/webmasters/v3/sites/([^/]+)(/sitemaps|/searchAnalytics/query)?", asked.path
    )
    method = "POST" if found and found[2] == "/searchAnalytics/query" else "GET"
    if not found or asked.method != method:
        return google.not_found()
    return google.refuse_query(asked) or _site(unquote(found[1]), found[2], asked)


def _sites(asked: Asked) -> Answer:
    if google.name_of(asked) == "noaccess":
        return Answer(200, {})
    rows = [{"siteUrl": site, "permissionLevel": level} for site, level in LEVELS.items()]
    return Answer(200, {"siteEntry": rows})


def _site(site: str, below: str | None, asked: Asked) -> Answer:
    if not re.fullmatch(r"sc-domain:.+|https?://.+", site):
        message = f"'{site}' is not a valid Search Console site URL."
        return refusal(400, message, reason="invalidParameter")
    level = LEVELS.get(site)
    if (
        level is None
        or google.name_of(asked) == "noaccess"
        or (below and level == "siteUnverifiedUser")
    ):
        return refusal(
            403,
            f"User does not have sufficient permission for site '{site}'. See also: "
            "https://support.google.com/webmasters/answer/2451999.",
            reason="forbidden",
        )
    if below is None:
        return Answer(200, {"siteUrl": site, "permissionLevel": level})
    return _sitemaps(site) if below == "/sitemaps" else _query(site, asked)


def _sitemaps(site: str) -> Answer:
    if site == EMPTY:
        return Answer(200, {})
    sitemap = {"path": f"{site}sitemap.xml", "isPending": False, "errors": "0", "warnings": "2"}
    return Answer(200, {"sitemap": [sitemap]})


def _query(site: str, asked: Asked) -> Answer:
    body = google.json_body(asked)
    if body is None:
        return refusal(400, "Invalid JSON payload.", reason="parseError")
    refused = google.refuse_names(body, QUERY, "Cannot find field") or _refuse_query(body)
    if refused:
        return refused
    name = google.name_of(asked)
    if name == "limited":
        message = "Quota exceeded for quota metric 'Search analytics'."
        return refusal(429, message, reason="rateLimitExceeded")
    if name == "spent":
        message = "Search Analytics load quota exceeded."
        return refusal(403, message, reason="quotaExceeded")
    found: dict[str, Any] = {"responseAggregationType": "byProperty"}
    if site != EMPTY:
        day = date.fromisoformat(body["endDate"]) - timedelta(days=1)
        numbers = {"clicks": 12.0, "impressions": 340.0, "ctr": 0.035, "position": 7.3}
        found["rows"] = [{"keys": [f"{day}"] * len(body.get("dimensions", ())), **numbers}]
    return Answer(200, found)


def _refuse_query(body: dict[str, Any]) -> Answer | None:
    """Enums are taken in capitals and in small letters alike."""
    wrong = not google.is_period(body) or any(
        str(value).upper() not in known
        for value, known in (
            (body.get("type", "WEB"), TYPES),
            (body.get("dataState", "FINAL"), STATES),
            *((dimension, DIMENSIONS) for dimension in body.get("dimensions", ())),
        )
    )
    if wrong or not 1 <= body.get("rowLimit", 1000) <= 25000:
        message = "Request contains an invalid argument."
        return refusal(400, message, reason="badRequest")
    return None


PLATFORM = Platform(
    answer,
    {
        **google.guide({"spent": "has used up the load quota: a quarter of an hour"}),
        "Properties": (
            ("sc-domain:acme.example", "owned, with searches"),
            ("https://www.acme.example/", "with searches, for a restricted user"),
            ("https://new.acme.example/", "without searches and sitemaps"),
            ("https://old.acme.example/", "not verified for this sign-in"),
        ),
    },
    healthy=google.HEALTHY | {"account_id": "https://www.acme.example/"},
    story=Story(
        values={
            "access_token": google.access_token("healthy"),
            "account_id": "sc-domain:acme.example",
        },
        tests=5,
        reported="The nightly report found no rows for three days.",
    ),
    sign_ins=google.SIGN_INS,
)
