"""Search Console as its documents describe it: a property is known by one exact string.

Shapes follow the discovery document searchconsole v1 (read 2026-11-22).
"""

import re
from datetime import date, timedelta
from typing import Any
from urllib.parse import unquote

from providers.sandbox import google
from providers.sandbox.breaks import NOT_SHOWN, NOTHING
from providers.sandbox.google import api
from providers.sandbox.google.api import refusal
from providers.sandbox.practice import Practice
from providers.sandbox.server import Answer, Asked, ok
from providers.sandbox.stand_in import Platform, Story, Trouble, does

API = "searchconsole.googleapis.com", "Google Search Console API", "webmasters.readonly"
# What the guide says of each, and the level of every sign-in.
LEVELS = {
    "sc-domain:acme.example": ("owned, with searches", "siteOwner"),
    "https://www.acme.example/": (
        "with searches, for a restricted user",
        "siteRestrictedUser",
    ),
    "https://new.acme.example/": ("without searches and sitemaps", "siteFullUser"),
    "https://old.acme.example/": ("not verified for this sign-in", "siteUnverifiedUser"),
}
EMPTY = "https://new.acme.example/"
QUERY = {
    *("startDate", "endDate", "dimensions", "type", "searchType", "dataState"),
    *("dimensionFilterGroups", "aggregationType", "rowLimit", "startRow"),
}
DIMENSIONS = {"DATE", "HOUR", "QUERY", "PAGE", "COUNTRY", "DEVICE", "SEARCH_APPEARANCE"}
TYPES = {"WEB", "IMAGE", "VIDEO", "NEWS", "DISCOVER", "GOOGLE_NEWS", "GOOGLENEWS"}
STATES = {"FINAL", "ALL", "HOURLY_ALL"}
USED_UP = {
    "limited": refusal(
        429, "Quota exceeded for quota metric 'Search analytics'.", reason="rateLimitExceeded"
    ),
    "spent": refusal(403, "Search Analytics load quota exceeded.", reason="quotaExceeded"),
}


def answer(asked: Asked) -> Answer:
    """Sign-in, then the path, then the property, then the parameters."""
    return api.answer_of(asked, *API, METHODS)


def _sites(name: str, _asked: Asked) -> Answer:
    rows = [{"siteUrl": site, "permissionLevel": level} for site, (_, level) in LEVELS.items()]
    return ok() if name == "noaccess" else ok(siteEntry=rows)


def _site(name: str, _asked: Asked, site: str) -> Answer:
    site = unquote(site)
    return _refuse_site(name, site) or ok(siteUrl=site, permissionLevel=LEVELS[site][1])


def _refuse_site(name: str, site: str, *, is_below: bool = False) -> Answer | None:
    if not re.fullmatch(r"sc-domain:.+|https?://.+", site):
        message = f"'{site}' is not a valid Search Console site URL."
        return refusal(400, message, reason="invalidParameter")
    _, level = LEVELS.get(site, ("", ""))
    is_short = is_below and level == "siteUnverifiedUser"
    if level and name != "noaccess" and not is_short:
        return None
    return refusal(
        403,
        f"User does not have sufficient permission for site '{site}'. See also: "
        "https://support.google.com/webmasters/answer/2451999.",
        reason="forbidden",
    )


def _sitemaps(name: str, _asked: Asked, site: str) -> Answer:
    site = unquote(site)
    sitemap = {"path": f"{site}sitemap.xml", "isPending": False, "errors": "0", "warnings": "2"}
    refused = _refuse_site(name, site, is_below=True)
    return refused or (ok() if site == EMPTY else ok(sitemap=[sitemap]))


def _query(name: str, asked: Asked, site: str) -> Answer:
    site = unquote(site)
    if refused := _refuse_site(name, site, is_below=True):
        return refused
    body = api.json_body(asked)
    if body is None:
        return refusal(400, "Invalid JSON payload.", reason="parseError")
    if refused := api.refuse_names(body, QUERY, "Cannot find field") or _refuse_query(body):
        return refused
    if name in USED_UP:
        return USED_UP[name]
    found: dict[str, Any] = {"responseAggregationType": "byProperty"}
    if site != EMPTY:
        day = date.fromisoformat(body["endDate"]) - timedelta(days=1)
        numbers = {"clicks": 12.0, "impressions": 340.0, "ctr": 0.035, "position": 7.3}
        found["rows"] = [{"keys": [f"{day}"] * len(body.get("dimensions", ())), **numbers}]
    return Answer(200, found)


def _refuse_query(body: dict[str, Any]) -> Answer | None:
    """Enums are taken in capitals and in small letters alike."""
    wrong = not api.is_period(body) or any(
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


SITES = "/webmasters/v3/sites"
METHODS: api.Methods = {
    ("GET", SITES): ((), _sites),
    ("GET", f"{SITES}/([^/]+)"): ((), _site),
    ("GET", f"{SITES}/([^/]+)/sitemaps"): ((), _sitemaps),
    ("POST", f"{SITES}/([^/]+)/searchAnalytics/query"): ((), _query),
}

# What the property becomes: empty, not verified, or no longer ours to see.
INSTEAD = {
    EMPTY: NOTHING,
    "https://old.acme.example/": NOT_SHOWN,
    "https://other.acme.example/": NOT_SHOWN,
}
PLATFORM = Platform(
    answer,
    {
        **google.guide({"spent": "has used up the load quota: a quarter of an hour"}),
        "Properties": does(LEVELS),
    },
    healthy=google.HEALTHY | {"account_id": "https://www.acme.example/"},
    story=Story(
        values={
            "access_token": google.access_token("healthy"),
            "account_id": "sc-domain:acme.example",
        },
        tests=5,
        troubles=(Trouble(3, "error", 273), Trouble(40, "unproven", 190)),
        reported="The nightly report found no rows for three days.",
    ),
    practices=(
        Practice(
            healthy=google.HEALTHY | {"account_id": "https://www.acme.example/"},
            revoked={"refresh_token": google.refresh_token("expired")},
            limited={"refresh_token": google.refresh_token("limited")},
            elsewhere={"account_id": "https://other.acme.example/"},
        ),
    ),
    # The load quota is one of ten minutes and one of a day: the reply does not say which.
    trials=google.trials(
        "https://www.acme.example/", INSTEAD, spent="quota_exhausted rate_limited"
    ),
    sign_ins=google.SIGN_INS,
)
