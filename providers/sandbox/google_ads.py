"""Google Ads as its documents describe it: one manager account, and customers in every state.

Shapes follow google/ads/googleads/v26 of googleapis/googleapis (read 2026-11-22).
"""

import re
from collections.abc import Mapping
from typing import Any

from providers.sandbox import google
from providers.sandbox.google import refusal
from providers.sandbox.server import Answer, Asked
from providers.sandbox.stand_in import Platform, Story

SERVICE = "googleads.googleapis.com"
SCOPES = ("adwords",)
NEWEST, OLDEST = 26, 23
MANAGER = "1000000009"
CUSTOMERS: dict[str, dict[str, Any]] = {
    "1000000001": {"descriptiveName": "Acme Shop", "status": "ENABLED"},
    "1000000002": {"descriptiveName": "Acme Outlet", "status": "SUSPENDED"},
    "1000000003": {"descriptiveName": "Acme Trial", "status": "ENABLED", "testAccount": True},
    "1000000004": {"descriptiveName": "Acme Winter", "status": "ENABLED"},
    "1000000005": {"descriptiveName": "Acme North", "status": "ENABLED"},
    MANAGER: {"descriptiveName": "Acme Agency", "status": "ENABLED", "manager": True},
}
CLOSED = "1000000006"
WITHOUT_TRAFFIC = "1000000004"
BELOW_MANAGER = "1000000005"
FIELDS = {
    "customer": {
        *("customer.id", "customer.descriptive_name", "customer.currency_code"),
        *("customer.time_zone", "customer.manager", "customer.test_account", "customer.status"),
        *("segments.date", "metrics.cost_micros", "metrics.impressions", "metrics.clicks"),
        "metrics.conversions",
    },
    "customer_client": {
        f"customer_client.{name}"
        for name in (
            *("id", "descriptive_name", "level", "manager", "currency_code", "time_zone"),
            *("status", "test_account", "hidden"),
        )
    },
}
EVERYWHERE = {"currencyCode": "EUR", "timeZone": "Europe/Berlin"}


def failure(
    status: int, family: str, reason: str, message: str, details: Mapping[str, Any] | None = None
) -> Answer:
    """A GoogleAdsFailure: the reason under the name of its family."""
    error: dict[str, Any] = {"errorCode": {family: reason}, "message": message}
    if details:
        error["details"] = details
    kind = "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure"
    return refusal(
        status,
        "Request contains an invalid argument." if status == 400 else message,
        details=[{"@type": kind, "errors": [error], "requestId": "sandbox"}],
    )


def _limits(reason: str, message: str, delay: str) -> Answer:
    about = {"rateScope": "DEVELOPER", "rateName": "Operations", "retryDelay": delay}
    return failure(429, "quotaError", reason, message, {"quotaErrorDetails": about})


USED_UP = {
    "limited": _limits("RESOURCE_TEMPORARILY_EXHAUSTED", "Too many requests.", "30s"),
    "spent": _limits("RESOURCE_EXHAUSTED", "Too many operations in a day.", "7200s"),
}


def answer(asked: Asked) -> Answer:
    """Sign-in, then the version, then the headers, then the account, then the query."""
    stopped = google.at_the_door(asked, SERVICE, "Google Ads API", *SCOPES)
    if stopped:
        return stopped
    found = re.fullmatch(
        r"/v([0-9]+)/customers(:listAccessibleCustomers|/([^/]+)/googleAds:search)", asked.path
    )
    if not found or not OLDEST <= int(found[1]) <= NEWEST:
        return google.not_found()
    if asked.method != ("POST" if found[3] else "GET"):
        return google.not_found()
    refused = google.refuse_query(asked) or _refuse_headers(asked)
    if refused:
        return refused
    return _search(found[3], asked) if found[3] else _listed(asked)


def _refuse_headers(asked: Asked) -> Answer | None:
    if asked.headers.get("developer-token") == "":
        return failure(
            400,
            "authenticationError",
            "DEVELOPER_TOKEN_PARAMETER_MISSING",
            "Developer token parameter was missing or empty.",
        )
    if not re.fullmatch("([0-9]{10})?", asked.headers.get("login-customer-id", "")):
        return failure(
            400,
            "headerError",
            "INVALID_LOGIN_CUSTOMER_ID",
            "The login customer ID could not be validated.",
        )
    return None


def _listed(asked: Asked) -> Answer:
    """Without the customer below the manager, who was never added to it."""
    if google.name_of(asked) == "noaccess":
        return failure(
            401,
            "authenticationError",
            "NOT_ADS_USER",
            "User in the cookie is not a valid Ads user.",
        )
    ids = [number for number in (*CUSTOMERS, CLOSED) if number != BELOW_MANAGER]
    return Answer(200, {"resourceNames": [f"customers/{number}" for number in ids]})


def _search(number: str, asked: Asked) -> Answer:
    if google.name_of(asked) in USED_UP:
        return USED_UP[google.name_of(asked)]
    body = google.json_body(asked)
    if body is None:
        return refusal(400, "Invalid JSON payload received.")
    if "pageSize" in body:
        reason = "PAGE_SIZE_NOT_SUPPORTED"
        return failure(400, "requestError", reason, "No page size, please.")
    known = {"query", "pageToken", "validateOnly", "searchSettings"}
    return (
        google.refuse_names(body, known, "Cannot find field")
        or _refuse_customer(number, asked)
        or _rows(number, body.get("query", ""))
    )


def _refuse_customer(number: str, asked: Asked) -> Answer | None:
    manager = asked.headers.get("login-customer-id", number)
    if not re.fullmatch("[0-9]{10}", number):
        reason, message = "INVALID_CUSTOMER_ID", "Invalid customer ID."
        return failure(400, "requestError", reason, message)
    if number == CLOSED:
        reason, message = "CUSTOMER_NOT_ENABLED", "The customer account is not yet enabled."
        return failure(403, "authorizationError", reason, message)
    if manager not in (number, MANAGER):
        return failure(
            403,
            "authorizationError",
            "INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION",
            "The login customer does not manage this customer.",
        )
    if number not in CUSTOMERS or (number == BELOW_MANAGER and manager != MANAGER):
        return failure(
            403,
            "authorizationError",
            "USER_PERMISSION_DENIED",
            "User doesn't have permission to access customer.",
        )
    return None


def _rows(number: str, query: str) -> Answer:
    found = re.fullmatch(
        r"SELECT (?P<names>[a-z_., ]+) FROM (?P<of>[a-z_]+)"
        r"( WHERE [a-z_.]+ (DURING LAST_7_DAYS|<= [0-9]+))?( LIMIT [0-9]+)?",
        query,
    )
    if not found or found["of"] not in FIELDS:
        return _query_error("UNEXPECTED_INPUT", "Error in query: unexpected input.")
    names = found["names"].split(", ")
    if not set(names) <= FIELDS[found["of"]]:
        return _query_error("UNRECOGNIZED_FIELD", "Unrecognized field in the query.")
    is_manager = CUSTOMERS[number].get("manager", False)
    if found["of"] == "customer_client":
        return Answer(200, {"results": _clients() if is_manager else []})
    if "metrics.clicks" in names:
        if is_manager:
            message = "Metrics cannot be requested for a manager account."
            return _query_error("REQUESTED_METRICS_FOR_MANAGER", message)
        return Answer(200, {"results": _metrics()} if number != WITHOUT_TRAFFIC else {})
    return Answer(200, {"results": [{"customer": _customer(number)}]})


def _customer(number: str) -> dict[str, Any]:
    given = {"manager": False, "testAccount": False, **EVERYWHERE, **CUSTOMERS[number]}
    return {"resourceName": f"customers/{number}", "id": number, **given}


def _clients() -> list[dict[str, Any]]:
    below = {MANAGER: "0", BELOW_MANAGER: "1"}
    return [
        {
            "customerClient": {
                **_customer(number),
                "resourceName": f"customers/{MANAGER}/customerClients/{number}",
                "level": level,
                "hidden": False,
            }
        }
        for number, level in below.items()
    ]


def _metrics() -> list[dict[str, Any]]:
    metrics = {"costMicros": "12340000", "impressions": "5120", "clicks": "88", "conversions": 3.5}
    return [{"metrics": metrics, "segments": {"date": day}} for day in ("2026-11-20", "2026-11-21")]


def _query_error(reason: str, message: str) -> Answer:
    return failure(400, "queryError", reason, message)


PLATFORM = Platform(
    answer,
    {
        **google.guide(
            {
                "noaccess": "belongs to no Google Ads account",
                "limited": "is asking too fast: 30 seconds",
                "spent": "has used up the operations of the day: 2 hours",
            }
        ),
        "Customers": (
            ("1000000001", "active, with traffic"),
            ("1000000002", "suspended"),
            ("1000000003", "a test account"),
            ("1000000004", "active, without traffic"),
            ("1000000005", f"only through the manager account {MANAGER}"),
            (CLOSED, "closed"),
            (MANAGER, "a manager account"),
        ),
    },
    healthy=google.HEALTHY | {"account_id": "1000000001"},
    story=Story(
        values={"access_token": google.access_token("healthy"), "account_id": "1000000001"},
        tests=6,
        later={"access_token": google.access_token("expired")},
    ),
    sign_ins=google.SIGN_INS,
)
