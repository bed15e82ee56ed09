"""HubSpot, as its API specification collection describes version 2026-09 (read 2026-11-22)."""

import re
from collections.abc import Collection
from typing import Any

from providers.sandbox.crm.trouble import TROUBLE
from providers.sandbox.server import Answer, Asked, ok
from providers.sandbox.sign_in import AuthorizationServer
from providers.sandbox.stand_in import UP_TO_100, any_of, wrong_in

PREFIX = "pat-na1-"
PORTAL = 12345678
CORRELATION = "aeb5f871-7f07-4993-9211-075dc63e7cbf"
DOES = {
    "healthy": "reads contacts and deals of account 12345678",
    "nodetails": "the same, and may not read the account's details",
    "nodeals": "may not read deals",
    "nocontacts": "may not read contacts",
    "nouser": "the user behind it lost the right to read contacts",
    "empty": "reads an account without contacts and deals",
    "expired": "expired",
    "banned": "of a blocked app",
    "limited": "over HubSpot's limit of ten seconds",
    "daily": "over HubSpot's daily quota",
    "moving": "of an account that is being moved: 90 seconds",
}
SCOPES = ("oauth", "crm.objects.contacts.read", "crm.objects.deals.read")
LACKS = dict(zip(("nodetails", "nocontacts", "nodeals"), SCOPES, strict=True))
OBJECTS = {
    "contacts": {"email": "ada@example.com", "firstname": "Ada", "lastname": "Example"},
    "deals": {"dealname": "Spring order", "amount": "1200", "dealstage": "closedwon"},
}
PARAMETERS = {"limit": UP_TO_100} | any_of(
    *("after", "properties", "propertiesWithHistory", "associations", "archived")
)
DETAILS = {
    "portalId": PORTAL,
    "accountType": "STANDARD",
    "timeZone": "Europe/Berlin",
    "companyCurrency": "EUR",
    "additionalCurrencies": [],
    "utcOffset": "+01:00",
    "utcOffsetMilliseconds": 3600000,
    "uiDomain": "app.hubspot.com",
    "dataHostingLocation": "na1",
}


def refusal(status: int, category: str, message: str, **more: Any) -> Answer:
    """An error in HubSpot's shape."""
    body = {"status": "error", "message": message, "category": category}
    return Answer(status, body | {"correlationId": CORRELATION} | more)


def over(policy: str) -> Answer:
    message = f"You have reached your {policy.lower()} limit."
    return refusal(429, "RATE_LIMITS", message, errorType="RATE_LIMIT", policyName=policy)


REFUSED = {
    "expired": refusal(401, "EXPIRED_AUTHENTICATION", "The OAuth token used expired."),
    "banned": refusal(403, "BANNED", "This app is blocked."),
    "limited": over("TEN_SECONDLY_ROLLING"),
    "daily": over("DAILY"),
    "moving": Answer(477, {"status": "error", "message": "Migrating."}, {"Retry-After": "90"}),
}


def oauth_refusal(status: int, code: str, text: str) -> Answer:
    """An error of the token endpoint: HubSpot's own name for it beside that of RFC 6749."""
    grant = "BAD_REFRESH_TOKEN" if "refresh" in text else "BAD_AUTH_CODE"
    names = {"invalid_grant": grant, "invalid_client": "BAD_CLIENT_SECRET"}
    told = {"message": text, "error": code, "error_description": text}
    return Answer(400, {"status": names.get(code, "BAD_GRANT_TYPE"), **told})


SIGN_IN = AuthorizationServer(
    "HubSpot",
    *("/oauth/authorize", "/oauth/2026-09/token", "/oauth/2026-09/token/revoke"),
    client_id="5a4d1b0c-0000-4000-8000-000000000001",
    client_secret="5a4d1b0c-0000-4000-8000-00000000abcd",
    people=DOES,
    access_token=lambda word, serial: f"CPsandbox-{word}-{serial}",
    expires_in=1800,
    tells_scopes=False,
    # A list in place of RFC 6749's `scope`.
    reply=lambda given: {
        "scopes": list(given.scopes),
        "hub_id": PORTAL,
        "user_id": 1,
        "token_use": "access_token",
    },
    refuse=oauth_refusal,
)


def answer(asked: Asked) -> Answer:
    if signed_in := SIGN_IN.answer(asked):
        return signed_in
    given = SIGN_IN.given_of(asked.bearer)
    word = given.person if given else asked.bearer.removeprefix(PREFIX)
    is_known = given is not None or asked.bearer.startswith(PREFIX)
    if word in TROUBLE and is_known:
        return TROUBLE[word][1]
    if word not in DOES or not is_known:
        message = "Authentication credentials not found or not valid."
        return refusal(401, "INVALID_AUTHENTICATION", message)
    if given and given.is_revoked:
        return REFUSED["expired"]
    if asked.method != "GET":
        return refusal(405, "METHOD_NOT_ALLOWED", "Only GET is answered here.")
    scopes = {*(given.scopes if given else SCOPES)} - {LACKS.get(word, "")}
    if asked.path == "/account-info/2026-09/details":
        return _details(word, scopes, asked)
    found = re.fullmatch(r"/crm/objects/2026-09/(contacts|deals)", asked.path)
    if not found:
        return refusal(404, "OBJECT_NOT_FOUND", "Unable to find what was asked for.")
    return REFUSED.get(word) or _objects(word, scopes, found[1], asked)


def _details(word: str, scopes: Collection[str], asked: Asked) -> Answer:
    if asked.query:
        return refusal(400, "VALIDATION_ERROR", "This endpoint takes no parameters.")
    if "oauth" not in scopes:
        return _lacks("oauth")
    return REFUSED.get(word) or Answer(200, DETAILS)


def _objects(word: str, scopes: Collection[str], kind: str, asked: Asked) -> Answer:
    if wrong_in(asked.query, PARAMETERS):
        return refusal(400, "VALIDATION_ERROR", "Invalid input JSON or parameters.")
    if f"crm.objects.{kind}.read" not in scopes:
        return _lacks(f"crm.objects.{kind}.read")
    if word == "nouser" and kind == "contacts":
        message = "User does not have permissions to view contacts."
        return refusal(403, "USER_DOES_NOT_HAVE_PERMISSIONS", message)
    row = {
        "id": "151",
        "properties": OBJECTS[kind],
        "createdAt": "2026-10-01T08:00:00.000Z",
        "updatedAt": "2026-11-20T08:00:00.000Z",
        "archived": False,
    }
    return ok(results=[] if word == "empty" else [row])


def _lacks(scope: str) -> Answer:
    message = "This app hasn't been granted all required scopes to make this call."
    error = {
        "message": "One or more of the following scopes are required.",
        "context": {"requiredGranularScopes": [scope]},
    }
    links = {"scopes": "https://developers.hubspot.com/scopes"}
    return refusal(403, "MISSING_SCOPES", message, errors=[error], links=links)
