"""Calendly's API as its documents describe it: the middle of the token decides what happens.

The tokens are not secrets: they are known to everybody and open nothing. Errors follow
https://developer.calendly.com/overview/api-conventions (read 2026-11-22).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from providers.sandbox.breaks import NOT_SHOWN, NOTHING, SILENCES, Trial, breaks, values
from providers.sandbox.practice import Practice
from providers.sandbox.server import Answer, Asked, counts, ok
from providers.sandbox.sign_in import AuthorizationServer
from providers.sandbox.stand_in import (
    ANY,
    UP_TO_100,
    Platform,
    Story,
    Trouble,
    any_of,
    does,
    trouble,
    wrong_in,
)

HOME = "https://api.calendly.com"
ADA, BEN = f"{HOME}/users/ada00001", f"{HOME}/users/ben00002"
ACME, OUTLET = f"{HOME}/organizations/acme0001", f"{HOME}/organizations/outlet02"
LEADS = {"owner", "admin"}
OWNERS = {"user": f"{HOME}/users/.*", "organization": f"{HOME}/organizations/.*"}
LIST = OWNERS | {"count": UP_TO_100, "page_token": ANY}
# Path -> its parameters, the pattern of each, and the scope that it needs.
PATHS: dict[str, tuple[dict[str, str], str]] = {
    "/users/me": ({}, "users:read"),
    "/organization_memberships": (LIST | any_of("email", "role"), "organizations:read"),
    "/event_types": (
        LIST | any_of("admin_managed") | {"active": "true|false", "sort": "(name:(asc|desc))?"},
        "event_types:read",
    ),
    "/scheduled_events": (
        LIST
        | any_of("group", "invitee_email", "status", "min_start_time", "max_start_time")
        | {"sort": "(start_time:(asc|desc))?"},
        "scheduled_events:read",
    ),
}
# What is said of a parameter that the path knows, and whose value is not as documented.
WRONG = {
    "count": "must be from 1 to 100",
    "active": "must be a boolean",
    "sort": "is not one of the orders of this endpoint",
    "user": "must be a URI",
    "organization": "must be a URI",
}


def token_of(word: str) -> str:
    """In the shape of a personal access token: three parts, the first of them eyJ…"""
    return f"eyJzYW5kYm94.{word}.only"


def refusal(status: int, title: str, message: str, **more: Any) -> Answer:
    """An error in Calendly's shape."""
    return Answer(status, {"title": title, "message": message, **more})


def wrong(parameter: str, message: str) -> Answer:
    details = [{"parameter": parameter, "message": message}]
    return refusal(400, "Invalid Argument", "The supplied parameters are invalid.", details=details)


DENIED = refusal(403, "Permission Denied", "You do not have permission to access this resource.")
OVER = refusal(429, "Too Many Requests", "You have exceeded the rate limit.")
NONE_LEFT = counts("X-RateLimit", Limit=50, Remaining=0, Reset=40)
LIMITS = counts("X-RateLimit", Limit=500, Remaining=499, Reset=60)
TROUBLE = {
    "limited": ("over Calendly's limit: 40 seconds", replace(OVER, headers=NONE_LEFT)),
    "expired": ("expired", refusal(401, "Unauthenticated", "The access token expired")),
    **trouble(resource={"uri": ADA}),
}
EVERY_SCOPE = tuple(scope for _, scope in PATHS.values())


# What is told of a person beside name and address.
MORE = {
    "slug": "ada-page",
    "scheduling_url": "https://calendly.com/ada-page",
    "timezone": "Europe/Berlin",
    "resource_type": "User",
}


@dataclass(frozen=True)
class Token:
    """Whose token it is, as role by organization, and what it may read."""

    does: str
    roles: tuple[tuple[str, str], ...] = ((ACME, "owner"),)
    scopes: tuple[str, ...] = EVERY_SCOPE
    has_calls: bool = True


TOKENS = {
    "healthy": Token("an owner, who sees the whole team"),
    "member": Token("a member, who sees own calls only", ((ACME, "user"),)),
    "two": Token("an admin of two organizations", ((ACME, "admin"), (OUTLET, "admin"))),
    "empty": Token("of a team without calls", has_calls=False),
    "noscopes": Token("made without choosing any scope", scopes=()),
    "nocalls": Token("lacks scheduled_events:read", scopes=EVERY_SCOPE[:3]),
}

# As https://developer.calendly.com/authentication says: refresh tokens are good once.
SIGN_IN = AuthorizationServer(
    "Calendly",
    *("/oauth/authorize", "/oauth/token", "/oauth/revoke"),
    people=dict(does(TOKENS)),
    access_token=lambda word, serial: f"eyJzYW5kYm94.{word}.signed-in-{serial}",
    takes_basic=True,
    revocation_takes_basic=False,
    needs_pkce=True,
    rotates=True,
    expires_in=7200,
    reply=lambda given: {"owner": ADA, "organization": TOKENS[given.person].roles[0][0]},
)


def answer(asked: Asked) -> Answer:
    """Sign-in, or: token, then path and parameters, then scope, then what role and organization
    allow.
    """
    if signed_in := SIGN_IN.answer(asked):
        return signed_in
    given = SIGN_IN.given_of(asked.bearer)
    if given and given.is_revoked:
        return refusal(401, "Unauthenticated", "The access token was revoked")
    word = asked.bearer.removeprefix("eyJzYW5kYm94.").removesuffix(".only")
    if given:
        token = replace(TOKENS[given.person], scopes=given.scopes)
    elif asked.bearer != token_of(word) or word not in {*TOKENS, *TROUBLE}:
        return refusal(401, "Unauthenticated", "The access token is invalid")
    elif word in TROUBLE:
        return TROUBLE[word][1]
    else:
        token = TOKENS[word]
    if asked.method != "GET" or asked.path not in PATHS:
        return refusal(404, "Resource Not Found", "The server could not find what was asked for.")
    known, scope = PATHS[asked.path]
    if refused := _refuse_parameters(asked, known):
        return refused
    if scope not in token.scopes:
        return DENIED
    return replace(_data(asked, token), headers=LIMITS)


def _refuse_parameters(asked: Asked, known: Mapping[str, str]) -> Answer | None:
    if name := wrong_in(asked.query, known):
        said = WRONG[name] if name in known else "is not a parameter of this endpoint"
        return wrong(name, said)
    if asked.path != "/users/me" and not asked.query.keys() & {"user", "organization", "group"}:
        return wrong("organization", "one of organization and user is needed")
    return None


def _data(asked: Asked, token: Token) -> Answer:
    person = {"uri": ADA, "name": "Ada Page", "email": "ada@acme.example"}
    if asked.path == "/users/me":
        return ok(resource=person | MORE | {"current_organization": token.roles[0][0]})
    user, organization = asked.query.get("user"), asked.query.get("organization")
    if user not in {None, ADA, BEN}:
        return wrong("user", "does not exist")
    roles = dict(token.roles)
    if organization and organization not in roles:
        return DENIED
    if asked.path == "/organization_memberships":
        rows = [
            {"uri": f"{HOME}/organization_memberships/{at}", "role": role, "user": person}
            | {"organization": organization}
            for at, (organization, role) in enumerate(token.roles)
        ]
        return _page(rows) if user == ADA else DENIED
    if organization and roles[organization] not in LEADS:
        return DENIED
    # Somebody else's calls are shown to those alone who name the organization that they lead.
    leads = bool(LEADS & {*roles.values()})
    if user == BEN and not (organization or (leads and asked.path == "/event_types")):
        return DENIED
    if asked.path == "/event_types":
        return _page([{"uri": f"{HOME}/event_types/1", "name": "First call", "active": True}])
    return _page([_call()] if token.has_calls else [])


def _call() -> dict[str, Any]:
    start = datetime.now(UTC) + timedelta(days=2)
    end = start + timedelta(minutes=30)
    return {
        "uri": f"{HOME}/scheduled_events/1",
        "name": "First call",
        "status": "active",
        "start_time": f"{start:%Y-%m-%dT%H:%M:%S.000000Z}",
        "end_time": f"{end:%Y-%m-%dT%H:%M:%S.000000Z}",
        "event_type": f"{HOME}/event_types/1",
        "invitees_counter": {"total": 1, "active": 1, "limit": 1},
    }


def _page(rows: list[dict[str, Any]]) -> Answer:
    others = ("next_page", "previous_page", "next_page_token", "previous_page_token")
    return ok(collection=rows, pagination={"count": len(rows), **dict.fromkeys(others)})


# What https://developer.calendly.com/overview/api-conventions and the page on scopes say of each.
BREAKS = {
    "withdrawn": "auth_invalid",
    "expired": "auth_expired",
    "noscopes": "permission_missing",
    "nocalls": "permission_missing",
    "limited": "rate_limited",
    "two": NOTHING,
    "member": NOTHING,  # sees own calls, and nothing else is asked for
    "empty": NOTHING,
    **SILENCES,
}
PLATFORM = Platform(
    answer,
    {
        "Personal access tokens": [(token_of(word), what) for word, what in does(TOKENS, TROUBLE)],
        "App for sign-in": SIGN_IN.shown(client_secret="its client secret"),
        "Organization URIs": ((ACME, "Acme"), (OUTLET, "Acme Outlet, for one token only")),
        "User URIs": ((ADA, "the owner of every token"), (BEN, "somebody else in the team")),
    },
    healthy={"access_token": token_of("healthy"), "account_id": ACME},
    story=Story(
        signs_in_as="healthy",
        tests=3,
        days_since_proof=3,
        troubles=(Trouble(2, "unproven", 900), Trouble(1, "unproven", 1440)),
    ),
    practices=(
        Practice(
            healthy={"access_token": token_of("healthy"), "account_id": ACME},
            revoked={"access_token": token_of("withdrawn")},
            limited={"access_token": token_of("limited")},
            elsewhere={"account_id": OUTLET},
        ),
    ),
    trials=(
        Trial(
            {"access_token": token_of("healthy"), "account_id": ACME},
            breaks(BREAKS, token_of) + values({OUTLET: NOT_SHOWN}, ACME),
        ),
    ),
    sign_ins={"calendly": SIGN_IN},
)
