"""What stands before every API of Google: who may ask, in the form of google.rpc.

Error bodies follow google/rpc/error_details.proto of googleapis/googleapis (read 2026-11-22).
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from providers.sandbox.google import name_of, sign_in
from providers.sandbox.server import Answer, Asked, page
from providers.sandbox.stand_in import SILENT, WALL

STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
# Google's query parameters for every method.
COMMON = {"alt", "fields", "key", "prettyPrint", "quotaUser"}
# What Google's front answers to a path, or a method of a path, that it does not know.
NOT_FOUND = page(404, "Error 404 (Not Found)!!1")
TROUBLE = {
    "wall": WALL[1],
    "cut": Answer(200, {"kind": "sandbox", "items": []}, is_cut=True),
    "silent": SILENT[1],
}
# Name -> status, reason and message; "" is nobody that is known.
NOT_VALID = "Request had invalid authentication credentials."
REFUSED = {
    "": (401, None, NOT_VALID),
    "expired": (401, "ACCESS_TOKEN_EXPIRED", NOT_VALID),
    "noscope": (
        403,
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        "Request had insufficient authentication scopes.",
    ),
    "off": (
        403,
        "SERVICE_DISABLED",
        "{} has not been used in project 1 before or it is disabled.",
    ),
    "down": (503, None, "The service is currently unavailable."),
}
# Verb and path -> the parameters of its query, and what answers: to the name of who asks, the
# request, and the groups of the path.
Methods = Mapping[tuple[str, str], tuple[Iterable[str], Callable[..., Answer]]]


def refusal(
    status: int,
    message: str,
    *,
    info: str | None = None,
    reason: str | None = None,
    domain: str = "global",
    details: Iterable[Mapping[str, Any]] = (),
    **metadata: str,
) -> Answer:
    """An error in Google's shape: `info` for google.rpc.ErrorInfo, `reason` for the older list."""
    error: dict[str, Any] = {"code": status, "message": message, "status": STATUSES[status]}
    if reason:
        error["errors"] = [{"message": message, "domain": domain, "reason": reason}]
    listed = [dict(detail) for detail in details]
    if info:
        about = {"reason": info, "domain": "googleapis.com", "metadata": metadata}
        listed.append({"@type": "type.googleapis.com/google.rpc.ErrorInfo", **about})
    if listed:
        error["details"] = listed
    return Answer(status, {"error": error})


def answer_of(asked: Asked, service: str, title: str, scope: str, methods: Methods) -> Answer:
    """A sign-in's own replies, or what refuses one at an API, or what the API answers."""
    return (
        sign_in(asked, [scope])
        or refuse_sign_in(asked, service, title, scope)
        or routed(asked, methods)
    )


def refuse_sign_in(asked: Asked, service: str, title: str, scope: str) -> Answer | None:
    """What no API gets to see: no token, a dead one, one without the scope, and every trouble."""
    if not asked.headers.get("Authorization"):
        return refusal(
            401,
            "Request is missing required authentication credential. Expected OAuth 2 access "
            "token, login cookie or other valid authentication credential.",
            info="CREDENTIALS_MISSING",
            service=service,
        )
    return refuse_name(name_of(asked.bearer, scope), service, title)


def refuse_name(name: str, service: str, title: str) -> Answer | None:
    if name in TROUBLE:
        return TROUBLE[name]
    if name not in REFUSED:
        return None
    status, info, message = REFUSED[name]
    links = [{"@type": "type.googleapis.com/google.rpc.Help", "links": []}] if name == "off" else ()
    return refusal(status, message.format(title), info=info, details=links, service=service)


def routed(asked: Asked, methods: Methods) -> Answer:
    for (verb, path), (parameters, method) in methods.items():
        found = re.fullmatch(path, asked.path)
        if found and asked.method == verb:
            known, where = {*parameters, *COMMON}, "Cannot bind query parameter"
            refused = refuse_names(asked.query, known, where)
            return refused or method(name_of(asked.bearer), asked, *found.groups())
    return NOT_FOUND


def refuse_names(given: Iterable[str], known: Iterable[str], where: str) -> Answer | None:
    """Google refuses a name that its description of the method does not have."""
    unknown = sorted(set(given) - set(known))
    if not unknown:
        return None
    message = f'Invalid JSON payload received. Unknown name "{unknown[0]}": {where}.'
    return refusal(400, message, reason="badRequest")


def json_body(asked: Asked) -> Any:
    """The body as a dict; None when it is not sent as JSON."""
    if asked.headers.get_content_type() != "application/json":
        return None
    try:
        body = json.loads(asked.body)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def is_period(given: Mapping[str, Any]) -> bool:
    """Whether there are two dates, in their order."""
    try:
        return date.fromisoformat(given["startDate"]) <= date.fromisoformat(given["endDate"])
    except (KeyError, TypeError, ValueError):
        return False
