"""Upwork's token address and its GraphQL API: the token decides what happens.

The keys are not secrets: they are known to everybody and open nothing. Refusals follow
https://www.upwork.com/developer/documentation/graphql/api/docs/index.html (read 2026-11-22):
GraphQL refuses with status 200 and a list of errors.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from providers.sandbox.server import Answer, Asked, page
from providers.sandbox.sign_in import AuthorizationServer, oauth_refusal
from providers.sandbox.stand_in import Platform, Story, does

TOKEN_PATH = "/api/v3/oauth2/token"
CLIENT_ID = "0123456789abcdef0123456789abcdef"
CLIENT_SECRET = "0123456789abcdef"
SERVICE_ID = "fedcba9876543210fedcba9876543210"
DISABLED_ID = "00000000000000000000000000000000"
MOST_JOBS = 50

COMMON, JOBS, NAMES = "common entities", "job postings", "names"
NOT_ALLOWED = "The client or authentication token doesn't have permission"
NO_FIELDS = "The user does not have permission to see some of the requested fields"

# What can be asked for. A field of fields is a mapping; True is a value.
SCHEMA: dict[str, Any] = {
    "user": {"id": True, "nid": True, "rid": True, "name": True, "email": True},
    "organization": {"id": True},
    "companySelector": {
        "items": dict.fromkeys(
            ("title", "photoUrl", "organizationId", "organizationRid", "organizationType"), True
        )
    },
    "marketplaceJobPostingsSearch": {
        "totalCount": True,
        "edges": {"node": {"id": True, "title": True, "createdDateTime": True}},
        "pageInfo": {"hasNextPage": True, "endCursor": True},
    },
}
JOB_ARGUMENTS = ["marketPlaceJobFilter", "searchType", "sortAttributes"]
JOB_FILTERS = {"searchExpression_eq", "titleExpression_eq", "skillExpression_eq", "pagination_eq"}


def refusal(message: str, classification: str = "ExecutionAborted") -> Answer:
    """GraphQL's shape: status 200, no data, and the reason in a list."""
    error = {
        "message": message,
        "locations": [{"line": 1, "column": 1}],
        "extensions": {"classification": classification},
    }
    return Answer(200, {"errors": [error], "data": None})


TROUBLE = {
    "upw-expired": ("expired", Answer(401, {"message": "Authentication failed"})),
    "upw-limited": ("too many requests", Answer(429, {"message": "Too Many Requests"})),
    "upw-down": ("a page with status 503", page(503, "Service Unavailable")),
    "upw-wall": ("the wall against robots", page(403, "Just a moment")),
    "upw-cut": ("half a reply", Answer(200, {"data": {"user": {"id": "90010"}}}, is_cut=True)),
    "upw-silent": ("no answer at all", Answer(is_silent=True)),
    "upw-changed": (
        "the interface has changed",
        refusal("Validation error (FieldUndefined@[user/nid])", "ValidationError"),
    ),
}


@dataclass(frozen=True)
class Token:
    """Which permissions its key has, and which organizations its person."""

    does: str
    may: frozenset[str] = frozenset({COMMON, JOBS, NAMES})
    organizations: tuple[str, ...] = ("5001", "5002")


TOKENS = {
    "upw-healthy": Token("a freelancer with an agency; the key may read job postings"),
    "upw-single": Token("the same, without an agency", organizations=("5001",)),
    "upw-nonames": Token("the key may not read names", may=frozenset({COMMON, JOBS})),
    "upw-nojobs": Token("the key may not read job postings", may=frozenset({COMMON, NAMES})),
    "upw-nothing": Token("the key may read nothing", may=frozenset()),
}
REFRESH_TOKENS = {
    "upr-healthy": ("gives upw-healthy", "upw-healthy"),
    "upr-nojobs": ("gives upw-nojobs", "upw-nojobs"),
    "upr-unaccepted": ("gives a token that is not accepted", "upw-expired"),
    "upr-idle": ("died unused", ""),
}
TITLES = {"5001": "Ada Page", "5002": "Acme Agency"}

# As Upwork's own clients sign in: the client in the body, no PKCE, no address to revoke at.
SIGN_IN = AuthorizationServer(
    name="Upwork",
    authorization_path="/ab/account-security/oauth2/authorize",
    token_path=TOKEN_PATH,
    people={name: token.does for name, token in TOKENS.items()},
    access_token=lambda name, serial: f"{name}.{serial}",
    client_id=CLIENT_ID,
    client_secret=CLIENT_SECRET,
    rotates=True,
    expires_in=86400,
    tells_scopes=False,
    reply=lambda _name: {"token_type": "Bearer"},
    refuse=lambda status, code, text: oauth_refusal(
        code, text, 401 if code == "invalid_client" else status
    ),
)


def answer(asked: Asked) -> Answer:
    if asked.path == TOKEN_PATH:
        return _token(asked)
    if asked.path == SIGN_IN.authorization_path and "scope" in asked.query:
        return oauth_refusal("invalid_scope", "Scopes are chosen on the API key")
    if signed_in := SIGN_IN.answer(asked):
        return signed_in
    if asked.path != "/graphql":
        return Answer(404, {"message": "Not Found"})
    if asked.bearer in TROUBLE:
        return TROUBLE[asked.bearer][1]
    given = SIGN_IN.given_of(asked.bearer)
    token = TOKENS.get(given.person if given else asked.bearer)
    if token is None or (given and given.is_revoked):
        return Answer(401, {"message": "Authentication failed"})
    if asked.method != "POST" or asked.headers.get_content_type() != "application/json":
        return Answer(400, {"message": "A query is sent by POST, as JSON."})
    tenant = asked.headers.get("X-Upwork-API-TenantId")
    if tenant is not None and tenant not in token.organizations:
        return refusal("Authorization failed")
    return _graphql(json.loads(asked.body), token)


def _graphql(body: Any, token: Token) -> Answer:
    query = body.get("query", "")
    wanted = _selection(query)
    unknown = _unknown(wanted, SCHEMA)
    if unknown or not wanted:
        return refusal(f"Validation error (FieldUndefined@[{unknown}])", "ValidationError")
    if COMMON not in token.may:
        return refusal("This APP has no access to requested resource")
    if {"name", "email"} & wanted.get("user", {}).keys() and NAMES not in token.may:
        return refusal(NO_FIELDS)
    data = Answer(200, {"data": _picked(_everything(token), wanted)})
    if "marketplaceJobPostingsSearch" not in wanted:
        return data
    return _refuse_search(query, body.get("variables") or {}, token) or data


def _refuse_search(query: str, variables: dict[str, Any], token: Token) -> Answer | None:
    arguments = re.search(r"marketplaceJobPostingsSearch\s*\(([^)]*)\)", query)
    names = re.findall(r"(\w+)\s*:", re.sub(r"\[.*?\]", "", arguments[1])) if arguments else []
    given = variables.get("f", {})
    if sorted(names) != JOB_ARGUMENTS or set(given) - JOB_FILTERS:
        return refusal("Validation error (WrongType@[marketPlaceJobFilter])", "ValidationError")
    if JOBS not in token.may:
        return refusal(f"Your OAuth2 permissions are not enough. {NOT_ALLOWED}")
    if given.get("pagination_eq", {}).get("first", 0) > MOST_JOBS:
        return refusal("VJCA-6: Input parameter provided has incorrect value")
    return None


def _everything(token: Token) -> dict[str, Any]:
    items = [{"title": TITLES[number], "organizationId": number} for number in token.organizations]
    return {
        "user": {"id": "90010", "nid": "adapage", "rid": "1", "name": "Ada Page"},
        "organization": {"id": token.organizations[0]},
        "companySelector": {"items": items},
        "marketplaceJobPostingsSearch": {
            "totalCount": 1204,
            "edges": [{"node": {"id": "1990000000000000001"}}],
            "pageInfo": {"hasNextPage": True, "endCursor": "1"},
        },
    }


def _selection(query: str) -> dict[str, Any]:
    """`query { user { id } }` -> {"user": {"id": {}}}; arguments are left out."""
    bare = query
    while re.search(r"\([^()]*\)", bare):
        bare = re.sub(r"\([^()]*\)", "", bare)
    stack: list[dict[str, Any]] = [{}]
    last = ""
    for word in re.findall(r"\w+|[{}]", bare):
        if word == "{":
            stack.append(stack[-1].setdefault(last, {}))
        elif word == "}" and len(stack) > 1:
            stack.pop()
        else:
            stack[-1][word] = {}
            last = word
    found: dict[str, Any] = stack[0].get("query", {})
    return found


def _unknown(wanted: dict[str, Any], known: Any) -> str:
    """The first field that there is not, or that is asked for without its own fields."""
    for name, inner in wanted.items():
        if not isinstance(known, dict) or name not in known:
            return name
        if isinstance(known[name], dict) != bool(inner):
            return name
        if unknown := _unknown(inner, known[name]):
            return f"{name}/{unknown}"
    return ""


def _picked(value: Any, wanted: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_picked(item, wanted) for item in value]
    if not wanted:
        return value
    return {name: _picked(value.get(name), inner) for name, inner in wanted.items()}


def _token(asked: Asked) -> Answer:
    """The client proves itself in the body; a header for it is not read."""
    form = asked.form
    if asked.method != "POST" or "scope" in form:
        return oauth_refusal("invalid_scope" if "scope" in form else "invalid_request", "")
    grant, client = form.get("grant_type"), (form.get("client_id"), form.get("client_secret"))
    if client == (DISABLED_ID, CLIENT_SECRET):
        return oauth_refusal("invalid_client", "The API key is disabled", 401)
    if client not in ((CLIENT_ID, CLIENT_SECRET), (SERVICE_ID, CLIENT_SECRET)):
        return oauth_refusal("invalid_client", "Client authentication failed", 401)
    if grant == "client_credentials":
        if form["client_id"] != SERVICE_ID:
            return oauth_refusal("unauthorized_client", "The grant is for Enterprise only")
        return _granted("upw-healthy")
    pasted = form.get("refresh_token", "")
    if grant != "refresh_token" or pasted not in REFRESH_TOKENS:
        return SIGN_IN.answer(asked) or oauth_refusal("unsupported_grant_type", "")
    _, token = REFRESH_TOKENS[pasted]
    if not token:
        return oauth_refusal("invalid_grant", "Invalid refresh token")
    return _granted(token, refresh_token=pasted)


def _granted(token: str, **more: str) -> Answer:
    reply = {"access_token": token, "token_type": "Bearer", "expires_in": 86400}
    return Answer(200, reply | more)


PLATFORM = Platform(
    answer,
    {
        "App for sign-in": SIGN_IN.shown("the key", "the secret"),
        "Keys, all with the same secret": (
            (CLIENT_ID, "an approved key"),
            (SERVICE_ID, "a service-account key"),
            (DISABLED_ID, "a key that was switched off"),
            (CLIENT_SECRET, "the secret"),
        ),
        "Refresh tokens": does(REFRESH_TOKENS),
        "Access tokens": does(TOKENS, TROUBLE),
        "Organizations": tuple(TITLES.items()),
    },
    healthy={
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "refresh_token": "upr-healthy",
    },
    story=Story(signs_in_as="upw-healthy", tests=2),
    sign_ins={"upwork": SIGN_IN},
)
