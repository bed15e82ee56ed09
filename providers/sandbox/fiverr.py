"""A data service such as a team runs, and Fiverr's public pages with the wall before them.

Fiverr documents neither. The service lives at / and /service/…, where the key and the path
decide what happens; every other path is the page of a seller.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from providers.sandbox.breaks import NOTHING, SILENCES, Trial, breaks
from providers.sandbox.practice import Practice
from providers.sandbox.server import Answer, Asked, page
from providers.sandbox.stand_in import Platform, Story, does

STATE = (
    "<!DOCTYPE html><html><body>"
    '<script id="perseus-initial-props" type="application/json">{{"user":{{"username":"{0}"}}}}'
    "</script></body></html>"
)

USERNAME = "acme_studio"
NUMBERS: Mapping[str, Any] = {
    "username": USERNAME,
    "level": "Level 2",
    "rating": 4.9,
    "reviews": 212,
    "gigs": 7,
    "orders_in_queue": 3,
}

KEY = "svc-healthy"
KEYS = {
    KEY: ("is accepted", None),
    "svc-forbidden": ("is known and not allowed", Answer(403, {"message": "Forbidden"})),
    "svc-limited": (
        "is used too often",
        Answer(429, {"message": "Too many"}, {"Retry-After": "30"}),
    ),
    "svc-down": ("leads to a page with status 503", page(503, "Unavailable")),
    "svc-cut": ("gets half a reply", Answer(200, dict(NUMBERS), is_cut=True)),
    "svc-silent": ("gets no answer at all", Answer(is_silent=True)),
}
SERVICE_PATHS = (
    ("/service/open", "asks for no key"),
    ("/service/list", "gives a list"),
    ("/service/stale", "gives numbers of last week"),
    ("/service/other", "gives another seller's numbers"),
    ("/service/strange", "gives nothing that we know"),
    ("/service/error", "tells of an error with status 200"),
    ("/service/accepted", "takes data and gives none, like a webhook of Make"),
    ("/service/login", "shows a web page"),
    ("/service/moved", "forwards elsewhere"),
    ("/service/post", "wants to be posted to"),
)
SELLERS = {
    USERNAME: ("has a page", Answer(200, STATE.format(USERNAME))),
    "gone_seller": ("leads to the home page", Answer(302, "", {"Location": "/"})),
    "walled": ("meets the wall", page(403, "It needs a human touch")),
    "walled_200": ("meets the wall, with status 200", page(200, "px-captcha")),
    "empty_page": ("is not in the page", page(200, "Fiverr")),
    "limited": ("meets a limit", Answer(429, "")),
    "down": ("meets a page with status 503", page(503, "Unavailable")),
    "silent": ("gets no answer at all", Answer(is_silent=True)),
}
NOBODY = "nobody_here"


def answer(asked: Asked) -> Answer:
    if asked.path == "/" or asked.path.startswith("/service/"):
        return _service(asked)
    username = asked.path.strip("/")
    if asked.method != "GET" or not re.fullmatch(r"[A-Za-z0-9_.\-]+", username):
        return page(404, "Page not found")
    _, shown = SELLERS.get(username.lower(), ("", page(404, "Page not found")))
    return shown


def _service(asked: Asked) -> Answer:
    if asked.method != "GET":
        return Answer(405, {"message": "Method not allowed"}, {"Allow": "GET"})
    key = asked.bearer or asked.headers.get("X-API-Key", "")
    if asked.path != "/service/open":
        if key not in KEYS:
            return Answer(401, {"message": "Unauthorized"}, {"WWW-Authenticate": "Bearer"})
        _, refused = KEYS[key]
        if refused:
            return refused
    return _data(asked.path)


def _data(path: str) -> Answer:
    now = datetime.now(UTC)
    numbers = dict(NUMBERS, updated_at=now.isoformat())
    answers = {
        "/": Answer(200, numbers),
        "/service/open": Answer(200, numbers),
        "/service/list": Answer(200, [numbers]),
        "/service/stale": Answer(200, numbers | {"updated_at": str(now - timedelta(days=7))}),
        "/service/other": Answer(200, numbers | {"username": "somebody_else"}),
        "/service/strange": Answer(200, {"hello": "world"}),
        "/service/error": Answer(200, {"error": "The sheet could not be opened."}),
        "/service/accepted": Answer(200, "Accepted"),
        "/service/login": page(200, "Log in"),
        "/service/moved": Answer(302, "", {"Location": "/service/elsewhere"}),
        "/service/post": Answer(405, {"message": "Method not allowed"}, {"Allow": "POST"}),
    }
    return answers.get(path, Answer(404, {"code": 404, "message": "No such webhook"}))


HEALTHY = {
    "base_url": "https://data.acme.example",
    "access_token": KEY,
    "account_id": USERNAME,
}
BREAKS = {
    "withdrawn": "auth_invalid",
    "forbidden": "permission_missing",
    "limited": "rate_limited",
    **{word: means for word, means in SILENCES.items() if word != "wall"},
}
# Of an address that gave numbers before: what it gives instead is a mistake there.
ODD = "blocked provider_unavailable unexpected_reply"
OF_PATHS = {
    "other": "account_not_found",
    **dict.fromkeys(("error", "accepted", "login", "moved", "post"), ODD),
    "list": NOTHING,
    "strange": NOTHING,  # names are free, and these may be somebody's own
}
PLATFORM = Platform(
    answer,
    {
        "Keys of the data service (any address)": does(KEYS),
        "Paths to test of the data service": (
            ("/", "gives today's numbers, as does an empty path"),
            *SERVICE_PATHS,
        ),
        "Sellers for the public page": (
            *does(SELLERS),
            (NOBODY, "has no page, like every other name"),
        ),
    },
    healthy=HEALTHY,
    story=Story(values={"account_id": USERNAME, "live_lookup": "on"}),
    trials=(
        Trial(HEALTHY, breaks(BREAKS, lambda word: f"svc-{word}"), "key"),
        Trial(
            HEALTHY | {"health_path": "/service/open"},
            breaks(OF_PATHS, lambda word: f"/service/{word}", sound="open"),
            "address",
        ),
    ),
    practices=(
        Practice(
            healthy=HEALTHY,
            revoked={"access_token": "svc-withdrawn"},
            limited={"access_token": "svc-limited"},
            elsewhere={"health_path": "/service/other"},
        ),
    ),
)
