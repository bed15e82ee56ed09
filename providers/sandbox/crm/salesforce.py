"""Salesforce, as its REST and OAuth documents describe it (read 2026-11-22).

The consumer key decides what happens. An access token is the organization's id, a `!` and the
word of the consumer key it was given for; it can be pasted as well.
"""

import re
from typing import Any

from providers.sandbox.crm.trouble import TROUBLE
from providers.sandbox.server import Answer, Asked, ok, page
from providers.sandbox.sign_in import AuthorizationServer, Given, oauth_refusal

PREFIX = "3MVG9"
SECRET = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
ORGANIZATION = "00D5f000000aBcDEAU"
TOKEN = f"{ORGANIZATION[:15]}!"
VERSIONS = ("31.0", "67.0", "68.0", "69.0")
DOES = {
    "healthy": "reads leads and opportunities of Acme",
    "sandbox": "the same, of a sandbox",
    "empty": "the same, of an organization without leads and opportunities",
    "noid": "the same, with an app that does not tell the user",
    "norunas": "the app has no Run As user",
    "noflow": "the app's policies refuse the sign-in",
    "noscope": "the app lacks the scope api",
    "noapi": "the Run As user lacks API Enabled",
    "nolead": "the Run As user may not see leads",
    "noopportunity": "the Run As user may not see opportunities",
    "inactive": "the Run As user is not active",
    "expired": "its session ends at once",
    "daily": "the requests of 24 hours are used up",
    "limited": "over the limit for requests at the same time",
    "maintenance": "Salesforce is under maintenance",
}
GRANTS = {
    "norunas": ("invalid_grant", "no client credentials user enabled"),
    "noflow": ("invalid_grant", "authentication failure"),
    "inactive": ("inactive_user", "user is inactive"),
}
FORM = {"grant_type", "client_id", "client_secret"}
FIELDS = {
    "Organization": {"Id", "Name", "OrganizationType", "IsSandbox"},
    "Lead": {"Id"},
    "Opportunity": {"Id"},
}


def refusal(status: int, code: str, message: str) -> Answer:
    """An error of the data API: a list."""
    return Answer(status, [{"message": message, "errorCode": code}])


REFUSED = {
    "expired": refusal(401, "INVALID_SESSION_ID", "Session expired or invalid"),
    "noscope": refusal(
        401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API"
    ),
    "noapi": refusal(403, "API_DISABLED_FOR_ORG", "API is not enabled for this User"),
    "daily": refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    "limited": refusal(403, "TXN_SECURITY_METERING_ERROR", "Concurrency limit exceeded."),
    "maintenance": page(420, "Down for maintenance"),
}

ISSUED = {
    "instance_url": "https://acme.my.salesforce.com",
    "id": f"https://login.salesforce.com/id/{ORGANIZATION}/0055f000001AbCdAAK",
    "issued_at": "1795400000000",
    "signature": "c2lnbmF0dXJl",
}
# An app that rotates refresh tokens, and asks for PKCE as new ones do.
SIGN_IN = AuthorizationServer(
    "Salesforce",
    *("/services/oauth2/authorize", "/services/oauth2/token"),
    client_id=f"{PREFIX}sandbox.app.for.sign.in",
    client_secret=SECRET[::-1],
    people={word: does for word, does in DOES.items() if word not in GRANTS},
    access_token=lambda word, serial: f"{TOKEN}of-{word}-{serial}",
    needs_pkce=True,
    rotates=True,
    expires_in=None,
    reply=lambda _word: ISSUED,
    denial={"error": "access_denied", "error_description": "end-user denied authorization"},
)


def answer(asked: Asked) -> Answer:
    if asked.path == "/services/data/" and asked.method == "GET":
        rows = [{"label": v, "url": f"/services/data/v{v}", "version": v} for v in VERSIONS]
        return Answer(200, rows)
    if asked.path == "/services/oauth2/revoke" and asked.method == "POST":
        is_done = SIGN_IN.revoke(asked.form.get("token", ""))
        return Answer(200, "") if is_done else oauth_refusal("invalid_token", "token was invalid")
    is_of_person = asked.form.get("grant_type") in ("authorization_code", "refresh_token")
    if asked.path == "/services/oauth2/token" and not is_of_person:
        return _token(asked)
    if signed_in := SIGN_IN.answer(asked):
        return signed_in
    given = SIGN_IN.given_of(asked.bearer)
    word = _word_of(given) if given else asked.bearer.removeprefix(TOKEN)
    is_known = asked.bearer.startswith(TOKEN) and word in {*DOES, *TROUBLE}
    if is_known and word in TROUBLE:
        return TROUBLE[word][1]
    if asked.path == "/services/oauth2/userinfo":
        tells_user = is_known and (given is None or "id" in given.scopes)
        return _userinfo(word if tells_user else "noid")
    if not is_known:
        return REFUSED["expired"]
    found = re.fullmatch(r"/services/data/v([0-9]{2}\.0)/(limits|query)", asked.path)
    if not found or found[1] not in VERSIONS or asked.method != "GET":
        return refusal(404, "NOT_FOUND", "The requested resource does not exist")
    if found[1] == "31.0":
        return refusal(410, "UNSUPPORTED_API_VERSION", "This version was retired")
    return REFUSED.get(word) or (_limits() if found[2] == "limits" else _query(word, asked))


def _word_of(given: Given) -> str:
    if given.is_revoked:
        return "expired"
    return given.person if "api" in given.scopes else "noscope"


def _token(asked: Asked) -> Answer:
    form = asked.form
    if asked.method != "POST" or not form:
        return oauth_refusal("invalid_request", "must use HTTP POST")
    if form.get("grant_type") != "client_credentials" or set(form) != FORM:
        return oauth_refusal("unsupported_grant_type", "grant type not supported")
    word = form.get("client_id", "").removeprefix(PREFIX)
    if word not in {*DOES, *TROUBLE}:
        return oauth_refusal("invalid_client_id", "client identifier invalid")
    if form.get("client_secret") != SECRET:
        return oauth_refusal("invalid_client", "invalid client credentials")
    if word in TROUBLE:
        return TROUBLE[word][1]
    if word in GRANTS:
        return oauth_refusal(*GRANTS[word])
    scope = "id" if word == "noscope" else "id api"
    return ok(access_token=f"{TOKEN}{word}", token_type="Bearer", scope=scope, **ISSUED)


def _userinfo(word: str) -> Answer:
    if word in ("expired", "noid"):
        return Answer(403, "Bad_OAuth_Token")
    return ok(
        user_id="0055f000001AbCdAAK",
        organization_id=ORGANIZATION,
        preferred_username="reports@acme.example",
        name="Reports Robot",
        email="reports@acme.example",
    )


def _limits() -> Answer:
    usage = {"Sforce-Limit-Info": "api-usage=18/15000"}
    return Answer(200, {"DailyApiRequests": {"Max": 15000, "Remaining": 14982}}, usage)


def _query(word: str, asked: Asked) -> Answer:
    soql = asked.query.get("q", "")
    found = re.fullmatch(r"SELECT ([A-Za-z, ]+) FROM ([A-Za-z]+)( LIMIT [0-9]+)?", soql)
    if not found or set(asked.query) != {"q"}:
        return refusal(400, "MALFORMED_QUERY", "unexpected token")
    name = found[2]
    if name not in FIELDS or word == f"no{name.lower()}":
        return refusal(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
    fields = [field.strip() for field in found[1].split(",")]
    if set(fields) - FIELDS[name]:
        return refusal(400, "INVALID_FIELD", "No such column")
    known: dict[str, Any] = {"Id": "00Q5f000001AbCdEAK"}
    if name == "Organization":
        about = {"Name": "Acme", "OrganizationType": "Enterprise Edition"}
        known = {**about, "Id": ORGANIZATION, "IsSandbox": word == "sandbox"}
    row = {"attributes": {"type": name}} | {field: known[field] for field in fields}
    rows = [] if word == "empty" and name != "Organization" else [row]
    return ok(totalSize=len(rows), done=True, records=rows)
