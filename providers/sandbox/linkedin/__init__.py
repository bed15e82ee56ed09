"""LinkedIn's API as its documents describe it: the token decides what happens."""

import re
from collections.abc import Callable

from providers.sandbox.breaks import NOT_SHOWN, NOTHING, SILENCES, Trial, breaks
from providers.sandbox.linkedin.login import (
    CLIENT_ID,
    CLIENT_SECRET,
    OAUTH,
    PARTNER,
    PARTNER_ID,
    REFRESH_TOKENS,
    SIGN_IN,
    TOKENS,
    TROUBLE,
    Token,
    refusal,
    sign_in,
    token_of,
)
from providers.sandbox.practice import Practice
from providers.sandbox.server import Answer, Asked, ok
from providers.sandbox.stand_in import Platform, Story, does

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "PARTNER", "PARTNER_ID", "SIGN_IN", "TOKENS", "TROUBLE"]

OLDEST, NEWEST = 202512, 202608
NO_RESOURCE = refusal(404, "RESOURCE_NOT_FOUND", "No virtual resource found", 0)
NAMES = {"1001": "Acme Shop", "1002": "Acme Outlet"}
FOLLOWERS = {"1001": 5120, "1002": 88}
NUMBER_OF = {"expired": (65602, "EXPIRED_ACCESS_TOKEN"), "revoked": (65601, "REVOKED_ACCESS_TOKEN")}


def answer(asked: Asked) -> Answer:
    """Path, then token, then version and protocol, then permission."""
    if asked.path in OAUTH:
        return sign_in(asked)
    if not asked.bearer:
        return refusal(401, "EMPTY_ACCESS_TOKEN", "Empty oauth2 access token", 65604)
    if asked.bearer in TROUBLE:
        return TROUBLE[asked.bearer][1]
    token = token_of(asked.bearer)
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


def _refuse_request(asked: Asked) -> Answer | None:
    if not asked.path.startswith("/rest/"):
        return NO_RESOURCE
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
    for path, resource in RESOURCES.items():
        if found := re.fullmatch(path, asked.path):
            return resource(asked, token, *found.groups())
    return NO_RESOURCE


def _userinfo(token: Token) -> Answer:
    if not {"openid", "profile"} <= set(token.scopes):
        return _denied("userinfo.GET.NO_VERSION")
    person = {"sub": "p90010", "name": "Ada Page", "given_name": "Ada", "family_name": "Page"}
    return ok(**person, locale={"country": "DE", "language": "de"})


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
    return ok(paging={"start": start, "count": count, "links": []}, elements=elements)


def _organization(asked: Asked, token: Token, number: str) -> Answer:
    if wrong := _wrong_query(asked, set()):
        return wrong
    if not _reads_pages(token) or dict(token.roles).get(number) != "ADMINISTRATOR":
        return _denied("organizations.GET.20260701")
    vanity = NAMES[number].lower().replace(" ", "-")
    return ok(id=int(number), localizedName=NAMES[number], vanityName=vanity)


def _network_size(asked: Asked, token: Token, number: str) -> Answer:
    if wrong := _wrong_query(asked, {"edgeType"}, edgeType="COMPANY_FOLLOWED_BY_MEMBER"):
        return wrong
    if not _reads_pages(token):
        return _denied("networkSizes.GET.20260701")
    if number not in FOLLOWERS:
        return refusal(404, "NOT_FOUND", "Could not find entity")
    return ok(firstDegreeSize=FOLLOWERS[number])


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
    return ok(elements=[account], metadata={})


RESOURCES: dict[str, Callable[..., Answer]] = {
    "/rest/organizationAcls": _acls,
    "/rest/adAccounts": _ad_accounts,
    "/rest/organizations/([0-9]+)": _organization,
    "/rest/networkSizes/urn%3Ali%3Aorganization%3A([0-9]+)": _network_size,
}


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


# What the names of LinkedIn's errors say, in the replies above.
BREAKS = {
    "expired": "auth_expired",
    "revoked": "auth_invalid",
    "nopermission": "permission_missing",
    "norole": NOT_SHOWN,
    "limited": "rate_limited quota_exhausted",
    "page": "blocked unexpected_reply",
    "analyst": NOTHING,  # may read all that is asked
    "pages": NOTHING,
    "twopages": NOTHING,
    **SILENCES,
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
    practices=(
        Practice(
            healthy={"access_token": "AQhealthy", "account_id": "1001"},
            revoked={"access_token": "AQrevoked"},
            limited={"access_token": "AQlimited"},
            elsewhere={"account_id": "1002"},
        ),
    ),
    trials=(
        Trial(
            {"access_token": "AQhealthy", "account_id": "1001"},
            breaks(BREAKS, lambda word: f"AQ{word}"),
        ),
    ),
    sign_ins={"linkedin": SIGN_IN},
)
