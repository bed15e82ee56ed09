"""Upwork's token address and its GraphQL API: the token decides what happens.

The keys are not secrets: they are known to everybody and open nothing. Refusals follow
https://www.upwork.com/developer/documentation/graphql/api/docs/index.html (read 2026-11-22):
GraphQL refuses with status 200 and a list of errors.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from providers.sandbox.breaks import ENDED, NOT_SHOWN, NOTHING, SILENCES, Trial, breaks, values
from providers.sandbox.practice import Practice
from providers.sandbox.server import Answer, Asked, ok, page
from providers.sandbox.sign_in import AuthorizationServer, oauth_refusal
from providers.sandbox.stand_in import DOWN, SILENT, Platform, Story, Trouble, cut, does

TOKEN_PATH = "/api/v3/oauth2/token"
CLIENT_ID = "0123456789abcdef0123456789abcdef"
CLIENT_SECRET = "0123456789abcdef"
SERVICE_ID = "fedcba9876543210fedcba9876543210"
DISABLED_ID = "00000000000000000000000000000000"
MOST_JOBS = 50

COMMON, JOBS, NAMES = "common entities", "job postings", "names"
NOT_ALLOWED = "The client or authentication token doesn't have permission"
NO_FIELDS = "The user does not have permission to see some of the requested fields"

JOB_ARGUMENTS = ["marketPlaceJobFilter", "searchType", "sortAttributes"]
JOB_FILTERS = {"searchExpression_eq", "titleExpression_eq", "skillExpression_eq", "pagination_eq"}


def refusal(message: str, classification: str = "ExecutionAborted") -> Answer:
    """GraphQL's shape: status 200, no data, and the reason in a list."""
    error = {"message": message, "locations": [{"line": 1, "column": 1}]}
    return ok(errors=[error | {"extensions": {"classification": classification}}], data=None)


NOBODY = Answer(401, {"message": "Authentication failed"})
TROUBLE = {
    "upw-expired": ("expired", NOBODY),
    "upw-limited": ("too many requests", Answer(429, {"message": "Too Many Requests"})),
    "upw-down": DOWN,
    "upw-wall": ("the wall against robots", page(403, "Just a moment")),
    "upw-cut": cut(data={"user": {"id": "90010"}}),
    "upw-silent": SILENT,
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


def granted(token: str, **more: str) -> Answer:
    return ok(access_token=token, token_type="Bearer", expires_in=86400, **more)


REFRESH_TOKENS = {
    "upr-healthy": ("gives upw-healthy", granted("upw-healthy", refresh_token="upr-healthy")),
    "upr-nojobs": ("gives upw-nojobs", granted("upw-nojobs", refresh_token="upr-nojobs")),
    "upr-unaccepted": (
        "gives a token that is not accepted",
        granted("upw-expired", refresh_token="upr-unaccepted"),
    ),
    "upr-idle": ("died unused", oauth_refusal("invalid_grant", "Invalid refresh token")),
}
TITLES = {"5001": "Ada Page", "5002": "Acme Agency"}

# As Upwork's own clients sign in: the client in the body, no PKCE, no address to revoke at.
SIGN_IN = AuthorizationServer(
    "Upwork",
    *("/ab/account-security/oauth2/authorize", TOKEN_PATH),
    people=dict(does(TOKENS)),
    access_token=lambda name, serial: f"{name}.{serial}",
    client_id=CLIENT_ID,
    client_secret=CLIENT_SECRET,
    rotates=True,
    expires_in=86400,
    tells_scopes=False,
    reply=lambda _name: {"token_type": "Bearer"},
    pasted=REFRESH_TOKENS,
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
        return NOBODY
    if asked.method != "POST" or asked.headers.get_content_type() != "application/json":
        return Answer(400, {"message": "A query is sent by POST, as JSON."})
    tenant = asked.headers.get("X-Upwork-API-TenantId")
    if tenant is not None and tenant not in token.organizations:
        return refusal("Authorization failed")
    return _graphql(json.loads(asked.body), token)


def _graphql(body: Any, token: Token) -> Answer:
    query = body.get("query", "")
    wanted, everything = _selection(query), _everything(token)
    unknown = _unknown(wanted, everything)
    if unknown or not wanted:
        return refusal(f"Validation error (FieldUndefined@[{unknown}])", "ValidationError")
    if COMMON not in token.may:
        return refusal("This APP has no access to requested resource")
    if {"name", "email"} & wanted.get("user", {}).keys() and NAMES not in token.may:
        return refusal(NO_FIELDS)
    data = ok(data=_picked(everything, wanted))
    if "marketplaceJobPostingsSearch" not in wanted:
        return data
    return _refuse_search(query, body.get("variables") or {}, token) or data


def _refuse_search(query: str, variables: dict[str, Any], token: Token) -> Answer | None:
    arguments = re.search(r"marketplaceJobPostingsSearch\s*\(([^)]*)\)", query)
    names = re.findall(r"\b(\w+)\s*:", re.sub(r"\[[^][]*\]", "", arguments[1])) if arguments else []
    given = variables.get("f", {})
    if sorted(names) != JOB_ARGUMENTS or set(given) - JOB_FILTERS:
        return refusal("Validation error (WrongType@[marketPlaceJobFilter])", "ValidationError")
    if JOBS not in token.may:
        return refusal(f"Your OAuth2 permissions are not enough. {NOT_ALLOWED}")
    if given.get("pagination_eq", {}).get("first", 0) > MOST_JOBS:
        return refusal("VJCA-6: Input parameter provided has incorrect value")
    return None


def _everything(token: Token) -> dict[str, Any]:
    """All that can be asked for; None is what this person did not fill in."""
    unfilled = dict.fromkeys(("photoUrl", "organizationRid", "organizationType"))
    job = {"id": "1990000000000000001", "title": None, "createdDateTime": None}
    return {
        "user": {"id": "90010", "nid": "adapage", "rid": "1", "name": "Ada Page", "email": None},
        "organization": {"id": token.organizations[0]},
        "companySelector": {
            "items": [
                {"title": TITLES[number], "organizationId": number, **unfilled}
                for number in token.organizations
            ]
        },
        "marketplaceJobPostingsSearch": {
            "totalCount": 1204,
            "edges": [{"node": job}],
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
        if name not in known:
            return name
        below = known[name][0] if isinstance(known[name], list) else known[name]
        if isinstance(below, dict) != bool(inner):
            return name
        if unknown := _unknown(inner, below):
            return f"{name}/{unknown}"
    return ""


def _picked(value: Any, wanted: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_picked(item, wanted) for item in value]
    return {name: _picked(value[name], inner) for name, inner in wanted.items()} or value


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
        return granted("upw-healthy")
    return SIGN_IN.answer(asked) or oauth_refusal("unsupported_grant_type", "")


HEALTHY = {
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "refresh_token": "upr-healthy",
}
# What the documents say of a status 401, and of each message of GraphQL.
BREAKS = {
    "expired": ENDED,
    "nojobs": "permission_missing",
    "nothing": "permission_missing",
    "limited": "rate_limited",
    "changed": "unexpected_reply",
    "single": NOTHING,
    "nonames": NOTHING,
    **SILENCES,
}
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
    healthy=HEALTHY,
    story=Story(
        signs_in_as="upw-healthy",
        tests=2,
        known_for=61,
        troubles=(Trouble(4, "silent", 118), Trouble(3, "silent", 1120)),
    ),
    practices=(
        Practice(
            healthy=HEALTHY,
            revoked={"refresh_token": "upr-idle"},
            limited=dict.fromkeys(HEALTHY) | {"access_token": "upw-limited"},
            elsewhere={"account_id": "5009"},
        ),
    ),
    trials=(
        Trial(
            HEALTHY,
            breaks(BREAKS, lambda word: f"upw-{word}")
            + values({"upr-idle": ENDED}, "upr-healthy")
            + values({DISABLED_ID: "auth_invalid"}, CLIENT_ID),
        ),
        Trial(HEALTHY | {"account_id": "5001"}, values({"5009": NOT_SHOWN}, "5001"), "account"),
    ),
    sign_ins={"upwork": SIGN_IN},
)
