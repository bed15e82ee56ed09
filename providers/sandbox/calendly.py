"""Calendly's API as its documents describe it: the middle of the token decides what happens.

The tokens are not secrets: they are known to everybody and open nothing. Errors follow
https://developer.calendly.com/overview/api-conventions (read 2026-11-22).
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from providers.sandbox.server import Answer, Asked
from providers.sandbox.sign_in import AuthorizationServer
from providers.sandbox.stand_in import Platform, Story, does, trouble

HOME = "https://api.calendly.com"
ADA, BEN = f"{HOME}/users/ada00001", f"{HOME}/users/ben00002"
ACME, OUTLET = f"{HOME}/organizations/acme0001", f"{HOME}/organizations/outlet02"
LEADS = {"owner", "admin"}
LIST = {"count", "page_token"}
# Path -> its parameters and the scope that it needs.
PATHS = {
    "/users/me": (set(), "users:read"),
    "/organization_memberships": (
        {*LIST, "user", "organization", "email", "role"},
        "organizations:read",
    ),
    "/event_types": (
        {*LIST, "user", "organization", "active", "admin_managed", "sort"},
        "event_types:read",
    ),
    "/scheduled_events": (
        {
            *LIST,
            *("user", "organization", "group", "invitee_email", "status", "sort"),
            *("min_start_time", "max_start_time"),
        },
        "scheduled_events:read",
    ),
}
SORTS = {
    "/event_types": {"name:asc", "name:desc"},
    "/scheduled_events": {"start_time:asc", "start_time:desc"},
}


def token_of(word: str) -> str:
    """In the shape of a personal access token: three parts, the first of them eyJ…"""
    return f"eyJzYW5kYm94.{word}.only"


def refusal(status: int, title: str, message: str, **more: Any) -> Answer:
    """An error in Calendly's shape."""
    return Answer(status, {"title": title, "message": message, **more})


def limits(limit: int, remaining: int, reset: int) -> dict[str, str]:
    """The headers that count calls; `reset` is in seconds."""
    names = ("Limit", "Remaining", "Reset")
    counts = zip(names, (limit, remaining, reset), strict=True)
    return {f"X-RateLimit-{name}": str(count) for name, count in counts}


def wrong(parameter: str, message: str) -> Answer:
    details = [{"parameter": parameter, "message": message}]
    return refusal(400, "Invalid Argument", "The supplied parameters are invalid.", details=details)


TROUBLE = {
    "limited": (
        "over Calendly's limit: 40 seconds",
        Answer(
            429,
            {"title": "Too Many Requests", "message": "You have exceeded the rate limit."},
            limits(50, 0, 40),
        ),
    ),
    "expired": ("expired", refusal(401, "Unauthenticated", "The access token expired")),
    **trouble({"resource": {"uri": ADA}}),
}
EVERY_SCOPE = tuple(scope for _, scope in PATHS.values())


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
    name="Calendly",
    authorization_path="/oauth/authorize",
    token_path="/oauth/token",
    revocation_path="/oauth/revoke",
    people={word: token.does for word, token in TOKENS.items()},
    access_token=lambda word, serial: f"eyJzYW5kYm94.{word}.signed-in-{serial}",
    takes_basic=True,
    revocation_takes_basic=False,
    needs_pkce=True,
    rotates=True,
    expires_in=7200,
    reply=lambda word: {"owner": ADA, "organization": TOKENS[word].roles[0][0]},
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
        return _denied()
    return replace(_data(asked, token), headers=limits(500, 499, 60))


def _refuse_parameters(asked: Asked, known: set[str]) -> Answer | None:
    for name in sorted(asked.query.keys() - known):
        return wrong(name, "is not a parameter of this endpoint")
    count = asked.query.get("count", "20")
    if not count.isdigit() or not 1 <= int(count) <= 100:
        return wrong("count", "must be from 1 to 100")
    if asked.query.get("active", "true") not in {"true", "false"}:
        return wrong("active", "must be a boolean")
    sort = asked.query.get("sort")
    if sort and sort not in SORTS[asked.path]:
        return wrong("sort", "is not one of the orders of this endpoint")
    kinds = (("user", f"{HOME}/users/"), ("organization", f"{HOME}/organizations/"))
    for name, prefix in kinds:
        if not asked.query.get(name, prefix).startswith(prefix):
            return wrong(name, "must be a URI")
    if asked.path != "/users/me" and not asked.query.keys() & {"user", "organization", "group"}:
        return wrong("organization", "one of organization and user is needed")
    return None


def _denied() -> Answer:
    return refusal(403, "Permission Denied", "You do not have permission to access this resource.")


def _data(asked: Asked, token: Token) -> Answer:
    if asked.path == "/users/me":
        return Answer(200, {"resource": _person(token)})
    user, organization = asked.query.get("user"), asked.query.get("organization")
    role = dict(token.roles).get(organization or "")
    if user not in {None, ADA, BEN}:
        return wrong("user", "does not exist")
    if organization and not role:
        return _denied()
    if asked.path == "/organization_memberships":
        return _memberships(asked, token)
    if organization and role not in LEADS:
        return _denied()
    leads = bool(LEADS & {role for _, role in token.roles})
    # Somebody else's calls are shown to those alone who name the organization that they lead.
    if user == BEN and not (organization or (leads and asked.path == "/event_types")):
        return _denied()
    if asked.path == "/event_types":
        return _page([{"uri": f"{HOME}/event_types/1", "name": "First call", "active": True}])
    start = datetime.now(UTC) + timedelta(days=2)
    call = {
        "uri": f"{HOME}/scheduled_events/1",
        "name": "First call",
        "status": "active",
        "start_time": start.strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
        "end_time": (start + timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
        "event_type": f"{HOME}/event_types/1",
        "invitees_counter": {"total": 1, "active": 1, "limit": 1},
    }
    return _page([call] if token.has_calls else [])


def _person(token: Token) -> dict[str, Any]:
    return {
        "uri": ADA,
        "name": "Ada Page",
        "slug": "ada-page",
        "email": "ada@acme.example",
        "scheduling_url": "https://calendly.com/ada-page",
        "timezone": "Europe/Berlin",
        "current_organization": token.roles[0][0],
        "resource_type": "User",
    }


def _memberships(asked: Asked, token: Token) -> Answer:
    if asked.query.get("user") != ADA:
        return _denied()
    person = {"uri": ADA, "name": "Ada Page", "email": "ada@acme.example"}
    return _page(
        [
            {"uri": f"{HOME}/organization_memberships/{at}", "role": role, "user": person}
            | {"organization": organization}
            for at, (organization, role) in enumerate(token.roles)
        ]
    )


def _page(rows: list[dict[str, Any]]) -> Answer:
    pagination = {
        "count": len(rows),
        "next_page": None,
        "previous_page": None,
        "next_page_token": None,
        "previous_page_token": None,
    }
    return Answer(200, {"collection": rows, "pagination": pagination})


PLATFORM = Platform(
    answer,
    {
        "Personal access tokens": [(token_of(word), what) for word, what in does(TOKENS, TROUBLE)],
        "App for sign-in": SIGN_IN.shown(client_secret="its client secret"),
        "Organization URIs": ((ACME, "Acme"), (OUTLET, "Acme Outlet, for one token only")),
        "User URIs": ((ADA, "the owner of every token"), (BEN, "somebody else in the team")),
    },
    healthy={"access_token": token_of("healthy"), "account_id": ACME},
    story=Story(signs_in_as="healthy", tests=3, days_since_proof=3),
    sign_ins={"calendly": SIGN_IN},
)
