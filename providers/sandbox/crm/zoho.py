"""Zoho CRM version 8, as zoho/crm-oas and the pages on its sign-in describe it (read 2026-11-22).

The refresh token decides what happens. An access token holds its word, and can be pasted.
Whoever signs in lives in Europe, wherever signing in began.
"""

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from providers.sandbox.crm.trouble import TROUBLE
from providers.sandbox.server import Answer, Asked, ok
from providers.sandbox.sign_in import AuthorizationServer

CLIENT_ID = "1000.SANDBOXSANDBOXSANDBOX0000000000"
CLIENT_SECRET = "5a4d1b0c5a4d1b0c5a4d1b0c5a4d1b0c5a4d1b0c5a"
PREFIX = "1000.refresh."
TOKEN = "1000.access."
SCHEME = "Zoho-oauthtoken "
ORGANIZATION = "755574505"
DOES = {
    "healthy": "reads leads and deals of organization 755574505",
    "empty": "the same, without leads and deals",
    "nousers": "the same, and may not say who approved it",
    "revoked": "revoked",
    "otherdc": "its access tokens are of another data centre",
    "noleads": "lacks the scope for leads",
    "nodeals": "lacks the scope for deals",
    "noprofile": "the user's profile may not see leads",
    "bigin": "of an account of Bigin",
    "throttled": "asked for too many access tokens",
    "limited": "over Zoho's limit for requests",
    "broken": "an internal error",
}
PARAMETERS = {
    "users": {"type", "page", "per_page", "ids", "fields", "include_lite_users"},
    "org": set[str](),
    "Leads": {"fields", "per_page", "page", "page_token", "sort_by", "sort_order", "ids", "cvid"},
    "Deals": {"fields", "per_page", "page", "page_token", "sort_by", "sort_order", "ids", "cvid"},
}
SCOPES = {
    "users": "ZohoCRM.users.READ",
    "org": "ZohoCRM.org.READ",
    "Leads": "ZohoCRM.modules.leads.READ",
    "Deals": "ZohoCRM.modules.deals.READ",
}
LACKS = {"nousers": "users", "noleads": "Leads", "nodeals": "Deals"}
FORM = {"grant_type", "client_id", "client_secret", "refresh_token"}


def refusal(status: int, code: str, message: str, **details: Any) -> Answer:
    """An error in the shape of the data API."""
    return Answer(status, {"code": code, "details": details, "message": message, "status": "error"})


REFUSED = {
    "otherdc": refusal(401, "INVALID_TOKEN", "invalid oauth token"),
    "limited": refusal(429, "TOO_MANY_REQUESTS", "Too many requests fired."),
    "broken": refusal(500, "INTERNAL_ERROR", "Internal Server Error"),
}
DOMAIN = {"api_domain": "https://www.zohoapis.eu"}
MISMATCH = refusal(401, "OAUTH_SCOPE_MISMATCH", "Unauthorized")

SIGN_IN = AuthorizationServer(
    "Zoho CRM",
    *("/oauth/v2/auth", "/oauth/v2/token"),
    client_id="1000.SANDBOXSANDBOXSANDBOX0000000SIGN",
    client_secret=CLIENT_SECRET[::-1],
    people={word: does for word, does in DOES.items() if word not in ("revoked", "throttled")},
    access_token=lambda word, serial: f"{TOKEN}of-{word}-{serial}",
    gives_refresh_token=lambda query: (
        (query.get("access_type"), query.get("prompt")) == ("offline", "consent")
    ),
    scope_separator=",",
    tells_scopes=False,
    reply=lambda _given: DOMAIN,
    refuse=lambda _status, code, _text: ok(
        error="invalid_code" if code == "invalid_grant" else code
    ),
)


def answer(asked: Asked) -> Answer:
    if asked.path == "/oauth/v2/token/revoke" and asked.method == "POST":
        is_done = SIGN_IN.revoke(asked.query.get("token", ""))
        return ok(status="success") if is_done else Answer(400, {"error": "invalid_token"})
    if asked.path == SIGN_IN.token_path and asked.form.get("client_id") == SIGN_IN.client_id:
        if asked.form.get("client_secret") != SIGN_IN.client_secret:
            return ok(error="invalid_client_secret")
        return SIGN_IN.answer(asked) or Answer(200, {"error": "invalid_request"})
    if asked.path == SIGN_IN.authorization_path and (page := SIGN_IN.answer(asked)):
        return _with_data_centre(page)
    if asked.path == "/oauth/v2/token":
        return _token(asked)
    found = re.fullmatch(r"/crm/v8/(users|org|Leads|Deals)", asked.path)
    if not found or asked.method != "GET":
        return refusal(404, "INVALID_URL_PATTERN", "Please check the URL")
    sent = asked.headers.get("Authorization", "")
    if not sent.startswith(SCHEME):
        return refusal(401, "AUTHENTICATION_FAILURE", "Authentication failed")
    given = SIGN_IN.given_of(sent.removeprefix(SCHEME))
    word = given.person if given else sent.removeprefix(SCHEME).removeprefix(TOKEN)
    if word in TROUBLE:
        return TROUBLE[word][1]
    if word not in DOES or (given and given.is_revoked):
        return REFUSED["otherdc"]
    scopes = {*(given.scopes if given else SCOPES.values())} - {SCOPES.get(LACKS.get(word, ""))}
    return REFUSED.get(word) or _data(word, scopes, found[1], asked)


def _with_data_centre(page: Answer) -> Answer:
    """What Zoho adds to a code: where it is known."""
    target = page.headers.get("Location", "")
    if "code=" not in target:
        return page
    added = urlencode({"location": "eu", "accounts-server": "https://accounts.zoho.eu"})
    return replace(page, headers={"Location": f"{target}&{added}"})


def _token(asked: Asked) -> Answer:
    """Its errors come with status 200, but for the limit."""
    form = asked.form
    if asked.method != "POST" or "client_id" not in form:
        return ok(error="invalid_request")
    if form["client_id"] != CLIENT_ID:
        return ok(error="invalid_client")
    if set(form) != FORM or form["grant_type"] != "refresh_token":
        return ok(error="invalid_request")
    if form["client_secret"] != CLIENT_SECRET:
        return ok(error="invalid_client_secret")
    word = form["refresh_token"].removeprefix(PREFIX)
    if word in TROUBLE:
        return TROUBLE[word][1]
    if word == "throttled":
        said = "You have made too many requests continuously. Please try again after some time."
        return Answer(400, {"error": "Access Denied", "error_description": said})
    if word not in DOES or word == "revoked":
        return ok(error="invalid_code")
    return ok(access_token=f"{TOKEN}{word}", **DOMAIN, token_type="Bearer", expires_in=3600)


def _data(word: str, scopes: Collection[str | None], path: str, asked: Asked) -> Answer:
    unknown = sorted(set(asked.query) - PARAMETERS[path])
    if unknown:
        return refusal(400, "INVALID_DATA", "invalid data", param_name=unknown[0])
    if SCOPES[path] not in scopes:
        return MISMATCH
    if path == "users":
        user = {"id": "4150868000000225013", "full_name": "Patricia Example"}
        return Answer(200, {"users": [{**user, "email": "patricia@example.com"}]})
    if path == "org":
        return Answer(200, {"org": [_organization(word)]})
    if "fields" not in asked.query:
        message = "One of the expected parameter is missing"
        return refusal(400, "REQUIRED_PARAM_MISSING", message, param_name="fields")
    return _rows(word, path)


def _rows(word: str, module: str) -> Answer:
    if word == "noprofile" and module == "Leads":
        permissions = ["Crm_Implied_View_Leads"]
        return refusal(403, "NO_PERMISSION", "Permission denied", permissions=permissions)
    if word == "empty":
        return Answer(204, "")
    row = {"id": "4150868000000002175", "Modified_Time": "2026-11-20T14:20:00+00:00"}
    info = {"per_page": 1, "count": 1, "page": 1, "more_records": True, "next_page_token": None}
    return ok(data=[row], info=info)


def _organization(word: str) -> dict[str, Any]:
    return {
        "id": "4150868000000225003",
        "zgid": ORGANIZATION,
        "company_name": "Acme GmbH",
        "domain_name": f"org{ORGANIZATION}",
        "time_zone": "Europe/Berlin",
        "currency": "Euro - EUR",
        "iso_code": "EUR",
        "type": "bigin" if word == "bigin" else "production",
    }
