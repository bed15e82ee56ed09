"""Google Ads as its documents describe it: one manager account, and customers in every state.

Shapes follow google/ads/googleads/v26 of googleapis/googleapis (read 2026-11-22).
"""

import re
from collections.abc import Mapping
from typing import Any

from providers.sandbox import google
from providers.sandbox.breaks import NOT_SHOWN, NOTHING
from providers.sandbox.google import api
from providers.sandbox.google.api import refusal
from providers.sandbox.practice import Practice
from providers.sandbox.server import Answer, Asked, ok
from providers.sandbox.stand_in import Platform, Story

API = "googleads.googleapis.com", "Google Ads API", "adwords"
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
    return api.answer_of(asked, *API, METHODS)


def _refuse_headers(asked: Asked) -> Answer | None:
    if asked.headers.get("developer-token") == "":
        reason = "DEVELOPER_TOKEN_PARAMETER_MISSING"
        message = "Developer token parameter was missing or empty."
        return failure(400, "authenticationError", reason, message)
    if not re.fullmatch("([0-9]{10})?", asked.headers.get("login-customer-id", "")):
        message = "The login customer ID could not be validated."
        return failure(400, "headerError", "INVALID_LOGIN_CUSTOMER_ID", message)
    return None


def _listed(name: str, asked: Asked) -> Answer:
    """Without the customer below the manager, who was never added to it."""
    if refused := _refuse_headers(asked):
        return refused
    if name == "noaccess":
        message = "User in the cookie is not a valid Ads user."
        return failure(401, "authenticationError", "NOT_ADS_USER", message)
    ids = [number for number in (*CUSTOMERS, CLOSED) if number != BELOW_MANAGER]
    return ok(resourceNames=[f"customers/{number}" for number in ids])


def _search(name: str, asked: Asked, number: str) -> Answer:
    if refused := _refuse_headers(asked) or USED_UP.get(name):
        return refused
    body = api.json_body(asked)
    if body is None:
        return refusal(400, "Invalid JSON payload received.")
    if "pageSize" in body:
        reason = "PAGE_SIZE_NOT_SUPPORTED"
        return failure(400, "requestError", reason, "No page size, please.")
    known = {"query", "pageToken", "validateOnly", "searchSettings"}
    return (
        api.refuse_names(body, known, "Cannot find field")
        or _refuse_customer(number, asked.headers.get("login-customer-id", number))
        or _rows(number, body.get("query", ""))
    )


def _refuse_customer(number: str, manager: str) -> Answer | None:
    status, family = 403, "authorizationError"
    if not re.fullmatch("[0-9]{10}", number):
        status, family = 400, "requestError"
        reason, message = "INVALID_CUSTOMER_ID", "Invalid customer ID."
    elif number == CLOSED:
        reason, message = "CUSTOMER_NOT_ENABLED", "The customer account is not yet enabled."
    elif manager not in (number, MANAGER):
        reason = "INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION"
        message = "The login customer does not manage this customer."
    elif number not in CUSTOMERS or (number == BELOW_MANAGER and manager != MANAGER):
        reason = "USER_PERMISSION_DENIED"
        message = "User doesn't have permission to access customer."
    else:
        return None
    return failure(status, family, reason, message)


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
        return ok(results=_clients() if is_manager else [])
    if "metrics.clicks" in names:
        if is_manager:
            message = "Metrics cannot be requested for a manager account."
            return _query_error("REQUESTED_METRICS_FOR_MANAGER", message)
        return ok() if number == WITHOUT_TRAFFIC else ok(results=_metrics())
    return ok(results=[{"customer": _customer(number)}])


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


# The versions from 23 to 26 are alive.
CUSTOMERS_OF = "/v2[3-6]/customers"
METHODS: api.Methods = {
    ("GET", f"{CUSTOMERS_OF}:listAccessibleCustomers"): ((), _listed),
    ("POST", f"{CUSTOMERS_OF}/([^/]+)/googleAds:search"): ((), _search),
}

# What the customer becomes: suspended, which is still read; without traffic; closed; or no longer
# ours to see.
INSTEAD = {
    "1000000002": NOTHING,
    WITHOUT_TRAFFIC: NOTHING,
    CLOSED: NOT_SHOWN,
    "1000000077": NOT_SHOWN,
}
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
    practices=(
        Practice(
            healthy=google.HEALTHY | {"account_id": "1000000001"},
            revoked={"refresh_token": google.refresh_token("expired")},
            limited={"refresh_token": google.refresh_token("limited")},
            elsewhere={"account_id": "1000000077"},
        ),
    ),
    trials=google.trials("1000000001", INSTEAD),
    sign_ins=google.SIGN_INS,
)
