"""Pipedrive, as its documents describe users/me and the second version (read 2026-11-22)."""

from typing import Any

from providers.sandbox.crm.trouble import HTML, TROUBLE
from providers.sandbox.server import Answer, Asked

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
DEAL_PARAMETERS = {
    *("filter_id", "ids", "owner_id", "person_id", "org_id", "pipeline_id", "stage_id", "status"),
    *("updated_since", "updated_until", "sort_by", "sort_direction", "include_fields"),
    *("custom_fields", "limit", "cursor"),
}
PARAMETERS = {
    "/v1/users/me": set[str](),
    "/api/v2/deals": DEAL_PARAMETERS,
    "/api/v2/pipelines": {"sort_by", "sort_direction", "limit", "cursor"},
}


def refusal(status: int, message: str, **more: Any) -> Answer:
    """An error in Pipedrive's shape."""
    body = {"success": False, "error": message, "error_info": "See the documents.", "data": None}
    return Answer(status, {**body, "additional_data": None, **more})


REFUSED = {
    "unpaid": refusal(402, "Company account is not open"),
    "limited": Answer(
        429,
        {"success": False, "error": "request over limit", "errorCode": 429},
        {"x-ratelimit-limit": "20", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "2"},
    ),
    "edge": Answer(403, HTML.format("Access denied")),
}


def answer(asked: Asked) -> Answer:
    token = asked.headers.get("x-api-token", "")
    word = token.removeprefix(PREFIX)
    if not token.startswith(PREFIX) or word not in {*DOES, *TROUBLE}:
        return Answer(
            401,
            {
                "success": False,
                "error": "unauthorized access",
                "errorCode": 401,
                "error_info": "Please check developers.pipedrive.com",
            },
        )
    if word in TROUBLE:
        return TROUBLE[word][1]
    if asked.path not in PARAMETERS or asked.method != "GET":
        return refusal(404, "Resource not found")
    if set(asked.query) - PARAMETERS[asked.path] or not _is_limit(asked.query.get("limit", "1")):
        return refusal(400, "Parameters failed validation", code="ERR_SCHEMA_VALIDATION_FAILED")
    return REFUSED.get(word) or _data(word, asked.path)


def _is_limit(text: str) -> bool:
    return text.isdigit() and 1 <= int(text) <= 500


def _data(word: str, path: str) -> Answer:
    if path == "/v1/users/me":
        return Answer(200, {"success": True, "data": ME})
    if path.endswith(word.removeprefix("no")):
        message = "This is not part of your plan"
        return refusal(403, message, code=f"feature_capping_{word.removeprefix('no')}")
    rows: list[dict[str, Any]] = [{"id": 1, "name": "Sales"}]
    if path == "/api/v2/deals":
        deal = {"id": 15, "title": "Spring order", "value": 1200, "currency": "EUR"}
        rows = [] if word == "empty" else [{**deal, "status": "open"}]
    return Answer(200, {"success": True, "data": rows, "additional_data": {"next_cursor": None}})
