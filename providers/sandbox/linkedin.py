"""LinkedIn's API as its documents describe it: the token decides what happens.

The tokens are not secrets: they are known to everybody and open nothing. Error bodies follow
https://learn.microsoft.com/linkedin/shared/api-guide/concepts/error-handling (read 2026-11-22).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from providers.sandbox.server import Answer, Asked, page
from providers.sandbox.sign_in import AuthorizationServer, oauth_refusal
from providers.sandbox.stand_in import Platform, Story, does

CLIENT_ID = "77sandbox0client"
PARTNER_ID = "77sandbox0partner"
CLIENT_SECRET = "WPL_AP1.sandbox"
OLDEST, NEWEST = 202512, 202608
REFRESH_DAYS_LEFT = 200


def refusal(status: int, code: str, message: str, number: int | None = None) -> Answer:
    """An error in the shape of /rest and /v2; an old one has a number of its own as well."""
    body: dict[str, Any] = {"status": status, "code": code, "message": message}
    if number is not None:
        body["serviceErrorCode"] = number
    return Answer(status, body, {"x-li-request-id": "sandbox"})


TROUBLE = {
    "AQlimited": (
        "over the daily allowance",
        refusal(429, "TOO_MANY_REQUESTS", "Resource level throttle limit for calls is reached."),
    ),
    "AQdown": ("a page with status 503", page(503, "Service Unavailable")),
    "AQwall": ("the wall against robots", page(999, "Request denied")),
    "AQpage": ("a web page instead of data", page(200, "Sign in")),
    "AQcut": ("half a reply", Answer(200, {"sub": "p1", "name": "Ada Page"}, is_cut=True)),
    "AQsilent": ("no answer at all", Answer(is_silent=True)),
}

SELF_SERVE = ("openid", "profile", "w_member_social")
PAGES = (*SELF_SERVE, "rw_organization_admin", "r_organization_social")
EVERYTHING = (*PAGES, "r_ads", "r_marketing_leadgen_automation")


@dataclass(frozen=True)
class Token:
    """What a token may do. `dead` is what LinkedIn says of it: expired or revoked."""

    does: str
    scopes: tuple[str, ...] = EVERYTHING
    roles: tuple[tuple[str, str], ...] = (("1001", "ADMINISTRATOR"),)
    lasts: timedelta = timedelta(days=60)
    dead: str = ""


TOKENS = {
    "AQhealthy": Token("an admin of one Page, with every permission"),
    "AQpages": Token("the same, without ads and leads", scopes=PAGES),
    "AQtwopages": Token(
        "an admin of two Pages", roles=(("1001", "ADMINISTRATOR"), ("1002", "ADMINISTRATOR"))
    ),
    "AQanalyst": Token("may look at one Page, but is no admin", roles=(("1001", "ANALYST"),)),
    "AQanonymous": Token("does not tell who it is", scopes=PAGES[2:]),
    "AQnopermission": Token("lacks rw_organization_admin", scopes=SELF_SERVE),
    "AQnorole": Token("has no role on any Page", roles=()),
    "AQexpired": Token("expired", lasts=timedelta(days=-1), dead="expired"),
    "AQrevoked": Token("revoked", dead="revoked"),
}
REFRESH_TOKENS = {
    "AQRhealthy": ("gives AQhealthy", "AQhealthy"),
    "AQRnopermission": ("gives AQnopermission", "AQnopermission"),
    "AQRlimited": ("gives AQlimited", "AQlimited"),
    "AQRexpired": ("is no longer accepted", ""),
}
# Whoever signs in has the roles of one of the tokens, and the scopes that were asked for.
PEOPLE = ("healthy", "twopages", "analyst", "norole")
# What the product Community Management API lets an app ask for.
PRODUCT = {
    *("r_basicprofile", "w_member_social", "r_member_social"),
    *("rw_organization_admin", "r_organization_social", "w_organization_social"),
}
NAMES = {"1001": "Acme Shop", "1002": "Acme Outlet"}
FOLLOWERS = {"1001": 5120, "1002": 88}
NUMBER_OF = {"expired": (65602, "EXPIRED_ACCESS_TOKEN"), "revoked": (65601, "REVOKED_ACCESS_TOKEN")}


def refuse_sign_in(status: int, code: str, text: str) -> Answer:
    if code == "invalid_client":
        return oauth_refusal(code, "Client authentication failed", 401)
    if code == "invalid_grant" and "refresh" not in text:
        return oauth_refusal(
            "invalid_request",
            "Unable to retrieve access token: appid/redirect uri/code verifier does not match "
            "authorization code. Or authorization code expired. Or external member binding exists",
        )
    return oauth_refusal(code, text, status)


def server_for(client_id: str, *, is_partner: bool) -> AuthorizationServer:
    return AuthorizationServer(
        name="LinkedIn",
        authorization_path="/oauth/v2/authorization",
        token_path="/oauth/v2/accessToken",
        revocation_path="/oauth/v2/revoke",
        people={word: TOKENS[f"AQ{word}"].does for word in PEOPLE},
        access_token=lambda word, serial: f"AQ{word}-{client_id}-{serial}",
        client_id=client_id,
        client_secret=CLIENT_SECRET,
        gives_refresh_token=lambda _query: is_partner,
        expires_in=5184000,
        scope_separator=",",
        reply=lambda _word: {"refresh_token_expires_in": 31536000} if is_partner else {},
        refuse=refuse_sign_in,
        denial={
            "error": "user_cancelled_authorize",
            "error_description": "The user cancelled the authorization",
        },
    )


# Few apps are a partner's, to which LinkedIn gives refresh tokens.
SIGN_IN = server_for(CLIENT_ID, is_partner=False)
PARTNER = server_for(PARTNER_ID, is_partner=True)


def answer(asked: Asked) -> Answer:
    """Path, then token, then version and protocol, then permission."""
    if asked.path in OAUTH:
        return OAUTH[asked.path](asked)
    if not asked.bearer:
        return refusal(401, "EMPTY_ACCESS_TOKEN", "Empty oauth2 access token", 65604)
    if asked.bearer in TROUBLE:
        return TROUBLE[asked.bearer][1]
    token = _known(asked.bearer)
    if token is None:
        return refusal(401, "INVALID_ACCESS_TOKEN", "Invalid access token", 65600)
    if token.dead:
        number, code = NUMBER_OF[token.dead]
        return refusal(401, code, f"The token used in the request was {token.dead}", number)
    if asked.method != "GET":
        return refusal(405, "METHOD_NOT_ALLOWED", "This sandbox only reads.")
    if asked.path == "/v2/userinfo":
        return _userinfo(token)
    return _refuse_request(asked) or _resource(asked, token)


def _known(text: str) -> Token | None:
    given = SIGN_IN.given_of(text) or PARTNER.given_of(text)
    if given is None:
        return TOKENS.get(text)
    dead = "revoked" if given.is_revoked else ""
    return replace(TOKENS[f"AQ{given.person}"], scopes=given.scopes, dead=dead)


def _refuse_request(asked: Asked) -> Answer | None:
    if not asked.path.startswith("/rest/"):
        return refusal(404, "RESOURCE_NOT_FOUND", "No virtual resource found", 0)
    version = asked.headers.get("LinkedIn-Version", "")
    if not version:
        missing = "A version must be present. Please specify one with the LinkedIn-Version header."
        return refusal(400, "VERSION_MISSING", missing)
    if not re.fullmatch("20[0-9]{4}", version) or not OLDEST <= int(version) <= NEWEST:
        return refusal(426, "NONEXISTENT_VERSION", f"Requested version {version}01 is not active")
    if asked.headers.get("X-Restli-Protocol-Version") != "2.0.0":
        return refusal(400, "ILLEGAL_ARGUMENT", "Invalid protocol version for this request")
    return None


def _resource(asked: Asked, token: Token) -> Answer:
    path = asked.path.removeprefix("/rest/")
    if path == "organizationAcls":
        return _acls(asked, token)
    if path == "adAccounts":
        return _ad_accounts(asked, token)
    if found := re.fullmatch("organizations/([0-9]+)", path):
        return _organization(found[1], asked, token)
    if found := re.fullmatch("networkSizes/urn%3Ali%3Aorganization%3A([0-9]+)", path):
        return _network_size(found[1], asked, token)
    return refusal(404, "RESOURCE_NOT_FOUND", "No virtual resource found", 0)


def _userinfo(token: Token) -> Answer:
    if not {"openid", "profile"} <= set(token.scopes):
        return _denied("userinfo.GET.NO_VERSION")
    person = {"sub": "p90010", "name": "Ada Page", "given_name": "Ada", "family_name": "Page"}
    return Answer(200, {**person, "locale": {"country": "DE", "language": "de"}})


def _acls(asked: Asked, token: Token) -> Answer:
    if wrong := _wrong_query(asked, {"q", "state", "role", "start", "count"}, q="roleAssignee"):
        return wrong
    if not _reads_pages(token):
        return _denied("organizationAcls.FINDER-roleAssignee.20260701")
    start, count = int(asked.query.get("start", 0)), int(asked.query.get("count", 10))
    elements = [
        {
            "organization": f"urn:li:organization:{number}",
            "roleAssignee": "urn:li:person:p90010",
            "role": role,
            "state": "APPROVED",
        }
        for number, role in token.roles[start : start + count]
    ]
    paging = {"start": start, "count": count, "links": []}
    return Answer(200, {"paging": paging, "elements": elements})


def _organization(number: str, asked: Asked, token: Token) -> Answer:
    if wrong := _wrong_query(asked, set()):
        return wrong
    if not _reads_pages(token) or dict(token.roles).get(number) != "ADMINISTRATOR":
        return _denied("organizations.GET.20260701")
    vanity = NAMES[number].lower().replace(" ", "-")
    return Answer(200, {"id": int(number), "localizedName": NAMES[number], "vanityName": vanity})


def _network_size(number: str, asked: Asked, token: Token) -> Answer:
    if wrong := _wrong_query(asked, {"edgeType"}, edgeType="COMPANY_FOLLOWED_BY_MEMBER"):
        return wrong
    if not _reads_pages(token):
        return _denied("networkSizes.GET.20260701")
    if number not in FOLLOWERS:
        return refusal(404, "NOT_FOUND", "Could not find entity")
    return Answer(200, {"firstDegreeSize": FOLLOWERS[number]})


def _ad_accounts(asked: Asked, token: Token) -> Answer:
    known = {"q", "search", "fields", "pageSize", "pageToken"}
    if wrong := _wrong_query(asked, known, q="search"):
        return wrong
    if asked.query.get("search") != "(status:(values:List(ACTIVE)),test:false)":
        return refusal(400, "PARAM_INVALID", "Invalid param. Please see errorDetails")
    if not {"r_ads", "rw_ads"} & set(token.scopes):
        return _denied("adAccounts.FINDER-search.20260701")
    reference = "urn:li:organization:1001"
    account = {"id": 5001, "name": "Acme Ads", "test": False, "referenceInfo": reference}
    return Answer(200, {"elements": [account], "metadata": {}})


def _wrong_query(asked: Asked, known: set[str], **needed: str) -> Answer | None:
    unknown = sorted(asked.query.keys() - known)
    if unknown:
        return refusal(400, "QUERY_PARAM_NOT_ALLOWED", f"Query parameter {unknown[0]}")
    wrong = next((name for name in needed if asked.query.get(name) != needed[name]), None)
    if wrong:
        return refusal(400, "ILLEGAL_ARGUMENT", f"Invalid value for parameter {wrong}")
    return None


def _reads_pages(token: Token) -> bool:
    return bool({"rw_organization_admin", "r_organization_admin"} & set(token.scopes))


def _denied(resource: str) -> Answer:
    return refusal(403, "ACCESS_DENIED", f"Not enough permissions to access: {resource}", 100)


def _authorization(asked: Asked) -> Answer:
    """Refuses everything when one scope is not of the app's product."""
    query = asked.query
    wrong = next((scope for scope in query.get("scope", "").split() if scope not in PRODUCT), None)
    if wrong and "redirect_uri" in query:
        told = {
            "error": "unauthorized_scope_error",
            "error_description": f'Scope "{wrong}" is not authorized for your application',
            "state": query.get("state", ""),
        }
        return Answer(302, "", {"Location": f"{query['redirect_uri']}?{urlencode(told)}"})
    return _sign_in(query.get("client_id"), asked)


def _sign_in(client_id: str | None, asked: Asked) -> Answer:
    server = PARTNER if client_id == PARTNER_ID else SIGN_IN
    return server.answer(asked) or oauth_refusal("invalid_request", "Another method is due")


def _revoke(asked: Asked) -> Answer:
    return _sign_in(asked.form.get("client_id"), asked)


def _access_token(asked: Asked) -> Answer:
    """The refresh of a pasted token, or what a sign-in needs."""
    if refused := _refuse_client(asked):
        return refused
    form = asked.form
    if form.get("grant_type") == "refresh_token" and not form.get("refresh_token"):
        return oauth_refusal("invalid_request", "A required parameter is missing")
    if form.get("refresh_token") not in REFRESH_TOKENS:
        return _sign_in(form["client_id"], asked)
    _, token = REFRESH_TOKENS[form["refresh_token"]]
    if not token:
        return oauth_refusal("invalid_grant", "The provided refresh token is expired")
    return Answer(
        200,
        {
            "access_token": token,
            "expires_in": 5184000,
            "refresh_token": form["refresh_token"],
            "refresh_token_expires_in": REFRESH_DAYS_LEFT * 24 * 60 * 60,
        },
    )


def _introspect(asked: Asked) -> Answer:
    if refused := _refuse_client(asked):
        return refused
    text = asked.form.get("token", "")
    token = _known(text) or (TOKENS["AQhealthy"] if text in TROUBLE else None)
    if token is None:
        return Answer(200, {"active": False})
    now = datetime.now(UTC)
    return Answer(
        200,
        {
            "active": not token.dead,
            "status": token.dead or "active",
            "auth_type": "3L",
            "client_id": asked.form["client_id"],
            "scope": ",".join(token.scopes),
            "authorized_at": int(now.timestamp()),
            "created_at": int(now.timestamp()),
            "expires_at": int((now + token.lasts).timestamp()),
        },
    )


def _refuse_client(asked: Asked) -> Answer | None:
    """The client proves itself in the body; a header for it is not read."""
    if asked.method != "POST" or not asked.form:
        return oauth_refusal("invalid_request", "A required parameter is missing")
    client = asked.form.get("client_id"), asked.form.get("client_secret")
    if client not in ((CLIENT_ID, CLIENT_SECRET), (PARTNER_ID, CLIENT_SECRET)):
        return oauth_refusal("invalid_client", "Client authentication failed", 401)
    return None


OAUTH: dict[str, Callable[[Asked], Answer]] = {
    "/oauth/v2/authorization": _authorization,
    "/oauth/v2/revoke": _revoke,
    "/oauth/v2/accessToken": _access_token,
    "/oauth/v2/introspectToken": _introspect,
}

PLATFORM = Platform(
    answer,
    {
        "App for sign-in": (
            (CLIENT_ID, "the client ID of a usual app, whose sign-ins end after 60 days"),
            (PARTNER_ID, "the client ID of a partner's app, which gets refresh tokens"),
            (CLIENT_SECRET, "the client secret of both"),
        ),
        "Client ID and client secret": SIGN_IN.shown(),
        "Access tokens": does(TOKENS, TROUBLE),
        "Refresh tokens": does(REFRESH_TOKENS),
        "Organizations": tuple(NAMES.items()),
    },
    healthy={"access_token": "AQhealthy", "account_id": "1001"},
    story=Story(values={"access_token": "AQhealthy"}, tests=3, is_switched_off=True),
    sign_ins={"linkedin": SIGN_IN},
)
