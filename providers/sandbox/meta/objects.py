"""What a token reaches at Meta: ad accounts, their reports, and datasets."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from providers.sandbox.meta.login import APP_ID, Token, refusal
from providers.sandbox.server import Answer, Asked, ok

OLDEST_FOR_ADS = (25, 0)
USAGE = {
    "type": "ads_insights",
    "call_count": 100,
    "total_cputime": 25,
    "total_time": 25,
    "estimated_time_to_regain_access": 12,
    "ads_api_access_tier": "development_access",
}
USED_UP = {"X-Business-Use-Case-Usage": json.dumps({"1001": [USAGE]})}

# What the guide says of each, and what is told of it.
ACCOUNTS: dict[str, tuple[str, dict[str, Any]]] = {
    "1001": ("active, with delivery", {"name": "Acme Shop", "account_status": 1}),
    "1002": ("disabled", {"name": "Acme Outlet", "account_status": 2, "disable_reason": 1}),
    "1003": ("active, without delivery", {"name": "Acme Winter", "account_status": 1}),
}
WITHOUT_DELIVERY = "1003"
# What an agency's token lists beside those: 309 more, of which three were not granted to its app.
KINDS = ("Cycles", "Bakery", "Legal", "Physio", "Books", "Kitchens", "Roasters")
TOWNS = ("Atlas", "Borough", "Casa", "Fjord", "Meridian", "Nordlys", "Rowan", "Sable", "Vela")
CLIENTS: dict[str, dict[str, Any]] = {
    str(4001 + place): {
        "name": f"{TOWNS[place % 9]} {KINDS[place % 7]} {1 + place // 63}",
        "account_status": 1,
    }
    for place in range(309)
}
WITHHELD = ("4005", "4008", "4012")
MOST_A_PAGE = 2
STAMP = "%Y-%m-%dT%H:%M:%S+0000"
PIXELS: dict[str, tuple[str, dict[str, Any]]] = {
    "2001": ("receives events", {"name": "acme.example", "is_unavailable": False}),
    "2002": ("has never received one", {"name": "new.acme.example", "is_unavailable": False}),
    "2003": ("unavailable", {"name": "old.acme.example", "is_unavailable": True}),
}
NEVER_FIRED = "2002"
OWN_APP = {"id": APP_ID, "name": "Acme Reporting"}
OTHER_APP = {"id": "5000600070008000", "name": "Other Tools"}
# The fields of each kind of node.
FIELDS = {
    "Application": {"id", "name"},
    "SystemUser": {"id", "name"},
    "AdAccount": {
        *("id", "account_id", "name", "account_status", "disable_reason"),
        *("currency", "timezone_name", "user_tasks"),
    },
    "AdsInsights": {"spend", "impressions", "clicks", "account_id", "account_name"},
    "AdsPixel": {"id", "name", "last_fired_time", "is_unavailable"},
}
NO_ADS = "Ad account owner has NOT grant ads_management or ads_read permission"
NOT_GRANTED = {
    True: refusal(200, f"(#200) {NO_ADS}", status=403),
    False: refusal(10, "(#10) Application does not have permission for this action", status=403),
}


def read(path: str, version: tuple[int, int], token: Token, asked: Asked) -> Answer:
    if path == "me":
        name = "Ada Page" if token.kind == "USER" else "Ads Robot"
        return _node("SystemUser", {"id": "90010", "name": name}, asked)
    if path == "app":
        return _node("Application", OTHER_APP if token.is_of_other_app else OWN_APP, asked)
    if path == "me/permissions":
        return _permissions(token)
    if path == "me/adaccounts":
        return _accounts(token, asked) if token.reads_ads else NOT_GRANTED[True]
    return _object(path, version, token, asked)


def _object(path: str, version: tuple[int, int], token: Token, asked: Asked) -> Answer:
    found = re.fullmatch(r"(act_)?([0-9]+)(/insights)?", path)
    if not found:
        return unknown_path(f"/{path}")
    if version < OLDEST_FOR_ADS:
        return refusal(2635, "(#2635) You are calling a deprecated version of the Ads API.")
    act, number, insights = found.groups()
    known = _listed(token) if act else PIXELS
    if not token.has_assets or number not in known or (insights and not act):
        return unsupported("get", path)
    if not token.reads_ads or number in WITHHELD:
        return NOT_GRANTED[bool(act)]
    if insights:
        return _refuse_report(token, asked) or _insights(number, asked)
    if act:
        return _node("AdAccount", _account(number), asked)
    return _node("AdsPixel", _pixel(number), asked)


def unknown_path(path: str) -> Answer:
    return refusal(2500, f"Unknown path components: {path}")


def unsupported(method: str, path: str) -> Answer:
    return refusal(
        100,
        f"Unsupported {method} request. Object with ID '{path}' does not exist, cannot be loaded "
        "due to missing permissions, or does not support this operation. Please read the Graph "
        "API documentation at https://developers.facebook.com/docs/graph-api",
        subcode=33,
    )


def _refuse_fields(kind: str, asked: Asked) -> Answer | None:
    unknown = next((name for name in _wanted(asked) if name not in FIELDS[kind]), None)
    message = f"(#100) Tried accessing nonexisting field ({unknown}) on node type ({kind})"
    return refusal(100, message) if unknown else None


def _wanted(asked: Asked) -> list[str]:
    return [name for name in asked.query.get("fields", "id").split(",") if name]


def _picked(node: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
    """Only the fields that were asked for, and always the id."""
    return {name: node[name] for name in ("id", *_wanted(asked)) if name in node}


def _node(kind: str, node: Mapping[str, Any], asked: Asked) -> Answer:
    return _refuse_fields(kind, asked) or Answer(200, _picked(node, asked))


def _permissions(token: Token) -> Answer:
    """The documents know this list for people; for system users they do not say."""
    status = dict.fromkeys(token.scopes, "granted") | dict.fromkeys(token.declined, "declined")
    rows = [{"permission": name, "status": how} for name, how in status.items()]
    return ok(data=rows if token.kind == "USER" else [])


def _accounts(token: Token, asked: Asked) -> Answer:
    """Pages with a cursor, shorter than was asked for but for agencies; the last has no `next`."""
    numbers = _listed(token)
    start = numbers.index(asked.query["after"]) + 1 if "after" in asked.query else 0
    most = int(asked.query.get("limit", 25)) if token.is_agency else MOST_A_PAGE
    shown = numbers[start : start + most]
    paging: dict[str, Any] = {}
    if shown:
        paging["cursors"] = {"before": shown[0], "after": shown[-1]}
    if start + most < len(numbers):
        paging["next"] = "https://graph.facebook.com/next"
    rows = [_picked(_account(number), asked) for number in shown]
    return _refuse_fields("AdAccount", asked) or ok(data=rows, paging=paging)


def _listed(token: Token) -> list[str]:
    """Of the ad accounts that it reaches."""
    if not token.has_assets:
        return []
    return sorted([*ACCOUNTS, *CLIENTS]) if token.is_agency else sorted(ACCOUNTS)


def _account(number: str) -> dict[str, Any]:
    facts = ACCOUNTS[number][1] if number in ACCOUNTS else CLIENTS[number]
    node = {"id": f"act_{number}", "account_id": number, **facts}
    return node | {"currency": "EUR", "timezone_name": "Europe/Berlin", "user_tasks": ["ANALYZE"]}


def _pixel(number: str) -> dict[str, Any]:
    node = {"id": number} | PIXELS[number][1]
    fired = datetime.now(UTC) - timedelta(hours=1)
    return node if number == NEVER_FIRED else node | {"last_fired_time": f"{fired:{STAMP}}"}


def _refuse_report(token: Token, asked: Asked) -> Answer | None:
    if token.is_limited:
        message = "(#80000) There have been too many calls from this ad-account."
        return refusal(80000, message, subcode=2446079, headers=USED_UP)
    if asked.query.get("level") not in {"account", "campaign", "adset", "ad"}:
        return refusal(100, "(#100) level must be one of the following values: ad, adset, …")
    if asked.query.get("date_preset") != "yesterday":
        return refusal(100, "(#100) date_preset must be one of the following values: …")
    return _refuse_fields("AdsInsights", asked)


def _insights(number: str, asked: Asked) -> Answer:
    day = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    values = {"spend": "42.17", "impressions": "5120", "clicks": "88", "account_id": number}
    row = _picked(values, asked) | {"date_start": day, "date_stop": day}
    rows = [] if number == WITHOUT_DELIVERY else [row]
    return ok(data=rows, paging={"cursors": {"before": "MAZDZD", "after": "MAZDZD"}})
