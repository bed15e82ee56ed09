"""Pipedrive, as its documents describe users/me and the second version (read 2026-11-22)."""

from typing import Any

from providers.sandbox.crm.trouble import TROUBLE
from providers.sandbox.server import Answer, Asked, counts, ok, page
from providers.sandbox.sign_in import AuthorizationServer
from providers.sandbox.stand_in import any_of, wrong_in

PREFIX = "pd-"
DOES = {
    "healthy": "reads deals and pipelines of the company acme",
    "empty": "reads a company without deals",
    "unpaid": "of an account that is not active",
    "nodeals": "the plan or role does not allow deals",
    "nopipelines": "the plan or role does not allow pipelines",
    "limited": "over Pipedrive's limit: 2 seconds",
    "edge": "blocked for a while after ignored limits",
}
# Scopes are ticked on the app: whoever signs in stands for what is ticked on theirs.
UNTICKED = {
    "base": "signs in with an app on which no scope is ticked",
    "nocontacts": "signs in with an app on which contacts are not ticked",
}
SCOPES = {"base": "base", "nocontacts": "base,deals:read"}
ME = {
    "id": 777,
    "name": "James Example",
    "email": "james@example.com",
    "company_id": 4321,
    "company_name": "Acme Sales",
    "company_domain": "acme",
    "timezone_name": "Europe/Helsinki",
    "active_flag": True,
}
UP_TO_500 = "0*([1-9][0-9]?|[1-4][0-9]{2}|500)"
LIST = any_of("sort_by", "sort_direction", "cursor") | {"limit": UP_TO_500}
PARAMETERS: dict[str, dict[str, str]] = {
    "/v1/users/me": {},
    "/api/v1/users/me": {},
    "/api/v2/deals": LIST
    | any_of(
        *("filter_id", "ids", "owner_id", "person_id", "org_id", "pipeline_id", "stage_id"),
        *("status", "updated_since", "updated_until", "include_fields", "custom_fields"),
    ),
    "/api/v2/pipelines": LIST,
}


def refusal(status: int, message: str, **more: Any) -> Answer:
    """An error in Pipedrive's shape."""
    body = {"success": False, "error": message, "error_info": "See the documents.", "data": None}
    return Answer(status, {**body, "additional_data": None, **more})


NOBODY = Answer(
    401,
    {
        "success": False,
        "error": "unauthorized access",
        "errorCode": 401,
        "error_info": "Please check developers.pipedrive.com",
    },
)
REFUSED = {
    "unpaid": refusal(402, "Company account is not open"),
    "limited": Answer(
        429,
        {"success": False, "error": "request over limit", "errorCode": 429},
        counts("x-ratelimit", limit=20, remaining=0, reset=2),
    ),
    "edge": page(403, "Access denied"),
}


def oauth_refusal(status: int, code: str, text: str) -> Answer:
    """An error of the sign-in, in the words of its page on status codes."""
    grant = "refresh_token" if "refresh" in text else "authorization_code"
    said = {
        "invalid_grant": f"Invalid grant: {grant} is invalid",
        "invalid_client": "Invalid client: client is invalid",
    }
    return Answer(400, {"success": False, "message": said.get(code, text), "error": code})


SIGN_IN = AuthorizationServer(
    "Pipedrive",
    *("/oauth/authorize", "/oauth/token", "/oauth/revoke"),
    client_id="5a4d1b0c5a4d1b0c",
    client_secret="5a4d1b0c5a4d1b0c5a4d1b0c5a4d1b0c5a4d1b0c",
    people=DOES | UNTICKED,
    access_token=lambda word, serial: f"v1u:sandbox-{word}-{serial}",
    takes_basic=True,
    rotates=True,
    tells_scopes=False,
    reply=lambda given: {
        "scope": SCOPES.get(given.person, "base,deals:read,contacts:read"),
        "api_domain": "https://acme.pipedrive.com",
    },
    refuse=oauth_refusal,
    denial={"error": "user_denied"},
)


def answer(asked: Asked) -> Answer:
    if signed_in := SIGN_IN.answer(asked):
        return signed_in
    token = asked.headers.get("x-api-token", "")
    given = SIGN_IN.given_of(asked.bearer)
    word = given.person if given else token.removeprefix(PREFIX)
    is_known = not given.is_revoked if given else token.startswith(PREFIX)
    if not is_known or word not in {*(SIGN_IN.people if given else DOES), *TROUBLE}:
        return NOBODY
    if word in TROUBLE:
        return TROUBLE[word][1]
    if asked.path not in PARAMETERS or asked.method != "GET":
        return refusal(404, "Resource not found")
    if wrong_in(asked.query, PARAMETERS[asked.path]):
        return refusal(400, "Parameters failed validation", code="ERR_SCHEMA_VALIDATION_FAILED")
    return REFUSED.get(word) or _data(word, asked.path)


def _data(word: str, path: str) -> Answer:
    if path.endswith("/users/me"):
        return ok(success=True, data=ME)
    if word == "base":
        return refusal(403, "Scope and URL mismatch")
    if path.endswith(word.removeprefix("no")):
        message = "This is not part of your plan"
        return refusal(403, message, code=f"feature_capping_{word.removeprefix('no')}")
    rows: list[dict[str, Any]] = [{"id": 1, "name": "Sales"}]
    if path == "/api/v2/deals":
        deal = {"id": 15, "title": "Spring order", "value": 1200, "currency": "EUR"}
        rows = [] if word == "empty" else [{**deal, "status": "open"}]
    return ok(success=True, data=rows, additional_data={"next_cursor": None})
