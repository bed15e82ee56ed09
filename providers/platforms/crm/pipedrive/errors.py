"""What Pipedrive's refusals mean, and how long one has to wait."""

from providers.declare.rules import codes, rule
from providers.declare.waiting import seconds_in
from providers.errors import AuthInvalid, PermissionMissing, RateLimited, UnexpectedReply

TOKEN_URL = "https://pipedrive.readme.io/docs/how-to-find-the-api-token"
TICK = "An owner ticks it on the app in Pipedrive's Developer Hub, then sign in again."

ERRORS = (
    rule(AuthInvalid, status=401).says(
        "Pipedrive refused the token.",
        "Copy it again from Personal preferences, API, of the right company.",
        TOKEN_URL,
    ),
    rule(PermissionMissing, status=402).says(
        "This Pipedrive account is not active.",
        "Its trial may have ended: check the plan in Pipedrive, then test again.",
    ),
    rule(RateLimited, status=403, text=r"^\s*<").says(  # the edge, after limits were ignored
        "Pipedrive has blocked us for a while because of too many requests."
    ),
    rule(PermissionMissing, status=403, text="^scope and url mismatch").says(
        "The app in Pipedrive lacks a scope for this.", TICK
    ),
    rule(PermissionMissing, status=403).says(
        "The Pipedrive plan or this user's role does not allow this.",
        "Ask an admin of Pipedrive to allow the API for this user.",
    ),
    rule(PermissionMissing, status=415).says(
        "This feature is switched off in this Pipedrive account.",
        "Switch it on in Pipedrive, then test again.",
    ),
    rule(UnexpectedReply, status=codes(400, 404, 410, 422)).says(
        "Pipedrive no longer understands what we ask."
    ),
)


retry_after = seconds_in("x-ratelimit-reset", at_most=24 * 60 * 60)
