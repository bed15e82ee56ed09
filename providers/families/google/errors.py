"""What Google's refusals mean wherever one meets them: at the token endpoint and in google.rpc.

Sources: google/api/error_reason.proto and google/rpc/error_details.proto in
googleapis/googleapis, and RFC 6749 section 5.2 (read 2026-11-22).
Quirk: the token endpoint has one code for many things, so there its English text decides.
"""

import re
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from providers.declare import ErrorRule, codes, dig, limited, rule, troubled
from providers.declare.digging import first_in
from providers.declare.waiting import seconds_to_midnight
from providers.errors import (
    AuthExpired,
    AuthInvalid,
    CountedBy,
    PermissionMissing,
    QuotaExhausted,
    UnexpectedReply,
)
from providers.families.google.facts import CLIENTS_URL, CONSOLE_URL, SERVICE_ACCOUNTS_URL
from providers.outbound.reply import Reply

# {"error": "invalid_grant", "error_description": "…"} of the token endpoint, or
# {"error": {"status": "…", "message": "…", "details": [{"reason": "…"}], "errors": […]}}.
CODE_AT = ("error.details.*.reason", "error.errors.*.reason", "error")
STATUS_AT = "error.status"
TEXT_AT = ("error_description", "error.message")

# google.rpc.RetryInfo, and where Google Ads writes the same.
DELAYS_AT = (
    "error.details.*.retryDelay",
    "error.details.*.errors.*.details.quotaErrorDetails.retryDelay",
)
DAILY = "per day|daily"
BLOCKED = codes(
    *("BILLING_DISABLED", "CONSUMER_INVALID", "CONSUMER_SUSPENDED"),
    *("USER_PROJECT_DENIED", "USER_BLOCKED_BY_ADMIN"),
)
LIMITED = codes("rateLimitExceeded", "RATE_LIMIT_EXCEEDED")
TROUBLED = codes("backendError", "internalError", "TRANSIENT_ERROR", "INTERNAL_ERROR")
LONGEST_WAIT_SECONDS = 24 * 60 * 60.0
SIGN_IN_AGAIN = "Sign in again with the same client and paste the new token."

REFUSED_BY_ADMIN = rule(
    PermissionMissing, code=codes("access_denied", "admin_policy_enforced", "org_internal")
).says(
    "An admin does not let this Google account use this client.",
    "Ask the admin of your Google Workspace to allow it.",
)
# An administrator's session policy: https://support.google.com/a/answer/9368756
SESSION_POLICY = ("invalid_rapt", "rapt_required")
BY_POLICY = "Google ended this sign-in, as your organization's session policy asks."
EXEMPTED = "An admin can exempt this app, under Google Cloud session control."
ENDED_BY_POLICY = tuple(
    rule(AuthExpired, code="invalid_grant", **where).says(BY_POLICY, f"Sign in again. {EXEMPTED}")
    for where in ({"text": "|".join(SESSION_POLICY)}, {"subcode": codes(*SESSION_POLICY)})
)
TOKEN_ENDPOINT = (
    rule(AuthExpired, code="invalid_grant", text="|".join(SESSION_POLICY)).says(
        BY_POLICY, f"Paste a new token. {EXEMPTED}"
    ),
    rule(UnexpectedReply, code="invalid_grant", text="reasonable timeframe").says(
        "Google takes this server's clock to be wrong.",
        "Set the clock of this server, then test again.",
    ),
    rule(
        AuthInvalid,
        code="invalid_grant",
        text="jwt|signature|account not found|account disabled|user id|principal",
    ).says(
        "Google does not accept this service-account key any more.",
        "Make a new JSON key of the service account and paste all of it.",
        SERVICE_ACCOUNTS_URL,
    ),
    rule(AuthExpired, code="invalid_grant", text="expired or revoked|^$").says(
        "Google ended this sign-in.", SIGN_IN_AGAIN
    ),
    rule(AuthInvalid, code="invalid_grant").says(
        "Google does not know this refresh token, or it is of another client.", SIGN_IN_AGAIN
    ),
    rule(AuthInvalid, code="invalid_client", text="client was not found").says(
        "Google does not know this client ID.",
        "Copy the client ID and the client secret again.",
        CLIENTS_URL,
    ),
    rule(
        PermissionMissing, code="unauthorized_client", text="using this method|scopes requested"
    ).says(
        "The service account may not act for this person.",
        "Ask your Google Workspace admin for domain-wide delegation, or name nobody.",
    ),
    rule(
        AuthInvalid,
        code=codes("invalid_client", "unauthorized_client", "deleted_client", "disabled_client"),
    ).says(
        "The client ID or the client secret is wrong, or the client is gone.",
        "Copy the client ID and the client secret again.",
        CLIENTS_URL,
    ),
    REFUSED_BY_ADMIN,
    rule(AuthInvalid, code="invalid_token").says(
        "Google does not accept this access token, which lasts for one hour only.",
        "Paste a new one, or choose another way to connect.",
    ),
)


def rules(platform: str, apis: str, service: str) -> tuple[ErrorRule, ...]:
    """What no platform says in words of its own. They go after the platform's rules.

    `apis` is said in a sentence ("the YouTube Data API"), `service` is in an address
    ("youtube.googleapis.com").
    """
    lacks_permission = (
        f"The sign-in lacks the permission for {platform}.",
        "Sign in again and tick every box that Google shows.",
    )
    used_up = (
        f"Today's {platform} quota of the Cloud project is used up.",
        "Wait: it returns at midnight, Pacific time.",
    )
    not_accepted = (
        f"{platform} does not accept this sign-in.",
        "Sign in again, or make a new key, and paste it here.",
    )
    return (
        *TOKEN_ENDPOINT,
        rule(AuthExpired, code=codes("ACCESS_TOKEN_EXPIRED", "expired")).says(
            "The access token has expired.", "Paste a new one, or choose another way to connect."
        ),
        rule(PermissionMissing, code="ACCESS_TOKEN_SCOPE_INSUFFICIENT").says(*lacks_permission),
        rule(PermissionMissing, text="insufficient authentication scopes").says(*lacks_permission),
        switched_off(apis, service, code=codes("SERVICE_DISABLED", "accessNotConfigured")),
        rule(PermissionMissing, code=BLOCKED).says(
            f"Google has blocked the Cloud project from {platform}.",
            "Look at the project in the Cloud console and follow what it asks.",
            CONSOLE_URL,
        ),
        rule(QuotaExhausted, code=codes("dailyLimitExceeded", "dailyLimitExceededUnreg")).says(
            *used_up
        ),
        rule(QuotaExhausted, subcode="RESOURCE_EXHAUSTED", text=DAILY).says(*used_up),
        limited(platform, code="userRateLimitExceeded", counted_by=CountedBy.TOKEN),
        limited(platform, code=LIMITED),
        limited(platform, subcode="RESOURCE_EXHAUSTED"),
        troubled(platform, code=TROUBLED),
        rule(AuthInvalid, subcode="UNAUTHENTICATED").says(*not_accepted),
        rule(AuthInvalid, status=401, code=codes("authError", "unauthorized", "required")).says(
            *not_accepted
        ),
    )


def switched_off(apis: str, service: str, **when: Any) -> ErrorRule:
    """The Cloud project has not switched on an API."""
    return rule(PermissionMissing, **when).says(
        f"The Cloud project has not switched on {apis}.",
        "Enable it there, wait a few minutes, then test again.",
        f"{CONSOLE_URL}/apis/library/{service}",
    )


def retry_after(reply: Reply) -> float | None:
    """Seconds until Google answers again, where a reply says it: `"retryDelay": "30s"`.

    Daily quotas return at midnight in California.
    """
    if reply.status not in (403, 429):
        return None
    body = reply.json_or_none()
    for path in DELAYS_AT:
        delay = dig(body, path)
        if isinstance(delay, str) and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?s", delay):
            return min(float(delay[:-1]), LONGEST_WAIT_SECONDS)
    is_daily = re.search(DAILY, str(dig(body, "error.message")), re.IGNORECASE)
    if is_daily or reason_of(reply) == "dailyLimitExceeded":
        return seconds_to_next_day()
    return None


def reason_of(reply: Reply) -> Any:
    """The first reason that a reply gives, of google.rpc or of the older list."""
    return first_in(reply.json_or_none(), CODE_AT)


def seconds_to_next_day() -> float | None:
    """Until the next day begins in California; None on a machine without time zones."""
    try:
        return seconds_to_midnight(ZoneInfo("America/Los_Angeles"))
    except ZoneInfoNotFoundError:
        return None
